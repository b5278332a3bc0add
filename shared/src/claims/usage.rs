//! A deployment's report of use, signed by the deployment's own key: what it was allowed, and how much of it was used.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::ClaimsError;
use super::fields::Fields;
use super::shape::{self, Others, Shape};
use crate::armor::Label;
use crate::code::Mode;
use crate::id::{Uuid, hex};
use crate::json::{Members, Value};
use crate::key::Thumbprint;
use crate::limits;
use crate::name::{Name, Text};
use crate::time::Timestamp;
use crate::token::{Artefact, Claims, EmbeddedKey};

/// What a deployment reports. Member names of the token stand in parentheses where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageReport {
    /// The deployment's id (`iss`), which must be the thumbprint of the key in the header.
    pub deployment: Thumbprint,
    /// The license's issuer (`aud`).
    pub issuer: Text,
    /// The report's id (`jti`).
    pub id: Uuid,
    /// When it was made (`iat`), by the deployment's clock.
    pub issued_at: Timestamp,
    /// The license that was in force when it was made.
    pub license: Uuid,
    /// The serial of the activation that the deployment held then.
    pub activation: Option<Uuid>,
    /// The product.
    pub product: Name,
    /// Name and version of the program that reports.
    pub validator: Text,
    /// 1 for the deployment's first report, one more for each that follows.
    pub sequence: u64,
    /// SHA-256 of the report before this one.
    pub previous: Option<[u8; 32]>,
    /// Beginning of the period (`from`).
    pub from: Timestamp,
    /// End of the period (`to`), at which the next one begins.
    pub to: Timestamp,
    /// What the period begins with (`begins`).
    pub beginning: Beginning,
    /// The modes, oldest first; the first is that of `from`.
    pub modes: Vec<ModeSince>,
    /// Changes between the first and the second of `modes` that are not listed.
    pub omitted: u64,
    /// What was counted, by name.
    pub counters: BTreeMap<Name, Peak>,
    /// Extensions of later generations; ignored unless known.
    pub extensions: Members,
}

/// What a period begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The deployment: nothing lies before it.
    Start,
    /// The end of the report before.
    Report,
    /// A new record: the one before was lost, or was never kept, and what lies before is not known.
    Gap,
}

impl Beginning {
    const ALL: [Self; 3] = [Self::Start, Self::Report, Self::Gap];

    /// The word in the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Report => "report",
            Self::Gap => "gap",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|beginning| beginning.as_str() == word)
    }
}

/// What a verdict said from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeSince {
    /// The mode.
    pub mode: Mode,
    /// The verdict's reason, a word of the register; later generations may have others.
    pub reason: Option<Name>,
    /// Since when.
    pub since: Timestamp,
}

/// The highest value of a counter in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// The value.
    pub highest: u64,
    /// When it was reached first.
    pub at: Timestamp,
}

const SHAPE: Shape = Shape {
    members: &[("iss", None), ("aud", None), ("jti", None), ("iat", None), ("usage", Some(&BODY))],
    others: Others::Refuse,
};

const BODY: Shape = Shape {
    members: &[
        ("version", None),
        ("license", None),
        ("activation", None),
        ("product", None),
        ("validator", None),
        ("sequence", None),
        ("previous", None),
        ("from", None),
        ("to", None),
        ("begins", None),
        ("modes", None),
        ("omitted", None),
        ("counters", None),
        ("extensions", None),
        ("critical", None),
    ],
    others: Others::Refuse,
};

const MODE: Shape =
    Shape { members: &[("mode", None), ("reason", None), ("since", None)], others: Others::Refuse };
const COUNTER: Shape = Shape { members: &[("highest", None), ("at", None)], others: Others::Refuse };

const IN_MODES: &str = "usage.modes";
const IN_COUNTERS: &str = "usage.counters";

