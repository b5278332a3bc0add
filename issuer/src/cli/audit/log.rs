//! `lictor audit log`.

use clap::Args;
use core::time::Duration;
use lictor_shared::{Name, Text, Timestamp};

use super::super::globals::Globals;
use super::super::output::{Output, Reader};
use super::super::rows::{Lines, NO_ROOM, RowForm, RowForms};
use super::super::values;
use super::super::{csv, shown};
use super::told::{self, CSV_HEADER};
use crate::audit::{EventSelection, PastEvent, visit_events};
use crate::error::{Failure, FailureKind};
use crate::event::EventKind;
use crate::find::find;
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor audit log --customer 'Acme GmbH' --since 2026-01-01
  lictor audit log --kind activation --kind license.revoked --actor jana
  lictor audit log --license 0198c0d2-6c1e-7 --csv > acme.csv
  lictor audit log --follow --jsonl | alert

The events are shown in their order, the newest last. --actor NAME, which
elsewhere says who acts, here leaves only what that person did. One event in
full: lictor audit show SEQ.";

/// So many rows of a table or of JSON where nothing is said; what is streamed is all there is.
const MOST: u32 = 1000;

/// So many events are shown before those that are waited for.
const BEFORE_FOLLOWING: u32 = 10;

/// Pause between two looks for new events.
const PAUSE: Duration = Duration::from_millis(500);

/// Show what happened: all events, or those that are looked for
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Log {
    /// Only about this license: its id or a serial, or 8 characters or more of either
    #[arg(long, value_name = "ID")]
    license: Option<String>,
    /// Only about licenses of the customer with this id or exactly this name
    #[arg(long, value_name = "TEXT")]
    customer: Option<Text>,
    /// Only about this product and licenses for it
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
    /// Only about this deployment: its id, or 8 characters or more of it
    #[arg(long, value_name = "ID", value_parser = deployment)]
    deployment: Option<String>,
    /// Only of this kind, as license.revoked, or of all that begin so, as license; may be given several times
    #[arg(long, value_name = "KIND", value_parser = kinds)]
    kind: Vec<Kinds>,
    /// Only from this day or instant on
    #[arg(long, value_name = "TIME", value_parser = values::start)]
    since: Option<Timestamp>,
    /// Only up to the end of this day, or before this instant
    #[arg(long, value_name = "TIME", value_parser = values::end)]
    until: Option<Timestamp>,
    /// At most so many, the newest [default: 1000; with --jsonl and --csv all; with --follow 10]
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Only those before the event of this number
    #[arg(long, value_name = "SEQ", value_parser = values::integer, conflicts_with = "follow")]
    before: Option<u64>,
    /// Go on showing events as they happen, until interrupted
    #[arg(long, conflicts_with = "json")]
    follow: bool,
    #[command(flatten)]
    forms: RowForms,
}

/// Kinds that one word stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kinds(Vec<EventKind>);

fn kinds(word: &str) -> Result<Kinds, String> {
    let begins =
        |kind: &EventKind| kind.as_str().strip_prefix(word).is_some_and(|rest| rest.starts_with('.'));
    let meant = |kind: &EventKind| kind.as_str() == word || begins(kind);
    let found: Vec<EventKind> = EventKind::ALL.iter().copied().filter(meant).collect();
    if !found.is_empty() {
        return Ok(Kinds(found));
    }
    let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    Err(format!("{word:?} is no kind of event. There are: {}", known.join(", ")))
}

/// Characters of an id that say which one is meant.
const LEAST_OF_ID: usize = 8;

fn deployment(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    match plain && text.len() >= LEAST_OF_ID {
        true => Ok(text.into()),
        false => Err(format!("{text:?} is no id of a deployment, nor 8 characters or more of one")),
    }
}

