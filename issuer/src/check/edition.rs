//! What requests were answered with, and the lists that were enclosed.

use lictor_shared::json::Value;
use lictor_shared::{RequestKind, Seconds, Thumbprint, Uuid, hex};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Facts, damaged};
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::ledger::answers::{self, Stored};
use crate::ledger::editions::{self, Kept};
use crate::ledger::events::differs;
use crate::ledger::projection::Table;
use crate::publish::{ENCLOSED, STALE_FROM};

/// URI and sequence of a list that was signed.
type Edition = (String, u64);

/// What the events say of lists that were signed.
#[derive(Default)]
pub(super) struct Editions {
    /// The newest of each list, and those that were enclosed with an answer. Others are not kept.
    signed: BTreeMap<Edition, Signed>,
    /// The last that was signed of each list.
    newest: BTreeMap<String, u64>,
    enclosed: BTreeSet<Edition>,
    /// The last answer, with which lists may be enclosed that are signed right behind it.
    answered: Option<Answered>,
}

struct Signed {
    kept: Kept,
    /// Whether it was signed by a program that keeps editions.
    is_kept: bool,
}

/// An answer, and the lists that belong to it.
struct Answered {
    seq: u64,
    stored: Stored,
    /// `None`: the event does not say, as those of the first programs.
    lists: Option<Vec<String>>,
}