impl Artefact for UsageReport {
    const TYP: &'static str = "usage+jwt";
    const LABEL: Label = Label::UsageReport;
    const TOKEN_BYTES: usize = limits::TOKEN_BYTES;
    type Signer = EmbeddedKey;

    fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let members = Value::read_object(payload)?;
        shape::check(&members, &SHAPE, "usage")?;
        refuse_unknown_inside(&members)?;
        let top = Fields::top(&members);
        let body = top.object("usage", "usage")?;
        let from = body.time("from")?;
        let report = Self {
            deployment: top.parse("iss", Thumbprint::new)?,
            issuer: top.text("aud")?,
            id: top.parse("jti", Uuid::new)?,
            issued_at: top.time("iat")?,
            license: body.parse("license", Uuid::new)?,
            activation: body.nullable("activation", |body, name| body.parse(name, Uuid::new))?,
            product: body.parse("product", Name::new)?,
            validator: body.text("validator")?,
            sequence: body.integer("sequence", 1..=limits::INTEGER_MAX)?,
            previous: body.nullable("previous", Fields::hash)?,
            from,
            to: body.time("to")?,
            beginning: body.word("begins", &Beginning::ALL.map(|word| (word.as_str(), word)))?,
            modes: modes(&body)?,
            omitted: body.integer("omitted", 0..=limits::INTEGER_MAX)?,
            counters: counters(&body)?,
            extensions: body.extensions(payload, "usage")?,
        };
        report.hangs_together(&body)?;
        Ok(report)
    }
}

/// Members that version 1 does not have, where an array or a map holds objects of a fixed form.
fn refuse_unknown_inside(payload: &Members) -> Result<(), ClaimsError> {
    let body = payload.get("usage").and_then(Value::as_object);
    let member = |name: &str| body.and_then(|body| body.get(name));
    let modes = member("modes").and_then(Value::as_array).unwrap_or_default().iter();
    let counters = member("counters").and_then(Value::as_object).into_iter().flat_map(Members::values);
    let modes = modes.filter_map(Value::as_object).map(|members| (members, &MODE, IN_MODES));
    let counters = counters.filter_map(Value::as_object).map(|members| (members, &COUNTER, IN_COUNTERS));
    modes.chain(counters).try_for_each(|(members, shape, place)| shape::refuse_unknown(members, shape, place))
}

fn modes(body: &Fields<'_>) -> Result<Vec<ModeSince>, ClaimsError> {
    const COUNT: RangeInclusive<usize> = 1..=limits::USAGE_MODES;
    let rule =
        || body.breaks("modes", alloc::format!("an array of {} to {} objects", COUNT.start(), COUNT.end()));
    let items = body.value("modes")?.as_array().filter(|items| COUNT.contains(&items.len()));
    let item = |item: &Value| {
        let entry = Fields::within(IN_MODES, item.as_object().ok_or_else(rule)?);
        let words: Vec<(&str, Mode)> = Mode::ALL.iter().map(|mode| (mode.as_str(), *mode)).collect();
        Ok(ModeSince {
            mode: entry.word("mode", &words)?,
            reason: entry.nullable("reason", |entry, name| entry.parse(name, Name::new))?,
            since: entry.time("since")?,
        })
    };
    items.ok_or_else(rule)?.iter().map(item).collect()
}

fn counters(body: &Fields<'_>) -> Result<BTreeMap<Name, Peak>, ClaimsError> {
    let rule = "an object of highest and at";
    let members = body.map("counters", limits::USAGE_COUNTERS, rule, |value| value.as_object().cloned())?;
    let peak = |(name, members): (Name, Members)| {
        let peak = Fields::within(IN_COUNTERS, &members);
        let highest = peak.integer("highest", 0..=limits::INTEGER_MAX)?;
        Ok((name, Peak { highest, at: peak.time("at")? }))
    };
    members.into_iter().map(peak).collect()
}

