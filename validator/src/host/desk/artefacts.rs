//! Taking up the artefacts.

use lictor_shared::{Activation, Label, StatusList, armor};
use std::collections::BTreeSet;

use super::{Desk, Kept};
use crate::host::candidate::{Candidate, Outcome, labelled};
use crate::host::digest::Digest;
use crate::host::holdings::Holdings;
use crate::host::shelf;
use crate::host::store::StoreError;
use crate::host::trouble::{Offered, Trouble};
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
        if let Err(error) = complete {
            self.refuse_writing(&error);
            sources.extend(holdings.into_iter().flat_map(Holdings::tokens).map(owned));
        }
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
                let Some(bytes) = self.store.read(&name)? else { continue };
                sources.push(Source { label, token: armor::unwrap(&bytes, label), name: Some(name.clone()) });
                self.found.insert(name, bytes);
            }
        }
        Ok(())
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
                Ok(candidate) => candidates.push((source, candidate)),
                Err(why) => self.refuse(source.offered(), why.to_string()),
            }
        }
        for (source, candidate) in candidates {
            if let Outcome::Refused(why) = self.custody.admit(candidate, self.product, self.now) {
                self.refuse(source.offered(), why.to_string());
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

    fn refuse(&mut self, offered: Offered, why: String) {
        if let Offered::Kept(name) = &offered {
            // What is refused stays where it is: another build may read it, and somebody may look at it.
            self.found.remove(name);
        }
        self.troubles.push(Trouble::Refused { offered, why });
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
