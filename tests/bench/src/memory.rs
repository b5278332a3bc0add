//! The most memory that this process has had, as Linux counts it.

use std::error::Error;
use std::fs;

/// Lets the count begin again from what the process has now.
pub(crate) fn forget_peak() -> Result<(), Box<dyn Error>> {
    // Five stands for the peak: proc(5), /proc/pid/clear_refs.
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// The peak since the process began, or since it was forgotten.
pub(crate) fn peak() -> Result<String, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(peak.ok_or("/proc/self/status tells no VmHWM")?.trim().to_owned())
}
