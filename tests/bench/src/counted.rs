//! Instructions and allocations, which repeat where times do not: what some calls more cost a process that valgrind watches.

use lictor_validator::check;
use std::error::Error;
use std::hint::black_box;
use std::process::Command;

use crate::hot::{self, Clock};
use crate::sample::{Sample, context};
use crate::table::Table;

/// The argument that makes this program do nothing but repeat something.
pub(crate) const REPEAT: &str = "repeat";

const FEW: u64 = 10;
const MANY: u64 = 110;

const COUNTED: [(&str, &str); 3] = [
    ("cold", "license to verdict, anchors as read"),
    ("tables", "license to verdict, anchors with tables"),
    ("hot", "the guard's verdict, the host's clock"),
];

pub(crate) fn rows(table: &Table) -> Result<(), Box<dyn Error>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        table.fact("instructions and allocations", "", "not counted", "install valgrind");
        return Ok(());
    }
    for (name, what) in COUNTED {
        let instructions = more(name, "callgrind", "Collected :")?;
        let allocations = more(name, "memcheck", "total heap usage:")?;
        let of = "one call";
        table.fact(
            what,
            of,
            &format!("{instructions:.0} instructions"),
            &format!("{allocations:.0} allocations"),
        );
    }
    Ok(())
}

/// Repeats one of them so many times.
pub(crate) fn repeat(name: &str, times: u64) -> Result<(), Box<dyn Error>> {
    let (sample, context) = (Sample::new()?, context()?);
    let (guard, _folder) = hot::guard(Clock::Still)?;
    let anchors =
        if name == "tables" { sample.anchors.clone().with_tables() } else { sample.anchors.clone() };
    for _ in 0..times {
        match name {
            "hot" => hot::ask(&guard),
            _ => drop(black_box(check(black_box(sample.token.as_bytes()), &anchors, &context))),
        }
    }
    Ok(())
}

/// What each of the calls by which the two processes differ costs.
fn more(name: &str, tool: &str, line: &str) -> Result<f64, Box<dyn Error>> {
    let (few, many) = (watched(name, FEW, tool, line)?, watched(name, MANY, tool, line)?);
    Ok((many - few) / (MANY - FEW) as f64)
}

/// The number that the tool says in this line.
fn watched(name: &str, times: u64, tool: &str, line: &str) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new("valgrind");
    command.arg(format!("--tool={tool}"));
    if tool == "callgrind" {
        command.arg("--callgrind-out-file=/dev/null");
    }
    let output = command.arg(std::env::current_exe()?).args([REPEAT, name, &times.to_string()]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let found = said.lines().find_map(|said| said.split_once(line)).map(|(_, numbers)| numbers.trim());
    let number = found.and_then(|numbers| numbers.split(' ').next()).ok_or_else(|| said.to_string())?;
    Ok(number.replace(',', "").parse()?)
}
