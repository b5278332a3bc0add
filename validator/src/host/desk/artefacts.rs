//! Taking up the artefacts.

use lictor_shared::{Activation, Label, StatusList, armor};
use std::collections::BTreeSet;

use super::{Desk, Kept};
use crate::host::candidate::{Candidate, Outcome, Refused, labelled};
use crate::host::digest::Digest;
use crate::host::holdings::Holdings;
use crate::host::shelf;
use crate::host::store::StoreError;
use crate::host::trouble::{Offered, Trouble};
use crate::refusal::Refusal;
use crate::verified::{Accepted, Verified};

impl Desk<'_> {
    /// Every artefact in the store and in memory; of what cannot be listed or read now, what is held of it.
    pub(super) fn sources(&mut self, before: Option<&Kept>) -> Vec<Source> {
        let mut sources = Vec::new();
        let complete = self.read_artefacts(&mut sources);
        let (unsaved, holdings) = match before {
            Some(before) => (before.unsaved.as_slice(), Some(&*before.custody.holdings)),
            None => (&[][..], None),
        };
        let owned = |(label, token): (Label, &str)| Source { label, token: token.into(), name: None };
        sources.extend(unsaved.iter().map(|(label, token)| owned((*label, token))));
        if let Err(error) = &complete {
            self.refuse_writing(error);
        }
        let unread = |(label, token): &(Label, &str)| {
            let name = shelf::artefact(*label, token);
            complete.is_err() || name.is_some_and(|name| self.unreadable.contains(&name))
        };
        sources.extend(holdings.into_iter().flat_map(Holdings::tokens).filter(unread).map(owned));
        let mut seen = BTreeSet::new();
        sources.retain(|source| seen.insert(Digest::of(&source.token)));
        sources
    }

    fn read_artefacts(&mut self, sources: &mut Vec<Source>) -> Result<(), StoreError> {
        for name in self.store.names()? {
            if let Some(original) = shelf::damaged_original(&name) {
                self.recall_damage(original, &name);
            } else if shelf::is_request(&name) {
                self.requests.insert(name);
            } else if let Some(label) = shelf::label(&name) {
                sources.extend(self.read_artefact(name, label));
            }
        }
        Ok(())
    }

    /// One that cannot be read says so, and takes nothing else with it.
    fn read_artefact(&mut self, name: String, label: Label) -> Option<Source> {
        let bytes = match self.store.read(&name) {
            Ok(bytes) => bytes?,
            Err(error) => {
                let offered = Offered::Kept(name.clone());
                self.troubles.push(Trouble::Refused { offered, why: error.to_string() });
                self.unreadable.insert(name);
                return None;
            }
        };
        let token = armor::unwrap(&bytes, label);
        if shelf::is_own(&name, label, &token, &bytes) {
            self.found.insert(name.clone(), bytes);
        }
        Some(Source { label, token, name: Some(name) })
    }

    /// What was set aside at an earlier start is said until somebody has looked at it and removed it.
    fn recall_damage(&mut self, original: &str, kept_as: &str) {
        let told =
            |trouble: &Trouble| matches!(trouble, Trouble::StateDamaged { name, .. } if name == original);
        if !self.troubles.iter().any(told) {
            self.troubles.push(Trouble::StateDamaged {
                name: original.into(),
                kept_as: kept_as.into(),
                why: "found at an earlier start".into(),
            });
        }
    }

    /// Holds what verifies: licenses, and lists and activations that the state knows. The others are candidates, as if they were
    /// installed now.
    pub(super) fn take_up_artefacts(&mut self, sources: Vec<Source>) {
        let mut candidates = Vec::new();
        for source in sources {
            let known = self.custody.state.accepted.contains(&Digest::of(&source.token));
            match labelled(source.label, &source.token, self.product) {
                Ok(Candidate::License(license)) => self.holdings().licenses.push(license),
                Ok(Candidate::StatusList(list)) if known => self.take_back_list(list),
                Ok(Candidate::Activation(activation)) if known => self.take_back_activation(activation),
                Ok(Candidate::Release(receipt)) if known => {
                    self.holdings().receipts.push(Accepted::earlier(receipt));
                }
                Ok(candidate) => candidates.push((source, candidate)),
                Err(why) => self.refuse(&source, &why),
            }
        }
        // A receipt ends what came before it, in whatever order the store tells names.
        candidates.sort_by_key(|(_, candidate)| matches!(candidate, Candidate::Release(_)));
        for (source, candidate) in candidates {
            match self.custody.admit(candidate, self.product, self.now) {
                Outcome::Refused(why) => self.refuse(&source, &why),
                // Not now: the key that it is bound to may come back from a backup.
                Outcome::NotUsable => self.leave(&source),
                _ => {}
            }
        }
    }

    fn take_back_list(&mut self, list: Verified<StatusList>) {
        let list = Accepted::earlier(list);
        if !self.custody.falls_short(&list, self.product) {
            self.holdings().lists.push(list);
        }
    }

    fn take_back_activation(&mut self, activation: Verified<Activation>) {
        self.holdings().activations.push(Accepted::earlier(activation));
    }

    /// What is refused stays where it is: another build may read it, and somebody may look at it.
    fn refuse(&mut self, source: &Source, why: &Refused) {
        let own = source.name.as_ref().filter(|name| self.found.contains_key(*name));
        self.troubles.push(match (own, why) {
            // It was accepted once, and nobody offers it now.
            (Some(name), Refused::Unreadable(Refusal::UnknownKey { .. })) => {
                Trouble::Unshipped { name: name.clone() }
            }
            _ => Trouble::Refused { offered: source.offered(), why: why.to_string() },
        });
        self.leave(source);
    }

    fn leave(&mut self, source: &Source) {
        if let Some(name) = &source.name {
            self.found.remove(name);
        }
    }
}

/// An artefact before it is verified, and under which name the store keeps it.
pub(super) struct Source {
    label: Label,
    token: String,
    name: Option<String>,
}

impl Source {
    fn offered(&self) -> Offered {
        self.name
            .clone()
            .map_or_else(|| Offered::Installed { kind: self.label.as_str().into() }, Offered::Kept)
    }
}
