//! What the types refuse, held by the compiler. Each example that must not compile stands beside a twin that does and
//! differs in one line.
//!
//! # No entitlement without a verdict
//!
//! A verified license does not say what was bought; only a verdict does.
//!
//! ```
//! use lictor_validator::{Context, FeatureAccess, Verified, evaluate, shared::License};
//! fn may_brand(license: &Verified<License>, context: &Context<'_>) -> bool {
//!     evaluate(license, context).feature("branding") == FeatureAccess::Usable
//! }
//! ```
//! ```compile_fail,E0599
//! use lictor_validator::{Context, FeatureAccess, Verified, evaluate, shared::License};
//! fn may_brand(license: &Verified<License>, context: &Context<'_>) -> bool {
//!     license.feature("branding") == FeatureAccess::Usable
//! }
//! ```
//!
//! Nor can its claims be reached.
//!
//! ```
//! use lictor_validator::{Verified, shared::License};
//! fn bought(license: &Verified<License>) -> usize {
//!     license.token().len()
//! }
//! ```
//! ```compile_fail,E0616
//! use lictor_validator::{Verified, shared::License};
//! fn bought(license: &Verified<License>) -> usize {
//!     license.claims.features.len()
//! }
//! ```
//!
//! Nor can the claims of a file be read without trusting it first: what it holds is bytes.
//!
//! ```
//! use lictor_validator::{Unverified, shared::License};
//! fn bought(license: &Unverified<License>) -> usize {
//!     license.untrusted_payload().len()
//! }
//! ```
//! ```compile_fail,E0599
//! use lictor_validator::{Unverified, shared::License};
//! fn bought(license: &Unverified<License>) -> usize {
//!     License::read(license.untrusted_payload()).map_or(0, |license| license.features.len())
//! }
//! ```
//!
//! # Nothing is trusted unverified
//!
//! ```
//! use lictor_validator::{AnchorSet, Context, Refusal, Unverified, Verdict, evaluate, shared::License};
//! fn decide(bytes: &[u8], anchors: &AnchorSet, context: &Context<'_>) -> Result<Verdict, Refusal> {
//!     let license = Unverified::<License>::read(bytes)?;
//!     let license = license.verify(anchors)?;
//!     Ok(evaluate(&license, context))
//! }
//! ```
//! ```compile_fail,E0308
//! use lictor_validator::{AnchorSet, Context, Refusal, Unverified, Verdict, evaluate, shared::License};
//! fn decide(bytes: &[u8], anchors: &AnchorSet, context: &Context<'_>) -> Result<Verdict, Refusal> {
//!     let license = Unverified::<License>::read(bytes)?;
//!
//!     Ok(evaluate(&license, context))
//! }
//! ```
//!
//! An unverified token is consumed when it is verified; the untrusted half cannot be used afterwards.
//!
//! ```
//! use lictor_validator::{AnchorSet, Unverified, shared::License};
//! fn key_of(license: Unverified<License>, anchors: &AnchorSet) -> String {
//!     let verified = license.verify(anchors);
//!     verified.map_or_else(|refusal| refusal.to_string(), |license| license.key_id().to_string())
//! }
//! ```
//! ```compile_fail,E0382
//! use lictor_validator::{AnchorSet, Unverified, shared::License};
//! fn key_of(license: Unverified<License>, anchors: &AnchorSet) -> String {
//!     let verified = license.verify(anchors);
//!     verified.map_or_else(|refusal| refusal.to_string(), |_| license.untrusted_key_id().to_string())
//! }
//! ```
//!
//! # Verdicts and verified artefacts are not made by hand
//!
//! ```
//! use lictor_validator::{Context, Refusal, Verdict, refuse};
//! fn verdict(context: &Context<'_>) -> Verdict {
//!     refuse(Refusal::Missing, context)
//! }
//! ```
//! ```compile_fail,E0599
//! use lictor_validator::{Context, Refusal, Verdict, refuse};
//! fn verdict(context: &Context<'_>) -> Verdict {
//!     Verdict::default()
//! }
//! ```
//!
//! A list that is only verified has not been accepted.
//!
//! ```
//! use lictor_validator::{Accepted, Horizon, NotAccepted, Verified, shared::StatusList};
//! fn take(list: Verified<StatusList>, horizon: &Horizon) -> Result<Accepted<StatusList>, NotAccepted> {
//!     list.accept(horizon)
//! }
//! ```
//! ```compile_fail,E0423
//! use lictor_validator::{Accepted, Horizon, NotAccepted, Verified, shared::StatusList};
//! fn take(list: Verified<StatusList>, horizon: &Horizon) -> Result<Accepted<StatusList>, NotAccepted> {
//!     Ok(Accepted(list))
//! }
//! ```
//!
//! # Circumstances are never left out
//!
//! ```
//! use lictor_validator::context::{Learned, Remembered};
//! let learned = Learned { license: None, activation: None };
//! let remembered = Remembered { watermark: None, highest_revision: None, learned };
//! # let _ = remembered;
//! ```
//! ```compile_fail,E0063
//! use lictor_validator::context::{Learned, Remembered};
//! let learned = Learned { license: None, activation: None };
//! let remembered = Remembered { watermark: None, learned };
//! # let _ = remembered;
//! ```
//!
//! # An answer is not a truth value
//!
//! ```
//! use lictor_validator::{Action, Permission, Verdict};
//! fn write(verdict: &Verdict) -> &'static str {
//!     if verdict.permits(Action::Write) == Permission::Granted { "written" } else { "refused" }
//! }
//! ```
//! ```compile_fail,E0308
//! use lictor_validator::{Action, Permission, Verdict};
//! fn write(verdict: &Verdict) -> &'static str {
//!     if verdict.permits(Action::Write) { "written" } else { "refused" }
//! }
//! ```
