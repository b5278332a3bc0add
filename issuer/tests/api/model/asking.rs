//! Deployments at the desk: their requests, as the model brings them, and what they are answered.

use lictor_issuer::activation::{Answer, Given, Manner, SeatRequest, grant, release_seat, revoke_seat};
use lictor_issuer::{Failure, Occasion, find, signed};
use lictor_keys::PrivateKey;
use lictor_shared::{StatusRef, Uuid};

use super::desk::{Desk, UNKNOWN, instant, span};
use super::operations::{DEPLOYMENTS, Index, Operation, Taking};
use super::rules::{Model, Said};
use super::seats::{Brought, Cited};
use crate::deployment::Deployment;
use crate::support::{name, text};

/// The deployments, and what they were given.
pub(super) struct Askers {
    pub(super) deployments: Vec<Deployment>,
    /// Each deployment's last request, and the answer to it.
    last: Vec<Option<(SeatRequest, Option<String>)>>,
    /// The activations, in the order in which they were given.
    pub(super) given: Vec<(Uuid, StatusRef)>,
}

impl Askers {
    pub(super) fn new() -> Self {
        let deployment = || Deployment {
            key: PrivateKey::generate().unwrap(),
            license: Uuid::new(UNKNOWN).unwrap(),
            token: String::new(),
            counter: 0,
            previous: None,
            label: text("Hamburg depot"),
        };
        let deployments = std::iter::repeat_with(deployment).take(DEPLOYMENTS).collect();
        Self { deployments, last: vec![None; DEPLOYMENTS], given: Vec::new() }
    }

    fn request(&mut self, brought: &Brought, license: Uuid, token: &str) -> SeatRequest {
        let previous = match brought.cited {
            Cited::Nothing => None,
            Cited::One(place) => Some(self.given[place].0),
            Cited::Strange => Some(Uuid::new(UNKNOWN).unwrap()),
        };
        let deployment = &mut self.deployments[brought.by];
        (deployment.license, deployment.token, deployment.previous) = (license, token.into(), previous);
        deployment.ask(brought.kind, |request| {
            request.counter = brought.counter;
            request.issued_at = instant(brought.made);
            if !brought.is_for_its_product {
                request.product = name("desk");
            }
            if !brought.has_hash {
                request.license_hash = [7; 32];
            }
        })
    }
}

impl Desk {
    /// Brings what the model is about to bring.
    pub(super) fn bring(
        &mut self,
        operation: &Operation,
        model: &Model,
        occasion: &Occasion,
    ) -> Result<Said, Failure> {
        let Some(brought) = model.brought(operation) else { return Ok(Said::Done) };
        if matches!(operation, Operation::Ask { .. }) {
            let license = brought.license.map(|place| self.ids[place]);
            let token = license.map(|license| self.latest_token(license)).transpose()?.unwrap_or_default();
            let license = license.unwrap_or(Uuid::new(UNKNOWN).unwrap());
            let request = self.askers.request(&brought, license, &token);
            self.askers.last[brought.by] = Some((request, None));
        }
        let (request, answered) = self.askers.last[brought.by].clone().unwrap();
        let signer = model.signer().map_or(&self.stranger, |place| &self.keys[place]);
        let lease = brought.lease.map(span);
        let asked = std::slice::from_ref(&request);
        let mut grants = grant(&self.home, &mut self.ledger, &[signer], asked, lease, occasion)?;
        match grants.answers.pop().unwrap() {
            Answer::Denied(denied) => Ok(Said::Denied(denied.reason)),
            Answer::Given(given) => {
                let paste = given.paste.armored();
                assert_eq!(answered.is_some(), given.manner == Manner::Repeated);
                assert!(answered.is_none_or(|before| before == paste), "not the same bytes again");
                self.note(&given);
                self.askers.last[brought.by] = Some((request, Some(paste)));
                Ok(said(&given))
            }
        }
    }

    /// The token of the latest revision.
    fn latest_token(&self, license: Uuid) -> Result<String, Failure> {
        let record = find(&self.ledger, &license.to_string())?;
        Ok(signed(&self.ledger, record.latest().unwrap().serial)?.token)
    }

    fn note(&mut self, given: &Given) {
        if matches!(given.manner, Manner::Granted | Manner::Renewed) {
            let claims = crate::deployment::claims(given);
            self.askers.given.push((given.serial, claims.status));
            if let Some(list) = given.paste.lists.first() {
                self.list = Some(list.clone());
            }
        }
    }

    /// Takes the seat from a deployment.
    pub(super) fn take_seat(
        &mut self,
        (by, of, taking): (usize, Index, Taking),
        model: &Model,
        occasion: &Occasion,
    ) -> Result<(), Failure> {
        let id = self.askers.deployments[by].key.public().thumbprint().to_string();
        let license = model.about(of).map_or(Uuid::new(UNKNOWN).unwrap(), |place| self.ids[place]);
        let whose = (id.as_str(), Some(license));
        match taking {
            Taking::Revoke => revoke_seat(&mut self.ledger, whose, None, occasion).map(drop),
            Taking::Release => release_seat(&mut self.ledger, whose, None, occasion).map(drop),
        }
    }
}

fn said(given: &Given) -> Said {
    if given.manner == Manner::Repeated {
        return Said::Again;
    }
    Said::Given {
        manner: given.manner,
        seat: given.seat,
        ends: given.ends_at.map(|at| at.seconds()),
        history: given.history,
        active: given.occupancy.unwrap().active,
    }
}
