//! Terms as JSON, as they stand in the ledger and its events.

use core::fmt;
use lictor_shared::json::{Members, Value};
use lictor_shared::{ActivationPolicy, Limit, Name, SeatLimit, Seconds};
use std::collections::BTreeMap;

use super::span::duration;
use super::{Maintenance, StatusAge, TermLength, Terms};

impl Terms {
    /// The terms that are given, as an object that reads back as the same terms.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let length = |given: Option<Seconds>| given.map(|given| Value::from(duration(given)));
        let given = [
            ("term", self.term.map(|term| term.to_string().into())),
            ("warn", length(self.warn)),
            ("grace", length(self.grace)),
            ("revocationGrace", length(self.revocation_grace)),
            ("statusGrace", length(self.status_grace)),
            ("activationGrace", length(self.activation_grace)),
            ("maintenanceGrace", length(self.maintenance_grace)),
            ("maxStatusAge", self.max_status_age.map(|age| age.to_string().into())),
            ("maintenance", self.maintenance.map(|maintenance| maintenance.to_string().into())),
            ("seats", self.seats.map(seats)),
            ("overage", self.overage.map(Value::from)),
            ("activation", self.activation.map(|policy| ActivationPolicy::as_str(policy).into())),
            ("features", self.features.as_deref().map(names)),
            ("limits", self.limits.as_ref().filter(|limits| !limits.is_empty()).map(limits_value)),
            ("environments", self.environments.as_deref().map(names)),
        ];
        let members = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(members.collect())
    }
}

fn limits_value(limits: &BTreeMap<Name, Limit>) -> Value {
    let limit = |limit: &Limit| match limit {
        Limit::Unlimited => "unlimited".into(),
        Limit::AtMost(number) => (*number).into(),
    };
    limits.iter().map(|(name, value)| (name.to_string(), limit(value))).collect::<Members>().into()
}

fn seats(seats: SeatLimit) -> Value {
    match seats {
        SeatLimit::Unlimited => "unlimited".into(),
        SeatLimit::AtMost(number) => number.into(),
    }
}

/// An array of names.
pub(crate) fn names(names: &[Name]) -> Value {
    Value::Array(names.iter().map(|name| name.as_str().into()).collect())
}

impl fmt::Display for TermLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(span) => span.fmt(f),
            Self::Until(end) => end.fmt(f),
            Self::Perpetual => f.write_str("perpetual"),
        }
    }
}

impl fmt::Display for StatusAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Within(age) => f.write_str(&duration(*age)),
        }
    }
}

impl fmt::Display for Maintenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("unlimited"),
            Self::For(span) => span.fmt(f),
            Self::Until(end) => end.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_read_back() {
        let text = r#"{"activation":"required","activationGrace":"2d","environments":["production","test"],"features":["a"],"grace":"0","limits":{"agents":250,"recordings":"unlimited"},"maintenance":"1y","maintenanceGrace":"12h","maxStatusAge":"never","overage":2,"revocationGrace":"14d","seats":25,"statusGrace":"1d","term":"6mo","warn":"90s"}"#;
        let terms: Terms = serde_json::from_str(text).unwrap();
        assert_eq!(terms.to_value().to_string(), text);
        let text = r#"{"maintenance":"2027-11-22T00:00:00Z","maxStatusAge":"45d","seats":"unlimited","term":"perpetual"}"#;
        let terms: Terms = serde_json::from_str(text).unwrap();
        assert_eq!(terms.to_value().to_string(), text);
        assert_eq!(serde_json::from_str::<Terms>("{}").unwrap(), Terms::default());
        let dated: Terms = serde_json::from_str(r#"{"term":"2027-11-21"}"#).unwrap();
        assert_eq!(dated.to_value().to_string(), r#"{"term":"2027-11-22T00:00:00Z"}"#);
    }

    #[test]
    fn what_is_no_term_is_refused() {
        for (text, why) in [
            (r#"{"color":"red"}"#, "color"),
            (r#"{"seats":0}"#, "nobody"),
            (r#"{"seats":-1}"#, "number"),
            (r#"{"warn":30}"#, "unit"),
            (r#"{"maxStatusAge":"0"}"#, "never"),
            (r#"{"activation":"sure"}"#, "required or optional"),
            (r#"{"features":["A"]}"#, "name"),
            (r#"{"limits":{"A":1}}"#, "name"),
            (r#"{"limits":{"a":9007199254740992}}"#, "number"),
            (r#"{"term":"2027-02-29"}"#, "no day"),
        ] {
            let error = serde_json::from_str::<Terms>(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
