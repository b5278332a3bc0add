//! What is in the files, before any of them is answered: which can be, and what is to be signed for.

use lictor_keys::KeyRing;
use lictor_shared::{Name, Purpose, Timestamp};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::super::bulk::is_begun;
use super::super::super::{input, shown};
use super::super::grant::told_of;
use super::{NAME_BYTES, Round, is_of_a_file};
use crate::activation::{Answer, SeatRequest, is_for_us, products_to_sign_for, recall};
use crate::durable;
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

    /// Leaves the files that cannot be answered. Where all lack the same key, no file is to blame: that is said once.
    fn answerable(
        &mut self,
        mut looked_at: Vec<LookedAt>,
    ) -> Result<(Vec<PathBuf>, BTreeSet<Name>), Failure> {
        if let Some(failure) = lacked_by_all(&mut looked_at) {
            return Err(failure);
        }
        let (mut answerable, mut products) = (Vec::new(), BTreeSet::new());
        for (file, needed) in looked_at {
            match needed {
                Ok(needed) => {
                    products.extend(needed);
                    answerable.push(file);
                }
                Err(failure) if is_without_key(&failure) => {
                    self.tally.leave(&file, &told_of_file(&file, failure), self.output)?;
                }
                Err(failure) => self.tally.leave(&file, &failure, self.output)?,
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
        // What a link leads to is nobody's answer.
        let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
        if is_file
            && !answered.is_empty()
            && (is_begun(&path, answered.concat().as_bytes()) || has_some(&path, answered))
        {
            return Ok(());
        }
        self.command.out.allows(&path, self.home)
    }
}

/// A file, and what is to be signed for to answer it.
type LookedAt = (PathBuf, Result<BTreeSet<Name>, Failure>);

/// What stands against every file, if that is the same lack of a key.
fn lacked_by_all(looked_at: &mut Vec<LookedAt>) -> Option<Failure> {
    let (_, first) = looked_at.first()?;
    let lack = first.as_ref().err().filter(|failure| is_without_key(failure))?;
    let is_same = |(_, needed): &LookedAt| {
        needed.as_ref().is_err_and(|failure| is_without_key(failure) && failure.message == lack.message)
    };
    looked_at.iter().all(is_same).then(|| looked_at.swap_remove(0).1.err())?
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
    let message = format!("{shown}: the name is not UTF-8, or has characters that play with a terminal");
    Err(Failure::new(FailureKind::Conflict, message)
        .hint("Rename it, and repeat the command.")
        .with("path", shown))
}

/// Whether a file holds some of these answers, in their order: the requests beside them were denied when it was written.
fn has_some(path: &Path, answers: &[String]) -> bool {
    let Some(found) = durable::found(path) else { return false };
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
