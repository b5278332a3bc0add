//! Which members an artefact has, at which level: what is judged before any member is read.

use alloc::string::{String, ToString};

use super::ClaimsError;
use crate::json::{Members, Value};

/// The members of an object of version 1.
pub(crate) struct Shape {
    /// Names and, for objects of a fixed form, what they hold.
    pub(crate) members: &'static [(&'static str, Option<&'static Shape>)],
    /// Whether other members are refused or ignored.
    pub(crate) others: Others,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    Refuse,
    Ignore,
}

/// `status` of licenses and activations.
pub(crate) const STATUS: Shape = Shape {
    members: &[(
        "status_list",
        Some(&Shape { members: &[("idx", None), ("uri", None)], others: Others::Refuse }),
    )],
    others: Others::Refuse,
};

/// A bare public JWK.
pub(crate) const JWK: Shape =
    Shape { members: &[("kty", None), ("crv", None), ("x", None)], others: Others::Refuse };

/// Judges version, unknown members and critical extensions, in this order.
pub(crate) fn check(payload: &Members, shape: &Shape, body: &'static str) -> Result<(), ClaimsError> {
    let inner = payload.get(body).and_then(Value::as_object);
    if let Some(version) = inner.and_then(|inner| inner.get("version"))
        && version.as_integer() != Some(1)
    {
        return Err(ClaimsError::Version { path: path(body, "version"), found: version.to_string() });
    }
    refuse_unknown(payload, shape, "")?;
    let critical = inner.and_then(|inner| inner.get("critical")).and_then(Value::as_array);
    if critical.is_some_and(|names| !names.is_empty()) {
        return Err(ClaimsError::Critical { path: path(body, "critical") });
    }
    Ok(())
}

/// Refuses members that version 1 does not have in `place`.
pub(crate) fn refuse_unknown(members: &Members, shape: &Shape, place: &str) -> Result<(), ClaimsError> {
    for (name, value) in members {
        let known = shape.members.iter().find(|(known, _)| known == name);
        match (known, value.as_object()) {
            (None, _) if shape.others == Others::Refuse => {
                return Err(ClaimsError::Unknown { path: path(place, name) });
            }
            (Some((_, Some(inner))), Some(members)) => refuse_unknown(members, inner, &path(place, name))?,
            _ => {}
        }
    }
    Ok(())
}

/// `place.name`, or `name` at the top.
pub(crate) fn path(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_string() } else { alloc::format!("{place}.{name}") }
}
