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
/// The longest name of a message, in bytes: those of providers have some 40.
const MESSAGE_ID_LENGTH_MAX: usize = 128;
/// How often full tables look for room, in microseconds.
const SWEEP_PAUSE_US: i64 = 1_000_000;

/// What happened to a message since it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    None,
    /// The newest attempt did not arrive.
    Lost(Option<Failure>),
    Arrived,
    /// Its code was shown, or a newer one took its place.
    Over,
}

impl News {
    /// Whether there is nothing left to do for the message.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Arrived | Self::Over)
    }
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
    /// Whether no other provider was asked for the same message since.
    is_newest: bool,
    news: Arc<watch::Sender<News>>,
    ends_us: i64,
}

/// The newest message to a recipient for a purpose.
pub(super) struct Latest {
    pub(super) route: usize,
    pub(super) provider: &'static str,
    pub(super) message_id: Option<String>,
    pub(super) sent_at_us: i64,
    number: u64,
    news: Arc<watch::Sender<News>>,
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
    /// Messages are counted when their sending begins.
    pub(super) number: u64,
    pub(super) route: usize,
    pub(super) provider: &'static str,
    pub(super) message_id: Option<&'a str>,
    pub(super) to: &'a Recipient,
    pub(super) purpose: &'static str,
    /// Whether it brings a code, which takes the place of the one before.
    pub(super) has_code: bool,
    pub(super) country: u16,
    pub(super) ends_us: i64,
}

impl Tracker {
    /// Follows a message. Where its news go, unless there are too many already, or it is of no use any more.
    pub(super) fn follow(&mut self, taken: &Taken<'_>, news: &Arc<watch::Sender<News>>, now_us: i64) -> bool {
        self.make_room(now_us);
        let is_full = self.messages.len() >= FOLLOWED_MAX || self.recipients.len() >= FOLLOWED_MAX;
        if is_full || *news.borrow() == News::Over || !self.take_place(taken, news) {
            return false;
        }
        let &Taken { number, route, provider, country, ends_us, .. } = taken;
        let message_id = taken.message_id.map(str::to_owned);
        if let Some(message_id) = message_id.clone() {
            let (state, news) = (DeliveryState::Accepted, Arc::clone(news));
            let followed = Followed { state, country, is_newest: true, news, ends_us };
            self.messages.insert((provider, message_id), followed);
        }
        let news = Arc::clone(news);
        let latest = Latest { route, provider, message_id, sent_at_us: now_us, number, news, ends_us };
        self.recipients.insert((taken.to.clone(), taken.purpose), latest);
        true
    }

    /// Ends what the message takes the place of; `false` when a newer one took its own.
    fn take_place(&mut self, taken: &Taken<'_>, news: &Arc<watch::Sender<News>>) -> bool {
        let Some(older) = self.recipients.get(&(taken.to.clone(), taken.purpose)) else { return true };
        if Arc::ptr_eq(&older.news, news) {
            // Bad news of an attempt before this one say nothing any more.
            let key = older.message_id.clone().map(|id| (older.provider, id));
            if let Some(followed) = key.and_then(|key| self.messages.get_mut(&key)) {
                followed.is_newest = false;
            }
            news.send_if_modified(|news| {
                if matches!(news, News::Lost(_)) {
                    *news = News::None;
                }
                false
            });
            return true;
        }
        if !taken.has_code {
            return true;
        }
        let is_newer = older.number < taken.number;
        let over = if is_newer { &older.news } else { news };
        over.send_replace(News::Over);
        is_newer
    }

    /// Takes note of a report; `None` for a message that is not followed.
    pub(super) fn record(&mut self, report: &DeliveryReport, now_us: i64) -> Option<Progress> {
        if report.message_id.len() > MESSAGE_ID_LENGTH_MAX {
            return None;
        }
        let key = (report.provider, report.message_id.clone());
        let Some(followed) = self.messages.get_mut(&key) else {
            self.keep_early(key, report);
            return None;
        };
        if followed.ends_us <= now_us {
            return None;
        }
        let state = followed.state.advanced_to(report.state);
        let is_new = state != followed.state;
        followed.state = state;
        let news = match state {
            DeliveryState::Delivered => News::Arrived,
            DeliveryState::Failed if followed.is_newest => News::Lost(report.failure),
            _ => News::None,
        };
        if is_new && news != News::None {
            followed
                .news
                .send_if_modified(|known| !known.is_final() && std::mem::replace(known, news) != news);
        }
        Some(Progress { state, is_new, country: followed.country })
    }

    /// A report may be faster than the provider's own answer.
    fn keep_early(&mut self, key: (&'static str, String), report: &DeliveryReport) {
        if self.early.len() >= EARLY_MAX {
            self.early.clear();
        }
        let kept = self.early.entry(key).or_insert_with(|| report.clone());
        if kept.state < report.state {
            *kept = report.clone();
        }
    }

    /// What was told of a message before it was followed.
    pub(super) fn take_early(&mut self, provider: &'static str, message_id: &str) -> Option<DeliveryReport> {
        if self.early.is_empty() { None } else { self.early.remove(&(provider, message_id.to_owned())) }
    }

    /// The newest message to a recipient, whose code was shown: nobody follows it any more.
    pub(super) fn shown(&mut self, to: &Recipient, purpose: &'static str, now_us: i64) -> Option<Latest> {
        let latest = self.recipients.remove(&(to.clone(), purpose))?;
        latest.news.send_replace(News::Over);
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
