//! How statements find their rows.

use super::super::*;
use crate::scratch::Scratch;

/// An export reads everything, and sorts nothing of it.
#[test]
fn an_export_is_in_the_order_of_the_indices() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    let plan = format!("EXPLAIN QUERY PLAN {}", export::SELECT_ALL);
    let mut plan = ledger.connection().prepare(&plan).unwrap();
    let steps = plan.query_map((), |row| row.get::<_, String>(3)).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    let scans: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
    assert_eq!(scans, ["SCAN license USING INDEX sqlite_autoindex_license_1"], "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP")), "{steps:?}");
}

#[test]
fn no_single_operation_reads_a_whole_table() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    for statement in [
        licenses::SELECT_LICENSE,
        licenses::SELECT_ID_BY_SERIAL,
        licenses::SELECT_IDS_FROM,
        licenses::SELECT_SERIALS_FROM,
        licenses::SELECT_REVISIONS,
        licenses::SELECT_TOKEN,
        licenses::SELECT_SEQ,
        entries::SELECT_LIST,
        entries::SELECT_TAKEN,
        entries::SELECT_FREE_AFTER,
        entries::SELECT_NOT_VALID,
        customers::SELECT_NAME,
        customers::SELECT_IDS,
        customers::SELECT_NEXT,
        customers::SELECT_NEXT_CALLED,
        products::SELECT_ONE,
        keys::SELECT_ONE,
        events::SELECT_FROM,
        events::SELECT_PERSONAL,
        events::SELECT_EXPORTS,
        events::COUNT_DENIALS,
        events::SELECT_DENIALS,
        licenses::SELECT_BY_SHA256,
        licenses::SELECT_RECORDED,
        licenses::SELECT_SERIAL,
        licenses::SELECT_EVENT,
        activations::SELECT_RECORDED,
        answers::SELECT_RECORDED,
        products::SELECT_SEQ,
        keys::SELECT_SEQ,
        requests::SELECT_ONE,
        requests::SELECT_BY_EVENT,
        events::SELECT_ERASURES,
        erasure::SELECT_LICENSES,
        erasure::SELECT_UNERASED,
        erasure::DELETE_PERSONAL,
        erasure::SELECT_KEPT,
        erasure::UPDATE_LABELS,
        activations::SELECT_ONE,
        activations::SELECT_OF,
        activations::SELECT_LATEST,
        activations::SELECT_HOLDER,
        activations::SELECT_FROM,
        activations::SELECT_EVENTS_FROM,
        answers::SELECT_ONE,
        deployments::SELECT_ONE,
        deployments::SELECT_ENDED,
        deployments::SELECT_PAGE,
        deployments::SELECT_PAGE_OF_LICENSE,
        deployments::SELECT_FROM,
        editions::SELECT_NEWEST,
        editions::SELECT_TOKEN,
        seats::SELECT_ACTIVE,
        seats::SELECT_FREE,
        seats::SELECT_LAST,
        log::SELECT_NODE,
        log::SELECT_LEAVES,
        events::SELECT_RESTORATIONS,
        checkpoints::SELECT_NEWEST,
        checkpoints::SELECT_COVERING,
        checkpoints::SELECT_ONE,
        checkpoints::SELECT_SPAN,
        checkpoints::SELECT_BELOW,
        seat_events::SELECT_OF_LICENSE,
        usage::SELECT_ONE,
        usage_chain::SELECT_BEFORE,
        usage_chain::HAS_NUMBER,
        usage_chain::HAS_BEYOND,
        usage_chain::SELECT_NAMED,
        usage_chain::HAS_NEXT,
        usage_chain::HAS_NEXT_BEFORE,
        usage_chain::HAS_WITHIN,
    ] {
        let connection = ledger.connection();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps =
            plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        // That of an EXISTS is the row of its answer.
        let steps = steps.map(Result::unwrap).filter(|step| step != "SCAN CONSTANT ROW");
        let steps: Vec<String> = steps.collect();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH")), "{statement}: {steps:?}");
        assert!(
            !steps.iter().any(|step| step.contains("SCAN") || step.contains("TEMP")),
            "{statement}: {steps:?}"
        );
    }
}

/// What a list says is read from the index alone: beside a few that were revoked there may be a million that were not.
#[test]
fn what_a_list_says_is_read_from_an_index() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    for statement in [entries::SELECT_NOT_VALID, entries::SELECT_COME] {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let mut plan = ledger.connection().prepare(&plan).unwrap();
        let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps =
            plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(
            steps.iter().any(|step| step.contains("COVERING INDEX status_entry_not_valid (list=?")),
            "{steps:?}"
        );
    }
}
