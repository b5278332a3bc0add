//! Where and when it was measured.

use lictor_shared::Timestamp;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn described() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows the version names a build of it.
    let system = system.trim().split('-').next().unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = Timestamp::from_seconds(seconds).map(|now| now.to_string()).unwrap_or_default();
    format!(
        "{}, {cores} cores, Linux {system}, {now}, load {load} when it began",
        model.unwrap_or("an unknown processor")
    )
}
