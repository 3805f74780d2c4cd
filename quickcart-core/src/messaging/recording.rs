//! Messages kept in memory, for tests and demonstrations.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Message, MessageProvider, Receipt, SendError};
use crate::phone::PhoneNumber;

/// Keeps every message and delivers none.
#[derive(Debug, Default)]
pub struct RecordingProvider {
    sent: Mutex<Vec<Message>>,
}

impl RecordingProvider {
    /// All messages so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Message> {
        self.lock().clone()
    }

    /// The text of the newest message to `phone`.
    #[must_use]
    pub fn latest_text(&self, phone: &PhoneNumber) -> Option<String> {
        self.lock()
            .iter()
            .rev()
            .find(|message| message.to.phone() == Some(phone))
            .map(|message| message.text.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MessageProvider for RecordingProvider {
    fn name(&self) -> &'static str {
        "recording"
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let mut sent = self.lock();
        sent.push(message.clone());
        Ok(Receipt::new(self.name(), Some(sent.len().to_string())))
    }
}
