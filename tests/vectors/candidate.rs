//! Offering artefacts the way a host does.

use crate::file::{ACTIVATION, LICENSE, RELEASE, REQUEST, STATUS_LIST, signed};
use crate::instant::timestamp;
use crate::vector::{Piece, Vector};
use lictor_shared::{Activation, Artefact as _, License, Received, Release, Request, StatusList, armor};
use lictor_validator::{
    Accepted, AnchorSet, Horizon, IssuerSigned, NotAccepted, Refusal, Unverified, Verified,
};

/// When lists and activations are offered.
pub(crate) fn horizon(vector: &Vector, now: &str, license: &[u8], anchors: &AnchorSet) -> Horizon {
    let readable = verified::<License>(license, anchors).ok();
    let instant = |text: &Option<String>| text.as_deref().map(timestamp);
    Horizon {
        now: timestamp(vector.context.accepted_at.as_deref().unwrap_or(now)),
        watermark: instant(&vector.context.watermark),
        built_at: instant(&vector.context.built),
        latest_license: readable.map(|license| license.issued_at()),
    }
}

/// The license's file.
pub(crate) fn license(piece: &Piece) -> Vec<u8> {
    signed(&LICENSE, piece)
}

fn verified<A: IssuerSigned>(file: &[u8], anchors: &AnchorSet) -> Result<Verified<A>, Refusal> {
    Unverified::<A>::read(file)?.verify(anchors)
}

fn word(refused: &NotAccepted) -> &'static str {
    match refused {
        NotAccepted::ForeignProduct { .. } => "foreign_product",
        NotAccepted::KeyDistrusted { .. } => "key_distrusted",
        NotAccepted::FarAhead { .. } => "far_ahead",
    }
}

/// The accepted list, or the word for why it is none.
pub(crate) fn list(
    piece: &Piece,
    anchors: &AnchorSet,
    horizon: &Horizon,
) -> Result<Accepted<StatusList>, &'static str> {
    let list = verified::<StatusList>(&signed(&STATUS_LIST, piece), anchors);
    let list = list.map_err(|refusal| refusal.reason().as_str())?;
    list.accept(horizon).map_err(|refused| word(&refused))
}

/// The accepted activation, or the word for why it is none.
pub(crate) fn activation(
    piece: &Piece,
    anchors: &AnchorSet,
    horizon: &Horizon,
) -> Result<Accepted<Activation>, &'static str> {
    let activation = verified::<Activation>(&signed(&ACTIVATION, piece), anchors);
    let activation = activation.map_err(|refusal| refusal.reason().as_str())?;
    activation.accept(horizon).map_err(|refused| word(&refused))
}

/// What comes of a receipt.
pub(crate) fn release(piece: &Piece, anchors: &AnchorSet) -> &'static str {
    match verified::<Release>(&signed(&RELEASE, piece), anchors) {
        Ok(_) => "accepted",
        Err(refusal) => refusal.reason().as_str(),
    }
}

/// What comes of a request, by the key in its own header.
pub(crate) fn request(piece: &Piece) -> &'static str {
    let token = armor::unwrap(&signed(&REQUEST, piece), Request::LABEL);
    let received = match Received::<Request>::read(&token) {
        Ok(received) => received,
        Err(error) => return error.reason().as_str(),
    };
    if !received.is_signed_by(&received.untrusted_signer().0) {
        return "bad_signature";
    }
    match Request::read(received.untrusted_payload()) {
        Ok(_) => "accepted",
        Err(error) => error.reason().as_str(),
    }
}
