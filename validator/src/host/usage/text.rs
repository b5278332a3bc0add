//! The file of the record: one line of JSON that proves itself, read strictly.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Beginning, Mode, ModeSince, Name, Peak, Thumbprint, limits};

use super::book::Book;
use crate::host::digest::Digest;
use crate::host::state::{Damage, Taken, seal, unseal};

impl Book {
    pub(super) fn to_text(&self) -> String {
        let counters: Members =
            self.counters.iter().map(|(name, peak)| (name.to_string(), peak.to_value())).collect();
        let members = [
            ("version", 1_u64.into()),
            ("deployment", self.deployment.to_string().into()),
            ("sequence", self.sequence.into()),
            ("previous", self.previous.map(|digest| digest.to_string()).into()),
            ("from", self.from.seconds().into()),
            ("begins", self.beginning.as_str().into()),
            ("modes", self.modes.iter().map(ModeSince::to_value).collect::<Vec<_>>().into()),
            ("omitted", self.omitted.into()),
            ("counters", counters.into()),
            ("newest", self.newest.clone().into()),
        ];
        seal(members.map(|(name, value): (&str, Value)| (name.into(), value)).into())
    }

    /// Reads what [`Self::to_text`] wrote, and nothing else.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let mut top = Taken(unseal(bytes)?);
        top.take("version", |version| (version.as_integer() == Some(1)).then_some(()))?;
        let book = Self {
            deployment: top.take("deployment", |id| Thumbprint::new(id.as_str()?).ok())?,
            sequence: top.take("sequence", Value::as_integer)?,
            previous: top.take("previous", |hash| nullable(hash, |hash| Digest::new(hash.as_str()?)))?,
            from: top.take("from", |at| lictor_shared::Timestamp::from_seconds(at.as_integer()?))?,
            beginning: top.take("begins", |word| Beginning::from_word(word.as_str()?))?,
            modes: top.take("modes", read_modes)?,
            omitted: top.take("omitted", Value::as_integer)?,
            counters: top.take("counters", |counters| {
                let members = counters.as_object().filter(|all| all.len() <= limits::USAGE_COUNTERS)?;
                members.iter().map(|(name, peak)| Some((Name::new(name).ok()?, read_peak(peak)?))).collect()
            })?,
            newest: top.take("newest", |token| nullable(token, |token| token.as_str().map(Into::into)))?,
        };
        if top.0.is_empty() { Ok(book) } else { Err(Damage::Unknown) }
    }
}

fn nullable<T>(value: &Value, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    if *value == Value::Null { Some(None) } else { read(value).map(Some) }
}

fn read_modes(value: &Value) -> Option<Vec<ModeSince>> {
    let items = value.as_array().filter(|items| items.len() <= limits::USAGE_MODES)?;
    let mode = |item: &Value| {
        let mut members = Taken::of(item)?;
        let mode = ModeSince {
            mode: members.parse("mode", |word| {
                let known = Mode::ALL.iter().copied().find(|mode| mode.as_str() == word);
                known.ok_or_else(|| lictor_shared::StringError::Name(word.into()))
            })?,
            reason: nullable(&members.0.remove("reason")?, |reason| Name::new(reason.as_str()?).ok())?,
            since: members.time("since")?,
        };
        members.0.is_empty().then_some(mode)
    };
    items.iter().map(mode).collect()
}

fn read_peak(value: &Value) -> Option<Peak> {
    let mut members = Taken::of(value)?;
    let peak = Peak { highest: members.integer("highest")?, at: members.time("at")? };
    members.0.is_empty().then_some(peak)
}
