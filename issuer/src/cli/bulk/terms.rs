//! The terms that a row says, by the readers of the options.

use lictor_shared::{ActivationPolicy, Name, SeatLimit, Seconds};
use std::collections::BTreeMap;

use super::Cells;
use crate::cli::values::{self, OrNone};
use crate::terms::{StatusAge, Terms};

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
    let given = cells.list("feature", values::or_none(values::name));
    some(cells, "feature", &given)
}

fn limits(cells: &mut Cells) -> Option<BTreeMap<Name, lictor_shared::Limit>> {
    // `none` can only come from the option.
    let given = match cells.is_none("limit") {
        true => return Some(BTreeMap::new()),
        false => cells.named("limit", values::limit),
    };
    (!given.is_empty()).then(|| distinct(cells, "limit", &given))
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
