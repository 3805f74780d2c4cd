//! `messages`: what this server's messages say.

use std::fmt::Write;

use clap::Args;
use quickcart_core::messaging::text::{Encoding, Segments, Severity};
use quickcart_warp::config::Config;
use quickcart_warp::{SentText, sent_texts};

/// Show each text in each language as it is sent, what it costs, and what is wrong with it
///
/// The settings are those of the server, which does not start with a text that has an error. Nothing is sent, and no database is
/// opened. The exit code is 1 when there is an error.
#[derive(Args)]
pub(crate) struct ShowMessages;

impl ShowMessages {
    /// Answers the report, and how many errors are in it.
    pub(crate) fn run(&self, config: &Config) -> (String, usize) {
        let texts = sent_texts(config);
        let findings = texts.iter().flat_map(|text| &text.findings);
        let errors = findings.filter(|finding| finding.severity == Severity::Error).count();
        let report: Vec<String> = texts.iter().map(shown).collect();
        (if report.is_empty() { "no message is sent".to_owned() } else { report.join("\n") }, errors)
    }
}

fn shown(sent: &SentText) -> String {
    let mut shown = format!("{}, {}: ", sent.group.purpose, sent.language);
    match &sent.subject {
        Some(subject) => shown.extend(["a letter\n  Subject: ", subject, "\n"]),
        None => shown.extend([&*size(&sent.text), "\n"]),
    }
    for line in sent.text.lines() {
        shown.extend(["  ", line, "\n"]);
    }
    for finding in &sent.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        // Writing to a string does not fail.
        let _ = writeln!(shown, "  {severity} {}: {}", finding.code, finding.message);
    }
    shown
}

fn size(text: &str) -> String {
    let Segments { encoding, units, segments } = Segments::of(text);
    let encoding = match encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    let plural = if segments == 1 { "" } else { "s" };
    format!("{encoding}, {units} letters, {segments} message{plural}")
}
