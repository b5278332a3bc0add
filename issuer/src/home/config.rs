//! `lictor.toml`.

use core::num::NonZeroU64;
use lictor_shared::{Seconds, Text, Uri};
use serde::Deserialize;
use serde::de::Error as _;
use std::path::Path;

use crate::error::{Failure, FailureKind, FieldErrors};
use crate::terms::{Read, Terms};

/// Seven days: after which time a newer status list should be out, if `lictor.toml` does not say otherwise.
const STATUS_TTL: Option<Seconds> = Seconds::new(7 * 86_400);

/// Events between checkpoints that are signed by themselves, if `lictor.toml` does not say otherwise.
const CHECKPOINT_EVERY: u64 = 1000;

/// What `lictor.toml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The issuer's name (`iss`).
    pub issuer: Text,
    /// The status list that new licenses refer to.
    pub status_uri: Uri,
    /// After which time a newer status list should be out.
    pub status_ttl: Seconds,
    /// Terms where neither order nor product say otherwise.
    pub defaults: Terms,
    /// After how many events a checkpoint of the log is signed without being asked for; `None`: never.
    pub checkpoint_every: Option<NonZeroU64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConfigText {
    #[serde(deserialize_with = "text")]
    issuer: Text,
    #[serde(deserialize_with = "uri")]
    status_uri: Uri,
    status_ttl: Option<Read<Seconds>>,
    #[serde(default)]
    defaults: Terms,
    #[serde(default)]
    audit: AuditText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct AuditText {
    checkpoint_every: u64,
}

impl Default for AuditText {
    fn default() -> Self {
        Self { checkpoint_every: CHECKPOINT_EVERY }
    }
}

/// Where the status URI stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusUriText {
    status_uri: toml::Spanned<toml::Value>,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    Text::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn uri<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Uri, D::Error> {
    Uri::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl Config {
    pub(super) fn read(path: &Path, text: &str) -> Result<Self, Failure> {
        let read: ConfigText = toml::from_str(text).map_err(|error| malformed(path, text, error))?;
        let config = Self {
            issuer: read.issuer,
            status_uri: read.status_uri,
            status_ttl: read.status_ttl.map(|Read(ttl)| ttl).or(STATUS_TTL).unwrap_or(Seconds::ZERO),
            defaults: read.defaults,
            checkpoint_every: NonZeroU64::new(read.audit.checkpoint_every),
        };
        config.check(path)?;
        Ok(config)
    }

    /// The text with another status URI: its value is exchanged where it stands, comments and all else stay.
    pub(super) fn with_status_uri(path: &Path, text: &str, uri: &Uri) -> Result<String, Failure> {
        let read: StatusUriText = toml::from_str(text).map_err(|error| malformed(path, text, error))?;
        let mut text = text.to_owned();
        let value = toml::Value::String(uri.as_str().into());
        text.replace_range(read.status_uri.span(), &value.to_string());
        Ok(text)
    }

    fn check(&self, path: &Path) -> Result<(), Failure> {
        let mut errors = FieldErrors::default();
        if self.status_ttl == Seconds::ZERO {
            errors.add("statusTtl", "at least a second");
        }
        self.defaults.check(&mut errors);
        errors.into_result().map_err(|mut failure| {
            failure.kind = FailureKind::CannotRead;
            failure.message = format!("{}: {}", path.display(), failure.message);
            failure
        })
    }

    /// The file of a new home: what is set, and what could be.
    pub(super) fn template(issuer: &Text, status_uri: &Uri) -> String {
        // A TOML string is written by the TOML writer.
        let [issuer, uri] =
            [issuer.as_str(), status_uri.as_str()].map(|text| toml::Value::String(text.into()));
        format!(
            r#"# Who issues. Signed into every license, so it stays as it is.
issuer = {issuer}

# The status list that new licenses refer to: a name that deployments match, never a place that they contact.
# Where it is full, URI.2 is opened by itself, then URI.3. `lictor ledger restore` sets a new one.
statusUri = {uri}

# After which time a newer status list should be out.
# statusTtl = "7d"

# The log of everything that is done here.
[audit]
# After so many events a checkpoint is signed by itself, if its key opens without asking. 0: never.
# checkpointEvery = 1000

# Terms of licenses where neither the order nor the product say otherwise. These are the built-in ones.
[defaults]
# warn = "30d"
# grace = "14d"
# revocationGrace = "14d"
# statusGrace = "14d"
# activationGrace = "14d"
# maintenanceGrace = "30d"
# maxStatusAge = "45d"        # or "never"
# maintenance = "unlimited"   # or a span as "1y"
# seats = "unlimited"         # or a number
# overage = 0
# activation = "optional"     # or "required"
# environments = ["production"]
"#
        )
    }
}

fn malformed(path: &Path, text: &str, error: toml::de::Error) -> Failure {
    let mut message = path.display().to_string();
    if let Some((line, column)) = error.span().and_then(|span| place(text, span.start)) {
        message.push_str(&format!(", line {line}, column {column}"));
    }
    message.push_str(&format!(": {}.", error.message().trim().trim_end_matches('.').replace('\n', " ")));
    Failure::new(FailureKind::CannotRead, message)
        .hint("Mend the line; what can stand in the file is told in OPERATING.md, \"The home\".")
        .with("path", path.display().to_string())
        .because(error)
}

/// Line and column, from 1, of a byte offset.
fn place(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.get(..offset)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some((line, column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lictor_shared::{Name, SeatLimit};

    fn read(text: &str) -> Result<Config, Failure> {
        Config::read(Path::new("/home/a b/lictor.toml"), text)
    }

    #[test]
    fn the_template_reads_back() {
        let (issuer, uri) =
            (Text::new("Acme \"X\" \\ 株").unwrap(), Uri::new("https://a.example/'0'").unwrap());
        let template = Config::template(&issuer, &uri);
        let config = read(&template).unwrap();
        assert_eq!((config.issuer.clone(), config.status_uri.clone()), (issuer, uri));
        assert_eq!(config.status_ttl, Seconds::new(604_800).unwrap());
        assert_eq!(config.defaults, Terms::default());
        // With every default uncommented it says what is built in.
        let spoken = template.replace("\n# ", "\n").replace("Who issues", "# ").replace("The status", "# ");
        let spoken: String = spoken
            .lines()
            .filter(|line| line.contains(" = ") || line.starts_with('['))
            .fold(String::new(), |text, line| text + line + "\n");
        let said = read(&spoken).unwrap();
        assert_eq!(said.defaults.over(&Terms::default()), Terms { features: None, ..Terms::built_in() });
        assert_eq!(said.status_ttl, config.status_ttl);
        assert_eq!(
            (said.checkpoint_every, config.checkpoint_every),
            (NonZeroU64::new(1000), NonZeroU64::new(1000))
        );
    }

    #[test]
    fn another_status_uri_leaves_the_rest_as_it_is() {
        let uri = Uri::new("urn:acme:status:'1'").unwrap();
        let path = Path::new("lictor.toml");
        for (before, after) in [
            ("# a:b\nissuer = \"é\"\nstatusUri =  'a:b' # a:b\n[defaults]\n", 2),
            ("\"statusUri\" = \"a:b\"\r\nissuer = \"acme\"\r\n", 0),
        ] {
            let text = Config::with_status_uri(path, before, &uri).unwrap();
            assert_eq!(read(&text).unwrap().status_uri, uri);
            for (number, (was, is)) in before.lines().zip(text.lines()).enumerate() {
                assert_eq!(was == is, number != after, "{is}");
            }
            assert!(text.ends_with(before.rsplit("a:b").next().unwrap()), "{text}");
        }
    }

    #[test]
    fn defaults_are_read() {
        let config = read(
            "issuer = \"acme\"\nstatusUri = \"a:b\"\nstatusTtl = \"1d\"\n[defaults]\nseats = 5\n[defaults.limits]\nagents = 250\nrecordings = \"unlimited\"\n",
        )
        .unwrap();
        assert_eq!(config.defaults.seats, Some(SeatLimit::AtMost(5)));
        let limits = config.defaults.limits.unwrap();
        assert_eq!(limits.len(), 2);
        assert!(limits.contains_key(&Name::new("agents").unwrap()));
        assert_eq!(config.status_ttl, Seconds::new(86_400).unwrap());
        let never = read("issuer = \"acme\"\nstatusUri = \"a:b\"\n[audit]\ncheckpointEvery = 0\n").unwrap();
        assert_eq!(never.checkpoint_every, None);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let good = "issuer = \"acme\"\nstatusUri = \"a:b\"\n";
        for (text, why) in [
            ("issuer = \"acme\"\nstatusUri = \"nothing\"\n".to_owned(), "line 2, column 13"),
            (format!("{good}colour = 1\n"), "line 3, column 1"),
            (format!("{good}[defaults]\nwarn = \"1M\"\n"), "line 4, column 8"),
            (format!("{good}[defaults]\nwarn = \"1M\"\n"), "for months write mo"),
            (format!("{good}[defaults]\nseats = 0\n"), "nobody"),
            (format!("{good}[defaults]\nrevocationGrace = \"400d\"\n"), "revocationGrace"),
            (format!("{good}statusTtl = \"0\"\n"), "at least a second"),
            (format!("{good}x\n"), "line 3"),
            (format!("{good}[audit]\ncheckpoint = 5\n"), "checkpointEvery"),
            (format!("{good}[audit]\ncheckpointEvery = -1\n"), "line 4, column 19"),
            ("issuer = \"acme\"\n".to_owned(), "statusUri"),
        ] {
            let failure = read(&text).unwrap_err();
            assert_eq!(failure.kind, FailureKind::CannotRead);
            assert!(failure.message.contains(why), "{}", failure.message);
            assert!(failure.message.starts_with("/home/a b/lictor.toml"), "{}", failure.message);
        }
    }
}
