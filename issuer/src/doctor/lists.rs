//! Status lists: how old the last one is, and how much room is left.

use lictor_shared::{Timestamp, limits};

use super::Finding;
use crate::error::Failure;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::entries::{self, ListRecord};

/// A list with fewer free indices than this, a sixteenth of all, will soon be full.
const FEW: u64 = 1 << 20 >> 4;

pub(super) fn examine(home: &Home, ledger: &Ledger, at: Timestamp) -> Result<Vec<Finding>, Failure> {
    let records = entries::records(ledger.connection())?;
    let mut findings: Vec<Finding> = records.iter().map(|record| age(home, record, at)).collect();
    let current = home.config().status_uri.as_str();
    let used =
        records.iter().find(|record| record.uri.as_str() == current).map_or(0, |record| record.entries);
    findings.push(room(current, u64::from(limits::STATUS_ENTRIES).saturating_sub(used)));
    Ok(findings)
}

fn age(home: &Home, list: &ListRecord, at: Timestamp) -> Finding {
    let uri = &list.uri;
    let publish = "lictor status publish";
    let Some(published) = list.published_at else {
        return match list.entries {
            0 => Finding::fine("lists", format!("{uri} is new; no license refers to it.")),
            _ => Finding::warning("lists", format!("{uri} was never published."), publish),
        };
    };
    match published.plus(home.config().status_ttl) {
        Some(stale) if stale <= at => Finding::warning(
            "lists",
            format!("{uri} was last published at {published} and is stale since {stale}."),
            publish,
        ),
        Some(stale) => Finding::fine("lists", format!("{uri} is fresh until {stale}.")),
        None => Finding::fine("lists", format!("{uri} stays fresh.")),
    }
}

fn room(uri: &str, free: u64) -> Finding {
    let says = format!("{uri} has {free} free indices.");
    match free < FEW {
        true => Finding::warning("room", says, "Open a new list: set statusUri in lictor.toml to a new URI."),
        false => Finding::fine("room", says),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn a_list_that_is_nearly_full_is_told_of() {
        assert_eq!(room("a:b", FEW).severity, Severity::Fine);
        assert_eq!(room("a:b", FEW - 1).severity, Severity::Warning);
    }
}
