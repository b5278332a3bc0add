//! What is said of a file that was worked through.

use lictor_shared::json::{Members, Value};

use super::{Columns, Defaults};
use crate::bulk::{Checked, Tally};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::error::Failure;

/// The words for a kind of change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// As in "Issued 3 licenses."
    pub(crate) done: &'static str,
    /// As in "were issued before", and the member of the summary.
    pub(crate) was: &'static str,
    /// The member of what a dry run found, as "toIssue".
    pub(crate) to: &'static str,
    /// What it is done to, as "license".
    pub(crate) of: &'static str,
}

/// What is to be done after a revocation.
pub(super) const PUBLISH: &str = "Next: lictor status publish, and bring the list to the deployments";

/// More rows than this are not all made in one step, whatever is done with them.
const LONG: usize = 256;

impl Words {
    /// Says how a long run can be gone on with.
    pub(super) fn say_how_to_go_on(checked: &Checked) -> Option<&'static str> {
        let is_long = usize::try_from(checked.fresh).is_ok_and(|fresh| fresh > LONG);
        is_long.then_some(
            "All rows are in order. Should this be cut short, the same command goes on with the rest.",
        )
    }

    /// Warns of a file that asks for nothing, as an export does of which the filter was wrong.
    pub(super) fn warn_if_empty(checked: &Checked, output: &mut Output) {
        if checked.rows() == 0 {
            output.warn("the file has a header and no rows");
        }
    }

    /// What a dry run found; `stays`: what does not happen.
    pub(super) fn tell_tried(
        &self,
        checked: &Checked,
        stays: &str,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        output.say(format_args!("Dry run: every row can be carried out; {stays}."));
        if checked.before > 0 {
            output.say(self.before(checked.before));
        }
        let (fresh, before) = (checked.fresh, checked.before);
        output.either(
            || format!("{fresh}\n"),
            || Value::object([("dryRun", true.into()), (self.to, fresh.into()), ("before", before.into())]),
        )?;
        Ok(0)
    }

    /// Says what was done.
    pub(super) fn say(&self, tally: Tally, output: &mut Output) {
        output.say(format_args!("{} {}.", self.done, self.counted(tally.now)));
        if tally.before > 0 {
            output.say(self.before(tally.before));
        }
    }

    fn before(&self, count: u64) -> String {
        let was = match count {
            1 => format!("was {} before, and stays as it is", self.was),
            _ => format!("were {} before, and stay as they are", self.was),
        };
        format!("  {} {was}.", self.counted(count))
    }

    pub(super) fn counted(&self, count: u64) -> String {
        if count == 1 { format!("1 {}", self.of) } else { format!("{count} {}s", self.of) }
    }
}

/// What the options beside the file say, as they were given.
pub(super) fn defaults(columns: Columns, globals: &Globals) -> Defaults {
    let asked = globals.asked().and_then(Value::as_object);
    let given: Option<&Members> = asked.and_then(|asked| asked.get("arguments")).and_then(Value::as_object);
    let words = |values: &Value| {
        let values = values.as_array().unwrap_or_default().iter();
        values.filter_map(Value::as_str).map(Into::into).collect::<Vec<String>>()
    };
    let given = given.into_iter().flatten();
    let is_column = |name: &str| columns.iter().any(|column| column.name == name);
    given.filter(|(name, _)| is_column(name)).map(|(name, values)| (name.clone(), words(values))).collect()
}
