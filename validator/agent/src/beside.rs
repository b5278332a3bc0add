//! The vendor's settings in a file beside the executable, under its name: `lictor-agent.toml`, or `dialer-license.toml` for a
//! program that was renamed. No other place is looked at.

use lictor_validator::host::read_file;
use serde::Deserialize;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};
use crate::vendor::{Settings, Vendor};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VendorText {
    vendor: String,
    support: String,
    product: String,
    program: String,
    #[serde(default = "production")]
    environment: String,
    origin: Option<String>,
    built_at: Option<String>,
    anchors: PathBuf,
    state: String,
    #[serde(default)]
    watch: Vec<String>,
}

fn production() -> String {
    "production".into()
}

/// Where this program lies, links followed.
pub(crate) fn executable() -> Result<PathBuf, Failure> {
    let found = std::env::current_exe().and_then(std::fs::canonicalize);
    found.map_err(|error| {
        let message = format!("the folder of this program cannot be told: {error}");
        Failure::new(Kind::CannotRead, message, "run it from where it was installed")
    })
}

/// Reads the settings beside this program.
pub(crate) fn settings() -> Result<Settings, Failure> {
    let path = executable()?.with_extension("toml");
    let folder = path.parent().unwrap_or(Path::new("/"));
    let text = String::from_utf8(read(&path)?).map_err(|error| malformed(&path, &error))?;
    let read_text: VendorText = toml::from_str(&text).map_err(|error| malformed(&path, &error))?;
    let anchors = read(&folder.join(&read_text.anchors))?;
    let watch: Vec<&str> = read_text.watch.iter().map(String::as_str).collect();
    let vendor = Vendor {
        name: &read_text.vendor,
        support: &read_text.support,
        product: &read_text.product,
        program: &read_text.program,
        environment: &read_text.environment,
        origin: read_text.origin.as_deref(),
        built_at: read_text.built_at.as_deref(),
        anchors: &anchors,
        state: &read_text.state,
        watch: &watch,
    };
    vendor.settings(&path.display().to_string(), folder)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_file(path).map_err(|error| {
        Failure::new(
            Kind::CannotRead,
            format!("{} cannot be read: {error}", path.display()),
            "the vendor's settings lie beside the program; install it again, or look at who may read them",
        )
    })
}

fn malformed(path: &Path, error: &dyn core::fmt::Display) -> Failure {
    Failure::new(
        Kind::CannotRead,
        format!("{}: {error}", path.display()),
        "this is part of what the vendor delivers; install the product again, or write to its vendor",
    )
}
