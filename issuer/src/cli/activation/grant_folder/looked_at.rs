//! What is in the files, before any of them is answered: which can be, and what is to be signed for.

use lictor_keys::KeyRing;
use lictor_shared::{Name, Purpose, Timestamp};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::super::bulk::is_begun;
use super::super::super::{input, shown};
use super::super::grant::told_of;
use super::{NAME_BYTES, Round, is_file, is_of_a_file};
use crate::activation::{Answer, SeatRequest, is_for_us, products_to_sign_for, recall};
use crate::error::{Failure, FailureKind};
use crate::key::signing_key_for;
use crate::occasion::Occasion;

impl Round<'_> {
    /// Reads every file once, and gives those that can be answered, and the products to sign for.
    pub(super) fn sorted(
        &mut self,
        files: Vec<PathBuf>,
        occasion: &Occasion,
    ) -> Result<(Vec<PathBuf>, BTreeSet<Name>), Failure> {
        let ring = self.ledger.key_ring()?;
        let mut looked_at = Vec::with_capacity(files.len());
        for file in files {
            let needed = self.read(&file).and_then(|requests| self.products_for(&file, &requests, occasion));
            match needed.and_then(|needed| has_keys(&ring, needed, occasion.at)) {
                Err(failure) if !is_of_a_file(failure.kind) && !is_without_key(&failure) => {
                    return Err(failure);
                }
                needed => looked_at.push((file, needed)),
            }
        }
        self.answerable(looked_at)
    }

    /// Leaves the files that cannot be answered. Where none can be, no file is to blame that there is no key: that is said once.
    fn answerable(
        &mut self,
        looked_at: Vec<(PathBuf, Result<BTreeSet<Name>, Failure>)>,
    ) -> Result<(Vec<PathBuf>, BTreeSet<Name>), Failure> {
        let none = looked_at.iter().all(|(_, needed)| needed.is_err());
        let (mut answerable, mut products) = (Vec::new(), BTreeSet::new());
        for (file, needed) in looked_at {
            match needed {
                Ok(needed) => {
                    products.extend(needed);
                    answerable.push(file);
                }
                Err(failure) if none && is_without_key(&failure) => return Err(failure),
                Err(failure) if is_without_key(&failure) => {
                    self.tally.leave(&told_of_file(&file, failure), self.output)?;
                }
                Err(failure) => self.tally.leave(&failure, self.output)?,
            }
        }
        Ok((answerable, products))
    }

    /// The products that the answers to a file are signed for.
    pub(super) fn products_for(
        &self,
        file: &Path,
        requests: &[SeatRequest],
        occasion: &Occasion,
    ) -> Result<BTreeSet<Name>, Failure> {
        let needed = products_to_sign_for(self.home, self.ledger, requests, occasion.at);
        needed.map_err(|failure| told_of_file(file, failure))
    }

    /// The requests of a file, all of which can be answered, and the answer written.
    pub(super) fn read(&self, file: &Path) -> Result<Vec<SeatRequest>, Failure> {
        is_plain(file)?;
        let of = |failure| told_of_file(file, failure);
        let requests = SeatRequest::read_all(&input::read(file)?).map_err(of)?;
        requests.iter().try_for_each(|request| is_for_us(self.home, self.ledger, request)).map_err(of)?;
        self.expect(file, &self.answered(&requests)?)?;
        Ok(requests)
    }

    /// The answers that were given before.
    fn answered(&self, requests: &[SeatRequest]) -> Result<Vec<String>, Failure> {
        let mut given = Vec::new();
        for request in requests {
            let before = recall(self.home, self.ledger, core::slice::from_ref(request))?;
            given.extend(before.iter().flat_map(|before| &before.answers).map(block));
        }
        Ok(given)
    }

    /// Refuses a name that is taken by something else than the answer which was written there.
    fn expect(&self, file: &Path, answered: &[String]) -> Result<(), Failure> {
        let Some(path) = self.command.answer_to(file) else { return Ok(()) };
        if path.file_name().is_some_and(|name| name.len() > NAME_BYTES) {
            let shown = file.display().to_string();
            let message = format!("{shown}: the name is too long for a file NAME.answer beside others");
            return Err(Failure::new(FailureKind::Conflict, message)
                .hint("Rename it, and repeat the command.")
                .with("path", shown));
        }
        if is_file(&path)
            && !answered.is_empty()
            && (is_begun(&path, answered.concat().as_bytes()) || has_some(&path, answered))
        {
            return Ok(());
        }
        self.command.out.allows(&path, self.home)
    }
}

/// What is to be signed for, if there is a key for each.
fn has_keys(ring: &KeyRing, products: BTreeSet<Name>, at: Timestamp) -> Result<BTreeSet<Name>, Failure> {
    for product in &products {
        signing_key_for(ring, Purpose::Activation, core::slice::from_ref(product), at)?;
    }
    Ok(products)
}

fn is_without_key(failure: &Failure) -> bool {
    failure.kind == FailureKind::SigningNotConfigured
}

fn told_of_file(file: &Path, failure: Failure) -> Failure {
    let name = file.display().to_string();
    told_of(&name, failure).with("path", name)
}

/// Refuses a name that a stranger has chosen so that it plays with a terminal, or that a list of names would not hold.
fn is_plain(file: &Path) -> Result<(), Failure> {
    let name = file.file_name().unwrap_or_default();
    let shown = shown::foreign(&file.display().to_string());
    if name.to_str().is_some_and(|name| shown::foreign(name) == name) {
        return Ok(());
    }
    let message = format!("{shown}: the name is not plain text");
    Err(Failure::new(FailureKind::Conflict, message)
        .hint("Rename it, and repeat the command.")
        .with("path", shown))
}

/// Whether a file holds some of these answers, in their order: the requests beside them were denied when it was written.
fn has_some(path: &Path, answers: &[String]) -> bool {
    let Ok(found) = fs::read(path) else { return false };
    let left = answers
        .iter()
        .fold(found.as_slice(), |left, answer| left.strip_prefix(answer.as_bytes()).unwrap_or(left));
    left.is_empty()
}

fn block(answer: &Answer) -> String {
    match answer {
        Answer::Given(given) => given.paste.armored(),
        Answer::Denied(_) => String::new(),
    }
}
