//! A CSV file (RFC 4180) with a header, read field by field.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use csv::StringRecord;

use super::ImportError;

/// A record, with its place in the file.
pub(super) struct Row<'a> {
    file: &'static str,
    columns: &'a [&'static str],
    /// For each of `columns`, where it stands in the file.
    order: Vec<usize>,
    line: usize,
    record: StringRecord,
}

/// All records of a file whose header names exactly these columns, in any order.
pub(super) fn rows<'a>(
    file: &'static str,
    text: &str,
    columns: &'a [&'static str],
) -> Result<Vec<Row<'a>>, ImportError> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed(file, &error))?.clone();
    let order = order(file, &header, columns)?;
    let row = |record: Result<StringRecord, csv::Error>| {
        let record = record.map_err(|error| malformed(file, &error))?;
        let line = record.position().map_or(1, csv::Position::line);
        Ok(Row { file, columns, order: order.clone(), line: usize::try_from(line).unwrap_or(0), record })
    };
    reader.records().map(row).collect()
}

fn order(
    file: &'static str,
    header: &StringRecord,
    columns: &[&'static str],
) -> Result<Vec<usize>, ImportError> {
    let expected = || format!("the columns are {}", columns.join(","));
    for (index, name) in header.iter().enumerate() {
        if !columns.contains(&name) || header.iter().take(index).any(|other| other == name) {
            return Err(ImportError::at(
                file,
                1,
                index + 1,
                format!("{name} is not expected here; {}", expected()),
            ));
        }
    }
    let place = |name: &&'static str| {
        let found = header.iter().position(|column| column == *name);
        found.ok_or_else(|| {
            ImportError::at(file, 1, header.len() + 1, format!("{name} is missing; {}", expected()))
        })
    };
    columns.iter().map(place).collect()
}

fn malformed(file: &'static str, error: &csv::Error) -> ImportError {
    let line = error.position().map_or(1, csv::Position::line);
    ImportError::at(file, usize::try_from(line).unwrap_or(0), 1, error.to_string())
}

impl Row<'_> {
    /// A fault in a column of this row.
    pub(super) fn fault(&self, column: &'static str, reason: impl Display) -> ImportError {
        ImportError::in_column(self.file, self.line, self.place(column) + 1, column, reason.to_string())
    }

    pub(super) fn text(
        &self,
        column: &'static str,
        length: RangeInclusive<usize>,
    ) -> Result<&str, ImportError> {
        let text = self.record.get(self.place(column)).unwrap_or_default();
        if length.contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            return Ok(text);
        }
        let (least, most) = length.into_inner();
        Err(self.fault(column, format!("a text of {least} to {most} characters is due here")))
    }

    pub(super) fn optional_text(
        &self,
        column: &'static str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<&str>, ImportError> {
        if self.is_empty(column) { Ok(None) } else { self.text(column, length).map(Some) }
    }

    pub(super) fn integer(
        &self,
        column: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<i64, ImportError> {
        let text = self.record.get(self.place(column)).unwrap_or_default();
        let within = i64::from_str(text).ok().filter(|number| range.contains(number));
        within.ok_or_else(|| {
            self.fault(
                column,
                format!("a whole number from {} to {} is due here", range.start(), range.end()),
            )
        })
    }

    pub(super) fn optional_integer(
        &self,
        column: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, ImportError> {
        if self.is_empty(column) { Ok(None) } else { self.integer(column, range).map(Some) }
    }

    /// Whole numbers, separated by semicolons.
    pub(super) fn integers(
        &self,
        column: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Vec<i64>, ImportError> {
        let text = self.record.get(self.place(column)).unwrap_or_default();
        let number = |part: &str| {
            let within = i64::from_str(part.trim()).ok().filter(|number| range.contains(number));
            within.ok_or_else(|| self.fault(column, "ids separated by semicolons are due here"))
        };
        text.split(';').filter(|part| !part.is_empty()).map(number).collect()
    }

    /// A place in metres: not negative, and within the largest map.
    pub(super) fn metres(&self, column: &'static str) -> Result<f64, ImportError> {
        let text = self.record.get(self.place(column)).unwrap_or_default();
        let within = f64::from_str(text).ok().filter(|metres| (0.0..=10_000.0).contains(metres));
        within.ok_or_else(|| self.fault(column, "metres from 0 to 10000 are due here"))
    }

    fn is_empty(&self, column: &'static str) -> bool {
        self.record.get(self.place(column)).unwrap_or_default().is_empty()
    }

    fn place(&self, column: &'static str) -> usize {
        let index = self.columns.iter().position(|name| *name == column);
        index.map_or(0, |index| self.order[index])
    }
}
