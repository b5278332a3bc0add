//! What every command shares.

use clap::Args;
use lictor_validator::shared::Timestamp;

use crate::output::Form;

/// Options that every command takes. None of them is about whom to trust.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Act as if it were this time, for rehearsals and tests: RFC 3339 or seconds since 1970. Commands that only look then
    /// write nothing
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub(crate) now: Option<Timestamp>,
    /// Write data as JSON
    #[arg(long, global = true)]
    json: bool,
}

impl Globals {
    pub(crate) const fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}
