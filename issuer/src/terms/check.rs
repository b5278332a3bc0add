//! Terms that no license can have, found before anybody orders on them.

use lictor_shared::{Limit, Name, SeatLimit, Seconds, limits};
use std::collections::BTreeSet;

use super::Terms;
use crate::error::FieldErrors;

impl Terms {
    /// Notes what no license can have.
    pub(crate) fn check(&self, errors: &mut FieldErrors) {
        let longest = Seconds::new(limits::REVOCATION_GRACE_MAX);
        if self.revocation_grace > longest {
            errors.add(
                "revocationGrace",
                "longer than a year, and revocation would mean nothing; at most 365d",
            );
        }
        if let Some(features) = &self.features {
            check_names(errors, "features", features, 0, limits::FEATURES);
        }
        if let Some(environments) = &self.environments {
            check_names(errors, "environments", environments, 1, limits::ENVIRONMENTS);
        }
        let numbers = self.limits.as_ref();
        if let Some(numbers) = numbers.filter(|numbers| numbers.len() > limits::LIMITS) {
            errors.add("limits", format!("{} limits; at most {}", numbers.len(), limits::LIMITS));
        }
        for (name, limit) in numbers.into_iter().flatten() {
            if matches!(limit, Limit::AtMost(number) if *number > limits::INTEGER_MAX) {
                errors.add("limits", format!("{name} is at most {}", limits::INTEGER_MAX));
            }
        }
        match (self.seats, self.overage) {
            (Some(SeatLimit::AtMost(0)), _) => {
                errors.add("seats", "0 would let nobody in; at least 1, or unlimited")
            }
            (Some(SeatLimit::AtMost(seats)), _) if seats > limits::INTEGER_MAX => {
                errors.add("seats", format!("at most {}", limits::INTEGER_MAX));
            }
            (Some(SeatLimit::Unlimited), Some(overage)) if overage > 0 => {
                errors.add("overage", "seats are unlimited, so none can go beyond them; leave it out");
            }
            _ => {}
        }
        if self.overage.is_some_and(|overage| overage > limits::INTEGER_MAX) {
            errors.add("overage", format!("at most {}", limits::INTEGER_MAX));
        }
    }
}

/// Notes names that stand twice, and more or fewer than may be.
pub(crate) fn check_names(errors: &mut FieldErrors, field: &str, names: &[Name], least: usize, most: usize) {
    if names.len() < least {
        errors.add(field, format!("at least {least}"));
    }
    if names.len() > most {
        errors.add(field, format!("{} of them; at most {most}", names.len()));
    }
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            errors.add(field, format!("{name} stands twice; name it once"));
        }
    }
}
