//! What happens to a message after it was taken: bad news, or none, send it once more by another provider.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::super::{Conversion, Failure, Message, Receipt, SendError};
use super::tracker::{News, Taken};
use super::{Attempts, Failover, country_of};

/// How long a message is followed that does not say how long it is of use: the longest life of a code.
const FOLLOWED: Duration = Duration::from_secs(600);

impl Failover {
    /// Follows a message that was taken, until its code is shown or it is of no use any more.
    pub(super) fn follow(&self, message: &Message, route: usize, receipt: &Receipt, mut attempts: Attempts) {
        let (sender, news) = watch::channel(News::None);
        let sender = Arc::new(sender);
        if !self.track(message, route, receipt, &sender) {
            return;
        }
        let Some(time_max) = self.0.policy.report_time_max else { return };
        // A code that a provider makes itself would be another one than that which is expected.
        let holders = self.0.routes.iter().enumerate().filter(|(_, route)| route.provider.holds_pins());
        attempts.tried |= holders.fold(0, |tried, (index, _)| tried | 1 << index);
        let mut look = attempts;
        let is_last = self.0.next_route(message, &mut look).is_none();
        let is_ours = !receipt.holds_pin;
        if self.0.routes[route].provider.reports() && is_ours && !is_last {
            tokio::spawn(self.clone().watch(message.clone(), attempts, sender, news, time_max));
        }
    }

    fn track(
        &self,
        message: &Message,
        route: usize,
        receipt: &Receipt,
        sender: &Arc<watch::Sender<News>>,
    ) -> bool {
        let now_us = self.0.now_us();
        let followed = message.valid_for.unwrap_or(FOLLOWED);
        let taken = Taken {
            route,
            provider: receipt.provider,
            message_id: receipt.message_id.as_deref(),
            to: &message.to,
            purpose: message.purpose,
            country: country_of(&message.to),
            ends_us: now_us.saturating_add(i64::try_from(followed.as_micros()).unwrap_or(i64::MAX)),
        };
        self.0.tracker().follow(&taken, Arc::clone(sender), now_us)
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
            let heard = timeout(time_max, news.wait_for(|news| *news != News::None)).await;
            let heard = heard.map_or(News::None, |heard| heard.map_or(News::Shown, |news| *news));
            let is_over = match heard {
                News::Arrived | News::Shown => true,
                News::Lost(failure) => {
                    matches!(failure, Some(Failure::RecipientInvalid | Failure::RecipientBlocked))
                }
                News::None => false,
            };
            let left = message.valid_for.unwrap_or(FOLLOWED).saturating_sub(taken_at.elapsed());
            if is_over || left.is_zero() {
                return;
            }
            sender.send_if_modified(|news| {
                if let News::Lost(_) = news {
                    *news = News::None;
                }
                false
            });
            news.mark_unchanged();
            if *news.borrow() == News::Shown {
                return;
            }
            let again = Message { valid_for: message.valid_for.map(|_| left), ..message.clone() };
            let (to, purpose) = (&again.to, again.purpose);
            tracing::info!(target: "quickcart::messaging", ?to, purpose, ?heard, "no good news, so another provider is tried");
            attempts.has_probed = false;
            let Ok((route, receipt)) = self.try_routes(&again, &mut attempts).await else { return };
            if !self.track(&again, route, &receipt, &sender) || !self.0.routes[route].provider.reports() {
                return;
            }
        }
    }

    /// The code of the newest message to a recipient was shown: nothing more is sent, and its provider is told.
    pub(super) async fn shown(&self, conversion: Conversion<'_>) -> Result<(), SendError> {
        let parts = &self.0;
        let country = country_of(conversion.to);
        let latest = parts.tracker().shown(conversion.to, conversion.purpose, parts.now_us());
        let Some(latest) = latest else {
            parts.ledger.convert(None, country);
            return Ok(());
        };
        let provider = Arc::clone(&parts.routes[latest.route].provider);
        parts.ledger.convert(Some(provider.name()), country);
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
