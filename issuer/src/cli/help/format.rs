//! How files and values are written, in a sentence each, and which document says more.

use crate::register::register;

register! {
    /// A kind of file or value.
    Format {
        /// A signed token between the lines BEGIN LICENSE and END LICENSE. Text around it, as in a mail, does no harm.
        License = "license file",
        /// The same between BEGIN STATUS LIST and END STATUS LIST: what is revoked or suspended.
        StatusList = "status list",
        /// A JWK Set: the public halves of the issuer's keys, which a product has built in.
        Anchors = "trust anchors",
        /// PKCS#8 in PEM, as openssl reads it, with a passphrase or without.
        KeyFile = "key file",
        /// Its first line counts: UTF-8 without control characters, 1 to 1023 bytes.
        Passphrase = "passphrase file",
        /// TOML: the issuer, the list of new licenses, and the terms where an order says nothing.
        Configuration = "lictor.toml",
        /// An SQLite database: keys, products, licenses, and the log of every event. Copy it with: lictor ledger backup
        Ledger = "ledger.db",
        /// An instant: 2027-01-31T09:00:00Z or with another offset (RFC 3339), or seconds since 1970.
        Time = "TIME",
        /// A day as 2027-01-31, in UTC: it starts at 00:00, and as an end it runs through. Or an instant in RFC 3339.
        Date = "DATE",
        /// Calendar time: 1y, 6mo, 2w, 90d, 12h. A year from 29 February ends on 28 February.
        Span = "SPAN",
        /// A fixed length: 30d, 2w, 12h, 90s, or 0 for none. At most 3650d.
        Duration = "DURATION",
        /// 1 to 64 of the characters a-z 0-9 . _ - without capitals.
        Name = "NAME",
        /// 1 to 200 characters, no control characters among them.
        Text = "TEXT",
        /// A UUID, or its beginning, 8 characters or more; of a license also a serial, or the license file.
        Id = "ID",
        /// https://calls.acme.example, with a port if it is not the usual one. In a license *. in front stands for one label.
        Origin = "ORIGIN",
        /// One line of JSON. A failure is the envelope {"success": false, "code", "error", "details"}. Times are RFC 3339 in UTC.
        Json = "--json",
        /// mode, code, reason, pending, until, nextChange, reasons, effectiveTime, license: all of them always.
        Verdict = "verify --json",
    }
}

impl Format {
    /// The document that says more.
    #[must_use]
    pub const fn document(self) -> &'static str {
        match self {
            Self::License
            | Self::StatusList
            | Self::Anchors
            | Self::Name
            | Self::Text
            | Self::Origin
            | Self::Verdict => "FORMAT.md",
            Self::KeyFile | Self::Passphrase => "CUSTODY.md",
            Self::Configuration
            | Self::Ledger
            | Self::Time
            | Self::Date
            | Self::Span
            | Self::Duration
            | Self::Id => "OPERATING.md",
            Self::Json => "CODES.md",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values;
    use crate::terms::{FromText as _, Span};
    use lictor_shared::{Name, Origin, Seconds};

    /// Whatever of a sentence looks like an example is one that the program reads.
    #[test]
    fn the_examples_are_read() {
        let words = |format: Format| {
            let trimmed = |word: &'static str| word.trim_end_matches(['.', ',', ':']);
            format.meaning().split_whitespace().map(trimmed)
        };
        let dated = |word: &&str| word.starts_with("2027-");
        assert!(words(Format::Time).filter(dated).all(|word| values::time(word).is_ok()));
        assert!(
            words(Format::Date)
                .filter(dated)
                .all(|word| values::start(word).is_ok() && values::end(word).is_ok())
        );
        let counted = |word: &&str| {
            word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(char::is_alphabetic)
        };
        let spans: Vec<&str> = words(Format::Span).filter(counted).collect();
        assert_eq!(spans, ["1y", "6mo", "2w", "90d", "12h"]);
        assert!(spans.iter().all(|span| Span::from_text(span).is_ok()));
        let durations: Vec<&str> = words(Format::Duration).filter(counted).collect();
        assert_eq!(durations, ["30d", "2w", "12h", "90s", "3650d"]);
        assert!(durations.iter().all(|duration| Seconds::from_text(duration).is_ok()));
        assert!(Seconds::from_text("0").is_ok() && Seconds::from_text("3651d").is_err());
        let origin = words(Format::Origin).next().unwrap();
        assert!(Origin::from_url(origin).is_ok());
        assert!(Name::new("a-z0-9._-").is_ok() && Name::new("A").is_err());
    }
}
