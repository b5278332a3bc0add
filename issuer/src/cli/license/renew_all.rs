//! `lictor license renew --expiring-within`: the plan, the confirmation, and what is handed out.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{Name, Purpose, SeatLimit, Text, Timestamp, Uuid};
use std::path::{Path, PathBuf};

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::prompt::{Needed, Prompts};
use super::super::shown;
use super::super::table::Column;
use super::super::values;
use super::super::writing;
use super::renew::Renew;
use crate::durable;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::licenses;
use crate::occasion::Intent;
use crate::outcome::{DryRun, Outcome as _};
use crate::renewals::{Due, Expiring, RenewalPlan, Renewals, Skipped, WhySkipped, plan_renewals, renew_all};
use crate::terms::Span;

/// A license has about as many bytes.
const LICENSE_BYTES: usize = 4096;

const HEADING: &str = "Several at once";

/// What says by itself which licenses are meant.
const NOT_EXPIRING: [&str; 3] = ["id", "from", "template"];

/// Which licenses are renewed together, and how that is confirmed.
#[derive(Args, Debug)]
pub(super) struct Several {
    /// Every license that expires within this time, instead of one
    #[arg(long, value_name = "SPAN", value_parser = values::term::<Span>, help_heading = HEADING)]
    expiring_within: Option<Span>,
    /// Only those of this customer: the id or the whole name
    #[arg(long, value_name = "CUSTOMER", conflicts_with_all = NOT_EXPIRING, help_heading = HEADING)]
    customer: Option<Text>,
    /// Only those for this product
    #[arg(long, value_name = "NAME", conflicts_with_all = NOT_EXPIRING, help_heading = HEADING)]
    product: Option<Name>,
    /// Their number, as the plan says it [default: asked at the terminal]
    #[arg(long, value_name = "COUNT", conflicts_with_all = NOT_EXPIRING, value_parser = values::integer, help_heading = HEADING)]
    confirm: Option<u64>,
    /// Write them to standard output, one JSON object on each line, the token in it
    #[arg(long, conflicts_with_all = ["id", "out"], help_heading = HEADING)]
    pub(super) jsonl: bool,
    /// Renewals as comma-separated values, a row each under a row of column names; the other options hold for every row that leaves their column empty
    #[arg(long, value_name = "CSV", conflicts_with = "request_id", help_heading = HEADING)]
    pub(super) from: Option<PathBuf>,
    /// Write such a file with every column and two rows to begin with, and say what each column is
    #[arg(long, conflicts_with_all = ["jsonl", "request_id", "dry_run", "out"], help_heading = HEADING)]
    pub(super) template: bool,
}

