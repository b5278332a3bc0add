//! Taking up the artefacts.

use lictor_shared::{Activation, Label, StatusList, armor};
use std::collections::BTreeSet;

use super::{Desk, Kept, Writer};
use crate::host::candidate::{Candidate, Outcome, Refused, labelled};
use crate::host::digest::Digest;
use crate::host::holdings::Holdings;
use crate::host::recall::Lead;
use crate::host::shelf;
use crate::host::store::StoreError;
use crate::host::trouble::{Offered, Trouble};
use crate::refusal::Refusal;
use crate::verified::{Accepted, Verified};

impl Desk<'_> {
    /// Every artefact in the store, and what is held in memory and is not to be found there.
    pub(super) fn sources(&mut self, before: Option<&Kept>) -> Vec<Source> {
        let mut sources = Vec::new();
        let complete = self.read_artefacts(&mut sources);
        if let Err(error) = &complete {
            self.refuse_writing(error);
        }
        let Some(before) = before else {
            return each_once(sources);
        };
        if self.writer == Writer::Another(Lead::Memory) {
            let known = |source: &Source| self.custody.state.accepted.contains(&Digest::of(&source.token));
            let former = |source: &Source| source.is_of_a_former_seat(&before.custody.holdings);
            sources.retain(|source| !(known(source) && former(source)));
        }
        let held =
            |(label, token): (Label, &str)| Source { label, token: token.into(), origin: Origin::Memory };
        sources.extend(before.unsaved.iter().map(|(label, token)| held((*label, token))));
        let stays = |(label, token): &(Label, &str)| complete.is_err() || self.stays(*label, token);
        sources.extend(before.custody.holdings.tokens().filter(stays).map(held));
        let sources = each_once(sources);
        if complete.is_ok() {
            self.lose(&sources, before);
        }
        sources
    }

    /// Whether what is held counts on although it is not in the store. Of licenses and lists the higher one counts in the end,
    /// whoever has it; of seats whoever has gone further knows.
    fn stays(&self, label: Label, token: &str) -> bool {
        let unreadable = || shelf::artefact(label, token).is_some_and(|name| self.unreadable.contains(&name));
        let counts = match (self.writer, label) {
            (Writer::Another(Lead::Store), Label::Activation | Label::Release) => false,
            (Writer::Another(_) | Writer::Nobody, _) => true,
        };
        counts || unreadable()
    }

    /// Notes what was in the store and is gone or damaged.
    fn lose(&mut self, sources: &[Source], before: &Kept) {
        let unsaved: BTreeSet<Digest> = before.unsaved.iter().map(|(_, token)| Digest::of(token)).collect();
        let gone = sources.iter().filter(|source| source.origin == Origin::Memory);
        let gone = gone.filter(|source| !unsaved.contains(&Digest::of(&source.token)));
        let names = gone.filter_map(|source| shelf::artefact(source.label, &source.token));
        let lost: Vec<String> = names.filter(|name| !self.unreadable.contains(name)).collect();
        self.lost.extend(lost);
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
        Some(Source { label, token, origin: Origin::Store(name) })
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
    /// installed now; and so is a license that only this process knows, where another one has changed something.
    pub(super) fn take_up_artefacts(&mut self, sources: Vec<Source>) {
        let mut candidates = Vec::new();
        for source in sources {
            let known = self.custody.state.accepted.contains(&Digest::of(&source.token));
            let kept = source.origin != Origin::Memory || self.writer == Writer::Nobody;
            match labelled(source.label, &source.token, self.product) {
                Ok(Candidate::License(license)) if kept => self.holdings().licenses.push(license),
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
        candidates.sort_by_key(|(_, candidate)| turn(candidate));
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
        let own = source.name().filter(|name| self.found.contains_key(*name));
        self.troubles.push(match (own, why) {
            // It was accepted once, and nobody offers it now.
            (Some(name), Refused::Unreadable(Refusal::UnknownKey { .. })) => {
                Trouble::Unshipped { name: name.clone() }
            }
            _ => Trouble::refused(source.offered(), why),
        });
        self.leave(source);
    }

    fn leave(&mut self, source: &Source) {
        if let Some(name) = source.name() {
            self.found.remove(name);
        }
    }
}

/// In which order candidates are judged: a newer license widens what is plausible.
const fn turn(candidate: &Candidate) -> u8 {
    match candidate {
        Candidate::License(_) => 0,
        Candidate::StatusList(_) | Candidate::Activation(_) => 1,
        Candidate::Release(_) => 2,
    }
}

fn each_once(mut sources: Vec<Source>) -> Vec<Source> {
    let mut seen = BTreeSet::new();
    sources.retain(|source| seen.insert(Digest::of(&source.token)));
    sources
}

/// An artefact before it is verified.
pub(super) struct Source {
    label: Label,
    token: String,
    origin: Origin,
}

/// Where it was found.
#[derive(PartialEq, Eq)]
enum Origin {
    /// In the store under this name.
    Store(String),
    /// Held, and not in the store.
    Memory,
}

impl Source {
    const fn name(&self) -> Option<&String> {
        match &self.origin {
            Origin::Store(name) => Some(name),
            Origin::Memory => None,
        }
    }

    /// Whether it belongs to a seat as it was before what is held.
    fn is_of_a_former_seat(&self, holdings: &Holdings) -> bool {
        matches!(self.label, Label::Activation | Label::Release)
            && !holdings.seats().any(|(_, token)| token == self.token)
    }

    fn offered(&self) -> Offered {
        let installed = || Offered::Installed { kind: self.label.as_str().into() };
        self.name().cloned().map_or_else(installed, Offered::Kept)
    }
}
