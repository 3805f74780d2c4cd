//! How the steps went, in one table.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// A step it needs did not pass: counts as a failure, because nothing was checked.
    NotRun(String),
    /// Allowed to be left out, but never silently.
    Skipped(&'static str),
}

#[derive(Default)]
pub(crate) struct Report {
    entries: Vec<Entry>,
}

struct Entry {
    name: &'static str,
    outcome: Outcome,
    took: Option<Duration>,
}

impl Report {
    pub(crate) fn push(&mut self, name: &'static str, outcome: Outcome, took: Option<Duration>) {
        self.entries.push(Entry { name, outcome, took });
    }

    pub(crate) fn has_passed(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name && entry.outcome == Outcome::Passed)
    }

    pub(crate) fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    pub(crate) fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed | Outcome::NotRun(_)))
    }

    pub(crate) fn skipped(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    fn count(&self, counts: impl Fn(&Outcome) -> bool) -> usize {
        self.entries.iter().filter(|entry| counts(&entry.outcome)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
        for Entry { name, outcome, took } in &self.entries {
            let took = took.map_or_else(|| "-".into(), |took| format!("{:.1} s", took.as_secs_f64()));
            writeln!(f, "{name:width$}  {took:>8}  {outcome}")?;
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())?;
        match self.skipped() {
            0 => writeln!(f),
            skipped => writeln!(f, ", {skipped} skipped"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("ok"),
            Self::Failed => f.write_str("FAILED"),
            Self::NotRun(why) => write!(f, "not run: {why}"),
            Self::Skipped(why) => write!(f, "not run: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_step_and_one_closing_line() {
        let mut report = Report::default();
        report.push("format", Outcome::Passed, Some(Duration::from_millis(1240)));
        report.push("build", Outcome::Failed, Some(Duration::from_secs(61)));
        report.push("tests", Outcome::NotRun("it needs \"build\"".into()), None);
        report.push("licences", Outcome::Skipped("cargo-deny is not installed"), None);
        assert_eq!(
            report.to_string(),
            "\
format       1.2 s  ok
build       61.0 s  FAILED
tests            -  not run: it needs \"build\"
licences         -  not run: cargo-deny is not installed
1 passed, 2 failed, 1 skipped
"
        );
    }

    #[test]
    fn skipped_is_mentioned_only_when_there_is_some() {
        let mut report = Report::default();
        report.push("format", Outcome::Passed, None);
        assert!(report.to_string().ends_with("\n1 passed, 0 failed\n"));
    }

    #[test]
    fn only_what_ran_and_passed_has_passed() {
        let mut report = Report::default();
        report.push("a", Outcome::Passed, None);
        report.push("b", Outcome::Failed, None);
        report.push("c", Outcome::NotRun(String::new()), None);
        report.push("d", Outcome::Skipped(""), None);
        let passed: Vec<_> = ["a", "b", "c", "d", "e"].into_iter().filter(|n| report.has_passed(n)).collect();
        assert_eq!(passed, ["a"]);
        assert_eq!((report.passed(), report.failed(), report.skipped()), (1, 2, 1));
    }
}
