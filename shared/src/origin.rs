//! Origins: where a deployment is reached, and which of them a license names.

use alloc::string::String;
use core::fmt;
use serde::{Serialize, Serializer};

use crate::name::{StringError, checked_string};

checked_string! {
    /// The origin of a deployment: scheme, host in lower case, and the port if it is not the scheme's default.
    ///
    /// ```
    /// use lictor_shared::Origin;
    /// let origin = Origin::from_url("HTTPS://Calls.Acme.Example:443/login?next=/#top")?;
    /// assert_eq!(origin.as_str(), "https://calls.acme.example");
    /// # Ok::<(), lictor_shared::StringError>(())
    /// ```
    Origin, Origin, is_origin
}

impl Origin {
    /// Reads an origin as people configure it: it is lower-cased, and its default port, path, query and fragment are
    /// dropped.
    ///
    /// # Errors
    /// [`StringError::Origin`] if what is left is no origin.
    pub fn from_url(url: &str) -> Result<Self, StringError> {
        let lower = url.to_ascii_lowercase();
        let failed = || StringError::Origin(url.into());
        let (scheme, rest) = lower.split_once("://").ok_or_else(failed)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = authority.strip_suffix(default_port(scheme)).unwrap_or(authority);
        Self::new(&alloc::format!("{scheme}://{host}")).map_err(|_| failed())
    }
}

/// An origin as a license names it: [`Origin`], or one with `*.` in front of the host, which stands for exactly one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginPattern(Pattern);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pattern {
    Exactly(Origin),
    /// `one_label_under` is the origin without `*.`.
    OneLabelUnder(Origin),
}

impl OriginPattern {
    /// Reads an origin with or without `*.`.
    ///
    /// # Errors
    /// [`StringError::Origin`] if it is neither.
    pub fn new(text: &str) -> Result<Self, StringError> {
        let failed = |_| StringError::Origin(text.into());
        let Some((scheme, rest)) = text.split_once("://*.") else {
            return Ok(Self(Pattern::Exactly(Origin::new(text)?)));
        };
        let parent = Origin::new(&alloc::format!("{scheme}://{rest}")).map_err(failed)?;
        // An address has no labels to stand in front of.
        if is_address(parent.host()) {
            return Err(StringError::Origin(text.into()));
        }
        Ok(Self(Pattern::OneLabelUnder(parent)))
    }

    /// Whether `origin` is the one named, or has exactly one label where this has `*`.
    #[must_use]
    pub fn matches(&self, origin: &Origin) -> bool {
        match &self.0 {
            Pattern::Exactly(named) => named == origin,
            Pattern::OneLabelUnder(parent) => {
                let ((scheme, rest), (parent_scheme, parent)) = (origin.split(), parent.split());
                scheme == parent_scheme && rest.split_once('.').is_some_and(|(_, under)| under == parent)
            }
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pattern::Exactly(origin) => origin.fmt(f),
            Pattern::OneLabelUnder(parent) => {
                let (scheme, rest) = parent.split();
                write!(f, "{scheme}://*.{rest}")
            }
        }
    }
}

impl core::str::FromStr for OriginPattern {
    type Err = StringError;

    fn from_str(text: &str) -> Result<Self, StringError> {
        Self::new(text)
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Origin {
    /// Scheme, and host with port.
    fn split(&self) -> (&str, &str) {
        self.as_str().split_once("://").unwrap_or_default()
    }

    fn host(&self) -> &str {
        let (_, authority) = self.split();
        authority.split(':').next().unwrap_or(authority)
    }
}

fn default_port(scheme: &str) -> &'static str {
    if scheme == "http" { ":80" } else { ":443" }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme @ ("http" | "https"), authority)) = text.split_once("://") else { return false };
    if authority.ends_with(default_port(scheme)) {
        return false;
    }
    match authority.split_once(':') {
        None => is_host(authority),
        Some((host, port)) => is_host(host) && is_port(port),
    }
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0') && port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    is_address(host) || (is_dns_name(host) && !ends_in_number(host))
}

/// Four decimal numbers without leading zeros.
fn is_address(host: &str) -> bool {
    host.parse::<core::net::Ipv4Addr>().is_ok()
}

/// RFC 1123, section 2.1: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all.
fn is_dns_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// A host whose last label is a number is read as an address by every browser, so it is no DNS name.
fn ends_in_number(host: &str) -> bool {
    host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_a_license_writes_them() {
        for good in [
            "https://a",
            "http://calls.acme.example:8080",
            "https://10.0.0.1",
            "https://xn--bcher-kva.example",
            "http://a:443",
        ] {
            assert!(OriginPattern::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://",
            "acme.example",
            "ftp://acme.example",
            "https://Acme.example",
            "https://acme.example.",
            "https://acme.example:443",
            "http://acme.example:80",
            "https://acme.example:0",
            "https://acme.example:080",
            "https://acme.example:65536",
            "https://acme.example:",
            "https://acme.example/",
            "https://user@acme.example",
            "https://-a.example",
            "https://a..b",
            "https://a_b.example",
            "https://[::1]",
            "https://1.2.3",
            "https://01.2.3.4",
            "https://1.2.3.256",
            "https://*",
            "https://*.*.example",
            "https://a.*.example",
            "https://*.1.2.3.4",
            "https://*a.example",
        ] {
            assert!(OriginPattern::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_star_is_exactly_one_label() {
        let pattern = OriginPattern::new("https://*.acme.example:8443").unwrap();
        let matches = |text: &str| pattern.matches(&Origin::new(text).unwrap());
        assert!(matches("https://eu.acme.example:8443"));
        assert!(!matches("https://acme.example:8443"));
        assert!(!matches("https://a.eu.acme.example:8443"));
        assert!(!matches("https://eu.acme.example"));
        assert!(!matches("http://eu.acme.example:8443"));
        assert!(!matches("https://euacme.example:8443"));
        assert_eq!(alloc::string::ToString::to_string(&pattern), "https://*.acme.example:8443");
    }

    #[test]
    fn a_configured_url_is_cut_to_its_origin() {
        let origin = |url: &str| Origin::from_url(url).map(|origin| String::from(origin.as_str()));
        assert_eq!(origin("HTTP://A.Example:80").as_deref(), Ok("http://a.example"));
        assert_eq!(origin("https://a.example:8443/x/y#z").as_deref(), Ok("https://a.example:8443"));
        assert_eq!(origin("https://a.example?x").as_deref(), Ok("https://a.example"));
        for bad in [
            "not an origin",
            "a.example",
            "https://*.a.example",
            "https://a.example.",
            "https://a b",
            "https:///x",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
