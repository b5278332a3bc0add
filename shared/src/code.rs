//! The registers: modes, codes, reasons and denials. Append-only; a word that has been given out keeps its meaning for ever.

use core::fmt;

macro_rules! register {
    ($(#[$doc:meta])* $name:ident { $($(#[$entry_doc:meta])* $entry:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$entry_doc])* $entry,)* }

        impl $name {
            /// Every entry, in the order of the register.
            pub const ALL: &'static [Self] = &[$(Self::$entry,)*];

            /// The word that stands for it wherever it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$entry => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

register! {
    /// What a deployment may do now, from the best to the worst.
    Mode {
        /// Everything that was bought.
        Full = "full",
        /// Everything that was bought, until a date by which something must have been done.
        Grace = "grace",
        /// Reading and recovering; nothing new is written.
        ReadOnly = "read_only",
        /// Recovering only: there is no license that can be read for this product.
        Unlicensed = "unlicensed",
    }
}

register! {
    /// The codes of the envelope. The code is the contract; the text beside it is for people and may change.
    Code {
        /// The license cannot be read, is not for this deployment, or does not hold yet.
        LicenseInvalid = "LICENSE_INVALID",
        /// A term of the license has ended, and so has its grace.
        LicenseExpired = "LICENSE_EXPIRED",
        /// Revoked, suspended or superseded, and the grace is over.
        LicenseRevoked = "LICENSE_REVOKED",
        /// No seat for this deployment, or all seats are taken.
        LicenseSeatLimit = "LICENSE_SEAT_LIMIT",
        /// The issuer has no signing key yet.
        LicenseSigningNotConfigured = "LICENSE_SIGNING_NOT_CONFIGURED",
        /// The feature is not in the license.
        EntitlementRequired = "ENTITLEMENT_REQUIRED",
        /// A number in `limits` is used up.
        LimitReached = "LIMIT_REACHED",
        /// A quota per window of time is used up.
        QuotaExceeded = "QUOTA_EXCEEDED",
        /// Input that was read but cannot be meant; `details.fieldErrors` says where.
        ValidationFailed = "VALIDATION_FAILED",
        /// Nothing has this id or name.
        NotFound = "NOT_FOUND",
        /// The state of the thing does not allow the change.
        Conflict = "CONFLICT",
        /// The request id was used with other arguments.
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
        /// No or wrong credentials.
        Unauthorized = "UNAUTHORIZED",
        /// Credentials that do not allow this.
        Forbidden = "FORBIDDEN",
        /// Too many requests.
        RateLimited = "RATE_LIMITED",
        /// A failure of the program or the machine.
        Internal = "INTERNAL",
    }
}

impl Code {
    /// The HTTP status that goes with the code.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::LicenseInvalid => 400,
            Self::Unauthorized => 401,
            Self::EntitlementRequired => 402,
            Self::LicenseExpired
            | Self::LicenseRevoked
            | Self::LicenseSeatLimit
            | Self::LimitReached
            | Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::ValidationFailed | Self::IdempotencyKeyReused => 422,
            Self::QuotaExceeded | Self::RateLimited => 429,
            Self::LicenseSigningNotConfigured | Self::Internal => 500,
        }
    }

    /// The exit code of a command that ends with the code; 1 where the command line has no meaning for it.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::LicenseInvalid => 10,
            Self::LicenseExpired => 11,
            Self::LicenseRevoked => 12,
            Self::LicenseSeatLimit => 13,
            Self::LicenseSigningNotConfigured => 14,
            Self::Conflict | Self::IdempotencyKeyReused => 20,
            Self::NotFound => 21,
            Self::ValidationFailed => 22,
            _ => 1,
        }
    }
}

