//! Whether an answer is the one that a golden file describes, and where it is another one.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// What a placeholder stands for inside a text; some also stand for a whole value.
const IN_TEXTS: [(&str, &str); 10] = [
    ("<any>", ".*"),
    ("<str>", ".+"),
    ("<otp>", r"\d{4,8}"),
    ("<digits>", r"\d+"),
    ("<int>", r"-?\d+"),
    ("<token>", r"[A-Za-z0-9_.\-]{16,}"),
    ("<sid>", "(?:SM|MM)[0-9a-fA-F]{32}"),
    ("<iso8601>", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    ("<datetime>", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("<httpdate>", r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
];

/// As the last element of a list: what follows is free.
const REST: &str = "<...>";

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{(\w+)\}\}").unwrap());

/// What was captured, by name.
pub(super) type Variables = HashMap<String, Value>;

/// The value with `{{name}}` replaced by what was captured; a text that is nothing else becomes the captured value.
pub(super) fn filled(value: &Value, variables: &Variables) -> Value {
    match value {
        Value::String(text) => {
            let whole = VARIABLE.captures(text).filter(|found| found[0].len() == text.len());
            let known = whole.and_then(|found| variables.get(&found[1]).cloned());
            known.unwrap_or_else(|| Value::String(filled_text(text, variables)))
        }
        Value::Array(items) => items.iter().map(|item| filled(item, variables)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), filled(field, variables))).collect()
        }
        plain => plain.clone(),
    }
}

/// The text with `{{name}}` replaced by what was captured.
pub(super) fn filled_text(text: &str, variables: &Variables) -> String {
    let replaced = VARIABLE.replace_all(text, |found: &regex::Captures<'_>| match variables.get(&found[1]) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => found[0].to_owned(),
    });
    replaced.into_owned()
}

/// Where the body is not as described.
pub(super) fn body_faults(expected: &Value, actual: &Value, is_subset: bool) -> Vec<String> {
    let mut faults = Vec::new();
    compare(expected, actual, is_subset, "body", &mut faults);
    faults
}

fn compare(expected: &Value, actual: &Value, is_subset: bool, at: &str, faults: &mut Vec<String>) {
    let is_equal = match (expected, actual) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                match found.get(name) {
                    Some(actual) => compare(value, actual, is_subset, &format!("{at}.{name}"), faults),
                    None => faults.push(format!("{at}.{name}: missing")),
                }
            }
            let extra = found.keys().filter(|name| !is_subset && !wanted.contains_key(*name));
            faults.extend(extra.map(|name| format!("{at}.{name}: unexpected")));
            return;
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let (wanted, found) = match wanted.split_last() {
                Some((last, first)) if last == REST => (first, &found[..first.len().min(found.len())]),
                _ => (&wanted[..], &found[..]),
            };
            if wanted.len() != found.len() {
                faults.push(format!("{at}: want {} elements, got {}", wanted.len(), found.len()));
            }
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(wanted, found, is_subset, &format!("{at}[{index}]"), faults);
            }
            return;
        }
        (Value::String(wanted), actual) => matches_value(wanted, actual),
        // 55 is 55.0, but the integers beyond 2^53 are all different.
        (Value::Number(wanted), Value::Number(found)) => {
            wanted == found || (wanted.is_f64() || found.is_f64()) && wanted.as_f64() == found.as_f64()
        }
        (expected, actual) => expected == actual,
    };
    if !is_equal {
        faults.push(format!("{at}: want {expected}, got {actual}"));
    }
}

fn matches_value(expected: &str, actual: &Value) -> bool {
    match expected {
        "<any>" => true,
        "<int>" => actual.is_i64() || actual.is_u64(),
        "<number>" => actual.is_number(),
        "<bool>" => actual.is_boolean(),
        "<list>" => actual.is_array(),
        "<object>" => actual.is_object(),
        _ => actual.as_str().is_some_and(|actual| matches_text(expected, actual)),
    }
}

