//! Lists that are opened as they are needed: where the list of a URI is full, the next entry goes to a further one.

use lictor_shared::{Seconds, StatusRef, Uri};
use rusqlite::Connection;

use super::entries::{self, List};
use crate::error::{Failure, FailureKind};
use crate::shard;

/// A list with so many entries is full: seven eighths of all indices. So a random draw finds a free one soon, and the number of
/// its entries tells little about the issuer.
pub(crate) const FULL: u64 = 917_504;

/// Hands out an index for something new, of those that `draw` gives: on the newest list of this URI, or on a further one, which
/// is opened here.
pub(crate) fn hand_out(
    connection: &Connection,
    uri: &Uri,
    grace: Seconds,
    draw: impl FnMut() -> Result<u32, Failure>,
) -> Result<(List, StatusRef), Failure> {
    let placed = hand_out_several(connection, uri, &[grace], draw)?;
    placed.into_iter().next().ok_or_else(none)
}

/// Where fewer indices were handed out than were asked for.
pub(crate) fn none() -> Failure {
    Failure::new(FailureKind::Unexpected, "No index was handed out.")
}

/// The same for some entries at once, each with its grace.
pub(crate) fn hand_out_several(
    connection: &Connection,
    uri: &Uri,
    graces: &[Seconds],
    draw: impl FnMut() -> Result<u32, Failure>,
) -> Result<Vec<(List, StatusRef)>, Failure> {
    hand_out_up_to(FULL, connection, uri, graces, draw)
}

fn hand_out_up_to(
    full: u64,
    connection: &Connection,
    uri: &Uri,
    graces: &[Seconds],
    mut draw: impl FnMut() -> Result<u32, Failure>,
) -> Result<Vec<(List, StatusRef)>, Failure> {
    let (mut placed, mut left) = (Vec::with_capacity(graces.len()), graces);
    while !left.is_empty() {
        let (uri, found) = with_room(full, connection, uri)?;
        let list = match found {
            Some(list) => list,
            None => entries::list(connection, &uri)?,
        };
        // None is opened before the one before it is full.
        let room = usize::try_from(full.saturating_sub(list.entries)).unwrap_or(usize::MAX);
        let (now, later) = left.split_at(room.min(left.len()));
        let indices = entries::hand_out(connection, list, now, &mut draw)?;
        placed.extend(indices.into_iter().map(|index| (list, StatusRef { index, uri: uri.clone() })));
        left = later;
    }
    Ok(placed)
}

/// Passes if so many entries more can be handed out.
///
/// # Errors
/// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if the name of a further list would be too long.
pub(crate) fn has_room(connection: &Connection, uri: &Uri, entries: u64) -> Result<(), Failure> {
    let (last, found) = newest(FULL, connection, uri)?;
    let left = FULL.saturating_sub(found.map_or(0, |list| list.entries));
    let further = entries.saturating_sub(left).div_ceil(FULL);
    let further = u32::try_from(further).unwrap_or(u32::MAX);
    shard::name(uri, last.saturating_add(further)).map(|_| ())
}

/// The list that the next entry goes to, and what is in it, if it is there.
fn with_room(full: u64, connection: &Connection, uri: &Uri) -> Result<(Uri, Option<List>), Failure> {
    let (last, found) = newest(full, connection, uri)?;
    match found {
        Some(list) if list.entries >= full => Ok((shard::name(uri, last.saturating_add(1))?, None)),
        found => Ok((shard::name(uri, last)?, found)),
    }
}

/// The number of the newest list, and what is in it; the first, if that has room or is not there yet.
fn newest(full: u64, connection: &Connection, uri: &Uri) -> Result<(u32, Option<List>), Failure> {
    let first = entries::find(connection, uri)?;
    match first {
        // None is opened before the one before it is full.
        Some(list) if list.entries >= full => {
            let last = last(|number| Ok(at(connection, uri, number)?.is_some()))?;
            Ok((last, at(connection, uri, last)?))
        }
        _ => Ok((1, first)),
    }
}

/// The list with this number. One whose name is too long is not there.
fn at(connection: &Connection, uri: &Uri, number: u32) -> Result<Option<List>, Failure> {
    shard::name(uri, number).map_or(Ok(None), |name| entries::find(connection, &name))
}

/// The last number that is there, of numbers without gaps from 1 on: found in few steps, however many there are.
fn last(is_there: impl Fn(u32) -> Result<bool, Failure>) -> Result<u32, Failure> {
    let mut above = 2_u32;
    while is_there(above)? {
        above = above.saturating_mul(2);
    }
    // `there` is, `above` is not.
    let mut there = above / 2;
    while above - there > 1 {
        let middle = there.midpoint(above);
        if is_there(middle)? {
            there = middle;
        } else {
            above = middle;
        }
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::{Scratch, occasion};
    use lictor_shared::limits;

    #[test]
    fn a_list_is_full_with_seven_eighths_of_its_indices() {
        assert_eq!(FULL, u64::from(limits::STATUS_ENTRIES) / 8 * 7);
    }

    #[test]
    fn the_last_number_is_found_whatever_it_is() {
        for wanted in (1..40).chain([99, 100, 127, 128, 129, 100_000]) {
            assert_eq!(last(|number| Ok(number <= wanted)).unwrap(), wanted);
        }
    }

    #[test]
    fn a_full_list_is_followed_by_a_further_one() {
        let scratch = Scratch::new();
        let (_, mut ledger) = scratch.ledger();
        let occasion = occasion();
        let transaction = ledger.begin(&occasion).unwrap();
        let (connection, uri) = (transaction.connection(), Uri::new("urn:acme:0").unwrap());
        let mut next = 0;
        let mut draw = || {
            next += 1;
            Ok(next)
        };
        // Whether they are handed out one by one or together.
        let mut placed = Vec::new();
        for together in [1, 3, 1] {
            let graces = vec![Seconds::ZERO; together];
            placed.extend(hand_out_up_to(2, connection, &uri, &graces, &mut draw).unwrap());
        }
        let told = [
            (1, "urn:acme:0", 1),
            (1, "urn:acme:0", 2),
            (2, "urn:acme:0.2", 3),
            (2, "urn:acme:0.2", 4),
            (3, "urn:acme:0.3", 5),
        ];
        let placed: Vec<_> =
            placed.iter().map(|(list, entry)| (list.id, entry.uri.as_str(), entry.index)).collect();
        assert_eq!(placed, told);
        // Another list has nothing to do with it.
        let other = Uri::new("urn:acme:00").unwrap();
        let placed = hand_out_up_to(2, connection, &other, &[Seconds::ZERO], || Ok(7)).unwrap();
        assert_eq!(placed[0].1.uri, other);
    }

    #[test]
    fn a_further_list_of_which_the_name_is_too_long_is_not_opened() {
        let scratch = Scratch::new();
        let (_, mut ledger) = scratch.ledger();
        let occasion = occasion();
        let transaction = ledger.begin(&occasion).unwrap();
        let uri = Uri::new(&format!("a:{}", "b".repeat(limits::URI_CHARS - 3))).unwrap();
        let connection = transaction.connection();
        let hand_out = |index| hand_out_up_to(1, connection, &uri, &[Seconds::ZERO], || Ok(index));
        hand_out(1).unwrap();
        assert_eq!(hand_out(2).unwrap_err().kind, FailureKind::Conflict);
        assert!(has_room(connection, &uri, FULL - 1).is_ok());
        assert_eq!(has_room(connection, &uri, FULL).unwrap_err().kind, FailureKind::Conflict);
    }
}
