//! The most memory that this process has had since a moment, as Linux counts it.

use std::fs;

/// What it has had since it was made, if that can be known.
pub(crate) struct Peak {
    is_known: bool,
}

impl Peak {
    /// Counts from what the process has now.
    pub(crate) fn forgotten() -> Self {
        // Five stands for the peak: proc(5), /proc/pid/clear_refs. Other systems, and some sandboxes, have no such file.
        Self { is_known: fs::write("/proc/self/clear_refs", "5").is_ok() }
    }

    pub(crate) fn told(&self) -> String {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.filter(|_| self.is_known).map_or_else(|| "unknown".into(), |peak| peak.trim().into())
    }
}
