//! Processor time, of this process and of others.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of this process so far, all threads and both modes, to the nanosecond.
#[must_use]
pub fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The processor time of another process so far, in whole ticks of the kernel, commonly 10 ms.
///
/// # Errors
/// When there is no such process, or no Linux.
pub fn processor_time_of(process_id: u32) -> crate::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat"))?;
    // The program's name, in parentheses, may hold anything; utime and stime are fields 14 and 15 (man 5 proc).
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/<pid>/stat has no name")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks =
        || -> crate::Result<u64> { Ok(fields.next().ok_or("/proc/<pid>/stat is short")?.parse()?) };
    let ticks = ticks()? + ticks()?;
    Ok(Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second()))
}