register! {
    /// Why a verdict is what it is: refusals, then findings, then warnings, each group in the order in which it is judged.
    Reason {
        /// The host has no license.
        Missing = "missing",
        /// The token is larger than any license.
        TooLarge = "too_large",
        /// Not three parts of base64url with a JSON header and a signature of 64 bytes.
        Malformed = "malformed",
        /// The header does not have exactly its three members.
        BadHeader = "bad_header",
        /// An algorithm other than Ed25519, or other than the key is pinned to.
        UnsupportedAlgorithm = "unsupported_algorithm",
        /// A token of another kind.
        WrongType = "wrong_type",
        /// Signed by a key that is not among the trust anchors.
        UnknownKey = "unknown_key",
        /// Signed by a key that may not sign this kind of token.
        WrongPurpose = "wrong_purpose",
        /// The signature does not fit: changed, or not by that key.
        BadSignature = "bad_signature",
        /// Written by a later generation for readers that know more.
        UnsupportedVersion = "unsupported_version",
        /// Signed, but not what the format allows.
        BadClaims = "bad_claims",
        /// Dated outside of the time in which its key signed.
        KeyOutOfWindow = "key_out_of_window",
        /// By another issuer than the key speaks for.
        WrongIssuer = "wrong_issuer",
        /// For another product.
        WrongProduct = "wrong_product",
        /// For another environment.
        WrongEnvironment = "wrong_environment",
        /// The key is no longer trusted: it has leaked.
        KeyDistrusted = "key_distrusted",
        /// The license starts later.
        NotYetValid = "not_yet_valid",
        /// A higher revision of this license has been in force here.
        Superseded = "superseded",
        /// The deployment's configured origin is none of the license's.
        WrongOrigin = "wrong_origin",
        /// The issuer has revoked the license.
        Revoked = "revoked",
        /// The issuer has suspended the license.
        Suspended = "suspended",
        /// The issuer has revoked this deployment's seat.
        ActivationRevoked = "activation_revoked",
        /// The license requires an activation, and this deployment has none.
        NotActivated = "not_activated",
        /// The activation was a lease, and it has ended.
        ActivationLapsed = "activation_lapsed",
        /// The term of the license has ended.
        Expired = "expired",
        /// No fresh status list has arrived in the time that the license sets.
        StatusOverdue = "status_overdue",
        /// The product's release is newer than the maintenance that was bought.
        MaintenanceEnded = "maintenance_ended",
        /// Warning: the license expires soon.
        ExpiringSoon = "expiring_soon",
        /// Warning: a newer status list should be out.
        StatusStale = "status_stale",
        /// Warning: the license's key has leaked; ask for a license by another key.
        KeyCompromised = "key_compromised",
        /// Warning: the clock stands more than a day before what is known to have passed.
        ClockRolledBack = "clock_rolled_back",
        /// Warning: something was offered and refused; what was in force still is.
        CandidateRejected = "candidate_rejected",
        /// Warning: the remembered state was damaged and is gone.
        StateDamaged = "state_damaged",
        /// Warning: nothing can be remembered here.
        Stateless = "stateless",
    }
}

impl Reason {
    /// The code that goes with a refusal or finding; `None` for a warning.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Missing
            | Self::TooLarge
            | Self::Malformed
            | Self::BadHeader
            | Self::UnsupportedAlgorithm
            | Self::WrongType
            | Self::UnknownKey
            | Self::WrongPurpose
            | Self::BadSignature
            | Self::UnsupportedVersion
            | Self::BadClaims
            | Self::KeyOutOfWindow
            | Self::WrongIssuer
            | Self::WrongProduct
            | Self::WrongEnvironment
            | Self::KeyDistrusted
            | Self::NotYetValid
            | Self::WrongOrigin => Some(Code::LicenseInvalid),
            Self::Superseded | Self::Revoked | Self::Suspended => Some(Code::LicenseRevoked),
            Self::ActivationRevoked | Self::NotActivated | Self::ActivationLapsed => {
                Some(Code::LicenseSeatLimit)
            }
            Self::Expired | Self::StatusOverdue | Self::MaintenanceEnded => Some(Code::LicenseExpired),
            Self::ExpiringSoon
            | Self::StatusStale
            | Self::KeyCompromised
            | Self::ClockRolledBack
            | Self::CandidateRejected
            | Self::StateDamaged
            | Self::Stateless => None,
        }
    }
}

register! {
    /// Why an issuer denies what a deployment's request asks for, in the order in which it is looked at. Where a word is that of a
    /// [`Reason`] too, it means the same.
    Denial {
        /// The request was made more than 30 days ago.
        RequestTooOld = "request_too_old",
        /// The request is dated more than a day ahead.
        RequestAhead = "request_ahead",
        /// The license has been revoked.
        Revoked = "revoked",
        /// The license is suspended.
        Suspended = "suspended",
        /// The grace of the license is over.
        Expired = "expired",
        /// The license is for other products than the one that asks.
        WrongProduct = "wrong_product",
        /// All seats of the license are taken.
        SeatsExhausted = "seats_exhausted",
        /// The deployment never had a seat that it could give back.
        NoSeat = "no_seat",
    }
}

impl Denial {
    /// The code of the envelope in which it is denied.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::RequestTooOld | Self::RequestAhead => Code::ValidationFailed,
            Self::Revoked | Self::Suspended => Code::LicenseRevoked,
            Self::Expired => Code::LicenseExpired,
            Self::WrongProduct => Code::LicenseInvalid,
            Self::SeatsExhausted => Code::LicenseSeatLimit,
            Self::NoSeat => Code::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One word never means two things.
    #[test]
    fn a_denial_with_the_word_of_a_reason_has_its_code() {
        for denial in Denial::ALL {
            let reason = Reason::ALL.iter().find(|reason| reason.as_str() == denial.as_str());
            assert!(reason.is_none_or(|reason| reason.code() == Some(denial.code())), "{denial}");
        }
    }

    #[test]
    fn codes_have_the_published_numbers() {
        let numbers = |code: Code| (code.http_status(), code.exit_code());
        assert_eq!(numbers(Code::LicenseInvalid), (400, 10));
        assert_eq!(numbers(Code::LicenseExpired), (403, 11));
        assert_eq!(numbers(Code::LicenseRevoked), (403, 12));
        assert_eq!(numbers(Code::LicenseSeatLimit), (403, 13));
        assert_eq!(numbers(Code::LicenseSigningNotConfigured), (500, 14));
        assert_eq!(numbers(Code::ValidationFailed), (422, 22));
        assert_eq!(Code::ALL.len(), 16);
        assert_eq!(Reason::ALL.len(), 34);
    }
}