impl Log {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let selection = self.selection(&ledger, globals)?;
        match (self.follow, self.forms.form(output)) {
            (true, form) => follow(&ledger, &selection, form, output),
            (false, RowForm::Table) => self.table(&ledger, selection, output),
            (false, RowForm::Json) => json(&ledger, selection, output),
            (false, form) => stream(&ledger, &selection, form, output),
        }?;
        Ok(0)
    }

    fn selection(&self, ledger: &Ledger, globals: &Globals) -> Result<EventSelection, Failure> {
        let license = self.license.as_deref().map(|id| find(ledger, id)).transpose()?;
        let most = match (self.follow, self.forms.form(&globals.output())) {
            (true, _) => Some(BEFORE_FOLLOWING),
            (false, RowForm::Table | RowForm::Json) => Some(MOST),
            (false, RowForm::JsonLines | RowForm::Csv) => None,
        };
        Ok(EventSelection {
            license: license.map(|license| license.id),
            customer: self.customer.clone(),
            product: self.product.clone(),
            deployment: self.deployment.clone(),
            kinds: self.kind.iter().flat_map(|Kinds(kinds)| kinds).copied().collect(),
            actor: globals.named_actor().cloned(),
            since: self.since,
            until: self.until,
            after: None,
            before: self.before,
            last: self.limit.or(most),
        })
    }

    fn table(&self, ledger: &Ledger, selection: EventSelection, output: &mut Output) -> Result<(), Failure> {
        let page = Page::read(ledger, selection)?;
        if page.events.is_empty() {
            output.say(match page.earlier {
                Some(_) => NO_ROOM,
                None => "There is no such event. All there are: lictor audit log",
            });
            return Ok(());
        }
        output.raw(&shown::table(told::HEADER, page.events.iter().map(told::row)))?;
        page.tell_of_earlier(output);
        Ok(())
    }
}

/// So many as were asked for, and whether there are earlier ones.
struct Page {
    events: Vec<PastEvent>,
    earlier: Option<u64>,
}

impl Page {
    fn read(ledger: &Ledger, selection: EventSelection) -> Result<Self, Failure> {
        let limit = selection.last;
        // One more than asked for tells whether there are more.
        let selection = EventSelection { last: limit.map(|limit| limit.saturating_add(1)), ..selection };
        let mut events = Vec::new();
        visit_events(ledger, &selection, &mut |event| {
            events.push(event);
            Ok(())
        })?;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let shown = events.split_off(events.len().saturating_sub(limit));
        let earlier = events.last().map(|event| event.event.seq + 1);
        Ok(Self { events: shown, earlier })
    }

    fn tell_of_earlier(&self, output: &mut Output) {
        if let Some(before) = self.earlier {
            output.say(format_args!("There are earlier ones: the same command with --before {before}"));
        }
    }
}

fn json(ledger: &Ledger, selection: EventSelection, output: &mut Output) -> Result<(), Failure> {
    let page = Page::read(ledger, selection)?;
    output.data(lictor_shared::json::Value::Array(page.events.iter().map(told::to_value).collect()))?;
    page.tell_of_earlier(output);
    Ok(())
}

fn stream(
    ledger: &Ledger,
    selection: &EventSelection,
    form: RowForm,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut lines = Lines::to(output);
    if form == RowForm::Csv {
        lines.csv(CSV_HEADER)?;
    }
    visit_events(ledger, selection, &mut |event| lines.write(&line(&event, form)))?;
    lines.end()
}

/// An event on a line.
fn line(event: &PastEvent, form: RowForm) -> String {
    match form {
        RowForm::Csv => csv::record(told::cells(event).iter().map(String::as_str)),
        RowForm::JsonLines | RowForm::Json => shown::json(&told::to_value(event).to_string()) + "\n",
        RowForm::Table => told::line(event) + "\n",
    }
}

/// Goes on until it is interrupted, nobody reads any more, or the ledger makes way for another one.
fn follow(
    ledger: &Ledger,
    selection: &EventSelection,
    form: RowForm,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut reader = match form {
        RowForm::Csv => output.raw_to_reader(&csv::record(CSV_HEADER))?,
        _ => Reader::There,
    };
    let (mut seen, mut selection) = (ledger.tree().head()?.0, selection.clone());
    selection.before = Some(seen + 1);
    while reader == Reader::There {
        let mut lines = String::new();
        visit_events(ledger, &selection, &mut |event| {
            lines.push_str(&line(&event, form));
            Ok(())
        })?;
        if !lines.is_empty() {
            reader = output.raw_to_reader(&lines)?;
        }
        std::thread::sleep(PAUSE);
        ledger.is_in_place().map_err(|failure| {
            Failure::new(
                FailureKind::Conflict,
                "The ledger was replaced or moved; what follows is elsewhere.",
            )
            .hint("Repeat the command: it then follows the ledger that is there now.")
            .because(failure)
        })?;
        let head = ledger.tree().head()?.0;
        selection = EventSelection { after: Some(seen), before: Some(head + 1), last: None, ..selection };
        seen = head;
    }
    Ok(())
}
