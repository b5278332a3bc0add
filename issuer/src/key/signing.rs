//! Which key signs.

use lictor_keys::{KeyPurpose, KeyRecord, KeyRing, KeyStanding};
use lictor_shared::{Name, Products, Timestamp};

use crate::error::{Failure, FailureKind};

/// The key that signs for `purpose` at this instant, if no product is asked for.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] if there is none.
pub fn signing_key(
    ring: &KeyRing,
    purpose: impl Into<KeyPurpose>,
    at: Timestamp,
) -> Result<&KeyRecord, Failure> {
    signing_key_for(ring, purpose, &[], at)
}

/// The key that signs for `purpose` at this instant what is for all of these products.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] if there is none, with the command that leads to one.
pub fn signing_key_for<'r>(
    ring: &'r KeyRing,
    purpose: impl Into<KeyPurpose>,
    products: &[Name],
    at: Timestamp,
) -> Result<&'r KeyRecord, Failure> {
    let purpose = purpose.into();
    let wanted = Wanted { ring, purpose, products };
    let key = ring.active_for_products(purpose, products).ok_or_else(|| wanted.nobody())?;
    let (kid, what) = (key.public.thumbprint(), wanted.what());
    if let Some(from) = key.not_before.filter(|from| at < *from) {
        return Err(wanted.none(format!("The key {kid} may sign {what} from {from} on, and now is {at}.")));
    }
    if let Some(until) = key.not_after.filter(|until| at > *until) {
        return Err(wanted.none(format!("The key {kid} was to sign {what} until {until}, and now is {at}.")));
    }
    Ok(key)
}

/// What is to be signed.
struct Wanted<'r> {
    ring: &'r KeyRing,
    purpose: KeyPurpose,
    products: &'r [Name],
}

impl Wanted<'_> {
    const fn what(&self) -> &'static str {
        self.purpose.signs()
    }

    /// Whether there is no key yet of this kind: of products, or of the log.
    fn is_first(&self) -> bool {
        let log = self.purpose == KeyPurpose::Log;
        self.ring.records().iter().all(|key| key.is_of_log() != log)
    }

    /// Why there is no key.
    fn nobody(&self) -> Failure {
        let what = self.what();
        if self.is_first() {
            let kind = if self.purpose == KeyPurpose::Log { "key of the log" } else { "signing key" };
            return self.none(format!("There is no {kind} yet, so no {what} can be signed."));
        }
        match self.ring.signing(self.purpose).next() {
            None => self.none(format!("No active key may sign {what}.")),
            Some(_) => {
                let missing: Vec<&str> = self.missing().into_iter().map(Name::as_str).collect();
                let message = match missing.as_slice() {
                    [] => {
                        format!("No active key may sign {what} for all of {} at once.", listed(self.products))
                    }
                    missing => format!("No active key may sign {what} for {}.", missing.join(", ")),
                };
                self.none(message)
            }
        }
    }

    /// The products that no active key speaks for.
    fn missing(&self) -> Vec<&Name> {
        let spoken =
            |product: &&Name| self.ring.signing(self.purpose).any(|key| key.products.include(product));
        self.products.iter().filter(|product| !spoken(product)).collect()
    }

    fn none(&self, message: String) -> Failure {
        let products: Vec<_> = self.products.iter().map(|product| product.as_str().into()).collect();
        let failure = Failure::new(FailureKind::SigningNotConfigured, message)
            .hint(self.hint())
            .with("purpose", self.purpose.as_str());
        if products.is_empty() { failure } else { failure.with("products", products) }
    }

    /// A key that waits is better than a new one, since deployments may know it already.
    fn hint(&self) -> String {
        if self.is_first() && self.purpose != KeyPurpose::Log {
            return "lictor key new".into();
        }
        let waits = |key: &&KeyRecord| {
            key.standing() == KeyStanding::Next
                && key.purposes.contains(&self.purpose)
                && self.products.iter().all(|product| key.products.include(product))
        };
        if let Some(spare) = self.ring.records().iter().find(waits) {
            return format!("lictor key activate {}", spare.public.thumbprint());
        }
        // A key for what nobody signs is active at once, whatever other keys there are.
        let partial = self.ring.signing(self.purpose).any(|key| key.products != Products::Any);
        let products: String = match partial {
            true => self.products.iter().map(|product| format!(" --product {product}")).collect(),
            false => String::new(),
        };
        format!("lictor key new --purpose {}{products}", self.purpose.as_str())
    }
}

fn listed(products: &[Name]) -> String {
    products.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
