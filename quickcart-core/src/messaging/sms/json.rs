//! Fields of a provider's JSON, which are texts or numbers as it pleases.

use serde_json::Value;

/// A text, or a number written out; `None` when it is empty or anything else.
pub(super) fn text(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, or a text of digits.
pub(super) fn number(object: &Value, name: &str) -> Option<u32> {
    text(object, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_may_be_a_text_and_a_text_a_number() {
        let object = json!({"a": 7, "b": " 7 ", "c": "", "d": [7], "e": -7, "f": null, "g": 1e3});
        assert_eq!(["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| number(&object, name)), {
            [Some(7), Some(7), None, None, None, None, None, None]
        });
        assert_eq!(text(&object, "a").as_deref(), Some("7"));
        assert_eq!(text(&object, "b").as_deref(), Some("7"));
        assert_eq!(number(&json!([1]), "a"), None);
    }
}