impl Check<'_> {
    pub(super) fn status_published(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let (uri, sequence) = (facts.text("uri")?.to_owned(), facts.integer("sequence")?);
        self.is_signed(&facts, (&uri, sequence))?;
        self.changed.remove(&uri);
        let list = self.lists.entry(uri.clone()).or_default();
        let before = core::mem::replace(&mut list.sequence, sequence);
        list.published_at = Some(event.at);
        match before >= sequence {
            true => Err(differs(event.seq, format!("the sequence of {uri} is {sequence} after {before}"))),
            false => Ok(()),
        }
    }

    fn is_signed(&mut self, facts: &Facts<'_>, (uri, sequence): (&str, u64)) -> Result<(), Failure> {
        let stale_from = Seconds::new(facts.integer("ttl")?).and_then(|ttl| facts.0.at.plus(ttl));
        let sha256 = facts.text("tokenSha256")?.to_owned();
        let is_published = !facts.0.body.contains_key(ENCLOSED);
        let kept = Kept { seq: facts.0.seq, stale_from, is_published, is_enclosed: false, sha256 };
        let is_kept = facts.0.body.contains_key(STALE_FROM);
        if let Some(before) = self.editions.newest.insert(uri.to_owned(), sequence) {
            let before = (uri.to_owned(), before);
            if !self.editions.enclosed.contains(&before) {
                self.editions.signed.remove(&before);
            }
        }
        self.editions.signed.insert((uri.to_owned(), sequence), Signed { kept, is_kept });
        Ok(())
    }

    /// What is kept of the answer is the token that was signed for it, or nothing if it was erased.
    pub(super) fn answer_follows(
        &mut self,
        facts: &Facts<'_>,
        whose: (Uuid, Thumbprint),
    ) -> Result<(), Failure> {
        let (seq, nonce) = (facts.0.seq, facts.parsed("request", Uuid::new)?);
        let missing = || differs(seq, format!("the answer to {nonce} is missing"));
        let (asked, stored) = answers::recorded(self.connection, seq)?.ok_or_else(missing)?;
        if (stored.license, asked) != (whose.0, (whose.1, nonce)) {
            return Err(missing());
        }
        if self.erased.since(&facts.0.body, seq).is_none() {
            facts.says("tokenSha256", hex(&Sha256::digest(&stored.token)))?;
        } else if !stored.token.is_empty() {
            return Err(differs(seq, format!("the answer to {nonce} was erased, and is there")));
        }
        let kind = match facts.0.kind {
            EventKind::ActivationReleased => RequestKind::Release,
            _ => RequestKind::Activate,
        };
        if stored.kind != kind {
            let (kind, found) = (kind.as_str(), stored.kind.as_str());
            return Err(differs(seq, format!("the answer to {nonce} is kept as one to {found}, not {kind}")));
        }
        let lists = self.enclosed_licenses(facts, &stored)?;
        self.editions.answered = Some(Answered { seq, stored, lists });
        self.counts(Table::Answer);
        Ok(())
    }

    /// Compares the licenses that are enclosed with an answer; the lists that are, if the event says.
    fn enclosed_licenses(&self, facts: &Facts<'_>, stored: &Stored) -> Result<Option<Vec<String>>, Failure> {
        let Some(enclosed) = facts.0.body.get(ENCLOSED).and_then(Value::as_object) else { return Ok(None) };
        let texts = |name: &str| -> Option<Vec<String>> {
            let items = enclosed.get(name)?.as_array()?;
            items.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect()
        };
        let licenses = texts("licenses").ok_or_else(|| facts.lacks(ENCLOSED))?;
        let found: Vec<String> = stored.licenses.iter().map(ToString::to_string).collect();
        if licenses != found {
            return Err(differs(
                facts.0.seq,
                "the licenses that are kept with the answer are not those that it says",
            ));
        }
        texts("lists").map(Some).ok_or_else(|| facts.lacks(ENCLOSED))
    }

    /// Once all is told that belongs to the last answer: its lists are the newest that there were then.
    pub(super) fn answer_ends(&mut self, next: Option<&Event>) -> Result<(), Failure> {
        let goes_on = next.is_some_and(|event| match event.kind {
            EventKind::ActivationForked => true,
            EventKind::StatusPublished => event.body.contains_key(ENCLOSED),
            _ => false,
        });
        if goes_on {
            return Ok(());
        }
        let Some(Answered { seq, stored, lists }) = self.editions.answered.take() else { return Ok(()) };
        let mut found = Vec::new();
        for (list, sequence) in &stored.lists {
            let uri = self.list_ids.get(list);
            let uri = uri.ok_or_else(|| differs(seq, format!("its answer refers to no list {list}")))?;
            found.push((uri.clone(), *sequence));
        }
        if let Some(uris) = lists {
            let newest = |uri: &String| Some((uri.clone(), self.lists.get(uri)?.sequence));
            let is_kept = |edition: &Edition| self.editions.signed.contains_key(edition);
            let told: Vec<Edition> = uris.iter().filter_map(newest).filter(is_kept).collect();
            let is_known = |edition: &Edition| self.editions.signed.get(edition).is_some_and(|it| it.is_kept);
            // Of lists that were signed before editions were kept, none was enclosed.
            if told != found && told.iter().all(is_known) {
                return Err(differs(
                    seq,
                    "the lists that are kept with its answer are not the newest of those that it says",
                ));
            }
        }
        self.editions.enclosed.extend(found);
        Ok(())
    }

    /// Every edition that is to be kept is there, as it was signed, and no other one.
    pub(super) fn editions(&mut self) -> Result<(), Failure> {
        let mut found = editions::kept(self.connection)?;
        for (edition, signed) in &self.editions.signed {
            let is_enclosed = self.editions.enclosed.contains(edition);
            let row = found.remove(edition);
            let told = Kept { is_enclosed, ..signed.kept.clone() };
            let may_be_missing = !signed.is_kept && !is_enclosed;
            if row.as_ref() != Some(&told) && !(row.is_none() && may_be_missing) {
                return Err(not_as_signed(edition));
            }
        }
        match found.first_key_value() {
            None => Ok(()),
            Some((edition, _)) => Err(not_as_signed(edition)),
        }
    }

    /// Whether a list was signed of which the token has this hash.
    pub(super) fn is_list(&self, sha256: &str) -> bool {
        self.editions.signed.values().any(|signed| signed.kept.sha256 == sha256)
    }
}

fn not_as_signed((uri, sequence): &Edition) -> Failure {
    damaged(format!("edition {sequence} of {uri} in the table list_edition is not as it was signed"))
}
