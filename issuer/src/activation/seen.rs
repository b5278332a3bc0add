//! What is known of a deployment once it was answered.

use lictor_shared::{Lease, Timestamp};

use super::asked::Asked;
use super::history::History;
use super::record::{DeploymentRecord, SeatState};
use super::said::end_of;

/// Once it has an activation for this seat.
pub(super) fn activated(
    asked: &Asked<'_>,
    (seat, lease, at): (u64, Lease, Timestamp),
    history: History,
) -> DeploymentRecord {
    let request = asked.request;
    let fresh = DeploymentRecord {
        license: request.license,
        id: request.deployment,
        label: request.label.clone(),
        state: SeatState::Active,
        seat: Some(seat),
        first_seen: at,
        last_seen: at,
        counter: request.counter,
        lease_end: end_of(lease),
        lost_answers: 0,
        forks: 0,
    };
    let Some(known) = &asked.known else { return counted(fresh, history) };
    let lease_end = lease_end(known, fresh.lease_end);
    let (first_seen, lost_answers, forks) = (known.first_seen, known.lost_answers, known.forks);
    counted(DeploymentRecord { first_seen, lost_answers, forks, lease_end, ..fresh }, history)
}

/// An earlier activation stays in force, so a seat is held until the last of them ends.
fn lease_end(known: &DeploymentRecord, end: Option<Timestamp>) -> Option<Timestamp> {
    match known.state {
        SeatState::Active => Some(known.lease_end?.max(end?)),
        SeatState::Released | SeatState::Revoked | SeatState::Expired => end,
    }
}

/// Once it has its receipt, but for the seat, which it still holds here.
pub(super) fn released(
    asked: &Asked<'_>,
    known: DeploymentRecord,
    (history, at): (History, Timestamp),
) -> DeploymentRecord {
    let (label, counter) = (asked.request.label.clone(), asked.request.counter);
    DeploymentRecord { label, counter, last_seen: at, ..counted(known, history) }
}

/// With one odd history more, if it is one.
const fn counted(mut deployment: DeploymentRecord, history: History) -> DeploymentRecord {
    match history {
        History::Plain => {}
        History::LostAnswer => deployment.lost_answers += 1,
        History::Forked => deployment.forks += 1,
    }
    deployment
}
