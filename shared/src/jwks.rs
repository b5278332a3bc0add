//! Trust anchors: the JWK Set (RFC 7517) of public keys that a product ships.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{JsonError, Members, Value};
use crate::key::{KeyError, PublicKey, Thumbprint};
use crate::name::{Name, Text};
use crate::time::Timestamp;
use crate::token::Algorithm;

/// What a key may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Licenses.
    License,
    /// Status lists.
    Status,
    /// Activations and release receipts.
    Activation,
}

impl Purpose {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::License, Self::Status, Self::Activation];

    /// The word in `purposes`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Status => "status",
            Self::Activation => "activation",
        }
    }
}

/// Which products a key speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Products {
    /// Any product; `null` in the JWK.
    Any,
    /// These, at least one.
    Only(Vec<Name>),
}

impl Products {
    /// Whether `product` is among them.
    #[must_use]
    pub fn include(&self, product: &Name) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => names.contains(product),
        }
    }
}

/// One trusted key of one issuer, and what it is trusted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The key.
    pub key: PublicKey,
    /// The one issuer that it speaks for (`iss`).
    pub issuer: Text,
    /// What it may sign; never empty.
    pub purposes: Vec<Purpose>,
    /// The products it speaks for.
    pub products: Products,
    /// The one algorithm name that a header may carry with this key, if pinned (`alg`).
    pub algorithm: Option<Algorithm>,
    /// First `iat` of what it may have signed.
    pub not_before: Option<Timestamp>,
    /// Last `iat` of what it may have signed.
    pub not_after: Option<Timestamp>,
    /// From this instant of the deployment's time on, nothing by this key counts: it has leaked.
    pub distrust_after: Option<Timestamp>,
}

impl Anchor {
    fn to_value(&self) -> Value {
        let time = |at: Option<Timestamp>| at.map(|at| Value::Integer(at.seconds()));
        let products = match &self.products {
            Products::Any => Value::Null,
            Products::Only(names) => Value::Array(names.iter().map(|name| name.as_str().into()).collect()),
        };
        let purposes = Purpose::ALL.into_iter().filter(|purpose| self.purposes.contains(purpose));
        let optional = [
            ("alg", self.algorithm.map(|algorithm| algorithm.as_str().into())),
            ("notBefore", time(self.not_before)),
            ("notAfter", time(self.not_after)),
            ("distrustAfter", time(self.distrust_after)),
        ];
        let required = [
            ("kty", "OKP".into()),
            ("crv", "Ed25519".into()),
            ("x", self.key.to_base64url().into()),
            ("kid", self.key.thumbprint().to_string().into()),
            ("use", "sig".into()),
            ("iss", self.issuer.as_str().into()),
            ("purposes", Value::Array(purposes.map(|purpose| purpose.as_str().into()).collect())),
            ("products", products),
        ];
        let present = optional.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        Value::Object(
            required.into_iter().chain(present).map(|(name, value)| (name.to_string(), value)).collect(),
        )
    }
}

/// The keys that a product trusts: at least one, no two alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorSet(Vec<Anchor>);

