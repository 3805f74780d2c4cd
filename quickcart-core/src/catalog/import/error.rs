//! What was wrong with a file, and where.

use std::fmt;

use crate::error::{DomainError, ErrorKind};

/// What was wrong with a file of a store, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    file: String,
    place: Option<(usize, usize, &'static str)>,
    reason: String,
}

impl ImportError {
    pub(crate) fn in_file(file: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, reason: reason.into() }
    }

    pub(super) fn at(file: &str, line: usize, column: usize, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: Some((line, column, "")), reason: reason.into() }
    }

    pub(super) fn in_column(
        file: &str,
        line: usize,
        column: usize,
        name: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        Self { file: file.to_owned(), place: Some((line, column, name)), reason: reason.into() }
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _, _)| line)
    }

    /// The column, counted from 1: of characters in JSON, of fields in CSV.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column, _)| column)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column, name)) = self.place {
            write!(f, ", line {line}, column {column}")?;
            if !name.is_empty() {
                write!(f, " ({name})")?;
            }
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for ImportError {}

impl DomainError for ImportError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "import_refused"
    }
}
