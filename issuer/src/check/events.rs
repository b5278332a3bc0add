//! The events in their order, each against its rows.

use rusqlite::Connection;

use super::{Check, Checked};
use crate::audit::Remembered;
use crate::cores;
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::ledger::events::{Page, Pages, Read};
use crate::ledger::whole::{Gathered, Told};

/// So many events go by from one word on how far it is to the next.
const SEEN_EVERY: u64 = 256;

/// Whether every row follows from the events. Their leaves are read on all cores; all else is done in this thread, in their order.
pub(super) fn follow(
    view: &Connection,
    remembered: &[Remembered],
    see: &mut dyn FnMut(u64),
) -> Result<Checked, Failure> {
    let mut check = Check::new(view, remembered)?;
    let mut seen = 0;
    let mut next = |check: &mut Check<'_>, told: Option<Told>| {
        let Some(told) = told else { return Ok(()) };
        check.told(&told)?;
        if check.checked.events >= seen + SEEN_EVERY {
            seen = check.checked.events;
            see(seen);
        }
        Ok(())
    };
    let mut gathered = Gathered::default();
    let mut pages = Pages::new(view, 1);
    // What cannot be read is said in its turn, behind what the events before it show.
    let pages = core::iter::from_fn(|| pages.advance().transpose()).map(Ok);
    cores::each_few(
        pages,
        |page| page.map(Page::read),
        |page: Result<Vec<Result<Read, Failure>>, Failure>| {
            let reads = page.unwrap_or_else(|failure| vec![Err(failure)]);
            reads.into_iter().try_for_each(|read| match read {
                Ok(read) => next(&mut check, gathered.push(read)?),
                Err(failure) => next(&mut check, gathered.last()?).and(Err(failure)),
            })
        },
    )?;
    next(&mut check, gathered.last()?)?;
    // What is gone is no row that differs, so this is said first.
    check.remembered(remembered)?;
    check.rest()?;
    Ok(check.checked)
}

impl Check<'_> {
    fn told(&mut self, told: &Told) -> Result<(), Failure> {
        for leaf in &told.leaves {
            self.tree.push(*leaf);
            self.checked.events += 1;
            self.root(self.checked.events);
        }
        // Where an event goes on there are lists alone, and no texts.
        told.further.iter().try_for_each(|further| self.personal(further))?;
        self.personal(&told.first)?;
        self.event(told.whole())?;
        told.parts().for_each(|event| self.request(event));
        match told.first.kind {
            EventKind::CheckpointSigned => self.checkpoint_signed(&told.first),
            _ => Ok(()),
        }
    }

    fn event(&mut self, event: &Event) -> Result<(), Failure> {
        self.answer_ends(Some(event))?;
        match event.kind {
            EventKind::IssuerCreated => self.issuer(event)?,
            EventKind::KeyCreated
            | EventKind::KeyActivated
            | EventKind::KeyRetired
            | EventKind::KeyDistrusted
            | EventKind::KeyResealed
            | EventKind::KeyDestroyed => self.key(event)?,
            EventKind::KeyExported => self.key_exported(event)?,
            EventKind::ProductAdded => self.product(event)?,
            EventKind::LicenseIssued => self.license_issued(event)?,
            EventKind::LicenseRevoked => self.license_revoked(event)?,
            EventKind::LicenseSuspended => self.license_suspended(event)?,
            EventKind::LicenseReinstated => self.license_reinstated(event)?,
            EventKind::LicenseRenewed | EventKind::LicenseAmended => self.license_revised(event)?,
            EventKind::LicenseImported => self.license_imported(event)?,
            EventKind::StatusPublished => self.status_published(event)?,
            EventKind::LedgerRestored => self.ledger_restored(event)?,
            EventKind::ActivationGranted
            | EventKind::ActivationRenewed
            | EventKind::ActivationDenied
            | EventKind::ActivationReleased
            | EventKind::ActivationRevoked
            | EventKind::ActivationExpired
            | EventKind::ActivationForked => self.activation(event)?,
            // What these say is read before, or compared in the end.
            EventKind::EventContinued | EventKind::RequestAnswered | EventKind::CustomerErased => {}
            // It covers itself, and may be what was asked for: both are noted first.
            EventKind::CheckpointSigned => {}
            EventKind::UsageReported => self.usage_reported(event)?,
        }
        Ok(())
    }
}
