//! What became of a message after it was taken: a state that only moves forward.

use super::Failure;

/// How far a message got. Later states are greater, and a message never goes back: reports come twice and in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// The provider took it.
    Accepted,
    /// The provider handed it to the carrier.
    Sent,
    /// It is lost: refused by the carrier, expired, not reachable.
    Failed,
    /// It arrived.
    Delivered,
}

impl DeliveryState {
    /// Where a message is that was here and is now said to be there.
    #[must_use]
    pub fn advanced_to(self, reported: Self) -> Self {
        self.max(reported)
    }
}

/// What a provider tells of a message later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The provider, as in [`MessageProvider::name`](super::MessageProvider::name).
    pub provider: &'static str,
    /// The provider's name for the message.
    pub message_id: String,
    /// How far it got.
    pub state: DeliveryState,
    /// Why it did not get further.
    pub failure: Option<Failure>,
    /// The provider's own code for that.
    pub code: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeliveryState::{Accepted, Delivered, Failed, Sent};

    #[test]
    fn a_message_never_goes_back() {
        let states = [Accepted, Sent, Failed, Delivered];
        for was in states {
            for said in states {
                assert!(was.advanced_to(said) >= was && was.advanced_to(said) >= said);
            }
        }
        assert_eq!(Delivered.advanced_to(Failed), Delivered, "what arrived did arrive");
        assert_eq!(Failed.advanced_to(Sent), Failed);
    }
}
