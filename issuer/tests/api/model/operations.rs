//! What an operator may do next, drawn at random.

use lictor_issuer::RevocationReason;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::rules::DAY;

/// Which license.
#[derive(Clone, Copy, Debug)]
pub(super) enum Index {
    /// One of those that were issued, counted round.
    Issued(usize),
    /// One that nobody issued.
    Unknown,
}

/// How long.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ends {
    Never,
    After {
        days: u64,
    },
    /// Until so long from now, or before.
    Until {
        seconds: i64,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    /// So long from now, or before.
    pub(super) starts: Option<i64>,
    pub(super) ends: Ends,
    pub(super) grace: Option<u64>,
    pub(super) revocation_grace: Option<u64>,
}

/// What a further revision changes.
#[derive(Clone, Debug)]
pub(super) struct Revise {
    pub(super) seats: Option<u64>,
    pub(super) revocation_grace: Option<u64>,
    /// Of a renewal only.
    pub(super) grace: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// Time passes; a clock that was wrong is set back.
    Pass {
        seconds: i64,
    },
    NewKey,
    Issue(Order),
    Renew {
        of: Index,
        ends: Ends,
        revise: Revise,
        revoke_previous: bool,
    },
    Amend {
        of: Index,
        revise: Revise,
    },
    Suspend {
        of: Index,
    },
    Reinstate {
        of: Index,
    },
    Revoke {
        of: Index,
        reason: RevocationReason,
    },
    Publish,
}

impl Operation {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "pass",
            Self::NewKey => "key new",
            Self::Issue(_) => "license issue",
            Self::Renew { .. } => "license renew",
            Self::Amend { .. } => "license amend",
            Self::Suspend { .. } => "license suspend",
            Self::Reinstate { .. } => "license reinstate",
            Self::Revoke { .. } => "license revoke",
            Self::Publish => "status publish",
        }
    }

    /// Which license it is about, if it is about one.
    pub(super) const fn of(&self) -> Option<Index> {
        match self {
            Self::Renew { of, .. }
            | Self::Amend { of, .. }
            | Self::Suspend { of }
            | Self::Reinstate { of }
            | Self::Revoke { of, .. } => Some(*of),
            Self::Pass { .. } | Self::NewKey | Self::Issue(_) | Self::Publish => None,
        }
    }
}

/// A sequence of operations. Most begin with a key and a license, since without them little can happen.
pub(super) fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    let first = prop_oneof![
        9 => order().prop_map(|order| vec![Operation::NewKey, Operation::Issue(order)]),
        1 => Just(Vec::new()),
    ];
    (first, vec(operation(), 4..16)).prop_map(|(first, then)| [first, then].concat())
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => passing().prop_map(|seconds| Operation::Pass { seconds }),
        1 => Just(Operation::NewKey),
        2 => order().prop_map(Operation::Issue),
        4 => (license(), renewed(), revise(), prop::bool::weighted(0.3)).prop_map(
            |(of, ends, revise, revoke_previous)| Operation::Renew { of, ends, revise, revoke_previous }
        ),
        3 => (license(), revise()).prop_map(|(of, revise)| Operation::Amend { of, revise }),
        4 => license().prop_map(|of| Operation::Suspend { of }),
        4 => license().prop_map(|of| Operation::Reinstate { of }),
        3 => (license(), reason()).prop_map(|(of, reason)| Operation::Revoke { of, reason }),
        2 => Just(Operation::Publish),
    ]
}

fn license() -> impl Strategy<Value = Index> {
    prop_oneof![19 => (0_usize..6).prop_map(Index::Issued), 1 => Just(Index::Unknown)]
}

fn passing() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => Just(0),
        2 => 1_i64..3 * 86_400,
        4 => (1_i64..12).prop_map(|days| days * 86_400),
        3 => (12_i64..40).prop_map(|days| days * 86_400),
        2 => (40_i64..500).prop_map(|days| days * 86_400),
        1 => -20_i64 * 86_400..0,
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let starts = option::weighted(0.3, -30_i64 * 86_400..60 * 86_400);
    let ends = prop_oneof![
        1 => Just(Ends::Never),
        6 => term(),
        1 => until(),
    ];
    (starts, ends, grace(), revocation_grace()).prop_map(|(starts, ends, grace, revocation_grace)| Order {
        starts,
        ends,
        grace,
        revocation_grace,
    })
}

fn renewed() -> impl Strategy<Value = Ends> {
    prop_oneof![3 => term(), 1 => until()]
}

fn term() -> impl Strategy<Value = Ends> {
    prop_oneof![3 => 1_u64..10, 1 => 10_u64..120, 1 => Just(365)].prop_map(|days| Ends::After { days })
}

fn until() -> impl Strategy<Value = Ends> {
    (-10_i64 * 86_400..200 * 86_400).prop_map(|seconds| Ends::Until { seconds })
}

fn revise() -> impl Strategy<Value = Revise> {
    let seats = option::weighted(0.6, prop_oneof![Just(25_u64), Just(50)]);
    (seats, revocation_grace(), grace()).prop_map(|(seats, revocation_grace, grace)| Revise {
        seats,
        revocation_grace,
        grace,
    })
}

/// None at all, short, and longer than what follows it.
fn grace() -> impl Strategy<Value = Option<u64>> {
    option::weighted(0.4, prop_oneof![1 => Just(0), 1 => Just(1), 1 => Just(3 * DAY), 3 => Just(90 * DAY)])
}

fn revocation_grace() -> impl Strategy<Value = Option<u64>> {
    option::weighted(0.4, prop_oneof![Just(0), Just(DAY), Just(60 * DAY), Just(365 * DAY)])
}

fn reason() -> impl Strategy<Value = RevocationReason> {
    prop::sample::select(RevocationReason::ALL)
}
