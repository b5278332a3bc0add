//! The state file: one line of JSON that proves itself, read strictly.

use lictor_shared::json::{JsonError, Members, Value};
use lictor_shared::{RequestKind, StringError, Text, Thumbprint, Timestamp, Uri, Uuid};
use std::collections::BTreeMap;

use super::{Answer, Highest, LicenseKey, LicenseRecord, ListKey, Newest, Requests, State};
use crate::host::custody::Owner;
use crate::host::digest::Digest;
use crate::host::watermark::Watermark;

/// The member that holds SHA-256 of the line without it. It tells accidents, not forgers, who can compute it as well.
const DIGEST: &str = "digest";

/// Why a state file is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("its digest is not that of its content")]
    Digest,
    #[error("its member {0} is missing or not as it is written here")]
    Member(&'static str),
    #[error("it has a member that is not written here")]
    Unknown,
}

/// A file's line, with the digest of the rest in it.
pub(crate) fn seal(mut members: Members) -> String {
    let digest = Digest::of(&Value::Object(members.clone()).to_string());
    members.insert(DIGEST.into(), digest.to_string().into());
    format!("{}\n", Value::Object(members))
}

/// The members of such a line, but for the digest, which is theirs.
pub(crate) fn unseal(bytes: &[u8]) -> Result<Members, Damage> {
    let mut members = Value::read_object(bytes)?;
    let digest = members.remove(DIGEST);
    let found = digest.as_ref().and_then(Value::as_str).and_then(Digest::new);
    match found == Some(Digest::of(&Value::Object(members.clone()).to_string())) {
        true => Ok(members),
        false => Err(Damage::Digest),
    }
}

impl State {
    /// The file's bytes.
    pub(crate) fn to_text(&self) -> String {
        let members: Members = [
            ("version", 1_u64.into()),
            ("watermark", time(self.clock.reached)),
            ("candidate", time(self.clock.candidate)),
            ("deployment", self.owner_value()),
            ("licenses", self.licenses_value()),
            ("lists", self.lists_value()),
            (
                "accepted",
                Value::Array(self.accepted.iter().map(|digest| digest.to_string().into()).collect()),
            ),
            ("learned", self.learned_value()),
            ("firstRuns", self.first_runs_value()),
            ("requests", self.requests.to_value()),
        ]
        .map(|(name, value)| (name.into(), value))
        .into();
        seal(members)
    }

    fn owner_value(&self) -> Value {
        let owner = self.owner.map(|owner| {
            Value::object([("id", owner.id.to_string().into()), ("since", owner.since.seconds().into())])
        });
        owner.into()
    }

    fn licenses_value(&self) -> Value {
        let entries = self.licenses.iter().map(|((issuer, id), record)| {
            Value::object([
                ("issuer", issuer.as_str().into()),
                ("id", id.to_string().into()),
                ("since", time(record.since)),
                ("revision", record.revision.into()),
                ("originSince", time(record.origin_since)),
            ])
        });
        Value::Array(entries.collect())
    }

    fn lists_value(&self) -> Value {
        let entries = self.lists.iter().map(|((issuer, uri), highest)| {
            Value::object([
                ("issuer", issuer.as_str().into()),
                ("uri", uri.as_str().into()),
                ("sequence", highest.sequence.into()),
                ("key", highest.key.to_string().into()),
            ])
        });
        Value::Array(entries.collect())
    }

    fn learned_value(&self) -> Value {
        let entries = self.learned.iter().map(|(((issuer, uri), index), at)| {
            Value::object([
                ("issuer", issuer.as_str().into()),
                ("uri", uri.as_str().into()),
                ("index", (*index).into()),
                ("at", at.seconds().into()),
            ])
        });
        Value::Array(entries.collect())
    }

    fn first_runs_value(&self) -> Value {
        let entries = self.first_runs.iter().map(|(released, since)| {
            Value::object([("built", released.seconds().into()), ("since", since.seconds().into())])
        });
        Value::Array(entries.collect())
    }

    /// Reads what [`Self::to_text`] wrote, and nothing else.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let mut top = Taken(unseal(bytes)?);
        top.take("version", |version| (version.as_integer() == Some(1)).then_some(()))?;
        let state = Self {
            clock: Watermark {
                reached: top.take("watermark", nullable_time)?,
                candidate: top.take("candidate", nullable_time)?,
            },
            owner: top.take("deployment", read_owner)?,
            licenses: top.entries("licenses", read_license)?,
            lists: top.entries("lists", read_list)?,
            accepted: top.take("accepted", |items| {
                items.as_array()?.iter().map(|item| Digest::new(item.as_str()?)).collect()
            })?,
            learned: top.entries("learned", read_learned)?,
            first_runs: top.entries("firstRuns", |run| Some((run.time("built")?, run.time("since")?)))?,
            requests: top.take("requests", |requests| Requests::read(Taken::of(requests)?))?,
        };
        if top.0.is_empty() { Ok(state) } else { Err(Damage::Unknown) }
    }
}

