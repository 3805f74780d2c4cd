//! Processor time, of this process and of others.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of this process so far, all threads and both modes, to the nanosecond.
#[must_use]
pub fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The processor time of another process so far, thread by thread, to the nanosecond: those that end later take theirs along.
pub struct ThreadTimes(BTreeMap<OsString, u64>);

impl ThreadTimes {
    /// Reads them.
    ///
    /// # Errors
    /// When there is no such process, or no Linux.
    pub fn of(process_id: u32) -> crate::Result<Self> {
        let mut times_ns = BTreeMap::new();
        for thread in std::fs::read_dir(format!("/proc/{process_id}/task"))? {
            let thread = thread?;
            // A thread may end while this reads. The first field is the time that it ran:
            // https://docs.kernel.org/scheduler/sched-stats.html.
            let Ok(schedstat) = std::fs::read_to_string(thread.path().join("schedstat")) else { continue };
            let ran_ns = schedstat.split(' ').next().ok_or("/proc/<pid>/task/<tid>/schedstat is empty")?;
            times_ns.insert(thread.file_name(), ran_ns.parse()?);
        }
        Ok(Self(times_ns))
    }

    /// What was added since then.
    #[must_use]
    pub fn since(&self, before: &Self) -> Duration {
        let added_ns = |(thread, now): (&OsString, &u64)| now - before.0.get(thread).unwrap_or(&0);
        Duration::from_nanos(self.0.iter().map(added_ns).sum())
    }
}

/// The processor time of another process, of its children and of theirs so far, in whole ticks; that of children that have ended
/// is with whoever waited for them.
///
/// # Errors
/// As [`ThreadTimes::of`].
pub fn processor_time_of_tree(process_id: u32) -> crate::Result<Duration> {
    let root = Stat::of(process_id)?;
    // A process may end while this reads.
    let others: Vec<(u32, Stat)> = std::fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id| Some((id, Stat::of(id).ok()?)))
        .collect();
    let (mut ticks, mut parents) = (root.ticks + root.ticks_of_ended_children, vec![process_id]);
    while let Some(parent) = parents.pop() {
        for (id, stat) in others.iter().filter(|(_, stat)| stat.parent == parent) {
            ticks += stat.ticks + stat.ticks_of_ended_children;
            parents.push(*id);
        }
    }
    Ok(duration(ticks))
}

/// What `/proc/<pid>/stat` says.
struct Stat {
    parent: u32,
    ticks: u64,
    ticks_of_ended_children: u64,
}

impl Stat {
    fn of(process_id: u32) -> crate::Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat"))?;
        // The program's name, in parentheses, may hold anything; the parent is field 4, and utime, stime, cutime and cstime are
        // fields 14 to 17 (man 5 proc).
        let (_, fields) = stat.rsplit_once(')').ok_or("/proc/<pid>/stat has no name")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let field = |number: usize| -> crate::Result<u64> {
            Ok(fields.get(number - 3).ok_or("/proc/<pid>/stat is short")?.parse()?)
        };
        Ok(Self {
            parent: u32::try_from(field(4)?)?,
            ticks: field(14)? + field(15)?,
            ticks_of_ended_children: field(16)? + field(17)?,
        })
    }
}

fn duration(ticks: u64) -> Duration {
    Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_tree_counts_children_that_run_and_that_have_ended() {
        // Three shells: one that waits, one that has worked and ended, one that works until its input ends.
        let work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let script = format!("sh -c '{work}'; sh -c '{work}; echo done; read line'; exit");
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let started = Instant::now();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(shell.stdout.take().unwrap()), &mut line)
            .unwrap();
        let times = ThreadTimes::of(shell.id()).unwrap();
        let alone = times.since(&ThreadTimes(BTreeMap::new()));
        let tree = processor_time_of_tree(shell.id()).unwrap();
        assert_eq!(times.since(&times), Duration::ZERO);
        drop(shell.stdin.take());
        shell.wait().unwrap();
        let tick = duration(1);
        assert!(alone + 4 * tick < tree && tree <= started.elapsed() + 4 * tick, "{alone:?} {tree:?}");
    }
}
