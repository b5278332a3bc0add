//! What is said of many rows once they are made: each warning once, however many rows it is about.

use lictor_shared::json::{Members, Value};
use std::collections::BTreeMap;

use crate::bulk::{Foreseen, Made, When};
use crate::cli::output::Output;

/// Different warnings that are shown; each row has its own with its answer.
const SHOWN: usize = 20;

/// Said of a revision that is made, or would be, of a license that is suspended.
const SUSPENDED: &str =
    "The license is suspended, and so is its new revision. To lift that: lictor license reinstate LICENSE";

/// Said of one that an earlier run made: it may have been reinstated since.
const WAS_SUSPENDED: &str = "The license was suspended when it was renewed, and so was its new revision.";

/// What was made, as far as somebody must hear of it.
#[derive(Debug, Default)]
pub(super) struct Noted {
    warnings: BTreeMap<String, Rows>,
    /// Warnings beyond those.
    others: u64,
    /// Whether an entry has changed that deployments learn of from a list.
    pub(super) is_to_publish: bool,
}

/// The rows that a warning is about.
#[derive(Clone, Copy, Debug)]
struct Rows {
    first: u64,
    count: u64,
}

impl Noted {
    pub(super) fn note(&mut self, made: &Made) {
        let Some(answer) = made.answer.as_object() else { return };
        let is_suspended = answer.get("suspendedSince").is_some_and(|since| since.as_str().is_some());
        self.is_to_publish |= is_suspended || !array(answer, "revoked").is_empty();
        let suspended = match made.when {
            When::Now => SUSPENDED,
            When::Before => WAS_SUSPENDED,
        };
        let warnings = array(answer, "warnings").iter().filter_map(Value::as_str);
        self.add(made.line, warnings.chain(is_suspended.then_some(suspended)));
    }

    /// The same of a row that is tried.
    pub(super) fn foresee(&mut self, line: u64, foreseen: &Foreseen) {
        let warnings = foreseen.warnings.iter().map(String::as_str);
        self.add(line, warnings.chain(foreseen.is_suspended.then_some(SUSPENDED)));
    }

    fn add<'w>(&mut self, line: u64, warnings: impl Iterator<Item = &'w str>) {
        for warning in warnings {
            let has_room = self.warnings.len() < SHOWN;
            match self.warnings.get_mut(warning) {
                Some(rows) => rows.count += 1,
                None if has_room => {
                    self.warnings.insert(warning.to_owned(), Rows { first: line, count: 1 });
                }
                None => self.others += 1,
            }
        }
    }

    /// Says each warning, in the order of the rows.
    pub(super) fn warn(&self, output: &mut Output) {
        let mut warnings: Vec<_> = self.warnings.iter().collect();
        warnings.sort_by_key(|(_, rows)| rows.first);
        for (warning, Rows { first, count }) in warnings {
            let rows = match count - 1 {
                0 => String::new(),
                1 => " and 1 row more".into(),
                more => format!(" and {more} rows more"),
            };
            output.warn(format_args!("line {first}{rows}: {warning}"));
        }
        match self.others {
            0 => {}
            1 => output.warn("1 more is not shown; once the rows are made, --jsonl tells those of each"),
            more => output.warn(format_args!(
                "{more} more are not shown; once the rows are made, --jsonl tells those of each"
            )),
        }
    }
}

fn array<'v>(answer: &'v Members, name: &str) -> &'v [Value] {
    answer.get(name).and_then(Value::as_array).unwrap_or_default()
}
