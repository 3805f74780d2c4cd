//! Repetitions in turn: every contender meets the same mood of the machine.

use std::time::{Duration, Instant};

use crate::{Result, process_cpu};

/// What one repetition took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// How many operations were done.
    pub operations: u64,
    /// How long they took.
    pub wall: Duration,
    /// How much processor time they took.
    pub cpu: Duration,
    /// How long single ones took, where that was measured.
    pub latency: Option<Latency>,
}

/// How long single operations took.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Half of them took less.
    pub p50: Duration,
    /// 99 of 100 took less.
    pub p99: Duration,
}

/// What our cost is to be: against the peer that carries the goal, or by itself.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// In processor time.
    Cpu(f64),
    /// In time on the clock, while nothing else is in flight.
    Time(f64),
    /// In either of them.
    CpuAndTime(f64),
    /// So many operations in a second of one core's processor time, or more. It belongs to our own row.
    PerCoreSecond(f64),
}

/// Somebody who can do the work. The first of a list is ours.
pub struct Contender<'a> {
    name: String,
    goal: Option<Goal>,
    run: Box<dyn FnMut() -> Result<Cost> + 'a>,
}

impl<'a> Contender<'a> {
    /// A contender that does one repetition each time it is asked.
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Result<Cost> + 'a) -> Self {
        Self { name: name.into(), goal: None, run: Box::new(run) }
    }

    /// The same, with what we set out to reach against it.
    #[must_use]
    pub fn with_goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

/// What all repetitions of a contender took: medians, for one operation.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The contender.
    pub name: String,
    /// Operations in a second.
    pub per_second: f64,
    /// Processor time of one operation, in microseconds.
    pub cpu_us: f64,
    /// Latencies, where they were measured.
    pub latency: Option<Latency>,
    /// Our cost as a multiple of this one's. `None` for ourselves.
    pub ours: Option<Ours>,
    /// What was aimed at.
    pub goal: Option<Goal>,
}

/// Our cost as a multiple of a peer's.
#[derive(Clone, Debug)]
pub struct Ours {
    /// Processor time, one ratio a turn, the smallest first.
    pub cpu: Vec<f64>,
    /// Time on the clock, likewise.
    pub time: Vec<f64>,
}

/// Runs every contender once to warm up, then `repetitions` times in turn. Ratios are
/// taken within each turn.
///
/// # Errors
/// The first failure of a contender.
pub fn alternate(repetitions: usize, mut contenders: Vec<Contender<'_>>) -> Result<Vec<Measured>> {
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); contenders.len()];
    for repetition in 0..=repetitions {
        for (contender, costs) in contenders.iter_mut().zip(&mut costs) {
            let cost = (contender.run)()?;
            if repetition > 0 {
                costs.push(cost);
            }
        }
    }
    let ours = costs.first().cloned().unwrap_or_default();
    let measured = contenders.iter().zip(&costs).enumerate().map(|(index, (contender, costs))| {
        let ratios =
            |of: fn(&Cost) -> f64| sorted(ours.iter().zip(costs).map(|(ours, cost)| of(ours) / of(cost)));
        Measured {
            name: contender.name.clone(),
            per_second: median(costs.iter().map(|cost| 1.0 / wall_s(cost))),
            cpu_us: median(costs.iter().map(|cost| cpu_s(cost) * 1e6)),
            latency: latency(costs),
            ours: (index > 0).then(|| Ours { cpu: ratios(cpu_s), time: ratios(wall_s) }),
            goal: contender.goal,
        }
    });
    Ok(measured.collect())
}

/// Does `operations` operations in this process and says what they cost.
///
/// # Errors
/// Those of `work`.
pub fn measure(operations: u64, work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (started, cpu) = (Instant::now(), process_cpu());
    work()?;
    Ok(Cost { operations, wall: started.elapsed(), cpu: process_cpu() - cpu, latency: None })
}

fn wall_s(cost: &Cost) -> f64 {
    cost.wall.as_secs_f64() / cost.operations as f64
}

fn cpu_s(cost: &Cost) -> f64 {
    cost.cpu.as_secs_f64() / cost.operations as f64
}

fn latency(costs: &[Cost]) -> Option<Latency> {
    let latencies: Vec<Latency> = costs.iter().filter_map(|cost| cost.latency).collect();
    let of = |pick: fn(&Latency) -> Duration| {
        Duration::from_secs_f64(median(latencies.iter().map(|latency| pick(latency).as_secs_f64())))
    };
    (!latencies.is_empty())
        .then(|| Latency { p50: of(|latency| latency.p50), p99: of(|latency| latency.p99) })
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle one, or the mean of the middle two.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values = sorted(values);
    let upper = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[upper],
        _ => f64::midpoint(values[upper - 1], values[upper]),
    }
}
