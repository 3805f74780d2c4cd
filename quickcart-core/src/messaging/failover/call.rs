//! One call of one provider: what it costs, and what it says of the provider.

use metrics::counter;

use super::super::breaker::Verdict;
use super::super::ledger::Reserved;
use super::super::{Failure, Message, Receipt, SendError};
use super::Parts;

/// A call of a provider, whose price is set aside. One that is dropped under way may have sent the message.
pub(super) struct Call<'a> {
    parts: &'a Parts,
    index: usize,
    country: u16,
    reserved: Option<Reserved>,
}

impl<'a> Call<'a> {
    pub(super) fn begin(parts: &'a Parts, index: usize, country: u16, reserved: Reserved) -> Self {
        parts.cells().begin(index, country, parts.now_us());
        Self { parts, index, country, reserved: Some(reserved) }
    }

    pub(super) fn ends(mut self, message: &Message, sent: &Result<Receipt, SendError>) {
        let route = &self.parts.routes[self.index];
        match sent {
            Ok(_) => self.parts.cells().succeed(self.index, self.country),
            Err(error) => {
                let (verdict, now_us) = (Verdict::of(error.failure), self.parts.now_us());
                self.parts.cells().fail(self.index, self.country, verdict, error.retry_after, now_us);
                log_failure(message, error);
            }
        }
        let outcome = sent.as_ref().map_or_else(|error| error.failure.name(), |_| "accepted");
        let country = self.country.to_string();
        counter!("quickcart_message_total", "provider" => route.name(), "country" => country, "outcome" => outcome)
            .increment(1);
        let costs = sent.as_ref().map_or_else(|error| error.failure == Failure::MaybeSent, |_| true);
        match self.reserved.take() {
            Some(reserved) if costs => self.parts.ledger.charge(route.name(), self.country, reserved),
            Some(reserved) => self.parts.ledger.release(reserved),
            None => {}
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(reserved) = self.reserved.take() {
            let route = &self.parts.routes[self.index];
            self.parts.ledger.charge(route.name(), self.country, reserved);
            let (verdict, now_us) = (Verdict::of(Failure::MaybeSent), self.parts.now_us());
            self.parts.cells().fail(self.index, self.country, verdict, None, now_us);
        }
    }
}

fn log_failure(message: &Message, error: &SendError) {
    let (to, purpose, provider) = (&message.to, message.purpose, error.provider);
    match error.failure {
        // Nobody but the operator can mend these.
        Failure::AccountDown | Failure::RequestBug => {
            tracing::error!(target: "quickcart::messaging", ?to, purpose, provider, "{error}");
        }
        _ => tracing::info!(target: "quickcart::messaging", ?to, purpose, provider, "{error}"),
    }
}
