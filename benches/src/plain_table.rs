//! Any table, in Markdown that is easy to read in a terminal, too.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use crate::table::head;

/// Prints rows of words under their headings, each column as wide as its longest word.
pub fn print_rows(title: &str, headings: &[&str], rows: &[Vec<String>], notes: &[String]) {
    head(title);
    let width = |column: usize| {
        let words = rows.iter().filter_map(|row| row.get(column)).map(String::len);
        words.chain([headings[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |words: &mut dyn Iterator<Item = &str>| {
        let cells = words.zip(&widths).map(|(word, &width)| format!(" {word:>width$} |"));
        println!("|{}", cells.collect::<String>());
    };
    line(&mut headings.iter().copied());
    println!("|{}", widths.iter().map(|width| format!("{:->1$}:|", "", width + 1)).collect::<String>());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    for note in notes {
        println!("\n{note}");
    }
}
