//! How limits stand, as header fields
//! ([draft-ietf-httpapi-ratelimit-headers-10](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/)).

use std::time::Duration;

use quickcart_core::clock::Timestamp;
use quickcart_core::otp::{LimitStanding, Rate};
use warp::http::HeaderName;
use warp::http::header::HeaderValue;
use warp::reply::Response;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How many header fields tell of limits.
pub(crate) const FIELDS: usize = 2;

/// The limits that are the client's own; how the others stand is the shop's business.
const SHOWN: [&str; 2] = ["phone", "address"];

/// One limit, as the client is told of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimit {
    name: &'static str,
    quota: u32,
    window_s: u64,
    remaining: u32,
    /// When there is more of it, in seconds from now.
    reset_s: u64,
}

impl RateLimit {
    /// A limit that had room.
    pub(crate) fn standing(limit: &LimitStanding, now: Timestamp) -> Self {
        let LimitStanding { limit: name, quota, window_s, remaining, full_at } = *limit;
        let left_s = u64::try_from(full_at.duration_since(now).as_secs()).unwrap_or(0);
        Self { name, quota, window_s, remaining, reset_s: left_s + 1 }
    }

    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.name == name
    }

    /// A limit that is used up.
    pub(crate) fn used_up(name: &'static str, rate: Rate, retry_after: Duration) -> Self {
        let (quota, window_s) = (rate.quota(), rate.window().as_secs());
        Self { name, quota, window_s, remaining: 0, reset_s: retry_after.as_secs() + 1 }
    }
}

/// Tells the client how its limits stand.
pub(crate) fn show(response: &mut Response, limits: impl Iterator<Item = RateLimit>) {
    let (mut policy, mut state) = (String::with_capacity(64), String::with_capacity(64));
    for RateLimit { name, quota, window_s, remaining, reset_s } in
        limits.filter(|limit| SHOWN.contains(&limit.name))
    {
        push(&mut policy, name, (";q=", quota.into()), (";w=", window_s));
        push(&mut state, name, (";r=", remaining.into()), (";t=", reset_s));
    }
    for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        if let Some(value) = HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty()) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Writes one more item of a list, with two parameters. Without `fmt`, which takes three times as many instructions.
fn push(list: &mut String, name: &str, first: (&str, u64), second: (&str, u64)) {
    if !list.is_empty() {
        list.push_str(", ");
    }
    let (mut one, mut other) = (itoa::Buffer::new(), itoa::Buffer::new());
    for text in ["\"", name, "\"", first.0, one.format(first.1), second.0, other.format(second.1)] {
        list.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_limits_of_the_client() {
        let rate = |name| RateLimit::used_up(name, Rate::daily(20), Duration::from_millis(4_319_500));
        let mut response = Response::default();
        show(&mut response, ["phone", "spend", "address"].map(rate).into_iter());
        let field = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        assert_eq!(field("ratelimit-policy"), Some(r#""phone";q=20;w=86400, "address";q=20;w=86400"#));
        assert_eq!(field("ratelimit"), Some(r#""phone";r=0;t=4320, "address";r=0;t=4320"#));
        let mut response = Response::default();
        show(&mut response, std::iter::empty());
        assert!(response.headers().is_empty());
    }
}
