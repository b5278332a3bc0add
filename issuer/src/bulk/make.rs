//! The second reading: the rows are made, in batches.

use lictor_shared::json::Value;
use lictor_shared::{Seconds, Timestamp, Uuid};
use rusqlite::Connection;

use super::wrong::Wrong;
use super::{Change, Checked, Clock, Made, Row, Rows, Taker, Tally, When, digest};
use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, requests};
use crate::licenses;
use crate::occasion::{Intent, Occasion};

/// Makes every row that was not made before, and hands out what comes of all of them.
pub(super) fn make<T, C: Change<T>>(
    ledger: &mut Ledger,
    rows: &mut dyn Rows<T>,
    (change, checked): (&mut C, &Checked),
    clock: Clock<'_>,
    taker: &mut dyn Taker,
) -> Result<Tally, Failure> {
    let mut making = Making { ledger, change, clock, taker, tally: Tally::default(), last: None };
    rows.rewind()?;
    let made = making.all(rows, checked);
    let tally = making.tally;
    made.map_err(|failure| cut_short(failure, tally, C::NOUN)).map(|()| tally)
}

/// Seconds by which a clock may be set back while rows are made.
const SET_BACK: Seconds = match Seconds::new(300) {
    Some(seconds) => seconds,
    None => Seconds::ZERO,
};

struct Making<'a, C> {
    ledger: &'a mut Ledger,
    change: &'a mut C,
    clock: Clock<'a>,
    taker: &'a mut dyn Taker,
    tally: Tally,
    /// When the last batch was made.
    last: Option<Timestamp>,
}

impl<C> Making<'_, C> {
    fn all<T>(&mut self, rows: &mut dyn Rows<T>, checked: &Checked) -> Result<(), Failure>
    where
        C: Change<T>,
    {
        for said in &checked.batches {
            let batch = batch(rows, C::BATCH)?;
            if digest(batch.iter()) != *said {
                return Err(changed(rows.name()));
            }
            self.batch(batch)?;
        }
        if batch(rows, C::BATCH)?.is_empty() { Ok(()) } else { Err(changed(rows.name())) }
    }

    fn batch<T>(&mut self, batch: Vec<Row<T>>) -> Result<(), Failure>
    where
        C: Change<T>,
    {
        let (mut made, fresh) = sorted(self.ledger.connection(), batch)?;
        if !fresh.is_empty() {
            let occasion = self.occasion()?;
            let transaction = self.ledger.begin_batch(&occasion)?;
            // Looked for again: another process may have made some of them before the ledger was this one's.
            let (before, fresh) = sorted(transaction.connection(), fresh)?;
            made.extend(before);
            let (now, last) = self.change.make(&transaction, fresh)?;
            if let Some(last) = last {
                // After this line all of the batch is made, whatever happens: each row is found by its request. Before,
                // none of it is, and nobody has seen a token of it.
                transaction.commit_all(last)?;
            }
            self.tally.now += u64::try_from(now.len()).unwrap_or(u64::MAX);
            made.extend(now);
        }
        made.sort_by_key(|made| made.line);
        let before = made.iter().filter(|made| made.when == When::Before).count();
        self.taker.take(made)?;
        self.tally.before += u64::try_from(before).unwrap_or(u64::MAX);
        Ok(())
    }

    /// One instant for a batch. A clock that is set back a little on the way does not count until it has caught up. Farther back, one
    /// of the two times is wrong, and the ledger refuses a time before its last event.
    fn occasion(&mut self) -> Result<Occasion, Failure> {
        let mut occasion = Occasion { intent: Intent::Make, ..(self.clock)()? };
        if let Some(last) = self.last.filter(|last| last.minus(SET_BACK) <= occasion.at) {
            occasion.at = occasion.at.max(last);
        }
        self.last = Some(occasion.at);
        Ok(occasion)
    }
}

/// The next rows, as many as are made at once.
fn batch<T>(rows: &mut dyn Rows<T>, most: usize) -> Result<Vec<Row<T>>, Failure> {
    let mut batch = Vec::with_capacity(most);
    while batch.len() < most {
        match rows.next()? {
            None => break,
            Some(Ok(row)) => batch.push(row),
            // There was none such when it was checked.
            Some(Err(_)) => return Err(changed(rows.name())),
        }
    }
    Ok(batch)
}

/// What was made before, and the rows that were not.
fn sorted<T>(connection: &Connection, rows: Vec<Row<T>>) -> Result<(Vec<Made>, Vec<Row<T>>), Failure> {
    let (mut made, mut fresh) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in rows {
        match requests::answer(connection, &row.request).map_err(|failure| of(row.line, failure))? {
            None => fresh.push(row),
            Some(answer) => {
                let token = token(connection, &answer).map_err(|failure| of(row.line, failure))?;
                made.push(Made {
                    line: row.line,
                    request: row.request.id,
                    when: When::Before,
                    answer,
                    token,
                });
            }
        }
    }
    Ok((made, fresh))
}

/// The token that a remembered answer is about, read in the ledger.
pub(super) fn token(connection: &Connection, answer: &Value) -> Result<Option<String>, Failure> {
    let serial = answer.as_object().and_then(|answer| answer.get("serial")).and_then(Value::as_str);
    let Some(Ok(serial)) = serial.map(Uuid::new) else { return Ok(None) };
    licenses::signed_in(connection, serial).map(|signed| Some(signed.token))
}

/// The same failure, with the line that it is about.
pub(super) fn of(line: u64, failure: Failure) -> Failure {
    let message = Wrong::row(line, failure.message).to_string();
    Failure { message, ..failure }.with("line", line)
}

fn changed(file: &str) -> Failure {
    Failure::new(FailureKind::Conflict, format!("{file} was changed after it had been checked."))
        .hint("Repeat the command; it is checked anew.")
        .with("file", file)
}

/// What stays of a run that was cut short, and how to go on.
fn cut_short(failure: Failure, tally: Tally, [one, several]: [&str; 2]) -> Failure {
    if tally == Tally::default() {
        return failure;
    }
    let made = tally.now;
    let what = if made == 1 {
        format!("{one} was made before that, and stands")
    } else {
        format!("{several} were made before that, and stand")
    };
    let message =
        format!("{}\n{made} {what} in the ledger; the same command goes on with the rest.", failure.message);
    Failure { message, ..failure }.with("made", made)
}
