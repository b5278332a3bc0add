//! What an operator may do next, drawn at random.

use lictor_issuer::RevocationReason;
use lictor_issuer::key::Succession;
use lictor_shared::RequestKind;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::rules::DAY;

/// Deployments that ask.
pub(super) const DEPLOYMENTS: usize = 4;

/// Which license, or which key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Index {
    /// One of those that there are, counted round.
    Known(usize),
    /// One that there is not.
    Unknown,
}

/// A step in the life of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Activate,
    Retire(Succession),
    /// From so long from now on, or before.
    Distrust {
        seconds: i64,
    },
    Destroy,
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
    /// None: any number. Else so many, and so many beyond.
    pub(super) seats: Option<(u64, u64)>,
}

/// What a deployment asks.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) kind: RequestKind,
    pub(super) cites: Cites,
    /// Whether its counter has grown.
    pub(super) counts: bool,
    /// So long from now, or before.
    pub(super) made: i64,
    pub(super) is_for_its_product: bool,
    pub(super) has_hash: bool,
    /// For how many days it is granted.
    pub(super) lease: Option<u64>,
}

/// Which activation it says that it holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cites {
    /// Its latest under this license, or one so many before.
    Back(usize),
    Nothing,
    /// Its latest under another license.
    Elsewhere,
    /// One that nobody gave.
    Strange,
}

/// How a seat is taken without a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taking {
    Revoke,
    Release,
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
    Key {
        of: Index,
        step: Step,
    },
    Issue(Order),
    /// Of all that expire within so long.
    RenewSeveral {
        within: u64,
        days: u64,
        revise: Revise,
        revoke_previous: bool,
    },
    Renew {
        of: Index,
        ends: Ends,
        revise: Revise,
        revoke_previous: bool,
    },
    Amend {
        of: Index,
        revise: Revise,
        revoke_previous: bool,
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
        /// From so long from now on, or before.
        effective: Option<i64>,
    },
    Publish,
    /// Brings a new request of a deployment.
    Ask {
        by: usize,
        of: Index,
        ask: Ask,
    },
    /// Brings its last request again.
    AskAgain {
        by: usize,
    },
    /// Takes its seat from a deployment.
    Take {
        by: usize,
        of: Index,
        taking: Taking,
    },
}

impl Operation {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "pass",
            Self::NewKey => "key new",
            Self::Key { step: Step::Activate, .. } => "key activate",
            Self::Key { step: Step::Retire(_), .. } => "key retire",
            Self::Key { step: Step::Distrust { .. }, .. } => "key distrust",
            Self::Key { step: Step::Destroy, .. } => "key destroy",
            Self::Issue(_) => "license issue",
            Self::RenewSeveral { .. } => "license renew --expiring-within",
            Self::Renew { .. } => "license renew",
            Self::Amend { .. } => "license amend",
            Self::Suspend { .. } => "license suspend",
            Self::Reinstate { .. } => "license reinstate",
            Self::Revoke { .. } => "license revoke",
            Self::Publish => "status publish",
            Self::Ask { .. } => "activation grant",
            Self::AskAgain { .. } => "activation grant, again",
            Self::Take { taking: Taking::Revoke, .. } => "activation revoke",
            Self::Take { taking: Taking::Release, .. } => "activation release",
        }
    }

    /// Which license it is about, if it is about one.
    pub(super) const fn of(&self) -> Option<Index> {
        match self {
            Self::Renew { of, .. }
            | Self::Amend { of, .. }
            | Self::Suspend { of }
            | Self::Reinstate { of }
            | Self::Revoke { of, .. }
            | Self::Ask { of, .. }
            | Self::Take { of, .. } => Some(*of),
            Self::Pass { .. }
            | Self::NewKey
            | Self::Key { .. }
            | Self::Issue(_)
            | Self::RenewSeveral { .. }
            | Self::AskAgain { .. }
            | Self::Publish => None,
        }
    }

    /// Which key it is about, if it is about one.
    pub(super) const fn of_key(&self) -> Option<Index> {
        match self {
            Self::Key { of, .. } => Some(*of),
            _ => None,
        }
    }
}

