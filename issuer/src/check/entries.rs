//! The entries of status lists: which were handed out, and what each says.

use lictor_shared::Timestamp;

use super::license::Place;
use super::{Check, damaged};
use crate::error::Failure;
use crate::ledger::editions;
use crate::ledger::projection::Table;

impl Check<'_> {
    /// An entry was handed out on the list with this URI.
    pub(super) fn handed_out(&mut self, uri: &str) {
        self.counts(Table::StatusEntry);
        self.lists.entry(uri.to_owned()).or_default().entries += 1;
    }

    /// What an entry says from now on.
    pub(super) fn says(&mut self, place: Place, status: Option<(u64, Timestamp)>) {
        if self.statuses.get(&place) == status.as_ref() {
            return;
        }
        self.changed.insert(place.0.clone());
        match status {
            Some(status) => self.statuses.insert(place, status),
            None => self.statuses.remove(&place),
        };
    }

    /// Whether an entry says anything else than in the newest edition.
    pub(super) fn changed(&self) -> Result<(), Failure> {
        for (uri, (found, is_kept)) in editions::changed(self.connection)? {
            let told = self.changed.contains(&uri);
            // Of changes from before editions were kept the column tells nothing, and nobody asks it before the next edition.
            if told != found && (is_kept || found) {
                return Err(damaged(format!(
                    "the row {uri:?} of the table status_list says that changed is {found}, and the events say {told}"
                )));
            }
        }
        Ok(())
    }

    /// Lists are numbered as they were opened, without gaps.
    pub(super) fn list_ids(&self) -> Result<(), Failure> {
        match self.list_ids.keys().zip(1..).find(|(found, id)| *found != id) {
            None => Ok(()),
            Some((found, id)) => {
                Err(damaged(format!("the table status_list has a list {found} where {id} should be")))
            }
        }
    }
}
