//! A file of rows, of which none has anything signed, and none can be taken back.

use lictor_shared::json::Value;
use std::path::Path;

use super::words::PUBLISH;
use super::{Handing, Kind, Table, To, Words};
use crate::bulk::{Checked, Clock, Rows, Taker, Tally};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::prompt::{Needed, Prompts};
use crate::cli::writing::Writing;
use crate::error::{Failure, FailureKind};
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};

/// Decides every row.
type Check<T> = fn(&mut Ledger, &mut dyn Rows<T>, &Occasion, &mut dyn Taker) -> Result<Checked, Failure>;
/// Carries out those that were not carried out before.
type Make<T> =
    fn(&mut Ledger, (&mut dyn Rows<T>, &Checked), Clock<'_>, &mut dyn Taker) -> Result<Tally, Failure>;

/// How it is confirmed, and what is told.
pub(crate) struct Unsigned<'a> {
    pub(crate) jsonl: bool,
    pub(crate) writing: &'a Writing,
    /// How many rows are to be carried out, if that was said.
    pub(crate) confirm: Option<&'a str>,
    pub(crate) words: Words,
}

impl Unsigned<'_> {
    /// Checks every row of the file, and once they are confirmed carries them out.
    pub(crate) fn run<T>(
        &self,
        (path, kind): (&Path, Kind<T>),
        (check, make): (Check<T>, Make<T>),
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let (_, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(self.writing)?;
        ledger.follows(&occasion)?;
        let mut rows = Table::open(path, kind, globals)?;
        let mut handing = Handing::begin(To::Nowhere, output);
        let checking = Occasion { intent: Intent::Make, ..occasion.clone() };
        let checked = check(&mut ledger, &mut rows, &checking, &mut handing);
        handing.pause();
        let checked = checked?;
        Words::warn_if_empty(&checked, handing.output());
        if occasion.intent == Intent::DryRun {
            // What is confirmed of it is compared, as it will be.
            self.confirm.map_or(Ok(()), |typed| self.compared(typed, &checked))?;
            return self.words.tell_tried(&checked, "nothing is written", output);
        }
        self.confirmed(&checked, globals.prompts(), output)?;
        let to = if self.jsonl { To::Lines } else { To::Nowhere };
        let mut handing = Handing::begin(to, output);
        if let Some(words) = Words::say_how_to_go_on(&checked) {
            handing.output().say(words);
        }
        handing.go_on(checked.rows(), "licenses");
        let mut clock = || globals.after_asking(occasion.clone());
        let made = make(&mut ledger, (&mut rows, &checked), &mut clock, &mut handing);
        handing.pause();
        self.conclude(made?, output)
    }

    /// Compares the number of rows that are to be carried out with the one that was said, or asks for it.
    fn confirmed(&self, checked: &Checked, prompts: Prompts, output: &mut Output) -> Result<(), Failure> {
        match self.confirm {
            Some(typed) => self.compared(typed, checked),
            // What was carried out before is only told again.
            None if checked.fresh == 0 => Ok(()),
            None => self.compared(&self.ask(checked.fresh, prompts, output)?, checked),
        }
    }

    fn compared(&self, typed: &str, checked: &Checked) -> Result<(), Failure> {
        let (typed, fresh, was) = (typed.trim(), checked.fresh, self.words.was);
        // All rows of the file are right as well: so the same command goes on where it was cut short.
        if typed == fresh.to_string() || typed == checked.rows().to_string() {
            return Ok(());
        }
        let message = match checked.before {
            0 => format!("{typed:?} is not the number of licenses in the file; none was {was}"),
            _ => format!(
                "{typed:?} is neither the number of licenses in the file, {}, nor of those that are still to be {was}, {fresh}; none was {was} now",
                checked.rows()
            ),
        };
        let right = if fresh == 0 { checked.rows() } else { fresh };
        Err(Failure::new(FailureKind::Usage, message).hint(format!("give --confirm {right}")))
    }

    fn ask(&self, fresh: u64, prompts: Prompts, output: &mut Output) -> Result<String, Failure> {
        let needed =
            Needed { sentence: "a revocation must be confirmed", instead: format!("give --confirm {fresh}") };
        let explanation = format!("This revokes {} for good.", self.words.counted(fresh));
        prompts.line(&needed, explanation, "Type the number of licenses to confirm:", output)
    }

    fn conclude(&self, tally: Tally, output: &mut Output) -> Result<u8, Failure> {
        self.words.say(tally, output);
        // What was revoked before may have been cut short before anybody was told.
        if tally.now + tally.before > 0 {
            output.say(PUBLISH);
        }
        if !self.jsonl {
            let (now, before) = (tally.now, tally.before);
            let summary = || Value::object([(self.words.was, now.into()), ("before", before.into())]);
            output.either(|| format!("{now}\n"), summary)?;
        }
        Ok(0)
    }
}