/// A sequence of operations. Most begin with a key and a license, since without them little can happen; some with a key besides that
/// is destroyed, since few keys live so long.
pub(super) fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    let first = prop_oneof![
        9 => order().prop_map(|order| vec![Operation::NewKey, Operation::Issue(order)]),
        1 => Just(Vec::new()),
        2 => order().prop_map(|order| {
            let destroyed = Operation::Key { of: Index::Known(1), step: Step::Destroy };
            vec![Operation::NewKey, Operation::NewKey, destroyed, Operation::Issue(order)]
        }),
    ];
    (first, vec(operation(), 4..20)).prop_map(|(first, then)| [first, then].concat())
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => passing().prop_map(|seconds| Operation::Pass { seconds }),
        2 => Just(Operation::NewKey),
        5 => (key(), step()).prop_map(|(of, step)| Operation::Key { of, step }),
        2 => order().prop_map(Operation::Issue),
        2 => (prop_oneof![Just(0), 1..60 * DAY, Just(400 * DAY)], 1_u64..120, revise(), prop::bool::weighted(0.3)).prop_map(
            |(within, days, revise, revoke_previous)| Operation::RenewSeveral { within, days, revise, revoke_previous }
        ),
        4 => (license(), renewed(), revise(), prop::bool::weighted(0.3)).prop_map(
            |(of, ends, revise, revoke_previous)| Operation::Renew { of, ends, revise, revoke_previous }
        ),
        3 => (license(), revise(), prop::bool::weighted(0.3)).prop_map(
            |(of, revise, revoke_previous)| Operation::Amend { of, revise, revoke_previous }
        ),
        4 => license().prop_map(|of| Operation::Suspend { of }),
        4 => license().prop_map(|of| Operation::Reinstate { of }),
        3 => (license(), reason(), option::weighted(0.5, effective())).prop_map(
            |(of, reason, effective)| Operation::Revoke { of, reason, effective }
        ),
        2 => Just(Operation::Publish),
        14 => (by(), asked_of(), ask()).prop_map(|(by, of, ask)| Operation::Ask { by, of, ask }),
        2 => by().prop_map(|by| Operation::AskAgain { by }),
        3 => (by(), asked_of(), prop_oneof![Just(Taking::Revoke), Just(Taking::Release)])
            .prop_map(|(by, of, taking)| Operation::Take { by, of, taking }),
    ]
}

fn by() -> impl Strategy<Value = usize> {
    0..DEPLOYMENTS
}

/// Few, so that they meet.
fn asked_of() -> impl Strategy<Value = Index> {
    prop_oneof![19 => (0_usize..2).prop_map(Index::Known), 1 => Just(Index::Unknown)]
}

fn ask() -> impl Strategy<Value = Ask> {
    let kind = prop_oneof![4 => Just(RequestKind::Activate), 1 => Just(RequestKind::Release)];
    let cites = prop_oneof![
        9 => Just(Cites::Back(0)),
        2 => Just(Cites::Back(1)),
        1 => Just(Cites::Back(2)),
        2 => Just(Cites::Nothing),
        1 => Just(Cites::Elsewhere),
        1 => Just(Cites::Strange),
    ];
    // To the second at either edge.
    let edge = -30_i64 * 86_400;
    let made = prop_oneof![
        12 => Just(0), 1 => Just(edge), 1 => Just(edge - 1), 1 => Just(86_400), 1 => Just(86_401), 2 => edge..0
    ];
    let lease = option::weighted(0.4, prop_oneof![2 => 1_u64..20, 1 => Just(90)]);
    let (product, hash) = (prop::bool::weighted(0.95), prop::bool::weighted(0.97));
    (kind, cites, prop::bool::weighted(0.9), made, product, hash, lease).prop_map(
        |(kind, cites, counts, made, is_for_its_product, has_hash, lease)| Ask {
            kind,
            cites,
            counts,
            made,
            is_for_its_product,
            has_hash,
            lease,
        },
    )
}

fn license() -> impl Strategy<Value = Index> {
    prop_oneof![19 => (0_usize..6).prop_map(Index::Known), 1 => Just(Index::Unknown)]
}

fn key() -> impl Strategy<Value = Index> {
    prop_oneof![9 => (0_usize..3).prop_map(Index::Known), 1 => Just(Index::Unknown)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Activate),
        1 => Just(Step::Retire(Succession::Required)),
        2 => Just(Step::Retire(Succession::Waived)),
        2 => (-20_i64 * 86_400..90 * 86_400).prop_map(|seconds| Step::Distrust { seconds }),
        2 => Just(Step::Destroy),
    ]
}

/// Before the license, in its life, and after it.
fn effective() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(0), 3 => -40_i64 * 86_400..0, 3 => 1_i64..40 * 86_400, 1 => 40_i64 * 86_400..900 * 86_400]
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
    let seats = option::weighted(0.7, (1_u64..4, 0_u64..2));
    (starts, ends, grace(), revocation_grace(), seats).prop_map(
        |(starts, ends, grace, revocation_grace, seats)| Order {
            starts,
            ends,
            grace,
            revocation_grace,
            seats,
        },
    )
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
    let seats = option::weighted(0.6, prop_oneof![3 => 1_u64..4, 1 => Just(25_u64)]);
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