impl Renew {
    pub(super) fn run_several(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let (renewal, occasion) = (self.renewal()?, globals.occasion_of(&self.writing)?);
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return self.hand_out_all(&answer, (&home, &ledger), output);
        }
        let is_tried = occasion.intent == Intent::DryRun;
        if !is_tried && self.out.path().is_none() && !self.several.jsonl && output.form() == Form::Text {
            return Err(Failure::new(FailureKind::Usage, "where shall the renewed licenses go?")
                .hint("give --out FOLDER for a file each, or --jsonl for standard output"));
        }
        let expiring = self.several.expiring(occasion.at)?;
        let plan = plan_renewals(&home, &ledger, &expiring, &renewal, &occasion)?;
        show(&plan, &expiring, output);
        if !is_tried {
            self.refuse_taken(&plan, &home)?;
            self.several.confirmed(plan.due.len(), globals.prompts(), output)?;
        }
        if plan.due.is_empty() && is_tried {
            return writing::tell(&DryRun::default(), output, |_| {});
        }
        if plan.due.is_empty() {
            writing::say_not_remembered(&occasion, output);
            let nothing = Value::object([("renewed", Value::Array(Vec::new()))]);
            return self.hand_out_all(&nothing, (&home, &ledger), output);
        }
        if !is_tried {
            self.can_be_written(&plan)?;
        }
        // One key signs all of them; where their products need several, that is said before anything is signed.
        let products = plan.due.first().map(|due| due.products.as_slice()).unwrap_or_default();
        let prompts = globals.prompts();
        let signer = self.passphrase.product_signer(
            &home,
            &ledger,
            (Purpose::License, products),
            &occasion,
            prompts,
        )?;
        let occasion = globals.after_asking(occasion)?;
        let made = renew_all(&home, &mut ledger, &*signer, (&expiring, &plan), &renewal, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| say(&made, output));
        }
        say(&made, output);
        self.hand_out_all(&made.answer(), (&home, &ledger), output).map_err(|failure| {
            failure.hint("all of them are renewed; write one again with: lictor license show ID --out FILE")
        })
    }

    /// Refuses files whose names are taken, before anybody is asked.
    fn refuse_taken(&self, plan: &RenewalPlan, home: &Home) -> Result<(), Failure> {
        let Some(folder) = self.out.path() else { return Ok(()) };
        plan.due.iter().try_for_each(|due| self.out.allows(&file(folder, &due.license.to_string()), home))
    }

    /// Makes the folder, and makes sure that there is room in it, before anything is signed.
    fn can_be_written(&self, plan: &RenewalPlan) -> Result<(), Failure> {
        let (Some(folder), Some(first)) = (self.out.path(), plan.due.first()) else { return Ok(()) };
        durable::create_folders(folder)?;
        durable::probe(
            &file(folder, &first.license.to_string()),
            plan.due.len().saturating_mul(LICENSE_BYTES),
        )
    }

    /// Hands out what was signed: the tokens are read in the ledger, so it is the same however often it is asked for.
    fn hand_out_all(
        &self,
        answer: &Value,
        (home, ledger): (&Home, &Ledger),
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let renewed = answer.as_object().and_then(|answer| answer.get("renewed")).and_then(Value::as_array);
        let mut shown = Vec::new();
        for one in renewed.unwrap_or_default() {
            let given = self.hand_out_one(one, home, ledger)?;
            match (self.several.jsonl, output.form()) {
                (true, _) => output.data(&given)?,
                (false, Form::Text) => output.raw(&format!("{}\n", writing::text(&given, "file")))?,
                (false, Form::Json) => shown.push(given),
            }
        }
        if !self.several.jsonl && output.form() == Form::Json {
            output.data(writing::with(answer, "renewed", shown))?;
        }
        Ok(0)
    }

    fn hand_out_one(&self, one: &Value, home: &Home, ledger: &Ledger) -> Result<Value, Failure> {
        let serial = writing::text(one, "serial");
        let serial = Uuid::new(serial).map_err(|error| {
            let message = format!("The ledger is damaged: {serial:?} is no serial ({error}).");
            Failure::new(FailureKind::Ledger, message)
        })?;
        let signed = licenses::signed(ledger, serial)?;
        let given = writing::with(one, "token", signed.token.as_str());
        let Some(folder) = self.out.path() else { return Ok(writing::with(&given, "file", Value::Null)) };
        let path = file(folder, writing::text(one, "id"));
        self.out.write_as(&path, home, signed.armored().as_bytes())?;
        Ok(writing::with(&given, "file", path.display().to_string()))
    }
}

impl Several {
    fn expiring(&self, at: Timestamp) -> Result<Expiring, Failure> {
        let within = self.expiring_within.and_then(|span| span.after(at)).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "--expiring-within reaches beyond the year 9999")
        })?;
        Ok(Expiring { until: within, customer: self.customer.clone(), product: self.product.clone() })
    }

    /// Compares the number of licenses with the one that was confirmed, or asks for it.
    fn confirmed(&self, due: usize, prompts: Prompts, output: &mut Output) -> Result<(), Failure> {
        let told = match self.confirm {
            Some(count) => count.to_string(),
            None if due == 0 => return Ok(()),
            None => ask(due, prompts, output)?,
        };
        if told.trim() == due.to_string() {
            return Ok(());
        }
        let message =
            format!("{:?} is not the number of licenses in the plan; none was renewed", told.trim());
        Err(Failure::new(FailureKind::Usage, message).hint(format!("give --confirm {due}")))
    }
}