impl UsageReport {
    /// What one member says of another.
    fn hangs_together(&self, body: &Fields<'_>) -> Result<(), ClaimsError> {
        let is_first = self.sequence == 1;
        let within = |at: &Timestamp| (self.from..=self.to).contains(at);
        let sinces = || self.modes.iter().map(|mode| mode.since);
        let rules = [
            (self.previous.is_none() == is_first, "previous", "null in the first report and in no other"),
            (
                (self.beginning == Beginning::Report) != is_first,
                "begins",
                "\"report\" but in the first report",
            ),
            (self.from <= self.to, "to", "at or after from"),
            (sinces().next() == Some(self.from), "modes", "an array whose first entry is since from"),
            (
                sinces().is_sorted() && sinces().all(|since| within(&since)),
                "modes",
                "in order within the period",
            ),
            (self.counters.values().all(|peak| within(&peak.at)), "counters", "reached within the period"),
        ];
        let broken = rules.into_iter().find(|(holds, ..)| !holds);
        broken.map_or(Ok(()), |(_, name, rule)| Err(body.breaks(name, rule)))
    }
}

impl Claims for UsageReport {
    type Of = Self;

    fn to_value(&self) -> Value {
        let body = Value::object([
            ("version", 1_u64.into()),
            ("license", self.license.to_string().into()),
            ("activation", self.activation.map(|serial| serial.to_string()).into()),
            ("product", self.product.as_str().into()),
            ("validator", self.validator.as_str().into()),
            ("sequence", self.sequence.into()),
            ("previous", self.previous.map(|hash| hex(&hash)).into()),
            ("from", self.from.seconds().into()),
            ("to", self.to.seconds().into()),
            ("begins", self.beginning.as_str().into()),
            ("modes", self.modes.iter().map(ModeSince::to_value).collect::<Vec<_>>().into()),
            ("omitted", self.omitted.into()),
            ("counters", counters_value(&self.counters)),
            ("extensions", self.extensions.clone().into()),
            ("critical", Vec::new().into()),
        ]);
        Value::object([
            ("iss", self.deployment.to_string().into()),
            ("aud", self.issuer.as_str().into()),
            ("jti", self.id.to_string().into()),
            ("iat", self.issued_at.seconds().into()),
            ("usage", body),
        ])
    }
}

impl ModeSince {
    /// As it stands in a report.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([
            ("mode", self.mode.as_str().into()),
            ("reason", self.reason.as_ref().map(|reason| reason.as_str().to_string()).into()),
            ("since", self.since.seconds().into()),
        ])
    }
}

impl Peak {
    /// As it stands in a report.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([("highest", self.highest.into()), ("at", self.at.seconds().into())])
    }
}

