//! Which messages are under way, and what is known of them.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::super::delivery::{DeliveryReport, DeliveryState};
use super::super::{Failure, Recipient};

/// How many messages are followed at once; past that, new ones are sent and not followed.
const FOLLOWED_MAX: usize = 100_000;

/// How many reports of unknown messages are kept for a moment.
const EARLY_MAX: usize = 1_000;
/// How often full tables look for room, in microseconds.
const SWEEP_PAUSE_US: i64 = 1_000_000;

/// What happened to a message since it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    None,
    Lost(Option<Failure>),
    Arrived,
    /// Its code was shown, or a newer one took its place.
    Shown,
}

/// Messages that were taken and may still be of use. Times are in microseconds.
#[derive(Default)]
pub(super) struct Tracker {
    messages: HashMap<(&'static str, String), Followed>,
    recipients: HashMap<(Recipient, &'static str), Latest>,
    /// Reports of messages that are not known, or not yet.
    early: HashMap<(&'static str, String), DeliveryReport>,
    sweep_at: usize,
    swept_at_us: i64,
}

struct Followed {
    state: DeliveryState,
    country: u16,
    news: Arc<watch::Sender<News>>,
    ends_us: i64,
}

/// The newest message to a recipient for a purpose.
pub(super) struct Latest {
    pub(super) route: usize,
    pub(super) message_id: Option<String>,
    pub(super) news: Arc<watch::Sender<News>>,
    ends_us: i64,
}

/// How far a message got, and whether that was known before.
pub(super) struct Progress {
    pub(super) state: DeliveryState,
    pub(super) is_new: bool,
    pub(super) country: u16,
}

/// A message that a provider took.
pub(super) struct Taken<'a> {
    pub(super) route: usize,
    pub(super) provider: &'static str,
    pub(super) message_id: Option<&'a str>,
    pub(super) to: &'a Recipient,
    pub(super) purpose: &'static str,
    pub(super) country: u16,
    pub(super) ends_us: i64,
}

impl Tracker {
    /// Follows a message. Where its news go, unless there are too many already.
    pub(super) fn follow(&mut self, taken: &Taken<'_>, news: Arc<watch::Sender<News>>, now_us: i64) -> bool {
        self.make_room(now_us);
        let is_full = self.messages.len() >= FOLLOWED_MAX || self.recipients.len() >= FOLLOWED_MAX;
        if is_full || *news.borrow() == News::Shown {
            return false;
        }
        let Taken { route, country, ends_us, .. } = *taken;
        let message_id = taken.message_id.map(str::to_owned);
        if let Some(message_id) = message_id.clone() {
            let followed =
                Followed { state: DeliveryState::Accepted, country, news: Arc::clone(&news), ends_us };
            self.messages.insert((taken.provider, message_id), followed);
        }
        let latest = Latest { route, message_id: message_id.clone(), news: Arc::clone(&news), ends_us };
        let older = self.recipients.insert((taken.to.clone(), taken.purpose), latest);
        if let Some(older) = older.filter(|older| !Arc::ptr_eq(&older.news, &news)) {
            // A newer code takes its place, and nobody waits for the older one any more.
            older.news.send_replace(News::Shown);
        }
        if let Some(report) = message_id.and_then(|id| self.early.remove(&(taken.provider, id))) {
            self.record(&report, now_us);
        }
        true
    }

    /// Takes note of a report; `None` for a message that is not followed.
    pub(super) fn record(&mut self, report: &DeliveryReport, now_us: i64) -> Option<Progress> {
        let key = (report.provider, report.message_id.clone());
        let Some(followed) = self.messages.get_mut(&key) else {
            // It may be faster than the provider's own answer.
            if self.early.len() >= EARLY_MAX {
                self.early.clear();
            }
            self.early.insert(key, report.clone());
            return None;
        };
        if followed.ends_us <= now_us {
            return None;
        }
        let state = followed.state.advanced_to(report.state);
        let is_new = state != followed.state;
        followed.state = state;
        if is_new && state.is_final() {
            let news =
                if state == DeliveryState::Delivered { News::Arrived } else { News::Lost(report.failure) };
            // Whoever waited may have stopped to.
            followed
                .news
                .send_if_modified(|known| *known != News::Shown && std::mem::replace(known, news) != news);
        }
        Some(Progress { state, is_new, country: followed.country })
    }

    /// The newest message to a recipient, whose code was shown: nobody follows it any more.
    pub(super) fn shown(&mut self, to: &Recipient, purpose: &'static str, now_us: i64) -> Option<Latest> {
        let latest = self.recipients.remove(&(to.clone(), purpose))?;
        latest.news.send_replace(News::Shown);
        (now_us < latest.ends_us).then_some(latest)
    }

    /// Lets go of messages that are of no use any more, whenever they have doubled.
    fn make_room(&mut self, now_us: i64) {
        let count = self.recipients.len().max(self.messages.len());
        if count >= self.sweep_at.max(64) && now_us >= self.swept_at_us + SWEEP_PAUSE_US {
            self.swept_at_us = now_us;
            self.messages.retain(|_, followed| now_us < followed.ends_us);
            self.recipients.retain(|_, latest| now_us < latest.ends_us);
            self.sweep_at = (2 * self.recipients.len().max(self.messages.len())).min(FOLLOWED_MAX);
        }
    }
}
