//! What a request is answered with.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Denial, Envelope, Label, Text, Thumbprint, Timestamp, Uuid, armor};

use super::asked::Asked;
use super::history::History;
use super::occupancy::Occupancy;
use super::record::SeatState;

/// What one request was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What it asked for.
    Given(Box<Given>),
    /// A refusal. It is recorded, and the same request may be asked again.
    Denied(Denied),
}

/// What was given to a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// How it came to be.
    pub manner: Manner,
    /// The license.
    pub license: Uuid,
    /// The deployment.
    pub deployment: Thumbprint,
    /// What people call it.
    pub label: Text,
    /// The nonce of the request.
    pub request: Uuid,
    /// The serial of the activation or of the receipt.
    pub serial: Uuid,
    /// The number of the seat; `None`: it was given back.
    pub seat: Option<u64>,
    /// When the lease ends; `None`: never.
    pub ends_at: Option<Timestamp>,
    /// How the request follows from what the deployment was given before.
    pub history: History,
    /// What became of the seat since, where that of an answer that is given again is gone.
    pub gone: Option<SeatState>,
    /// How many seats are taken now; `None` of an answer that is given again.
    pub occupancy: Option<Occupancy>,
    /// What is brought to the deployment.
    pub paste: Paste,
    /// The claims that would be signed, of a dry run; else null.
    pub(super) claims: Value,
}

/// How an answer came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The deployment got a seat.
    Granted,
    /// It has its seat already, and got a further activation for it.
    Renewed,
    /// It gave its seat back.
    Released,
    /// The request was answered before; here are the same bytes again.
    Repeated,
}

impl Manner {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Renewed => "renewed",
            Self::Released => "released",
            Self::Repeated => "repeated",
        }
    }
}

/// What is brought to a deployment in one piece: the token that answers, lists that it needs, and newer licenses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paste {
    /// What the token is.
    pub label: Label,
    /// The activation or the receipt.
    pub token: String,
    /// Status lists.
    pub lists: Vec<String>,
    /// Revisions of the license that are newer than the one that it holds.
    pub licenses: Vec<String>,
}

impl Paste {
    /// All of it in armor, one block after the other.
    #[must_use]
    pub fn armored(&self) -> String {
        let lists = self.lists.iter().map(|token| (Label::StatusList, token));
        let licenses = self.licenses.iter().map(|token| (Label::License, token));
        core::iter::once((self.label, &self.token))
            .chain(lists)
            .chain(licenses)
            .map(|(label, token)| armor::wrap(label, token))
            .collect()
    }
}

/// Why a request was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The license.
    pub license: Uuid,
    /// The deployment.
    pub deployment: Thumbprint,
    /// What people call it, by this request.
    pub label: Text,
    /// The nonce of the request.
    pub request: Uuid,
    /// Why, in a word, which has the code of the envelope.
    pub reason: Denial,
    /// Why, in a sentence.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Facts for programs.
    pub details: Members,
}

impl Denied {
    /// The envelope in which it is refused.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        Envelope { code: self.reason.code(), error: self.message.clone(), details: self.details.clone() }
    }
}

impl Answer {
    /// As programs see it; a denial in its envelope.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Given(given) => given.to_value(),
            Self::Denied(denied) => {
                let envelope = denied.envelope();
                Value::object([
                    ("success", false.into()),
                    ("code", envelope.code.as_str().into()),
                    ("error", envelope.error.as_str().into()),
                    ("details", envelope.details.into()),
                ])
            }
        }
    }
}

impl Given {
    /// What is known of it by the request and what answers that; the rest is none.
    pub(super) fn new(
        asked: &Asked<'_>,
        (manner, serial, history): (Manner, Uuid, History),
        paste: Paste,
    ) -> Self {
        Self {
            manner,
            license: asked.request.license,
            deployment: asked.request.deployment,
            label: asked.request.label.clone(),
            request: asked.request.nonce,
            serial,
            seat: None,
            ends_at: None,
            history,
            gone: None,
            occupancy: None,
            paste,
            claims: Value::Null,
        }
    }

    fn to_value(&self) -> Value {
        let kind = if self.paste.label == Label::Release { "release" } else { "activation" };
        let mut members: Members = [
            ("result", self.manner.as_str().into()),
            ("kind", kind.into()),
            ("license", self.license.to_string().into()),
            ("deployment", self.deployment.to_string().into()),
            ("label", self.label.as_str().into()),
            ("request", self.request.to_string().into()),
            ("serial", self.serial.to_string().into()),
            ("seat", self.seat.into()),
            ("expiresAt", self.ends_at.map(|at| at.to_string()).into()),
            ("history", self.history.as_str().into()),
            ("armor", self.paste.armored().into()),
        ]
        .map(|(name, value): (&str, Value)| (name.to_owned(), value))
        .into();
        if let Some(occupancy) = &self.occupancy {
            members.insert("active".into(), occupancy.active.into());
            members.insert("seats".into(), occupancy.seats.to_value());
        }
        if self.manner == Manner::Repeated {
            members.insert("gone".into(), self.gone.map(SeatState::as_str).into());
        } else {
            members.insert("token".into(), self.paste.token.as_str().into());
        }
        members.into()
    }
}