fn matches_text(expected: &str, actual: &str) -> bool {
    let mut pattern = String::from(r"(?s)\A");
    let mut rest = expected;
    while !rest.is_empty() {
        let placeholders = IN_TEXTS.iter().filter_map(|(name, means)| Some((rest.find(name)?, name, means)));
        let Some((start, name, means)) = placeholders.min_by_key(|(start, ..)| *start) else { break };
        pattern.extend([&*regex::escape(&rest[..start]), means]);
        rest = &rest[start + name.len()..];
    }
    pattern.extend([&*regex::escape(rest), r"\z"]);
    Regex::new(&pattern).unwrap().is_match(actual)
}

/// Where the header fields are not as described; those that are not mentioned are free. `origin` is the request's.
pub(super) fn header_faults<'a>(
    expected: impl IntoIterator<Item = (&'a String, &'a String)>,
    actual: &HeaderMap,
    origin: &str,
) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, wanted) in expected {
        let values: Vec<String> = actual
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let value = values.join(", ");
        let is_right = match (name.as_str(), wanted.as_str()) {
            ("allow", method) => value.split(',').any(|allowed| allowed.trim().eq_ignore_ascii_case(method)),
            ("content-type", wanted) => {
                value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted)
            }
            (_, "<origin>") => value == origin || value == "*",
            (_, "<absent>") => values.is_empty(),
            (_, wanted) => values.iter().any(|value| matches_text(wanted, value)),
        };
        if !is_right {
            faults.push(format!("header {name}: want {wanted:?}, got {value:?}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn matches(expected: Value, actual: Value) {
        assert_eq!(body_faults(&expected, &actual, false), [""; 0], "{expected} is {actual}");
    }

    #[track_caller]
    fn differs(expected: Value, actual: Value) {
        assert_ne!(body_faults(&expected, &actual, false), [""; 0], "{expected} is not {actual}");
    }

    #[test]
    fn numbers_are_compared_by_value() {
        matches(json!(55), json!(55.0));
        matches(json!(0.1), json!(0.1));
        differs(json!(55), json!(55.5));
        differs(json!(55), json!("55"));
        differs(json!(1), json!(true));
        differs(json!(0), json!(false));
        differs(json!(null), json!(0));
        differs(json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_993_u64));
    }

    #[test]
    fn placeholders_of_types_match_their_type_only() {
        let values = [json!(1), json!(1.5), json!(true), json!([]), json!({}), json!("1"), json!(null)];
        for (placeholder, matching) in [
            ("<any>", &[0, 1, 2, 3, 4, 5, 6][..]),
            ("<int>", &[0]),
            ("<number>", &[0, 1]),
            ("<bool>", &[2]),
            ("<list>", &[3]),
            ("<object>", &[4]),
            ("<str>", &[5]),
            ("<digits>", &[5]),
        ] {
            for (index, value) in values.iter().enumerate() {
                let is_match = body_faults(&json!(placeholder), value, false).is_empty();
                assert_eq!(is_match, matching.contains(&index), "{placeholder} and {value}");
            }
        }
    }

    #[test]
    fn placeholders_of_texts_match_whole_texts() {
        let sid = format!("SM{}", "0a".repeat(16));
        for (expected, right, wrong) in [
            ("<str>", "two\nlines", ""),
            ("<otp>", "1234", "123"),
            ("<otp>", "12345678", "123456789"),
            ("<digits>", "0", "0x"),
            ("<token>", "AZaz09_.-0123456", "AZaz09_.-012345"),
            ("<token>", "0123456789abcdef", "0123456789abcde!"),
            ("<sid>", &sid, &sid[1..]),
            ("<iso8601>", "2026-11-21T09:03:10", "2026-11-21 09:03:10"),
            ("<iso8601>", "2026-11-21T09:03:10.123456+05:30", "2026-11-21T09:03:10+5"),
            ("<iso8601>", "2026-11-21T09:03:10Z", "2026-11-21"),
            ("<datetime>", "2026-11-21 09:03:10", "2026-11-21T09:03:10"),
            ("<httpdate>", "Sat, 21 Nov 2026 09:03:10 GMT", "Sat, 21 Nov 2026 09:03:10 UTC"),
            ("Cart <int> (a+b)", "Cart -7 (a+b)", "Cart 7 (aab)"),
            ("<any>code is <otp>.", "Your code is 123456.", "Your code is 123456!"),
            ("<int>/<int>", "3/4", "3/"),
            ("plain", "plain", "plainer"),
            ("", "", "x"),
        ] {
            matches(json!(expected), json!(right));
            differs(json!(expected), json!(wrong));
        }
    }

    #[test]
    fn the_rest_of_a_list_is_free_only_where_it_says_so() {
        matches(json!([1, "<...>"]), json!([1, 2, 3]));
        matches(json!([1, "<...>"]), json!([1]));
        matches(json!(["<...>"]), json!([]));
        differs(json!([1, "<...>"]), json!([2, 1]));
        differs(json!([1, 2, "<...>"]), json!([1]));
        differs(json!(["<...>", 1]), json!([1, 1]));
        differs(json!([1]), json!([1, 2]));
        differs(json!([1, 2]), json!([1]));
        differs(json!([]), json!({}));
    }

    #[test]
    fn a_subset_may_have_more_keys_at_any_depth_but_not_more_elements() {
        let (expected, actual) = (json!({"a": [{"b": 1}]}), json!({"a": [{"b": 1, "c": 2}], "d": 3}));
        assert_eq!(body_faults(&expected, &actual, true), [""; 0]);
        assert_eq!(body_faults(&expected, &actual, false), ["body.a[0].c: unexpected", "body.d: unexpected"]);
        let longer = json!({"a": [{"b": 1}, {"b": 1}]});
        assert_eq!(body_faults(&expected, &longer, true), ["body.a: want 1 elements, got 2"]);
        assert_eq!(body_faults(&json!({"a": null}), &json!({}), true), ["body.a: missing"]);
        assert_eq!(body_faults(&json!({"a": 1}), &json!({"a": 2}), true), ["body.a: want 1, got 2"]);
    }

    #[test]
    fn headers_are_compared_each_in_its_way() {
        let mut actual = HeaderMap::new();
        for (name, value) in [
            ("allow", "GET, post"),
            ("content-type", "application/json; charset=utf-8"),
            ("access-control-allow-origin", "http://localhost:3000"),
            ("set-cookie", "a=1"),
            ("set-cookie", "session=xyz; HttpOnly"),
        ] {
            actual.append(name, value.parse().unwrap());
        }
        for (name, wanted, is_right) in [
            ("allow", "POST", true),
            ("allow", "PUT", false),
            ("content-type", "application/json", true),
            ("content-type", "text/plain", false),
            ("access-control-allow-origin", "<origin>", true),
            ("set-cookie", "session=<str>; HttpOnly", true),
            ("set-cookie", "session=<str>", true),
            ("set-cookie", "session=<int>", false),
            ("x-missing", "<absent>", true),
            ("x-missing", "<str>", false),
            ("allow-not", "GET", false),
            ("set-cookie", "<absent>", false),
        ] {
            let expected = (name.to_owned(), wanted.to_owned());
            let faults = header_faults([(&expected.0, &expected.1)], &actual, "http://localhost:3000");
            assert_eq!(faults.is_empty(), is_right, "{name}: {wanted}: {faults:?}");
        }
        let expected = ("access-control-allow-origin".to_owned(), "<origin>".to_owned());
        assert_eq!(header_faults([(&expected.0, &expected.1)], &actual, "http://elsewhere").len(), 1);
    }

    #[test]
    fn variables_keep_their_type_when_they_stand_alone() {
        let variables = Variables::from([("id".to_owned(), json!(7)), ("name".to_owned(), json!("Asha"))]);
        let template = json!({"a": "{{id}}", "b": ["{{name}} {{id}}"], "c": "{{unknown}}", "d": 1});
        let expected = json!({"a": 7, "b": ["Asha 7"], "c": "{{unknown}}", "d": 1});
        assert_eq!(filled(&template, &variables), expected);
        assert_eq!(filled_text("/orders/{{id}}", &variables), "/orders/7");
    }
}
