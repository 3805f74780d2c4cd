//! Messages on the terminal of the developer.

use std::io::Write;

use async_trait::async_trait;

use super::{Message, MessageProvider, Receipt, SendError};

/// Prints messages on standard output, with the number masked: for development only.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsoleProvider;

#[async_trait]
impl MessageProvider for ConsoleProvider {
    fn name(&self) -> &'static str {
        "console"
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        // Standard output is buffered by line, so this is one write to the terminal.
        writeln!(std::io::stdout().lock(), "message to {:?}: {}", message.to, message.text)
            .map_err(|cause| SendError::NotSent { provider: self.name(), cause })?;
        Ok(Receipt { provider: self.name(), message_id: None })
    }
}
