//! Running steps and noting how they went.

use std::time::Instant;

use xshell::{Cmd, Shell};

use crate::steps::Step;
use crate::summary::{Outcome, Report};

pub(crate) fn all(sh: &Shell, steps: Vec<Step<'_>>, report: &mut Report) {
    for step in steps {
        match obstacle(&step, report) {
            Some(outcome) => report.push(step.name, outcome, None),
            None => timed(report, step.name, || run(sh, step)),
        }
    }
}

/// Runs one step under its heading; an error is printed and fails the step.
pub(crate) fn timed(report: &mut Report, name: &'static str, step: impl FnOnce() -> anyhow::Result<()>) {
    println!("\n== {name} ==");
    let start = Instant::now();
    let result = step();
    let took = start.elapsed();
    let outcome = match result {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            println!("{error:#}");
            Outcome::Failed
        }
    };
    println!("-- {name}: {outcome}, {:.1} s", took.as_secs_f64());
    report.push(name, outcome, Some(took));
}

fn obstacle(step: &Step<'_>, report: &Report) -> Option<Outcome> {
    let unmet = step.needs.iter().find(|need| !report.has_passed(need));
    match (unmet, step.skip) {
        (Some(need), _) => Some(Outcome::NotRun(format!("it needs \"{need}\""))),
        (None, Some(why)) => Some(Outcome::Skipped(why)),
        (None, None) => None,
    }
}

fn run(sh: &Shell, step: Step<'_>) -> anyhow::Result<()> {
    let _env: Vec<_> = step.env.iter().map(|(name, value)| sh.push_env(name, value)).collect();
    for command in step.commands {
        println!("$ {}", line(&step.env, &command));
        if step.is_captured { run_captured(command)? } else { command.quiet().run()? }
    }
    Ok(())
}

/// As one would type it.
fn line(env: &[(&str, String)], command: &Cmd<'_>) -> String {
    let variables: String = env.iter().map(|(name, value)| format!("{name}={value:?} ")).collect();
    format!("{variables}{command}")
}

fn run_captured(command: Cmd<'_>) -> anyhow::Result<()> {
    let output = command.ignore_status().output()?;
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        anyhow::bail!("{}", output.status);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use xshell::cmd;

    use super::*;

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let sh = Shell::new().unwrap();
        let steps = vec![
            Step::new("build", [cmd!(sh, "false")]),
            Step::new("tests", [cmd!(sh, "true")]).needs(&["build"]),
            Step::new("report", [cmd!(sh, "true")]).needs(&["tests"]),
            Step::new("docs", [cmd!(sh, "true")]),
            Step { skip: Some("no tool"), ..Step::new("licences", [cmd!(sh, "false")]) },
        ];
        let mut report = Report::default();
        all(&sh, steps, &mut report);
        assert_eq!((report.passed(), report.failed(), report.skipped()), (1, 3, 1));
        assert!(report.has_passed("docs"));
    }

    #[test]
    fn every_command_of_a_step_has_to_pass() {
        let sh = Shell::new().unwrap();
        let step = || Step::new("two", [cmd!(sh, "true"), cmd!(sh, "false")]);
        assert!(run(&sh, step()).is_err());
        assert!(run(&sh, step().captured()).is_err());
    }

    #[test]
    fn variables_are_set_and_shown() {
        let sh = Shell::new().unwrap();
        let script = r#"test "$FLAGS" = "-D warnings" && test "$CASES" = 7"#;
        let step =
            Step::new("env", [cmd!(sh, "sh -c {script}")]).env("FLAGS", "-D warnings").env("CASES", "7");
        assert_eq!(line(&step.env, &cmd!(sh, "sh")), "FLAGS=\"-D warnings\" CASES=\"7\" sh");
        assert!(run(&sh, step).is_ok());
    }
}
