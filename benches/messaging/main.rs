//! Messages: what sending one costs besides the provider.

mod overhead;

use benches::Result;

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    overhead::run()
}
