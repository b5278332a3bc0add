//! The terms that a row says, by the readers of the options.

use lictor_shared::{ActivationPolicy, Name, SeatLimit, Seconds, Text};
use std::collections::BTreeMap;

use super::{Cells, Column, one};
use crate::cli::values::{self, OrNone};
use crate::terms::{StatusAge, Terms};

/// The columns of [`terms`] that say the same of every kind of row.
pub(crate) const TERMS: &[Column] = &[
    one("seats", "a number from 1 on, or unlimited"),
    one("overage", "how many deployments more are let in, but flagged"),
    one("activation", "required or optional"),
    one("warn", "how long before the end deployments warn"),
    one("grace", "how long everything goes on working after the end"),
    one("revocation_grace", "the same after a revocation"),
    one("status_grace", "the same when no fresh status list has come"),
    one("activation_grace", "the same without an activation or a matching origin"),
    one("maintenance_grace", "the same for a release that maintenance does not cover"),
    one("max_status_age", "how often a fresh status list must come, or never"),
    one("maintenance_until", "the last day of releases that are covered, or unlimited"),
];

/// All terms but how long it runs.
pub(crate) fn terms(cells: &mut Cells) -> Terms {
    Terms {
        term: None,
        warn: cells.one("warn", values::term::<Seconds>),
        grace: cells.one("grace", values::term::<Seconds>),
        revocation_grace: cells.one("revocation_grace", values::term::<Seconds>),
        status_grace: cells.one("status_grace", values::term::<Seconds>),
        activation_grace: cells.one("activation_grace", values::term::<Seconds>),
        maintenance_grace: cells.one("maintenance_grace", values::term::<Seconds>),
        max_status_age: cells.one("max_status_age", values::term::<StatusAge>),
        maintenance: cells.one("maintenance_until", values::maintenance),
        seats: cells.one("seats", values::term::<SeatLimit>),
        overage: cells.one("overage", values::integer),
        activation: cells.one("activation", values::term::<ActivationPolicy>),
        features: features(cells),
        limits: limits(cells),
        environments: cells.has("environment").then(|| cells.list("environment", values::name)),
    }
}

fn features(cells: &mut Cells) -> Option<Vec<Name>> {
    list_or_none(cells, "feature", values::name)
}

fn limits(cells: &mut Cells) -> Option<BTreeMap<Name, lictor_shared::Limit>> {
    named_or_none(cells, "limit", values::limit)
}

/// The values of the columns `NAME.…`, or none of them; nothing if nothing is said.
pub(crate) fn named_or_none<T: Clone>(
    cells: &mut Cells,
    column: &str,
    read: impl Fn(&str) -> Result<(Name, T), String>,
) -> Option<BTreeMap<Name, T>> {
    // `none` can only come from the option.
    if cells.is_none(column) {
        return Some(BTreeMap::new());
    }
    let given = cells.named(column, read);
    (!given.is_empty()).then(|| distinct(cells, column, &given))
}

/// Text as licenses have it.
pub(crate) fn text(text: &str) -> Result<Text, String> {
    Text::new(text).map_err(|error| error.to_string())
}

/// What a list of a row is replaced by.
pub(crate) fn list_or_none<T: Clone>(
    cells: &mut Cells,
    column: &str,
    read: impl Fn(&str) -> Result<T, String> + Clone,
) -> Option<Vec<T>> {
    let given = cells.list(column, values::or_none(read));
    some(cells, column, &given)
}

/// Of columns that stand once there is no name twice, but options may give one so.
pub(crate) fn distinct<T: Clone>(cells: &mut Cells, column: &str, pairs: &[(Name, T)]) -> BTreeMap<Name, T> {
    values::distinct(pairs, column).unwrap_or_else(|failure| {
        cells.refuse(column, failure.message);
        BTreeMap::new()
    })
}

fn some<T: Clone>(cells: &mut Cells, column: &str, given: &[OrNone<T>]) -> Option<Vec<T>> {
    values::some(given, column).unwrap_or_else(|failure| {
        cells.refuse(column, failure.message);
        None
    })
}
