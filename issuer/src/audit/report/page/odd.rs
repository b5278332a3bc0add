//! What is odd, who is silent, what was denied.

use lictor_shared::{Timestamp, documents};

use super::super::markup::Markup;
use super::super::{Licensed, Report, Top};
use super::{counted, grouped, table};
use crate::activation::DeploymentRecord;
use crate::audit::{Oddity, OddityKind};

/// A label that is not there any more.
const ERASED: &str = "(erased)";

pub(super) fn oddities(report: &Report, page: &mut Markup) {
    if report.reports > 0 {
        let verb = if report.reports == 1 { "was" } else { "were" };
        let brought = format!(
            "{} of use {verb} brought. What was odd about them is here as well; a gap that was filled later is closed.",
            counted(report.reports, "report")
        );
        page.leaf("p", &[], &brought);
    }
    if report.oddities.is_empty() {
        page.leaf("p", &[], "Nothing is odd.");
        return;
    }
    page.leaf("p", &[], "Nothing was done about any of it: a customer who restores a backup is no thief. It is here so that somebody looks. The numbers name the events of the log that show it.");
    let kinds = OddityKind::all().filter_map(|kind| {
        let times = report.oddities.get(&kind)?.total();
        Some([kind.as_str().to_owned(), grouped(times), kind.meaning().to_owned()])
    });
    let columns = [table::word("Kind"), table::number("Found"), table::word("Meaning")];
    table::plain(page, ("", "What was found"), &columns, kinds);
    let columns =
        [table::word("What happened"), table::who("Customer and license"), table::who("Deployment")];
    table::stacked(page, "The gravest kind first, of each the last", &columns, |body| {
        for (licensed, oddity) in report.oddities.values().flat_map(Top::rows) {
            odd(body, licensed, oddity, columns);
        }
    });
    let left_out = report.oddities.values().map(Top::left_out).sum();
    table::left_out(page, left_out, "anomalies.csv");
}

fn odd(body: &mut Markup, licensed: &Licensed, oddity: &Oddity, columns: [table::Column; 3]) {
    let [what, whose, deployment] = columns;
    body.element("tr", &[], |tr| {
        table::cell(tr, what, |cell| {
            cell.leaf("strong", &[], oddity.kind.as_str());
            cell.leaf("div", &[], &oddity.explanation());
            cell.leaf("div", &[("class", "quiet")], &oddity.evidence());
        });
        table::cell(tr, whose, |cell| table::whose(cell, licensed));
        table::cell(tr, deployment, |cell| match oddity.deployment {
            None => cell.text("the whole license"),
            Some(id) => {
                let label = oddity.label.as_deref();
                cell.element("div", &[], |line| line.foreign(label.unwrap_or(ERASED)));
                cell.leaf("code", &[], &id.to_string());
            }
        });
    });
}

pub(super) fn silent(report: &Report, page: &mut Markup) {
    let silence = report.silence();
    if report.silent.total() == 0 {
        page.leaf(
            "p",
            &[],
            &format!("Every deployment that has a seat was heard of within the last {silence}."),
        );
        return;
    }
    let words = format!(
        "{} a seat and {} heard of for more than {silence}. Ask the customer whether it still runs; a seat of a server that is gone can be given back for it.",
        if report.silent.total() == 1 {
            "1 deployment has".into()
        } else {
            format!("{} have", counted(report.silent.total(), "deployment"))
        },
        if report.silent.total() == 1 { "was not" } else { "were not" }
    );
    page.leaf("p", &[], &words);
    let columns = [
        table::day("Last heard of"),
        table::who("Deployment"),
        table::number("Seat"),
        table::who("Customer and license"),
        table::day("Lease until"),
    ];
    table::stacked(page, "The longest silence first", &columns, |body| {
        for (licensed, deployment, heard) in report.silent.rows() {
            quiet(body, licensed, (deployment, *heard), columns);
        }
    });
    table::left_out(page, report.silent.left_out(), "deployments.csv");
}

fn quiet(
    body: &mut Markup,
    licensed: &Licensed,
    (deployment, heard): (&DeploymentRecord, Timestamp),
    columns: [table::Column; 5],
) {
    let [last, who, seat, whose, lease] = columns;
    body.element("tr", &[], |tr| {
        table::cell(tr, last, |cell| cell.text(&heard.day()));
        table::cell(tr, who, |cell| {
            cell.element("div", &[], |line| line.foreign(deployment.label.as_str()));
            cell.leaf("code", &[], &deployment.id.to_string());
        });
        table::cell(tr, seat, |cell| cell.text(&deployment.seat.map(grouped).unwrap_or_default()));
        table::cell(tr, whose, |cell| table::whose(cell, licensed));
        table::cell(tr, lease, |cell| {
            cell.text(&deployment.lease_end.map_or("no lease".into(), |end| end.day()))
        });
    });
}

pub(super) fn denials(report: &Report, page: &mut Markup) {
    if report.denials.is_empty() {
        page.leaf("p", &[], "Nothing was denied since the ledger began.");
        return;
    }
    let total = report.denied();
    let words = if total == 1 {
        "1 request was denied".into()
    } else {
        format!("{} were denied", counted(total, "request"))
    };
    page.leaf("p", &[], &format!("{words} since the ledger began. A request that is brought again counts again. Requests for licenses that this ledger does not know are not recorded."));
    let register = documents::denials();
    let meaning = |reason: &str| {
        register.iter().find(|entry| entry.denial.as_str() == reason).map(|entry| entry.meaning.clone())
    };
    let rows = report.denials.iter().map(|(reason, denied)| {
        [
            reason.clone(),
            grouped(denied.times),
            denied.last.day(),
            denied.event.to_string(),
            meaning(reason).unwrap_or_default(),
        ]
    });
    let columns = [
        table::word("Reason"),
        table::number("Times"),
        table::day("Last"),
        table::number("Last event"),
        table::word("Meaning"),
    ];
    table::plain(page, ("", "By reason"), &columns, rows);
}
