//! Whether packages may be installed on this machine.

use std::io::{self, IsTerminal, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    Given,
    ToBeAsked,
    /// Nobody is there to answer.
    Withheld,
}

impl Consent {
    pub(crate) fn find(yes: bool) -> Self {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        Self::decide(yes || ci, io::stdin().is_terminal())
    }

    /// Asks when that is possible and necessary.
    pub(crate) fn obtain(self, question: &str) -> io::Result<bool> {
        match self {
            Self::Given => Ok(true),
            Self::Withheld => Ok(false),
            Self::ToBeAsked => ask(question),
        }
    }

    fn decide(given: bool, terminal: bool) -> Self {
        match (given, terminal) {
            (true, _) => Self::Given,
            (false, true) => Self::ToBeAsked,
            (false, false) => Self::Withheld,
        }
    }
}

fn ask(question: &str) -> io::Result<bool> {
    // On stderr, so that the question is seen when stdout goes to a file.
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_only_when_somebody_can_answer() {
        assert_eq!(Consent::decide(true, true), Consent::Given);
        assert_eq!(Consent::decide(true, false), Consent::Given);
        assert_eq!(Consent::decide(false, true), Consent::ToBeAsked);
        assert_eq!(Consent::decide(false, false), Consent::Withheld);
    }

    #[test]
    fn only_a_clear_yes_counts() {
        for answer in ["y\n", "Y\n", " yes \n", "Yes"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "no\n", "yep\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
