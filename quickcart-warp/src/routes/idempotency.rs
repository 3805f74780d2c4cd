//! `Idempotency-Key`: the name that a client gives a request that may come again.

use quickcart_core::order::{IdempotencyKey, InvalidIdempotencyKey};
use warp::http::header::HeaderValue;

/// The header field.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The key that a request shows, if it shows one. What it names is `operation`, which is a method and a path, with this body.
pub(super) fn key_of(
    shown: Option<&HeaderValue>,
    operation: &str,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, InvalidIdempotencyKey> {
    let key = |shown: &HeaderValue| {
        let name = shown.to_str().map_err(|_| InvalidIdempotencyKey)?;
        IdempotencyKey::new(name, &[operation.as_bytes(), b"\n", body].concat())
    };
    shown.map(key).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_request() {
        let key = |operation, body: &[u8]| {
            let shown = HeaderValue::from_static("order-1");
            key_of(Some(&shown), operation, body).unwrap().unwrap()
        };
        assert_eq!(key("POST /v1/orders", b"{}"), key("POST /v1/orders", b"{}"));
        for (operation, body) in [("POST /v1/orders", b"".as_slice()), ("POST /orders/checkout", b"{}")] {
            assert_ne!(key(operation, body), key("POST /v1/orders", b"{}"));
        }
        assert!(key_of(None, "POST /v1/orders", b"{}").unwrap().is_none());
        for wrong in ["", "two words", "schlüssel"] {
            let shown = HeaderValue::from_bytes(wrong.as_bytes()).unwrap();
            assert_eq!(key_of(Some(&shown), "POST /v1/orders", b"{}"), Err(InvalidIdempotencyKey), "{wrong}");
        }
    }
}
