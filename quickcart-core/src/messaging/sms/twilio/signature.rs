//! Whether Twilio sent a request.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Whether `signature`, the header `X-Twilio-Signature`, is that of a request to this address with these parameters of its
/// body.
///
/// It is the base64 of the HMAC-SHA-1, under the account's auth token, of the address and then of each name and value, sorted,
/// each pair once ([Twilio](https://www.twilio.com/docs/usage/security#validating-requests)). Twilio signs some addresses with
/// the port and some without, so both are tried, as in Twilio's own libraries.
pub(super) fn is_signed(
    mac: &Hmac<Sha1>,
    url: &str,
    params: &[(Cow<'_, str>, Cow<'_, str>)],
    signature: &str,
) -> bool {
    let Ok(signature) = BASE64_STANDARD.decode(signature.trim()) else { return false };
    let mut params: Vec<_> = params.iter().collect();
    params.sort_unstable();
    params.dedup();
    let is_signature_of = |url: &str| {
        let mut mac = mac.clone();
        mac.update(url.as_bytes());
        for (name, value) in &params {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        // In constant time.
        mac.verify_slice(&signature).is_ok()
    };
    is_signature_of(url) || with_other_port(url).is_some_and(|url| is_signature_of(&url))
}

/// The same address, without its port if it has one, else with the usual one. `None` for what is neither http nor https.
fn with_other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // The colons of an IPv6 address stand in brackets.
    let host_start = authority.rfind(['@', ']']).map_or(0, |index| index + 1);
    Some(match authority[host_start..].find(':') {
        Some(colon) => format!("{scheme}://{}{path}", &authority[..host_start + colon]),
        None => format!("{scheme}://{authority}:{usual}{path}"),
    })
}

#[cfg(test)]
mod tests {
    use hmac::KeyInit;

    use super::*;

    type Params = &'static [(&'static str, &'static str)];

    const TOKEN: &[u8] = b"12345";
    const CALL: Params = &[
        ("Digits", "1234"),
        ("CallSid", "CA1234567890ABCDE"),
        ("To", "+18005551212"),
        ("Caller", "+14158675309"),
        ("From", "+14158675309"),
    ];
    /// From the tests of Twilio's library for Python, and one of our own at the end.
    const VECTORS: [(&str, Params, &str); 7] = [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            &[
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=\
             0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
            &[],
            "a9nBmqA0ju/hNViExpshrM61xv4=",
        ),
        (
            "https://otp.example.com/webhooks/twilio/status?tenant=t1",
            &[
                ("MessageSid", "SM0123456789abcdef0123456789abcdef"),
                ("SmsSid", "SM0123456789abcdef0123456789abcdef"),
                ("SmsStatus", "undelivered"),
                ("MessageStatus", "undelivered"),
                ("ErrorCode", "30003"),
                ("To", "+919876543210"),
                ("From", "+15005550006"),
                ("AccountSid", "AC0123456789abcdef0123456789abcdef"),
                ("ApiVersion", "2010-04-01"),
            ],
            "6BFVB/WoYmRYJUDiQdCcCCBG/x8=",
        ),
    ];

    fn check(url: &str, params: &[(&str, &str)], signature: &str) -> bool {
        let params: Vec<_> = params.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        is_signed(&Hmac::new_from_slice(TOKEN).unwrap(), url, &params, signature)
    }

    #[test]
    fn agrees_with_twilio() {
        for (url, params, signature) in VECTORS {
            assert!(check(url, params, signature), "{url}");
            let mut shuffled = params.to_vec();
            shuffled.reverse();
            shuffled.extend(params.first());
            assert!(
                check(url, &shuffled, signature),
                "{url}: the order does not matter, nor does a pair sent twice"
            );
        }
    }

    #[test]
    fn the_port_may_be_left_out_or_written() {
        let [_, _, https_443, http_80, http_1234, ..] = VECTORS.map(|(_, _, signature)| signature);
        assert!(check("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, https_443));
        assert!(check("http://mycompany.com/myapp.php?foo=1&bar=2", CALL, http_80));
        assert!(check("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, VECTORS[0].2));
        assert!(check("https://mycompany.com:8443/myapp.php?foo=1&bar=2", CALL, VECTORS[0].2));
        assert!(!check("http://mycompany.com/myapp.php?foo=1&bar=2", CALL, http_1234));
        assert!(!check("http://mycompany.com/myapp.php?foo=1&bar=2", CALL, VECTORS[0].2), "another scheme");
    }

    #[test]
    fn anything_that_was_changed_is_refused() {
        for (url, params, signature) in VECTORS {
            assert!(!check(&format!("{url}&more=1"), params, signature));
            assert!(!check(&url.replace(".com", ".org"), params, signature));
            for changed in 0..params.len() {
                let mut forged = params.to_vec();
                forged[changed].1 = "x";
                assert!(!check(url, &forged, signature), "{url}: {:?}", params[changed]);
                let left_out: Vec<_> =
                    params.iter().filter(|param| **param != params[changed]).copied().collect();
                assert!(!check(url, &left_out, signature), "{url}: without {:?}", params[changed]);
            }
            let added = [params, &[("Extra", "1")]].concat();
            assert!(!check(url, &added, signature));
            for forged in ["", "=", "AAAA", "not base64", &signature.to_lowercase(), &signature[..27]] {
                assert!(!check(url, params, forged), "{forged}");
            }
        }
    }

    #[test]
    fn finds_the_port_where_it_stands() {
        let expected = [
            ("https://a.example/x:1?y:2", Some("https://a.example:443/x:1?y:2")),
            ("http://a.example:8080", Some("http://a.example")),
            ("http://user:word@a.example/", Some("http://user:word@a.example:80/")),
            ("https://[2001:db8::1]/x", Some("https://[2001:db8::1]:443/x")),
            ("https://[2001:db8::1]:8443/x", Some("https://[2001:db8::1]/x")),
            ("ftp://a.example/", None),
            ("a.example", None),
        ];
        for (url, other) in expected {
            assert_eq!(with_other_port(url).as_deref(), other, "{url}");
        }
    }
}
