//! What is odd in what happened under a license, each explained in a sentence.

mod kind;

use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Timestamp, Uuid};

use crate::audit::usage::UsageAnomaly;
use crate::event::Event;

pub use kind::{OddityKind, SeatOddity};

/// Events that are named for each.
const NAMED: usize = 5;

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What.
    pub kind: OddityKind,
    /// Under which license.
    pub license: Uuid,
    /// By which deployment; `None`: it concerns the whole license.
    pub deployment: Option<Thumbprint>,
    /// What people call the deployment; `None` if it was erased.
    pub label: Option<String>,
    /// How often.
    pub times: u64,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// The numbers of the first events that show it.
    pub events: Vec<u64>,
    /// The number of the last event that shows it.
    pub last_event: u64,
    /// Seats that it is about now, where it is about some.
    pub seats: u64,
}

impl Oddity {
    pub(super) const fn new(kind: OddityKind, license: Uuid, deployment: Option<Thumbprint>) -> Self {
        Self {
            kind,
            license,
            deployment,
            label: None,
            times: 0,
            first: Timestamp::EPOCH,
            last: Timestamp::EPOCH,
            events: Vec::new(),
            last_event: 0,
            seats: 0,
        }
    }

    pub(super) fn happened(&mut self, event: &Event) {
        self.shown_by(event.seq, event.at);
    }

    /// One event more shows it.
    pub(super) fn shown_by(&mut self, seq: u64, at: Timestamp) {
        if self.times == 0 {
            self.first = at;
        }
        self.times += 1;
        (self.last, self.last_event) = (at, seq);
        if self.events.len() < NAMED {
            self.events.push(seq);
        }
    }

    /// What it is and what to make of it, in sentences for whoever answers for the licenses.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self.kind {
            OddityKind::Seats(odd) => self.with_seats(odd),
            OddityKind::Reports(odd) => self.in_reports(odd),
        }
    }

    fn in_reports(&self, odd: UsageAnomaly) -> String {
        let (meaning, last) = (odd.meaning(), self.last.day());
        match self.times {
            1 => format!("{meaning} So it was with 1 report of use, brought on {last}."),
            times => format!("{meaning} So it was with {times} reports of use, the last brought on {last}."),
        }
    }

    fn with_seats(&self, odd: SeatOddity) -> String {
        let (last, seats) = (self.last.day(), count(self.seats, "seat"));
        match odd {
            SeatOddity::HeldWhileRevoked => {
                format!(
                    "{seats} of a license that is revoked since {last}: still held. Whoever has one goes on until a status list reaches him and his grace is over."
                )
            }
            SeatOddity::HeldWhileSuspended => {
                format!(
                    "{seats} of a license that is suspended since {last}: still held, and taken up again if it is reinstated."
                )
            }
            SeatOddity::BeyondLimit => self.beyond_limit(),
            SeatOddity::Forked => {
                let requests = count(self.times, "request");
                format!(
                    "{requests} did not follow from what the deployment had been given, last on {last}: two copies of it run, or it was restored from a backup. Ask the customer which."
                )
            }
            SeatOddity::GrantedAfterRevocation => {
                format!(
                    "Its seat was taken away, and it was given one again{}, last on {last}. See that this was meant.",
                    times(self.times)
                )
            }
            SeatOddity::AskedAfterRevocation => {
                format!(
                    "Its seat was taken away; it asked again and was denied{}, last on {last}. Somebody still uses it.",
                    times(self.times)
                )
            }
            SeatOddity::DeniedAgain => {
                format!(
                    "It was denied {} times, last on {last}. Somebody waits for an answer that this license does not give.",
                    self.times
                )
            }
            SeatOddity::LostAnswer => {
                let answers =
                    if self.times == 1 { "1 answer".into() } else { format!("{} answers", self.times) };
                format!(
                    "{answers} never reached the deployment, which asked again, last on {last}. It has its seat; it is odd only if it goes on."
                )
            }
        }
    }

    fn beyond_limit(&self) -> String {
        let now = match self.seats {
            0 => "None is in use beyond it now.".to_owned(),
            seats => format!("{seats} in use beyond it now."),
        };
        match self.times {
            0 => format!(
                "{now} None was granted beyond it: the license has fewer seats now than were taken before. Those who have one keep it."
            ),
            granted => {
                let seats = count(granted, "seat");
                let was = if granted == 1 { "was" } else { "were" };
                format!(
                    "{seats} {was} granted beyond the limit, as the overage of the license allows, last on {}. {now}",
                    self.last.day()
                )
            }
        }
    }

    /// The events that show it, in words.
    #[must_use]
    pub fn evidence(&self) -> String {
        let named: Vec<String> = self.events.iter().map(u64::to_string).collect();
        let more = self.times.saturating_sub(u64::try_from(self.events.len()).unwrap_or(u64::MAX));
        let (named, last) = (named.join(", "), self.last_event);
        match (self.events.len(), more) {
            (0, _) => "no event".into(),
            (1, 0) => format!("event {named}"),
            (_, 0) => format!("events {named}"),
            (_, 1) => format!("events {named}, {last}"),
            (_, more) => format!("events {named}, {} more, {last}", more - 1),
        }
    }

    /// As programs see it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([
            ("kind", self.kind.as_str().into()),
            ("deployment", self.deployment.map(|id| id.to_string()).into()),
            ("label", self.label.clone().into()),
            ("times", self.times.into()),
            ("firstAt", self.first.to_string().into()),
            ("lastAt", self.last.to_string().into()),
            ("events", self.events.iter().map(|seq| Value::from(*seq)).collect::<Vec<_>>().into()),
            ("lastEvent", self.last_event.into()),
            ("explanation", self.explanation().into()),
        ])
    }
}

fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Nothing for once.
fn times(number: u64) -> String {
    if number == 1 { String::new() } else { format!(" {number} times") }
}
