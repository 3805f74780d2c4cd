//! How many codes a phone, a mailbox, an address, a prefix, a country and a purse may ask for.

use super::limit::Rate;

/// The limits of sending codes; `None` lifts one. Purposes have their own count of a phone, and share all others when
/// their engines share a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one number and purpose. Default: 20 a day, as the QuickCart backend had it.
    pub phone: Option<Rate>,
    /// Of one e-mail address and purpose. Default: 10 an hour, so that nobody fills a stranger's mailbox.
    pub email: Option<Rate>,
    /// Of one IPv4 address or IPv6 /64. Default: 1,000 an hour, because a mobile carrier's customers share addresses.
    pub address: Option<Rate>,
    /// Of one [prefix](crate::phone::PhoneNumber::prefix), 100,000 numbers. Default: 300 an hour.
    pub prefix: Option<Rate>,
    /// Of one country calling code. Default: 20,000 an hour.
    pub country: Option<Rate>,
    /// Of all messages together, in the unit of `message_price`. Default: 500,000 a day, which is 5,000 rupees in paise.
    pub spend: Option<Rate>,
    /// What a message costs; set it to what your provider charges. Default: 25 paise.
    pub message_price: u32,
    /// Whether [prefixes](crate::phone::PhoneNumber::prefix) are watched for SMS pumping. Default: yes.
    pub pumping: bool,
    /// Of asking whether a code is pending, for one address. Default: 60 a minute.
    pub status: Option<Rate>,
}

impl Limits {
    /// No limit at all: for engines behind limits of their own.
    pub const NONE: Self = Self {
        phone: None,
        email: None,
        address: None,
        prefix: None,
        country: None,
        spend: None,
        message_price: 0,
        pumping: false,
        status: None,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            phone: Some(Rate::daily(20)),
            email: Some(Rate::hourly(10)),
            address: Some(Rate::hourly(1_000)),
            prefix: Some(Rate::hourly(300)),
            country: Some(Rate::hourly(20_000)),
            spend: Some(Rate::daily(500_000)),
            message_price: 25,
            pumping: true,
            status: Some(Rate::hourly(3_600)),
        }
    }
}