fn say(made: &Renewals, output: &mut Output) {
    output.say(format_args!("Renewed {}.", counted(made.renewed.len())));
    for renewed in &made.renewed {
        for warning in &renewed.warnings {
            output.warn(format_args!("{}: {warning}", renewed.license));
        }
    }
    if made.renewed.iter().any(|renewed| !renewed.revoked.is_empty()) {
        output.say("Revoked what was before them.");
        output.say("Next: lictor status publish, and bring the list to the deployments");
    }
}

/// Asks for the number at the terminal; where nobody may be asked, names the option.
fn ask(due: usize, prompts: Prompts, output: &mut Output) -> Result<String, Failure> {
    let needed = Needed {
        sentence: "renewing several licenses must be confirmed",
        instead: format!("give --confirm {due}"),
    };
    let explanation = format!("This renews {}.", counted(due));
    prompts.line(&needed, explanation, "Type the number of licenses to confirm:", output)
}

fn file(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.lic"))
}

fn counted(licenses: usize) -> String {
    if licenses == 1 { "1 license".into() } else { format!("{licenses} licenses") }
}

fn show(plan: &RenewalPlan, expiring: &Expiring, output: &mut Output) {
    if !plan.due.is_empty() {
        let header = [
            "LICENSE".into(),
            Column::names("CUSTOMER"),
            Column::names("PLAN"),
            "ENDS".into(),
            "THEN".into(),
            "SEATS".into(),
        ];
        output.say(shown::table(header, plan.due.iter().map(row)).trim_end());
    }
    let listed = |skipped: &&Skipped| skipped.why != WhySkipped::Perpetual;
    if plan.skipped.iter().any(|skipped| listed(&skipped)) {
        let rows = plan.skipped.iter().filter(listed).map(skipped_row);
        output.say("Left out:");
        output.say(
            shown::table(["LICENSE".into(), Column::names("CUSTOMER"), Column::prose("WHY")], rows)
                .trim_end(),
        );
    }
    let perpetual = plan.skipped.len() - plan.skipped.iter().filter(listed).count();
    if perpetual > 0 {
        output.say(format_args!("Left out as well, since they never expire: {}.", counted(perpetual)));
    }
    output.say(match plan.due.len() {
        0 => format!("No license is due that expires until {}.", expiring.until),
        due => format!("To be renewed: {}.", counted(due)),
    });
}

/// As much of an id as names a license: the rest would not fit beside the other columns.
fn named(id: Uuid) -> String {
    id.to_string().chars().take(23).collect()
}

fn row(due: &Due) -> [String; 6] {
    let day = |at: Option<Timestamp>| at.map_or_else(|| "never".into(), Timestamp::day);
    let seats = match due.seats {
        SeatLimit::Unlimited => "any".into(),
        SeatLimit::AtMost(seats) => seats.to_string(),
    };
    let customer = shown::foreign(due.customer.as_str());
    [named(due.license), customer, due.plan.to_string(), day(due.old_end), day(due.new_end), seats]
}

fn skipped_row(skipped: &Skipped) -> [String; 3] {
    let why = match skipped.why {
        WhySkipped::Perpetual => "never expires".into(),
        WhySkipped::Revoked => "revoked".into(),
        WhySkipped::Suspended => "suspended".into(),
        WhySkipped::RenewedUntil(end) => format!("renewed already, until {}", end.day()),
        WhySkipped::Expired(end) => format!("expired already, on {}", end.day()),
    };
    [named(skipped.license), shown::foreign(skipped.customer.as_str()), why]
}
