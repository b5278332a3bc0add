//! What the vendor fixes.

use core::fmt::Display;
use lictor_validator::AnchorSet;
use lictor_validator::host::Product;
use lictor_validator::shared::{Name, Origin, Text, Timestamp};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

/// What the vendor fixes of his program. Relative paths begin at the folder of the executable.
///
/// The product must be opened with the same: the program and the product keep one state between them.
#[derive(Clone, Copy, Debug)]
pub struct Vendor<'a> {
    /// The vendor's name, for people.
    pub name: &'a str,
    /// How the vendor is reached, for people; a sentence.
    pub support: &'a str,
    /// The product's name in licenses.
    pub product: &'a str,
    /// Name and version of the product's release, for the issuer: `dialer 7.3`.
    pub program: &'a str,
    /// The environment it runs in.
    pub environment: &'a str,
    /// Its configured public base URL.
    pub origin: Option<&'a str>,
    /// The date of its feature release: a day, or RFC 3339.
    pub built_at: Option<&'a str>,
    /// The issuer's public keys: what `lictor key export` wrote.
    pub anchors: &'a [u8],
    /// The folder of state that the product uses.
    pub state: &'a str,
    /// Files that the product watches: a license that is mounted, a list that a job fetches.
    pub watch: &'a [&'a str],
}

/// The same, read.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) vendor: String,
    pub(crate) support: String,
    pub(crate) product: Product,
    pub(crate) state: PathBuf,
    pub(crate) watch: Vec<PathBuf>,
}

impl Vendor<'_> {
    /// Reads it; `place` says where it stands, should something be wrong with it.
    pub(crate) fn settings(&self, place: &str, folder: &Path) -> Result<Settings, Failure> {
        let wrong = |member: &'static str| move |error: &dyn Display| wrong(place, member, error);
        let product = Product {
            anchors: AnchorSet::read(self.anchors).map_err(|error| wrong("anchors")(&error))?,
            name: Name::new(self.product).map_err(|error| wrong("product")(&error))?,
            environment: Name::new(self.environment).map_err(|error| wrong("environment")(&error))?,
            origin: self.origin.map(Origin::from_url).transpose().map_err(|error| wrong("origin")(&error))?,
            built_at: self
                .built_at
                .map(day_or_instant)
                .transpose()
                .map_err(|error| wrong("builtAt")(&error))?,
            program: Text::new(self.program).map_err(|error| wrong("program")(&error))?,
        };
        let shown = |member, text| Text::new(text).map_err(|error| wrong(member)(&error));
        Ok(Settings {
            vendor: shown("vendor", self.name)?.to_string(),
            support: shown("support", self.support)?.to_string(),
            product,
            state: folder.join(self.state),
            watch: self.watch.iter().map(|file| folder.join(file)).collect(),
        })
    }
}

fn day_or_instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::start_of_day(text).or_else(|_| Timestamp::parse(text)).map_err(|error| error.to_string())
}

fn wrong(place: &str, member: &str, error: &dyn Display) -> Failure {
    Failure::new(
        Kind::CannotRead,
        format!("{place}: {member}: {error}"),
        "this is part of what the vendor delivers; install the product again, or write to its vendor",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: Vendor<'_> = Vendor {
        name: "Acme Software",
        support: "Write to support@acme.example.",
        product: "dialer",
        program: "dialer 7.3",
        environment: "staging",
        origin: Some("https://DIALER.acme.example:443/login"),
        built_at: Some("2026-11-01"),
        anchors: include_bytes!("../../tests/anchors.json"),
        state: "state",
        watch: &["/etc/dialer/acme.lic"],
    };

    #[test]
    fn a_constant_is_read_as_a_file_is() {
        let settings = BUILT_IN.settings("built in", Path::new("/opt/dialer")).unwrap();
        assert_eq!(settings.state, Path::new("/opt/dialer/state"));
        assert_eq!(settings.watch, [Path::new("/etc/dialer/acme.lic")]);
        assert_eq!(settings.product.origin, Origin::from_url("https://dialer.acme.example").ok());
        assert_eq!(settings.product.built_at, Timestamp::parse("2026-11-01T00:00:00Z").ok());
        let instant = Vendor { built_at: Some("2026-11-01T12:00:00Z"), ..BUILT_IN };
        let settings = instant.settings("built in", Path::new("/")).unwrap();
        assert_eq!(settings.product.built_at, Timestamp::parse("2026-11-01T12:00:00Z").ok());
        let failed = Vendor { anchors: b"{}", ..BUILT_IN }.settings("built in", Path::new("/")).unwrap_err();
        assert!(failed.to_string().starts_with("built in: anchors: "), "{failed}");
        assert_eq!(failed.exit_code(), 30);
    }
}
