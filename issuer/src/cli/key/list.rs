//! `lictor key list`.

use clap::Args;
use lictor_keys::KeyRecord;
use lictor_shared::Products;

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::shown;
use super::super::table::Column;
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor key list
  lictor key list --json";

/// Show the signing keys and their states
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {}

impl List {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let ring = ledger.key_ring()?;
        if ring.records().is_empty() && output.form() == Form::Text {
            output.say("There are no keys yet. Make one with: lictor key new");
            return Ok(0);
        }
        let header =
            ["KEY".into(), "STATE".into(), "SIGNS".into(), Column::names("PRODUCTS"), "CREATED".into()];
        output.either(
            || shown::table(header, ring.records().iter().map(row)),
            || ring.records().iter().map(crate::key::to_value).collect::<Vec<_>>().into(),
        )?;
        Ok(0)
    }
}

fn row(key: &KeyRecord) -> [String; 5] {
    let purposes: Vec<&str> = key.purposes.iter().map(|purpose| purpose.as_str()).collect();
    let products = match &key.products {
        Products::Any => "any".to_string(),
        Products::Only(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    [
        key.public.thumbprint().to_string(),
        key.state.to_string(),
        if purposes.len() == 3 { "all".into() } else { purposes.join(" ") },
        products,
        key.created_at.day(),
    ]
}
