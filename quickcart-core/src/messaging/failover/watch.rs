//! What happens to a message after it was taken: bad news, or none, send it once more by another provider.

use std::sync::Arc;
use std::time::Duration;

use metrics::histogram;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::super::{Conversion, Failure, Message, Receipt, SendError};
use super::tracker::{News, Taken};
use super::{Attempts, Failover, country_of};

/// How long a message is followed that does not say how long it is of use: the longest life of a code.
const FOLLOWED: Duration = Duration::from_secs(600);
/// What has to be left of it to send it once more: time to arrive, and to type a code.
const LEFT_MIN: Duration = Duration::from_secs(30);

impl Failover {
    /// Follows a message that was taken, until its code is shown or it is of no use any more.
    pub(super) fn follow(&self, message: &Message, route: usize, receipt: &Receipt, mut attempts: Attempts) {
        let (sender, news) = watch::channel(News::None);
        let sender = Arc::new(sender);
        let is_followed = self.track(message, route, receipt, attempts, &sender);
        let Some(time_max) = self.0.policy.report_time_max.filter(|_| is_followed) else { return };
        // A code that a provider makes itself would be another one than that which is expected.
        let holders = self.0.routes.iter().enumerate().filter(|(_, route)| route.provider.holds_pins());
        attempts.tried |= holders.fold(0, |tried, (index, _)| tried | 1 << index);
        if !receipt.holds_pin && self.is_waited_for(message, route, attempts) {
            tokio::spawn(self.clone().watch(message.clone(), attempts, sender, news, time_max));
        }
    }

    /// Whether news are to come, and somebody is left who could do better.
    fn is_waited_for(&self, message: &Message, route: usize, mut attempts: Attempts) -> bool {
        attempts.has_probed = false;
        self.0.routes[route].provider.reports() && self.0.next_route(message, &mut attempts).is_some()
    }

    fn track(
        &self,
        message: &Message,
        route: usize,
        receipt: &Receipt,
        attempts: Attempts,
        sender: &Arc<watch::Sender<News>>,
    ) -> bool {
        let now_us = self.0.now_us();
        let followed = message.valid_for.unwrap_or(FOLLOWED);
        let taken = Taken {
            number: attempts.number,
            route,
            provider: receipt.provider,
            message_id: receipt.message_id.as_deref(),
            to: &message.to,
            purpose: message.purpose,
            has_code: message.code.is_some(),
            country: country_of(&message.to),
            ends_us: now_us.saturating_add(i64::try_from(followed.as_micros()).unwrap_or(i64::MAX)),
        };
        let is_followed = self.0.tracker().follow(&taken, sender, now_us);
        let early = taken.message_id.and_then(|id| self.0.tracker().take_early(taken.provider, id));
        if let Some(report) = early {
            self.record(&report);
        }
        is_followed
    }

    /// Waits for news, and tries the next provider when they are bad or do not come.
    async fn watch(
        self,
        message: Message,
        mut attempts: Attempts,
        sender: Arc<watch::Sender<News>>,
        mut news: watch::Receiver<News>,
        time_max: Duration,
    ) {
        let taken_at = Instant::now();
        loop {
            let heard = match timeout(time_max, news.wait_for(|news| *news != News::None)).await {
                Ok(Ok(news)) => *news,
                Ok(Err(_)) => return,
                Err(_) => News::None,
            };
            let left = message.valid_for.unwrap_or(FOLLOWED).saturating_sub(taken_at.elapsed());
            let is_hopeless =
                matches!(heard, News::Lost(Some(Failure::RecipientInvalid | Failure::RecipientBlocked)));
            if heard.is_final() || is_hopeless || left < LEFT_MIN {
                return;
            }
            let again = Message { valid_for: message.valid_for.map(|_| left), ..message.clone() };
            let (to, purpose) = (&again.to, again.purpose);
            tracing::info!(target: "quickcart::messaging", ?to, purpose, ?heard, "no good news, so another provider is tried");
            attempts.has_probed = false;
            let sent = self.try_routes(&again, &mut attempts, Some(&news)).await;
            let Ok((route, receipt)) = sent else { return };
            let is_followed = self.track(&again, route, &receipt, attempts, &sender);
            if !is_followed || !self.is_waited_for(&again, route, attempts) {
                return;
            }
        }
    }

    /// The code of the newest message to a recipient was shown: nothing more is sent, and its provider is told.
    pub(super) async fn shown(&self, conversion: Conversion<'_>) -> Result<(), SendError> {
        let parts = &self.0;
        let (country, now_us) = (country_of(conversion.to), parts.now_us());
        let latest = parts.tracker().shown(conversion.to, conversion.purpose, now_us);
        let Some(latest) = latest else {
            parts.ledger.convert(None, country);
            return Ok(());
        };
        let seconds = Duration::from_micros((now_us - latest.sent_at_us).unsigned_abs()).as_secs_f64();
        histogram!("quickcart_time_to_code_seconds", "provider" => latest.provider).record(seconds);
        let provider = Arc::clone(&parts.routes[latest.route].provider);
        parts.ledger.convert(Some(latest.provider), country);
        parts.cells().convert(latest.route, country);
        let (to, purpose) = (conversion.to.clone(), conversion.purpose);
        // Whoever showed the code does not wait for this.
        tokio::spawn(async move {
            let conversion = Conversion { to: &to, purpose, message_id: latest.message_id.as_deref() };
            if let Err(error) = provider.converted(conversion).await {
                tracing::debug!(target: "quickcart::messaging", ?to, purpose, "a conversion was not reported: {error}");
            }
        });
        Ok(())
    }
}
