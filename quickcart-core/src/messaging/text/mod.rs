//! What messages say: texts by language, how long they are, and what is wrong with them. No I/O.
//!
//! [`Texts`] holds a [`Template`] for each [`Language`]; [`Segments`] counts what a text costs; [`lint`]
//! finds what networks, phones and registers would refuse, before anybody gets it.

mod dlt;
mod language;
mod lint;
mod segments;
mod template;
mod texts;
mod trailer;

pub use dlt::{DLT_VARIABLE, DLT_VARIABLE_MAX, DltIds, Mismatch, dlt_matches};
pub use language::{Language, UnknownLanguage};
pub use lint::{DltRegistration, Finding, LintRules, Severity, lint};
pub use segments::{Encoding, Segments, not_gsm};
pub use template::{InvalidTemplate, Subject, Template, Values};
pub use texts::Texts;
pub use trailer::{InvalidTrailer, Trailer};
