//! The first reading: every row is decided, and nothing of it stays.

use lictor_shared::Thumbprint;
use std::collections::BTreeSet;

use super::wrong::{Wrong, Wrongs};
use super::{Change, Checked, Foreseen, Made, Row, Rows, Taker, Unread, When, digest};
use crate::cores;
use crate::error::Failure;
use crate::ledger::transaction::Transaction;
use crate::ledger::{Ledger, claimed, requests};
use crate::occasion::Occasion;

/// Decides every row in one change, which is given up again: the ledger is as it was, and others that change it wait so long.
pub(super) fn check<T, C: Change<T>>(
    ledger: &mut Ledger,
    rows: &mut dyn Rows<T>,
    change: &mut C,
    occasion: &Occasion,
    taker: &mut dyn Taker,
) -> Result<Checked, Failure> {
    let transaction = ledger.begin_trial(occasion)?;
    claimed::open(transaction.connection())?;
    let mut checking =
        Checking { transaction, change, taker, wrongs: Wrongs::default(), checked: Checked::default() };
    rows.rewind()?;
    while checking.batch(rows)? {}
    checking.wrongs.into_result(rows.name())?;
    checking.change.has_room(checking.transaction.connection(), checking.checked.fresh)?;
    Ok(Checked { keys: checking.change.keys(), ..checking.checked })
}

struct Checking<'a, 'l, C> {
    /// Never committed.
    transaction: Transaction<'l>,
    change: &'a mut C,
    taker: &'a mut dyn Taker,
    wrongs: Wrongs,
    checked: Checked,
}

impl<C> Checking<'_, '_, C> {
    /// Decides the next rows; whether there are more.
    fn batch<T>(&mut self, rows: &mut dyn Rows<T>) -> Result<bool, Failure>
    where
        C: Change<T>,
    {
        let mut batch = Vec::with_capacity(C::BATCH);
        let mut is_more = true;
        while batch.len() < C::BATCH && is_more {
            match rows.next()? {
                None => is_more = false,
                Some(row) => batch.push(row),
            }
        }
        if !batch.is_empty() {
            self.checked.batches.push(digest(batch.iter().filter_map(|row| row.as_ref().ok())));
        }
        let mut fresh = Vec::with_capacity(batch.len());
        for row in batch {
            let row = match row {
                Ok(row) => row,
                Err(unread) => {
                    self.refuse(unread)?;
                    continue;
                }
            };
            let line = row.line;
            match self.look(row) {
                Ok(None) => self.checked.before += 1,
                Ok(Some(row)) => fresh.push(row),
                Err(failure) => self.wrongs.add(Wrong::of(line, failure)?),
            }
        }
        self.checked.fresh += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        let decided = self.change.decide(&self.transaction, &fresh)?;
        for (row, decided) in fresh.iter().zip(decided) {
            match decided {
                Ok(foreseen) => self.taker.foresee(row.line, &foreseen),
                Err(failure) => self.wrongs.add(Wrong::of(row.line, failure)?),
            }
        }
        Ok(is_more)
    }

    /// Notes what is wrong with a row, which has its request id all the same: a further one with it is refused as well.
    fn refuse(&mut self, unread: Unread) -> Result<(), Failure> {
        let Unread { line, request, wrong } = unread;
        self.wrongs.add(wrong);
        let connection = self.transaction.connection();
        if let Some(Err(failure)) = request.map(|id| claimed::claim(connection, id.as_str(), line)) {
            self.wrongs.add(Wrong::of(line, failure)?);
        }
        Ok(())
    }

    /// The row, unless it was made before.
    fn look<T>(&mut self, row: Row<T>) -> Result<Option<Row<T>>, Failure> {
        let connection = self.transaction.connection();
        claimed::claim(connection, row.request.id.as_str(), row.line)?;
        let made = requests::answer(connection, &row.request)?;
        let made = made.map(|answer| made_before(&self.transaction, &row, answer)).transpose()?;
        self.taker.expect(&row.request.id, made.as_ref())?;
        Ok(if made.is_some() { None } else { Some(row) })
    }
}

fn made_before<T>(
    transaction: &Transaction<'_>,
    row: &Row<T>,
    answer: lictor_shared::json::Value,
) -> Result<Made, Failure> {
    let token = super::make::token(transaction.connection(), &answer)?;
    Ok(Made { line: row.line, request: row.request.id.clone(), when: When::Before, answer, token })
}

/// What a row comes to, and the key that is to sign it.
pub(super) type Decided = (Foreseen, Thumbprint);

/// Has chunks of rows decided on all cores; what each row comes to or what stands against it, in their order.
pub(super) fn decided_with<I: Send>(
    chunks: impl Iterator<Item = Result<I, Failure>>,
    decide: impl Fn(I) -> Vec<Result<Decided, Failure>> + Sync,
    keys: &mut BTreeSet<Thumbprint>,
) -> Result<Vec<Result<Foreseen, Failure>>, Failure> {
    let mut decided = Vec::new();
    cores::each_few(chunks, decide, |results| {
        decided.extend(results.into_iter().map(|result| {
            result.map(|(foreseen, kid)| {
                keys.insert(kid);
                foreseen
            })
        }));
        Ok(())
    })?;
    Ok(decided)
}
