//! What browsers are told about every answer
//! ([OWASP](https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers)).

use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
/// Answers hold profiles, carts and tokens.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// An answer that is no page loads nothing and stands in no frame.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// Two years, as <https://hstspreload.org> asks for.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Completes an answer. A route that may be cached or is a page has said so itself.
pub(crate) fn protect(answer: &mut HeaderMap, came_with_tls: bool) {
    answer.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    answer.insert(REFERRER_POLICY, NO_REFERRER);
    answer.entry(CACHE_CONTROL).or_insert(NO_STORE);
    answer.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    if came_with_tls {
        answer.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
}

/// Whether the proxy in front says that the client spoke TLS with it. The nearest proxy's word stands last.
pub(crate) fn says_tls(headers: &HeaderMap) -> bool {
    let said = headers.get_all(X_FORWARDED_PROTO).iter().next_back();
    let nearest = said.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    nearest.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_the_first_word() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        protect(&mut headers, false);
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        assert_eq!(headers[CONTENT_SECURITY_POLICY], NOTHING);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn the_nearest_proxy_knows_whether_it_was_tls() {
        for (said, tls) in
            [("https", true), ("HTTPS", true), ("http, https", true), ("https, http", false), ("", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(X_FORWARDED_PROTO, said.parse().unwrap());
            assert_eq!(says_tls(&headers), tls, "{said}");
        }
        assert!(!says_tls(&HeaderMap::new()));
    }
}
