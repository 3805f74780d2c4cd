//! Messages: what sending one costs besides the provider, over HTTP, and while a provider thinks.

mod client;
mod in_flight;
mod overhead;
mod provider;

use std::time::Duration;

use benches::Result;

pub(crate) fn main() -> Result<()> {
    // The provider is this program, started once more, and memory is measured in one that has done nothing else.
    let mut arguments = std::env::args().skip_while(|argument| argument != provider::FLAG).skip(1);
    if let Some(answers_after_ms) = arguments.next() {
        return provider::serve(Duration::from_millis(answers_after_ms.parse()?));
    }
    if std::env::args().any(|argument| argument == in_flight::FLAG) {
        return in_flight::fly();
    }
    if !benches::is_wanted() {
        return Ok(());
    }
    overhead::run()?;
    client::run()?;
    in_flight::run()
}