fn counters_value(counters: &BTreeMap<Name, Peak>) -> Value {
    let members: Members = counters.iter().map(|(name, peak)| (name.to_string(), peak.to_value())).collect();
    members.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Reason;
    use alloc::string::String;

    /// The example of FORMAT 7.5.
    fn example() -> String {
        let (_, rest) = include_str!("../../FORMAT.md").split_once("```json,example-usage\n").unwrap();
        rest.split_once("\n```").unwrap().0.into()
    }

    fn read(payload: &str) -> Result<UsageReport, ClaimsError> {
        UsageReport::read(payload.as_bytes())
    }

    fn changed(from: &str, to: &str) -> String {
        let text = example();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    }

    #[test]
    fn the_example_says_what_it_says() {
        let report = read(&example()).unwrap();
        assert_eq!(report.deployment.to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!((report.issuer.as_str(), report.product.as_str()), ("nordlicht-licensing", "dispatch"));
        assert_eq!((report.sequence, report.beginning, report.omitted), (2, Beginning::Report, 0));
        assert_eq!((report.from.seconds(), report.to.seconds()), (1_811_808_000, 1_814_400_000));
        let modes: Vec<_> = report.modes.iter().map(|mode| (mode.mode, mode.since.seconds())).collect();
        assert_eq!(modes, [(Mode::Full, 1_811_808_000), (Mode::Grace, 1_813_000_000)]);
        assert_eq!(report.modes[1].reason.as_ref().map(Name::as_str), Some("status_overdue"));
        let peak = report.counters.get("vehicles").unwrap();
        assert_eq!((peak.highest, peak.at.seconds()), (118, 1_812_500_000));
        let written = report.to_value().to_string();
        assert_eq!(Value::read_object(written.as_bytes()), Value::read_object(example().as_bytes()));
        assert_eq!(read(&written), Ok(report));
    }

    #[test]
    fn what_later_generations_may_write_is_read() {
        for (from, to) in [
            ("\"status_overdue\"", "\"of_tomorrow\""),
            ("\"status_overdue\"", "null"),
            ("\"activation\": \"019c1f6b-1000-7d22-8b3c-4d5e6f708192\"", "\"activation\": null"),
            ("\"extensions\": {}", "\"extensions\": {\"a\": [1]}"),
            ("\"omitted\": 0", "\"omitted\": 9007199254740991"),
            ("{ \"vehicles\": { \"highest\": 118, \"at\": 1812500000 } }", "{}"),
            ("1812500000", "1811808000"),
            ("1812500000", "1814400000"),
            ("1813000000", "1811808000"),
            ("1813000000", "1814400000"),
        ] {
            assert!(read(&changed(from, to)).is_ok(), "{from} {to}");
        }
        // A first report.
        let first = changed(
            "\"sequence\": 2, \"previous\": \"5c2b0d7e9f1a3c48b6d4e2f00112233445566778899aabbccddeeff001122334\"",
            "\"sequence\": 1, \"previous\": null",
        );
        for begins in ["start", "gap"] {
            assert!(read(&first.replace("\"report\"", &alloc::format!("\"{begins}\""))).is_ok(), "{begins}");
        }
        assert!(read(&first).is_err(), "nothing lies before the first");
    }

    #[test]
    fn every_rule_is_kept() {
        let unsupported = Reason::UnsupportedVersion;
        let bad = Reason::BadClaims;
        for (from, to, reason) in [
            ("\"version\": 1", "\"version\": 2", unsupported),
            ("\"version\": 1, ", "", bad),
            ("\"omitted\": 0", "\"omitted\": 0, \"more\": 1", unsupported),
            ("\"iat\"", "\"exp\": 1, \"iat\"", unsupported),
            ("\"reason\": null", "\"reason\": null, \"more\": 1", unsupported),
            ("\"highest\": 118", "\"highest\": 118, \"more\": 1", unsupported),
            ("\"critical\": []", "\"critical\": [\"a\"]", unsupported),
            ("\"critical\": []", "\"critical\": {}", bad),
            ("\"extensions\": {}", "\"extensions\": []", bad),
            ("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "kPrK", bad),
            ("\"nordlicht-licensing\"", "\"\"", bad),
            ("019cb9e5-0000-7c11-9a2b-3c4d5e6f7081", "019cb9e5-0000-4c11-9a2b-3c4d5e6f7081", bad),
            ("\"iat\": 1814400000", "\"iat\": 253402300800", bad),
            ("019b7701-4c00-7a10-8f3e-1a2b3c4d5e6f", "x", bad),
            ("\"019c1f6b-1000-7d22-8b3c-4d5e6f708192\"", "1", bad),
            ("\"product\": \"dispatch\"", "\"product\": \"Dispatch\"", bad),
            ("\"dispatch 7.2\"", "\"\\u0007\"", bad),
            ("\"sequence\": 2", "\"sequence\": 0", bad),
            ("\"sequence\": 2", "\"sequence\": 1", bad),
            ("\"5c2b0d7e9f1a3c48b6d4e2f00112233445566778899aabbccddeeff001122334\"", "null", bad),
            ("5c2b0d7e", "5C2B0D7E", bad),
            ("5c2b0d7e", "5c2b0d", bad),
            ("\"from\": 1811808000", "\"from\": 1811808001", bad),
            ("\"from\": 1811808000", "\"from\": 1811807999", bad),
            ("\"to\": 1814400000", "\"to\": 1811807999", bad),
            ("\"begins\": \"report\"", "\"begins\": \"gap\"", bad),
            ("\"begins\": \"report\"", "\"begins\": \"never\"", bad),
            ("\"mode\": \"grace\"", "\"mode\": \"gone\"", bad),
            ("\"status_overdue\"", "\"Status overdue\"", bad),
            ("1813000000", "1814400001", bad),
            ("1813000000", "1811807999", bad),
            ("\"omitted\": 0", "\"omitted\": null", bad),
            ("\"vehicles\"", "\"Vehicles\"", bad),
            ("1812500000", "1811807999", bad),
            ("1812500000", "1814400001", bad),
            ("\"highest\": 118, ", "", bad),
            ("\"highest\": 118", "\"highest\": -1", bad),
            ("\"highest\": 118", "\"highest\": 118, \"highest\": 119", bad),
            ("{ \"vehicles\": { \"highest\": 118, \"at\": 1812500000 } }", "{ \"vehicles\": 118 }", bad),
            ("\"since\": 1811808000", "\"since\": \"1811808000\"", bad),
        ] {
            let read = read(&changed(from, to));
            assert_eq!(
                read.as_ref().map_err(ClaimsError::reason).err(),
                Some(reason),
                "{from} {to}: {read:?}"
            );
        }
        // Each member is required.
        let members = Value::read_object(example().as_bytes()).unwrap();
        let body = members["usage"].as_object().unwrap();
        for name in body.keys() {
            let mut body = body.clone();
            body.remove(name);
            let mut members = members.clone();
            members.insert("usage".into(), body.into());
            let read = read(&Value::from(members).to_string());
            assert_eq!(read.map_err(|error| error.reason()), Err(bad), "{name}");
        }
    }

    fn largest(modes: usize, counters: usize) -> UsageReport {
        let longest = |number: usize| alloc::format!("{number:0>64}");
        let text = Text::new(&"\u{10FFFD}".repeat(200)).unwrap();
        let since = Timestamp::MAX;
        let reason = Name::new(Reason::UnsupportedAlgorithm.as_str()).ok();
        let peak = Peak { highest: limits::INTEGER_MAX, at: since };
        let mode = ModeSince { mode: Mode::Unlicensed, reason, since };
        UsageReport {
            issuer: text.clone(),
            validator: text,
            product: Name::new(&longest(0)).unwrap(),
            sequence: limits::INTEGER_MAX,
            omitted: limits::INTEGER_MAX,
            issued_at: since,
            from: since,
            to: since,
            modes: alloc::vec![mode; modes],
            counters: (0..counters).map(|number| (Name::new(&longest(number)).unwrap(), peak)).collect(),
            ..read(&example()).unwrap()
        }
    }

    #[test]
    fn the_largest_report_fits_into_a_token() {
        let report = largest(limits::USAGE_MODES, limits::USAGE_COUNTERS);
        let payload = report.to_value().to_string();
        assert_eq!(read(&payload), Ok(report));
        // Base64url of payload and header, dots and a signature.
        let bytes = payload.len().div_ceil(3) * 4 + 300 + 2 + 86;
        assert!(bytes <= limits::TOKEN_BYTES, "{bytes}");
        for (modes, counters) in [(limits::USAGE_MODES + 1, 1), (1, limits::USAGE_COUNTERS + 1), (0, 1)] {
            let read = read(&largest(modes, counters).to_value().to_string());
            assert_eq!(read.map_err(|error| error.reason()), Err(Reason::BadClaims), "{modes} {counters}");
        }
    }
}
