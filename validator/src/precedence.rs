//! Which of several findings speaks for all: one table, tested by itself.

use lictor_shared::{Code, Timestamp};

use crate::window::{Edge, Finding, Phase};

/// The codes of findings, the worst first.
pub(crate) const WORST_FIRST: [Code; 4] =
    [Code::LicenseInvalid, Code::LicenseRevoked, Code::LicenseSeatLimit, Code::LicenseExpired];

fn rank(finding: &Finding) -> usize {
    let code = finding.reason.code();
    WORST_FIRST.iter().position(|listed| Some(*listed) == code).unwrap_or(WORST_FIRST.len())
}

/// The finding that speaks in read-only: of those that are over, the one with the worst code; of several, the first.
pub(crate) fn worst_over(findings: &[Finding], t: Timestamp) -> Option<&Finding> {
    findings.iter().filter(|finding| finding.phase(t) == Phase::Over).min_by_key(|finding| rank(finding))
}

/// The finding that speaks in grace: of those that run, the one that ends first; of several, the one with the worst code;
/// of several, the first.
pub(crate) fn first_to_end(findings: &[Finding], t: Timestamp) -> Option<&Finding> {
    let running = findings.iter().filter(|finding| finding.phase(t) == Phase::Running);
    running.min_by_key(|finding| (finding.until, rank(finding)))
}

/// The end of a running finding as a verdict states it: one that is never reached is none.
pub(crate) const fn stated_end(until: Edge) -> Option<Timestamp> {
    until.instant()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use lictor_shared::Reason;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn finding(reason: Reason, start: u64, until: u64) -> Finding {
        Finding { reason, start: Edge::At(at(start)), until: Edge::At(at(until)) }
    }

    #[test]
    fn the_worst_code_speaks_in_read_only() {
        let all: Vec<Finding> = [Reason::WrongOrigin, Reason::Revoked, Reason::NotActivated, Reason::Expired]
            .map(|reason| finding(reason, 0, 10))
            .into();
        for first in 0..all.len() {
            let mut left = all[first..].to_vec();
            left.reverse();
            assert_eq!(worst_over(&left, at(10)).map(|found| found.reason), Some(all[first].reason));
        }
        assert_eq!(worst_over(&all, at(9)), None);
    }

    #[test]
    fn of_one_code_the_first_in_the_table_speaks() {
        let both = [finding(Reason::Expired, 0, 10), finding(Reason::StatusOverdue, 0, 5)];
        assert_eq!(worst_over(&both, at(10)).map(|found| found.reason), Some(Reason::Expired));
        assert_eq!(worst_over(&both, at(5)).map(|found| found.reason), Some(Reason::StatusOverdue));
    }

    #[test]
    fn the_grace_that_ends_first_speaks() {
        let both = [finding(Reason::Revoked, 0, 20), finding(Reason::Expired, 0, 10)];
        assert_eq!(first_to_end(&both, at(1)).map(|found| found.reason), Some(Reason::Expired));
        let tie = [finding(Reason::Expired, 0, 10), finding(Reason::Revoked, 0, 10)];
        assert_eq!(first_to_end(&tie, at(1)).map(|found| found.reason), Some(Reason::Revoked));
        let never = [
            Finding { reason: Reason::Revoked, start: Edge::LongAgo, until: Edge::Never },
            finding(Reason::Expired, 0, 10),
        ];
        assert_eq!(first_to_end(&never, at(1)).map(|found| found.reason), Some(Reason::Expired));
        assert_eq!(stated_end(Edge::Never), None);
    }
}
