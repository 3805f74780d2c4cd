//! Messages on the terminal of the developer.

use std::fmt::Write as _;
use std::io::Write;

use async_trait::async_trait;

use super::{Failure, Message, MessageProvider, Receipt, SendError};

/// Prints messages on standard output, with the number masked: for development only.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsoleProvider;

#[async_trait]
impl MessageProvider for ConsoleProvider {
    fn name(&self) -> &'static str {
        "console"
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        // One write, so that messages of several threads do not mix.
        let mut line = String::with_capacity(64 + message.text.len());
        // Writing to a string does not fail.
        let _ = writeln!(line, "message to {:?}: {}", message.to, message.text);
        std::io::stdout()
            .write_all(line.as_bytes())
            .map_err(|cause| SendError::new(self.name(), Failure::NotSent).caused_by(cause))?;
        Ok(Receipt::new(self.name(), None))
    }
}
