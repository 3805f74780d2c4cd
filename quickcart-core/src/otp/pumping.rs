//! Who sends for the sake of sending: a watch over each number prefix.
//!
//! SMS pumping asks for codes to numbers whose carrier shares the fee, and never enters one. What gives it away is numbers one
//! after the other, and a prefix whose codes nobody shows. Numbers that were verified before are let through.

use super::keys::Digest;

/// The number that a request would send to, as the watch sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Its prefix, as a store knows it.
    pub prefix: Digest,
    /// What follows the prefix.
    pub number: u32,
}

/// So many messages in a row to neighbouring numbers are no accident.
pub(crate) const RUN_MAX: u32 = 15;
/// Numbers that differ by no more are neighbours.
pub(crate) const NEIGHBOUR_GAP: u32 = 5;
/// So many messages without a single code shown are too many; the goal is to stop within 30.
pub(crate) const UNANSWERED_MAX: f64 = 26.0;
/// From so many messages on that had their time, the share of codes shown is judged.
pub(crate) const JUDGED_MIN: f64 = 20.0;
/// The least share of codes that has to be shown; real sign-ups reach 40 % and more.
pub(crate) const CONVERSION_MIN: f64 = 0.1;
/// How long people get to show a code before the message counts against its prefix, in microseconds.
pub(crate) const GRACE_US: i64 = 60_000_000;
/// How often something of what happened is forgotten, in microseconds, and how much of it stays: half in six hours.
pub(crate) const FADE_US: i64 = 2_700_000_000;
pub(crate) const FADE: f64 = 0.917;
/// How many such steps a quiet prefix is remembered: a day.
pub(crate) const FADES_KEPT: i64 = 32;
/// How long a prefix is closed, in microseconds.
pub(crate) const CLOSED_US: i64 = 3_600_000_000;
/// How long a verified number is let through, in microseconds.
pub(crate) const VERIFIED_US: i64 = 90 * 86_400_000_000;

/// What is kept of a prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Prefix {
    /// Messages of the running grace period, and of those before it.
    fresh: f64,
    judged: f64,
    /// Codes shown.
    shown: f64,
    grace: i64,
    fade: i64,
    last_number: u32,
    run: u32,
    closed_until_us: i64,
}

impl Prefix {
    /// One more message to `number`; `Err` with the instant in microseconds until which there is none.
    pub(crate) fn send(&mut self, number: u32, now_us: i64) -> Result<(), i64> {
        self.settle(now_us);
        if now_us < self.closed_until_us {
            return Err(self.closed_until_us);
        }
        let gap = number.abs_diff(self.last_number);
        if gap > NEIGHBOUR_GAP {
            self.run = 0;
        } else if gap > 0 {
            self.run += 1;
        }
        self.last_number = number;
        let sent = self.fresh + self.judged;
        // Where codes are shown, nobody can close the prefix for everybody by asking for neighbours.
        let is_run = self.run >= RUN_MAX && self.shown < CONVERSION_MIN * sent;
        let unanswered = self.shown < 0.5 && sent >= UNANSWERED_MAX;
        let unconverted = self.judged >= JUDGED_MIN && self.shown < CONVERSION_MIN * self.judged;
        if is_run || unanswered || unconverted {
            let (grace, fade) = (self.grace, self.fade);
            *self = Self { closed_until_us: now_us + CLOSED_US, grace, fade, ..Self::default() };
            return Err(self.closed_until_us);
        }
        self.fresh += 1.0;
        Ok(())
    }

    /// The message never left.
    pub(crate) fn withdraw(&mut self) {
        self.fresh = (self.fresh - 1.0).max(0.0);
        self.run = self.run.saturating_sub(1);
    }

    /// A code was shown.
    pub(crate) fn shown(&mut self, now_us: i64) {
        self.settle(now_us);
        self.shown += 1.0;
    }

    /// Whether there is nothing left worth remembering.
    pub(crate) fn is_forgotten(&self, now_us: i64) -> bool {
        now_us >= self.closed_until_us && now_us.div_euclid(FADE_US) >= self.fade + FADES_KEPT
    }

    /// Lets messages come of age, and forgets bit by bit. Multiplied step by step, so that every store gets the same.
    fn settle(&mut self, now_us: i64) {
        let (grace, fade) = (now_us.div_euclid(GRACE_US), now_us.div_euclid(FADE_US));
        if grace > self.grace {
            self.judged += self.fresh;
            self.fresh = 0.0;
            self.grace = grace;
        }
        if fade > self.fade {
            let steps = fade - self.fade;
            let left = if steps < FADES_KEPT { (0..steps).fold(1.0, |left, _| left * FADE) } else { 0.0 };
            self.judged *= left;
            self.shown *= left;
            self.fade = fade;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    /// The most messages that go out before the prefix is closed, whenever the attack begins.
    fn sent_by_attack(number: impl Fn(u32) -> u32, gap_us: i64) -> u32 {
        let one = |start_us: i64| {
            let mut prefix = Prefix::default();
            let sent =
                (0..10_000).find(|&n| prefix.send(number(n), start_us + i64::from(n) * gap_us).is_err());
            sent.expect("an attack is stopped")
        };
        (0..60).map(|start| one(start * 47 * SECOND_US)).max().expect("some attacks")
    }

    #[test]
    fn an_attack_is_stopped_within_thirty_messages() {
        let scattered = |n: u32| n.wrapping_mul(2_654_435_761) % 100_000;
        for gap_us in [1_000, SECOND_US, 20 * SECOND_US, 50 * SECOND_US, 60 * SECOND_US, 300 * SECOND_US] {
            for sent in [
                sent_by_attack(|n| n, gap_us),
                sent_by_attack(|n| 99_999 - n * 3, gap_us),
                sent_by_attack(scattered, gap_us),
            ] {
                // Slower than one a minute, something is forgotten meanwhile.
                let most = if gap_us <= 60 * SECOND_US { 30 } else { 40 };
                assert!(sent <= most, "{sent} messages, one every {gap_us} us");
            }
        }
    }

    /// A rush: up to one message a second into one prefix; two of five show their code, 5 to 25 s after it was sent.
    #[test]
    fn a_genuine_rush_is_not_touched() {
        for (seed, gap_us) in [(1_u32, SECOND_US), (2, SECOND_US), (3, 3 * SECOND_US), (4, 30 * SECOND_US)] {
            let mut prefix = Prefix::default();
            let mut shown_at = Vec::new();
            for n in 0..3_000_u32 {
                let now_us = i64::from(n) * gap_us;
                let chance = (n + seed * 7_919).wrapping_mul(2_654_435_761) >> 8;
                shown_at.retain(|&at| {
                    if at <= now_us {
                        prefix.shown(at);
                    }
                    at > now_us
                });
                prefix.send(chance % 100_000, now_us).expect("a customer gets the code");
                if chance % 5 < 2 {
                    shown_at.push(now_us + (5 + i64::from(chance % 21)) * SECOND_US);
                }
            }
        }
    }

    #[test]
    fn a_closed_prefix_opens_again() {
        let mut prefix = Prefix::default();
        let until = (0..).find_map(|n| prefix.send(n, 0).err()).unwrap();
        assert_eq!(prefix.send(70_000, until - 1), Err(until));
        assert_eq!(prefix.send(70_000, until), Ok(()));
    }

    #[test]
    fn asking_again_for_one_number_is_no_run() {
        let mut prefix = Prefix::default();
        assert!((0..20).all(|_| prefix.send(5, 0).is_ok()));
    }
}
