//! What this process takes.

use crate::Result;

/// The resident memory of this process in bytes: field 2 of `/proc/self/statm`, in pages.
///
/// # Errors
/// When there is no Linux.
pub fn resident() -> Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split_whitespace().nth(1).ok_or("/proc/self/statm is short")?.parse()?;
    Ok(pages * u64::try_from(rustix::param::page_size())?)
}

/// The most resident memory that this process ever had, in bytes: `VmHWM`, in KiB.
///
/// # Errors
/// When there is no Linux.
pub fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("there is no VmHWM")?;
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1_024)
}
