//! What is offered: a block of armor or a bare token, and what became of it.

use lictor_shared::{
    Activation, Artefact as _, Label, License, Reason, Release, StatusList, Timestamp, TokenError, armor,
    limits,
};
use std::collections::BTreeSet;

use super::digest::Digest;
use super::limits::BLOCKS;
use super::product::Product;
use crate::refusal::Refusal;
use crate::unverified::{IssuerSigned, Unverified};
use crate::verified::{NotAccepted, Verified};

/// A candidate whose signature holds.
#[derive(Clone, Debug)]
pub(crate) enum Candidate {
    License(Verified<License>),
    StatusList(Verified<StatusList>),
    Activation(Verified<Activation>),
    Release(Verified<Release>),
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is held from now on. What it changes the verdict says.
    Accepted,
    /// A license whose time has not come; it comes into force by itself.
    Pending {
        /// Its `nbf`.
        from: Timestamp,
    },
    /// It was held already.
    AlreadyHeld,
    /// Something newer of its kind is held, so this is not needed.
    Outranked,
    /// An activation or receipt for another deployment or product.
    NotUsable,
    /// The seat was given back.
    Released,
    /// It is refused, and what was in force stays in force.
    Refused(Refused),
}

/// Why a candidate is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read or is signed by no key that may.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
    /// It is implausible now.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    /// A license that is not for this product or environment, or whose key is distrusted.
    #[error("the license would be refused as {0}")]
    License(Reason),
    /// A block that no deployment installs.
    #[error("a block {0:?} is nothing to install; it goes to the issuer")]
    ForIssuer(String),
    /// A file with other blocks only.
    #[error("there is nothing to install in it: no license, status list, activation or release receipt")]
    Nothing,
    /// More blocks than are looked at: licenses first, then lists, activations and receipts.
    #[error(
        "{left} more blocks of it were not looked at, since only {BLOCKS} are; install them in files of their own"
    )]
    TooManyBlocks {
        /// How many were left.
        left: usize,
    },
}

/// A block of a file before it is looked into. The order of the variants is the order in which they are judged: a newer license
/// widens what is plausible, and a receipt ends what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    License,
    StatusList,
    Activation,
    Release,
}

/// What a file offers.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The label of the armor, or `token`.
    pub(crate) kind: String,
    pub(crate) candidate: Result<Candidate, Refused>,
}

/// Every armored block of a file, or the bare token that it is, verified and in the order in which they are to be judged.
pub(crate) fn offers(file: &[u8], product: &Product) -> Vec<Offer> {
    if file.len() > limits::FILE_BYTES {
        let error = TokenError::TooLarge { bytes: file.len(), limit: limits::FILE_BYTES };
        return vec![Offer { kind: "file".into(), candidate: Err(Refusal::from(error).into()) }];
    }
    let blocks = armor::read_blocks(file);
    if blocks.is_empty() {
        let token = armor::unwrap(file, Label::License);
        return vec![Offer { kind: "token".into(), candidate: bare(&token, product) }];
    }
    let mut blocks = candidates(blocks);
    if blocks.is_empty() {
        return vec![Offer { kind: "file".into(), candidate: Err(Refused::Nothing) }];
    }
    let left = blocks.len().saturating_sub(BLOCKS);
    // Sorted first: of very many blocks those that count for most are looked at, wherever they stand.
    blocks.sort_by_key(|(label, _)| (kind(*label).is_none(), kind(*label)));
    blocks.truncate(BLOCKS);
    let judged = |(label, token): (Label, String)| Offer {
        candidate: labelled(label, &token, product),
        kind: label.as_str().into(),
    };
    let mut offers: Vec<Offer> = blocks.into_iter().map(judged).collect();
    if left > 0 {
        offers.push(Offer { kind: "file".into(), candidate: Err(Refused::TooManyBlocks { left }) });
    }
    offers
}

/// The blocks that may be ours, each once; those of other labels belong to the mail around it.
fn candidates(blocks: Vec<armor::Block>) -> Vec<(Label, String)> {
    let mut seen = BTreeSet::new();
    let ours = |block: armor::Block| {
        let label = Label::ALL.into_iter().find(|label| label.as_str() == block.label)?;
        seen.insert((block.label, Digest::of(&block.token))).then_some((label, block.token))
    };
    blocks.into_iter().filter_map(ours).collect()
}

const fn kind(label: Label) -> Option<Kind> {
    match label {
        Label::License => Some(Kind::License),
        Label::StatusList => Some(Kind::StatusList),
        Label::Activation => Some(Kind::Activation),
        Label::Release => Some(Kind::Release),
        Label::ActivationRequest | Label::UsageReport => None,
    }
}

pub(crate) fn labelled(label: Label, token: &str, product: &Product) -> Result<Candidate, Refused> {
    let candidate = match kind(label) {
        Some(Kind::License) => verify(token, product).map(Candidate::License),
        Some(Kind::StatusList) => verify(token, product).map(Candidate::StatusList),
        Some(Kind::Activation) => verify(token, product).map(Candidate::Activation),
        Some(Kind::Release) => verify(token, product).map(Candidate::Release),
        None => return Err(Refused::ForIssuer(label.as_str().into())),
    };
    Ok(candidate?)
}

fn verify<A: IssuerSigned>(token: &str, product: &Product) -> Result<Verified<A>, Refusal> {
    Unverified::<A>::from_token(token)?.verify(&product.anchors)
}

/// A token without armor says by its `typ` what it is; what says nothing is refused as the license that it most likely was.
fn bare(token: &str, product: &Product) -> Result<Candidate, Refused> {
    // Only a list may be larger than any other token.
    if token.len() > limits::TOKEN_BYTES {
        return labelled(Label::StatusList, token, product);
    }
    let found = match Unverified::<License>::from_token(token) {
        Err(Refusal::Token(TokenError::Type { found, .. })) => found,
        _ => return labelled(Label::License, token, product),
    };
    let label = [
        (StatusList::TYP, Label::StatusList),
        (Activation::TYP, Label::Activation),
        (Release::TYP, Label::Release),
    ];
    let label = label.into_iter().find(|(typ, _)| *typ == found);
    labelled(label.map_or(Label::License, |(_, label)| label), token, product)
}
