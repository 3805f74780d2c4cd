//! One-time codes: issued and verified in memory, what a live one takes, and what they cost Redis and its client.

mod fill;
mod memory;
mod minimal;
mod on_redis;
mod sides;

use benches::Result;

pub(crate) fn main() -> Result<()> {
    // Memory is measured in this program, started once more, because here other rows have left theirs.
    let mut arguments = std::env::args().skip_while(|argument| argument != fill::FLAG).skip(1);
    if let Some(challenges) = arguments.next() {
        return fill::fill(challenges.parse()?);
    }
    if !benches::is_wanted() {
        return Ok(());
    }
    memory::run()?;
    fill::run()?;
    on_redis::run()
}