/// Why a set of trust anchors is refused as a whole. It is an error of whoever ships the product, not a verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// Not JSON within the rules.
    #[error("the trust anchors are not JSON as the format allows it: {0}")]
    Json(#[from] JsonError),
    /// No array `keys`.
    #[error("the trust anchors have no array \"keys\"; a JWK Set is {{\"keys\": [...]}}")]
    NoKeys,
    /// No key in it can be used.
    #[error("the trust anchors hold no Ed25519 key (kty \"OKP\", crv \"Ed25519\")")]
    NoUsableKey,
    /// A member that the format does not know.
    #[error("{place}: unknown member {member:?}; remove it")]
    UnknownMember {
        /// `the set` or `key 3`.
        place: String,
        /// Its name.
        member: String,
    },
    /// A private key.
    #[error("{place} has a private member \"d\"; never ship a private key, export the public halves again")]
    PrivateKey {
        /// `key 3`.
        place: String,
    },
    /// A member that is missing or breaks its rule.
    #[error("{place}: {member} must be {rule}")]
    Member {
        /// `key 3`.
        place: String,
        /// Its name.
        member: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The `x` is no key to trust.
    #[error("{place}: x is refused: {error}")]
    Key {
        /// `key 3`.
        place: String,
        /// Why.
        error: KeyError,
    },
    /// `kid` is not the thumbprint.
    #[error("{place}: kid is {found:?}, but the thumbprint of its x is {thumbprint}")]
    Kid {
        /// `key 3`.
        place: String,
        /// What stands there.
        found: String,
        /// What should.
        thumbprint: Thumbprint,
    },
    /// A key that may sign nothing.
    #[error("the key {0} has no purpose or no product; name at least one of each")]
    Idle(Thumbprint),
    /// One key stands twice.
    #[error("two keys have the thumbprint {0}; keep one")]
    Twice(Thumbprint),
}

impl AnchorSet {
    /// A set of these.
    ///
    /// # Errors
    /// [`AnchorError::NoUsableKey`] if there are none, [`AnchorError::Twice`] if two are one key, [`AnchorError::Idle`]
    /// if one has no purpose or an empty list of products.
    pub fn new(anchors: Vec<Anchor>) -> Result<Self, AnchorError> {
        if anchors.is_empty() {
            return Err(AnchorError::NoUsableKey);
        }
        let mut seen = BTreeSet::new();
        for anchor in &anchors {
            let thumbprint = anchor.key.thumbprint();
            let idle = anchor.purposes.is_empty()
                || matches!(&anchor.products, Products::Only(names) if names.is_empty());
            if idle {
                return Err(AnchorError::Idle(thumbprint));
            }
            if !seen.insert(thumbprint) {
                return Err(AnchorError::Twice(thumbprint));
            }
        }
        Ok(Self(anchors))
    }

    /// Reads a JWK Set. Keys of another type or curve are skipped; anything else that is not exactly as the format says
    /// refuses the set.
    ///
    /// # Errors
    /// [`AnchorError`] for the first thing that is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, AnchorError> {
        let set = Value::read_object(bytes)?;
        if let Some(member) = set.keys().find(|name| *name != "keys") {
            return Err(AnchorError::UnknownMember { place: "the set".into(), member: member.clone() });
        }
        let keys = set.get("keys").and_then(Value::as_array).ok_or(AnchorError::NoKeys)?;
        let mut anchors = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let jwk = Jwk { place: alloc::format!("key {}", index + 1), members: key.as_object() };
            anchors.extend(jwk.read()?);
        }
        Self::new(anchors)
    }

    /// The same anchors, each of whose keys checks faster: see [`PublicKey::with_tables`].
    #[must_use]
    pub fn with_tables(self) -> Self {
        let anchors = self.0.into_iter();
        Self(anchors.map(|anchor| Anchor { key: anchor.key.with_tables(), ..anchor }).collect())
    }

    /// The JWK Set as JSON, indented, ended by a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        let keys = self.0.iter().map(Anchor::to_value).collect();
        let set = Value::object([("keys", Value::Array(keys))]);
        let mut text = serde_json::to_string_pretty(&set).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The anchors.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        &self.0
    }

    /// The anchor whose key has this thumbprint.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Anchor> {
        let thumbprint = Thumbprint::new(kid).ok()?;
        self.0.iter().find(|anchor| anchor.key.thumbprint() == thumbprint)
    }
}

const MEMBERS: [&str; 12] = [
    "kty",
    "crv",
    "x",
    "iss",
    "purposes",
    "products",
    "kid",
    "use",
    "alg",
    "notBefore",
    "notAfter",
    "distrustAfter",
];

struct Jwk<'a> {
    place: String,
    members: Option<&'a Members>,
}

