//! What becomes of a license whose signature holds, on a host that stands in nobody's way.

use lictor_shared::json::Value;
use lictor_shared::{ActivationPolicy, License, Name, Origin, Timestamp};
use lictor_validator::context::{Build, ConfiguredOrigin, Deployment, HostFlags, Learned, Remembered};
use lictor_validator::{Context, Verified, evaluate};

use super::super::super::output::Output;
use super::super::super::timeline::Timeline;

/// The future of a license, and for whom it is drawn.
pub(super) struct Ahead {
    timeline: Timeline,
    product: Name,
    environment: Name,
    origin: Option<Origin>,
    activation: ActivationPolicy,
}

impl Ahead {
    /// `claims` are those of `license`. Nothing if it names no product or no environment, which none does that is read.
    pub(super) fn of(license: &Verified<License>, claims: &License, now: Timestamp) -> Option<Self> {
        let (product, environment) = (claims.products.first()?.clone(), claims.environments.first()?.clone());
        let origin = claims.origins.first().and_then(|pattern| one_of(&pattern.to_string()));
        let context = Context {
            now,
            product: product.clone(),
            environment: environment.clone(),
            origin: ConfiguredOrigin { origin: origin.clone(), unmatched_since: None },
            build: Build::Unknown,
            deployment: Deployment::None,
            activation: None,
            lists: &[],
            remembered: Remembered {
                watermark: None,
                highest_revision: None,
                learned: Learned { license: None, activation: None },
            },
            flags: HostFlags::none(),
        };
        let decide = |now| evaluate(license, &Context { now, ..context.clone() });
        let timeline = Timeline::walk(decide(now), decide);
        Some(Self { timeline, product, environment, origin, activation: claims.activation })
    }

    /// For whom it is drawn.
    pub(super) fn say(&self, output: &mut Output) {
        output.say(format_args!(
            "Its future is that of a deployment of {} in {}, which no status list reaches:",
            self.product, self.environment
        ));
        if let Some(origin) = &self.origin {
            output.say(format_args!("  Its origin is one of those that the license is bound to, {origin}."));
        }
        if self.activation == ActivationPolicy::Required {
            output.say(
                "  It is never activated. With an activation: lictor verify --activation FILE --timeline",
            );
        }
    }

    pub(super) fn table(&self) -> String {
        self.timeline.table()
    }

    pub(super) fn to_value(&self) -> Value {
        Value::object([
            ("product", self.product.as_str().into()),
            ("environment", self.environment.as_str().into()),
            ("origin", self.origin.as_ref().map(ToString::to_string).into()),
            ("changes", self.timeline.to_value()),
        ])
    }
}

/// An origin that a pattern matches.
fn one_of(pattern: &str) -> Option<Origin> {
    Origin::from_url(&pattern.replacen("//*.", "//any.", 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::one_of;
    use lictor_shared::OriginPattern;

    #[test]
    fn the_origin_is_one_that_the_pattern_matches() {
        for text in ["https://*.acme.example", "https://calls.acme.example:8443", "http://192.0.2.7"] {
            let pattern = OriginPattern::new(text).unwrap();
            assert!(pattern.matches(&one_of(text).unwrap()), "{text}");
        }
    }
}
