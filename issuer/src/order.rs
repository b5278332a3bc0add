//! What a customer ordered.

use lictor_shared::{Algorithm, Name, OriginPattern, Text, Timestamp};
use std::collections::BTreeMap;

use crate::terms::Terms;

/// An order: who gets a license for what. What it leaves open, the products' defaults say, then those of
/// `lictor.toml`, then the built-in ones; of several products the one named first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The products, 1 to 16.
    pub products: Vec<Name>,
    /// The plan, which each of the products has.
    pub plan: Name,
    /// The customer's name.
    pub customer: Text,
    /// The customer's id. `None`: the one that he has, else one made from his name.
    pub customer_id: Option<Text>,
    /// From when the license holds. `None`: from now on.
    pub starts: Option<Timestamp>,
    /// Its terms.
    pub terms: Terms,
    /// The origins it is bound to; none: not bound.
    pub origins: Vec<OriginPattern>,
    /// Notes that travel with the license.
    pub meta: BTreeMap<Name, String>,
    /// The algorithm name in the header. `None`: the one that the key is pinned to, else `EdDSA`.
    pub algorithm: Option<Algorithm>,
}
