//! Every command, on licenses and keys in every state: only what OPERATING.md says happens, and all of it does.

mod answers;
mod commands;
mod homes;

use self::answers::{Answers, code_of, documented, written};
use self::commands::{Does, ROWS, Row, can_be_tried};
use self::homes::{KEY_STATES, LICENSE_STATES, UNKNOWN};
use super::world::{Ran, World, copy};
use lictor_shared::Denial;
use std::collections::BTreeMap;

/// With what words a command begins that says something on standard error.
const OPENINGS: &[&str] = &[
    "warning: ",
    "The home ",
    "The key ",
    "The product ",
    "The ledger ",
    "The list ",
    "The file of the key ",
    "The signature holds: ",
    "There are ",
    "There is ",
    "Issued ",
    "Renewed ",
    "Amended ",
    "Suspended ",
    "Reinstated ",
    "Revoked ",
    "Published ",
    "Restored ",
    "Backed up ",
    "Not verified: ",
    "Dry run: ",
    "Wrote ",
    "Exported ",
    "Imported ",
    "No license is due ",
    "LICENSE ",
    "Left out:",
    "The public key is in ",
    "2 public keys are in ",
    "Since the last export, ",
    "It is in ",
    "Revision ",
    "Next: ",
    "Everything is in order.",
    "Granted ",
    "Took back ",
    "Answered ",
    "Released ",
    "Recorded ",
    "No report of use ",
    "Nothing ",
    "Proved: ",
    "Signed ",
    "Hand it ",
    "The verifier key ",
    "The receipt ",
    "Every file ",
    "Erased ",
    "That none ",
    "0 problems",
    "1 problem",
    "2 problems",
];

/// One home, its licenses by their states, and what happened there.
struct Cells<'a> {
    keys: &'a str,
    world: World,
    ids: BTreeMap<&'a str, [String; 2]>,
    answers: Answers,
    ran: usize,
    wrong: Vec<String>,
}

#[test]
fn only_documented_answers_and_all_of_them() {
    let other = homes::other();
    let cells: Vec<Cells<'_>> = std::thread::scope(|scope| {
        let walks: Vec<_> =
            KEY_STATES.iter().map(|(keys, make)| scope.spawn(|| walk(keys, *make, &other))).collect();
        walks.into_iter().map(|walk| walk.join().expect("a walk over one home")).collect()
    });
    let mut happened = Answers::new();
    for (command, exits) in cells.iter().flat_map(|cells| &cells.answers) {
        happened.entry(command.clone()).or_default().extend(exits);
    }
    let wrong: Vec<&String> = cells.iter().flat_map(|cells| &cells.wrong).collect();
    let ran: usize = cells.iter().map(|cells| cells.ran).sum();
    println!("{ran} runs");
    assert!(wrong.is_empty(), "{} of {ran} runs are not as promised:\n{wrong:#?}", wrong.len());
    assert!(
        happened == documented(),
        "what happens and the table in OPERATING.md differ; this happens:\n{}\nand this is documented:\n{}",
        written(&happened),
        written(&documented())
    );
}

fn walk<'a>(keys: &'a str, make: fn(&World), other: &World) -> Cells<'a> {
    let world = World::empty(&format!("matrix {keys}"));
    homes::make(&world, make, other);
    let ids = LICENSE_STATES.iter().map(|(state, _)| (*state, ids_of(&world, state))).collect();
    let mut cells = Cells { keys, world, ids, answers: Answers::new(), ran: 0, wrong: Vec::new() };
    for row in ROWS {
        for given in row.given {
            // A command that names no license meets them all at once.
            let names_one = ["{id}", "{whole}", "{file}", "{asks}"].iter().any(|word| given.contains(word));
            let states = if names_one { LICENSE_STATES } else { &LICENSE_STATES[..1] };
            states.iter().for_each(|(state, _)| cells.run(row, given, state));
        }
    }
    cells
}

/// How the license in this state is named, and its id in full. That of a superseded revision is named by its serial.
fn ids_of(world: &World, state: &str) -> [String; 2] {
    let file = format!("{state}.lic");
    if !world.path(&file).exists() {
        return [UNKNOWN.into(), UNKNOWN.into()];
    }
    let claims = world.run(&["license", "inspect", &file, "--json"]).json();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    // Whatever else inspect shows, the claims are in it.
    let claims = if claims["claims"].is_object() { &claims["claims"] } else { &claims };
    let id = text(&claims["license"]["id"]);
    let named = if state == "superseded" { text(&claims["jti"]) } else { id.clone() };
    [named, id]
}

