//! SQLite: the driver we chose against others, and our store against the same statements without it.

mod drivers;
mod shop;

use benches::Result;

const REPETITIONS: usize = 5;

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    drivers::rows(folder.path())?;
    shop::rows(folder.path())
}
