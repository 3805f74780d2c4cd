//! Stores of any size: shelves in rows, aisles between them, now and then a shelf that is missing or shorter.

use super::chance::mixed;

/// Two shelves back to back, in cells.
const SHELF_DEPTH: usize = 2;
const SHELF_LENGTH: usize = 10;
const AISLE: usize = 2;
/// One shelf of so many is missing, another one is shorter.
const ODD_ONE_OF: u64 = 12;

/// A map in MovingAI's format of about `cells` cells, always the same one; all free cells are joined.
pub(super) fn store(cells: usize) -> String {
    let (columns, rows) =
        ((cells as f64 * 1.6).sqrt().round() as usize, (cells as f64 / 1.6).sqrt().round() as usize);
    let mut free = vec![true; columns * rows];
    let mut chances = (0..).map(mixed);
    for top in (AISLE..rows.saturating_sub(SHELF_DEPTH + AISLE - 1)).step_by(SHELF_DEPTH + AISLE) {
        for left in (AISLE..columns.saturating_sub(SHELF_LENGTH + AISLE - 1)).step_by(SHELF_LENGTH + AISLE) {
            let length = match chances.next().map(|chance| chance % ODD_ONE_OF) {
                Some(0) => 0,
                Some(1) => SHELF_LENGTH / 2,
                _ => SHELF_LENGTH,
            };
            for row in top..top + SHELF_DEPTH {
                free[row * columns + left..][..length].fill(false);
            }
        }
    }
    let lines = free
        .chunks(columns)
        .map(|row| row.iter().map(|free| if *free { '.' } else { 'T' }).collect::<String>());
    let lines: Vec<String> = lines.collect();
    format!("type octile\nheight {rows}\nwidth {columns}\nmap\n{}\n", lines.join("\n"))
}