impl Cells<'_> {
    /// Runs one command in all its forms.
    fn run(&mut self, row: &Row, given: &str, state: &str) {
        let [named, whole] = &self.ids[state];
        let file = if state == "unknown" { "absent.lic".to_owned() } else { format!("{state}.lic") };
        let given = given.replace("{id}", named).replace("{whole}", whole).replace("{file}", &file);
        let given = given.replace("{asks}", &format!("{state}.request"));
        let named = ["kid", "seat", "both"].iter();
        let given =
            named.fold(given, |given, name| given.replace(&format!("{{{name}}}"), &self.world.read(name)));
        let line: Vec<&str> = row.command.split(' ').chain(given.split_whitespace()).collect();
        let json = [&line[..], &["--json"]].concat();
        let mut forms = vec![(line.clone(), Form::Text, row.does), (json.clone(), Form::Json, row.does)];
        if can_be_tried(row.command) {
            forms.push(([&json[..], &["--dry-run"]].concat(), Form::Json, Does::Reads));
        }
        let mut exits = Vec::new();
        for (arguments, form, does) in forms {
            let (ran, untouched) = self.run_one(&arguments, does);
            let what = format!("lictor {} (keys: {}; license: {state})", arguments.join(" "), self.keys);
            let touched = does != Does::Writes && !untouched;
            let told = if touched { Err("the home was changed") } else { judge(&ran, row, form) };
            self.wrong.extend(told.err().map(|why| format!("{what}: {why}: {ran:?}")));
            exits.push(ran.exit.unwrap_or_default());
        }
        if exits[0] != exits[1] {
            self.wrong.push(format!("lictor {}: text and JSON end differently: {exits:?}", line.join(" ")));
        }
        self.ran += exits.len();
        self.answers.entry(row.command.into()).or_default().extend(&exits);
    }

    /// Runs a command, in a copy of the world if it writes something, and whether the home was left as it was.
    fn run_one(&self, arguments: &[&str], does: Does) -> (Ran, bool) {
        let run = |world: &World| {
            let home = || world.path("home").exists().then(|| world.home());
            let before = home();
            let ran = world.run(arguments);
            (ran, before == home())
        };
        if does == Does::Reads {
            return run(&self.world);
        }
        let cell = World::empty("matrix cell");
        copy(&self.world.path(""), &cell.path(""));
        run(&cell)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

/// Whatever happens, it is said in the forms that were promised; or what is not.
fn judge(ran: &Ran, row: &Row, form: Form) -> Result<(), &'static str> {
    let exit = ran.exit.ok_or("it ended by a signal")?;
    let must = |holds: bool, why| if holds { Ok(()) } else { Err(why) };
    must(exit != 1 && !ran.words.contains("panicked"), "a fault of the program")?;
    let is_verdict = row.command == "verify" && (10..=13).contains(&exit);
    let is_report =
        row.command == "doctor" && !ran.data.is_empty() && !ran.data.contains("\"success\":false");
    if exit == 0 || is_verdict || is_report {
        must(ran.words.is_empty() || opens(ran), "it opens with other words than those in OPENINGS")?;
        return match (form, row.command) {
            // Scripts and pages are what they are in any form, and an export has its own.
            (Form::Text, _) | (Form::Json, "completions" | "help") => Ok(()),
            (Form::Json, "license export") => judge_lines(ran),
            // A line for each answer; a dry run is one.
            (Form::Json, "activation grant") => judge_lines(ran),
            (Form::Json, _) => judge_json(ran, |data| data["success"] != false),
        };
    }
    // What is denied to a deployment is data, and so is what is given beside it.
    if row.command == "activation grant" && is_denial(&last_line(ran)) {
        must(ran.words.contains("error: denied to "), "a denial says so")?;
        return must(last_line(ran)["code"] == code_of(exit), "an envelope with another code");
    }
    // A plan may be shown before, and a warning said.
    let says_so = ran.words.starts_with("error: ") || (opens(ran) && ran.words.contains("\nerror: "));
    must(says_so, "a failure says error")?;
    // A line that is not understood, and verify without a verdict, leave standard output empty.
    if form == Form::Text || row.command == "verify" || (exit == 2 && ran.data.is_empty()) {
        return must(ran.data.is_empty(), "data beside a failure");
    }
    judge_json(ran, |data| data["success"] == false && data["code"] == code_of(exit))
}

/// Whether it is the envelope of a denial.
fn is_denial(envelope: &serde_json::Value) -> bool {
    let reason = &envelope["details"]["reason"];
    envelope["success"] == false && Denial::ALL.iter().any(|denial| *reason == denial.as_str())
}

/// The last line of the data, if it is JSON.
fn last_line(ran: &Ran) -> serde_json::Value {
    ran.data.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default()
}

fn opens(ran: &Ran) -> bool {
    OPENINGS.iter().any(|words| ran.words.starts_with(words))
}

fn judge_lines(ran: &Ran) -> Result<(), &'static str> {
    let is_json = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    if ran.data.lines().all(is_json) { Ok(()) } else { Err("a line of standard output is not JSON") }
}

fn judge_json(ran: &Ran, is_right: impl FnOnce(&serde_json::Value) -> bool) -> Result<(), &'static str> {
    let data = serde_json::from_str(&ran.data).map_err(|_| "standard output is not JSON")?;
    if is_right(&data) { Ok(()) } else { Err("JSON of another form") }
}