impl Requests {
    fn to_value(&self) -> Value {
        let newest = self.newest.as_ref().map(Newest::to_value);
        Value::object([("counter", self.counter.into()), ("newest", newest.into())])
    }

    fn read(mut members: Taken) -> Option<Self> {
        let counter = members.integer("counter")?;
        let newest = match members.0.remove("newest")? {
            Value::Null => None,
            newest => Some(Newest::read(Taken::of(&newest)?)?),
        };
        members.0.is_empty().then_some(Self { counter, newest })
    }
}

impl Newest {
    fn to_value(&self) -> Value {
        Value::object([
            ("nonce", self.nonce.to_string().into()),
            ("deployment", self.deployment.to_string().into()),
            ("kind", self.kind.as_str().into()),
            ("issuer", self.issuer.as_str().into()),
            ("license", self.license.to_string().into()),
            ("answered", (self.answer == Answer::Received).into()),
        ])
    }

    fn read(mut members: Taken) -> Option<Self> {
        let nonce = members.parse("nonce", Uuid::new)?;
        let deployment = members.parse("deployment", Thumbprint::new)?;
        let issuer = members.parse("issuer", Text::new)?;
        let license = members.parse("license", Uuid::new)?;
        let kind = members.0.remove("kind")?;
        let kinds = [RequestKind::Activate, RequestKind::Release];
        let kind = kinds.into_iter().find(|known| kind.as_str() == Some(known.as_str()))?;
        let answer = match members.0.remove("answered")? {
            Value::Bool(true) => Answer::Received,
            Value::Bool(false) => Answer::Awaited,
            _ => return None,
        };
        members.0.is_empty().then_some(Self { nonce, deployment, kind, issuer, license, answer })
    }
}

fn read_owner(value: &Value) -> Option<Option<Owner>> {
    if *value == Value::Null {
        return Some(None);
    }
    let mut members = Taken::of(value)?;
    let owner = Owner { id: members.parse("id", Thumbprint::new)?, since: members.time("since")? };
    members.0.is_empty().then_some(Some(owner))
}

fn read_license(entry: &mut Taken) -> Option<(LicenseKey, LicenseRecord)> {
    let record = LicenseRecord {
        since: nullable_time(&entry.0.remove("since")?)?,
        revision: entry.integer("revision")?,
        origin_since: nullable_time(&entry.0.remove("originSince")?)?,
    };
    Some(((entry.parse("issuer", Text::new)?, entry.parse("id", Uuid::new)?), record))
}

fn read_list(entry: &mut Taken) -> Option<(ListKey, Highest)> {
    let highest = Highest { sequence: entry.integer("sequence")?, key: entry.parse("key", Thumbprint::new)? };
    Some(((entry.parse("issuer", Text::new)?, entry.parse("uri", Uri::new)?), highest))
}

fn read_learned(entry: &mut Taken) -> Option<((ListKey, u32), Timestamp)> {
    let index = u32::try_from(entry.integer("index")?).ok()?;
    let list = (entry.parse("issuer", Text::new)?, entry.parse("uri", Uri::new)?);
    Some(((list, index), entry.time("at")?))
}

fn time(at: Option<Timestamp>) -> Value {
    at.map(Timestamp::seconds).into()
}

fn nullable_time(value: &Value) -> Option<Option<Timestamp>> {
    match value {
        Value::Null => Some(None),
        value => Timestamp::from_seconds(value.as_integer()?).map(Some),
    }
}

/// Members that are taken out one by one, so that in the end none may be left.
pub(crate) struct Taken(pub(crate) Members);

impl Taken {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    pub(crate) fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, Damage> {
        self.0.remove(name).as_ref().and_then(read).ok_or(Damage::Member(name))
    }