impl Jwk<'_> {
    /// The anchor, or `None` for a key of another type or curve.
    fn read(&self) -> Result<Option<Anchor>, AnchorError> {
        if self.members.is_none() {
            return Err(self.breaks("it", "an object"));
        }
        if self.member("d").is_some() {
            return Err(AnchorError::PrivateKey { place: self.place.clone() });
        }
        // A key of another kind is not ours to judge.
        if self.string("kty")? != "OKP" || self.string("crv")? != "Ed25519" {
            return Ok(None);
        }
        if let Some(member) =
            self.members.and_then(|members| members.keys().find(|name| !MEMBERS.contains(&name.as_str())))
        {
            return Err(AnchorError::UnknownMember { place: self.place.clone(), member: member.clone() });
        }
        let key = PublicKey::from_base64url(self.string("x")?)
            .map_err(|error| AnchorError::Key { place: self.place.clone(), error })?;
        self.check_kid(&key)?;
        self.check_use()?;
        Ok(Some(Anchor {
            issuer: Text::new(self.string("iss")?)
                .map_err(|_| self.breaks("iss", "1 to 200 characters of text"))?,
            purposes: self.purposes()?,
            products: self.products()?,
            algorithm: self.algorithm()?,
            not_before: self.time("notBefore")?,
            not_after: self.time("notAfter")?,
            distrust_after: self.time("distrustAfter")?,
            key,
        }))
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.members.and_then(|members| members.get(name))
    }

    fn breaks(&self, member: &'static str, rule: &'static str) -> AnchorError {
        AnchorError::Member { place: self.place.clone(), member, rule }
    }

    fn string(&self, member: &'static str) -> Result<&str, AnchorError> {
        self.member(member)
            .and_then(Value::as_str)
            .ok_or_else(|| self.breaks(member, "a string, and present"))
    }

    fn check_kid(&self, key: &PublicKey) -> Result<(), AnchorError> {
        if self.member("kid").is_none() {
            return Ok(());
        }
        let (found, thumbprint) = (self.string("kid")?, key.thumbprint());
        if found == thumbprint.to_string() {
            return Ok(());
        }
        Err(AnchorError::Kid { place: self.place.clone(), found: found.into(), thumbprint })
    }

    fn check_use(&self) -> Result<(), AnchorError> {
        match self.member("use") {
            None => Ok(()),
            Some(value) if value.as_str() == Some("sig") => Ok(()),
            Some(_) => Err(self.breaks("use", "\"sig\"")),
        }
    }

    fn purposes(&self) -> Result<Vec<Purpose>, AnchorError> {
        let refused = || {
            self.breaks(
                "purposes",
                "a non-empty array of \"license\", \"status\", \"activation\", each at most once",
            )
        };
        let words = self.member("purposes").and_then(Value::as_array).ok_or_else(refused)?;
        let mut purposes = Vec::new();
        for word in words {
            let purpose = Purpose::ALL.into_iter().find(|purpose| word.as_str() == Some(purpose.as_str()));
            let fresh = purpose.filter(|purpose| !purposes.contains(purpose));
            purposes.push(fresh.ok_or_else(refused)?);
        }
        if purposes.is_empty() { Err(refused()) } else { Ok(purposes) }
    }

    fn products(&self) -> Result<Products, AnchorError> {
        let refused = || self.breaks("products", "null or a non-empty array of names, and present");
        match self.member("products") {
            Some(Value::Null) => Ok(Products::Any),
            Some(Value::Array(items)) if !items.is_empty() => {
                let name =
                    |item: &Value| item.as_str().and_then(|text| Name::new(text).ok()).ok_or_else(refused);
                items.iter().map(name).collect::<Result<_, _>>().map(Products::Only)
            }
            _ => Err(refused()),
        }
    }

    fn algorithm(&self) -> Result<Option<Algorithm>, AnchorError> {
        let Some(value) = self.member("alg") else { return Ok(None) };
        let known = value.as_str().and_then(Algorithm::from_name);
        known.map(Some).ok_or_else(|| self.breaks("alg", "\"EdDSA\" or \"Ed25519\""))
    }

    fn time(&self, member: &'static str) -> Result<Option<Timestamp>, AnchorError> {
        let Some(value) = self.member(member) else { return Ok(None) };
        let time = value.as_integer().and_then(Timestamp::from_seconds);
        time.map(Some).ok_or_else(|| self.breaks(member, "a time in seconds since 1970"))
    }
}