    /// An array of objects, each a key and what stands under it, no key twice.
    fn entries<K: Ord, V>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Self) -> Option<(K, V)>,
    ) -> Result<BTreeMap<K, V>, Damage> {
        let entry = |value: &Value| {
            let mut members = Self::of(value)?;
            read(&mut members).filter(|_| members.0.is_empty())
        };
        let all = |value: &Value| {
            let items = value.as_array()?;
            let entries: BTreeMap<K, V> = items.iter().map(entry).collect::<Option<_>>()?;
            (entries.len() == items.len()).then_some(entries)
        };
        self.take(name, all)
    }

    pub(crate) fn integer(&mut self, name: &str) -> Option<u64> {
        self.0.remove(name)?.as_integer()
    }

    pub(crate) fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.integer(name).and_then(Timestamp::from_seconds)
    }

    pub(crate) fn parse<T>(&mut self, name: &str, new: impl Fn(&str) -> Result<T, StringError>) -> Option<T> {
        new(self.0.remove(name)?.as_str()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn state() -> State {
        let issuer = Text::new("acme-licensing").unwrap();
        let list = (issuer.clone(), Uri::new("https://licensing.acme.example/status/0").unwrap());
        let id = Uuid::new("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10").unwrap();
        let key = Thumbprint::new("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").unwrap();
        let record = LicenseRecord { since: Some(at(7)), revision: 3, origin_since: None };
        let newest = Newest {
            nonce: id,
            deployment: key,
            kind: RequestKind::Release,
            issuer: issuer.clone(),
            license: id,
            answer: Answer::Awaited,
        };
        State {
            clock: Watermark { reached: Some(at(1_795_305_600)), candidate: Some(at(1_826_841_600)) },
            owner: Some(Owner { id: key, since: at(8) }),
            licenses: [((issuer, id), record)].into(),
            lists: [(list.clone(), Highest { sequence: 12, key })].into(),
            accepted: [Digest::of("a"), Digest::of("b")].into(),
            learned: [((list, 4711), at(9))].into(),
            first_runs: [(at(5), at(6))].into(),
            requests: Requests { counter: 2, newest: Some(newest) },
        }
    }

    #[test]
    fn is_read_as_it_is_written() {
        for state in [State::default(), state()] {
            assert_eq!(State::read(state.to_text().as_bytes()), Ok(state));
        }
    }

    #[test]
    fn its_members_are_those_of_the_format() {
        let text = state().to_text();
        let (head, digest) = (
            text.replace(&text[text.find("\"digest\"").unwrap()..text.find("\"firstRuns").unwrap()], ""),
            "",
        );
        assert_eq!(
            format!("{head}{digest}"),
            "{\"accepted\":[\"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d\",\
             \"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"],\"candidate\":1826841600,\
             \"deployment\":{\"id\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"since\":8},\
             \"firstRuns\":[{\"built\":5,\"since\":6}],\
             \"learned\":[{\"at\":9,\"index\":4711,\"issuer\":\"acme-licensing\",\"uri\":\"https://licensing.acme.example/status/0\"}],\
             \"licenses\":[{\"id\":\"0198c0d2-6c1e-7000-8000-2f6f2b1d9a10\",\"issuer\":\"acme-licensing\",\"originSince\":null,\
             \"revision\":3,\"since\":7}],\
             \"lists\":[{\"issuer\":\"acme-licensing\",\"key\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"sequence\":12,\
             \"uri\":\"https://licensing.acme.example/status/0\"}],\
             \"requests\":{\"counter\":2,\"newest\":{\"answered\":false,\
             \"deployment\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"issuer\":\"acme-licensing\",\"kind\":\"release\",\
             \"license\":\"0198c0d2-6c1e-7000-8000-2f6f2b1d9a10\",\"nonce\":\"0198c0d2-6c1e-7000-8000-2f6f2b1d9a10\"}},\
             \"version\":1,\"watermark\":1795305600}\n"
        );
    }

    #[test]
    fn cut_or_changed_anywhere_is_damaged() {
        let text = state().to_text().into_bytes();
        for end in 0..text.len() - 1 {
            assert!(State::read(&text[..end]).is_err(), "cut at {end}");
        }
        for at in 0..text.len() - 1 {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert!(State::read(&changed).is_err(), "changed at {at}");
        }
    }

    /// The text with another member, and a digest that fits.
    fn edited(edit: impl FnOnce(&mut Members)) -> String {
        let mut members = Value::read_object(state().to_text().as_bytes()).unwrap();
        members.remove(DIGEST);
        edit(&mut members);
        let digest = Digest::of(&Value::Object(members.clone()).to_string());
        members.insert(DIGEST.into(), digest.to_string().into());
        Value::Object(members).to_string()
    }

    #[test]
    fn what_another_generation_wrote_is_not_believed() {
        let read = |text: String| State::read(text.as_bytes());
        assert_eq!(read(edited(|_| ())), Ok(state()));
        let set = |name: &'static str, value: Value| {
            move |members: &mut Members| {
                members.insert(name.into(), value);
            }
        };
        assert_eq!(read(edited(set("version", 2_u64.into()))), Err(Damage::Member("version")));
        assert_eq!(read(edited(set("more", Value::Null))), Err(Damage::Unknown));
        assert_eq!(read(edited(set("requests", Value::Null))), Err(Damage::Member("requests")));
        assert_eq!(read(edited(|members| drop(members.remove("learned")))), Err(Damage::Member("learned")));
        let twice = |members: &mut Members| {
            let runs = members["firstRuns"].as_array().unwrap().to_vec();
            members.insert("firstRuns".into(), [runs.clone(), runs].concat().into());
        };
        assert_eq!(read(edited(twice)), Err(Damage::Member("firstRuns")));
    }
}
