//! Messages that providers took, how the providers misbehave, and codes that one of them made.

use std::collections::HashMap;

use super::exchange::Fault;

/// The providers that are reached over HTTP.
const HTTP_PROVIDERS: [&str; 4] = ["twilio", "fast2sms", "infobip_sms", "infobip_2fa"];

#[derive(Default)]
pub(super) struct Outbox {
    pub(super) messages: Vec<Sent>,
    faults: HashMap<String, (Mode, Option<u32>)>,
    pins: HashMap<String, Pin>,
}

/// A message that a provider took.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) to: String,
    pub(super) code: Option<String>,
}

/// How a provider misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Down,
    Throttled,
    Hang,
    Reset,
    InvalidNumber,
    Auth,
}

/// A code that Infobip made.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    pub(super) to: String,
    pub(super) code: String,
    pub(super) attempts: u32,
    pub(super) is_used: bool,
}

impl Mode {
    /// The mode of this name, and none at all for `none`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "http_500" => Some(Self::Down),
            "http_429" => Some(Self::Throttled),
            "hang" => Some(Self::Hang),
            "reset" => Some(Self::Reset),
            "invalid_number" => Some(Self::InvalidNumber),
            "auth" => Some(Self::Auth),
            "none" => None,
            _ => panic!("the fakes know no mode {name:?}"),
        }
    }
}

impl Outbox {
    pub(super) fn record(&mut self, to: &str, code: Option<String>) {
        self.messages.push(Sent { to: address(to), code });
    }

    /// From now on the providers over HTTP that are meant misbehave, or behave again.
    pub(super) fn set_fault(&mut self, fault: &Fault) {
        let meant = HTTP_PROVIDERS.into_iter().filter(|name| match fault.provider.as_str() {
            "all" => true,
            "infobip" => name.starts_with("infobip"),
            provider => provider == *name,
        });
        for name in meant {
            match Mode::named(&fault.mode) {
                Some(mode) => {
                    let left = fault.count.filter(|count| *count > 0);
                    self.faults.insert(name.to_owned(), (mode, left));
                }
                None => drop(self.faults.remove(name)),
            }
        }
    }

    /// How the provider misbehaves at this request.
    pub(super) fn take_fault(&mut self, provider: &str) -> Option<Mode> {
        let (mode, left) = self.faults.get_mut(provider)?;
        let mode = *mode;
        if let Some(left) = left {
            *left -= 1;
            if *left == 0 {
                self.faults.remove(provider);
            }
        }
        Some(mode)
    }

    /// A new code for this number, and its name.
    pub(super) fn make_pin(&mut self, to: &str) -> String {
        let number = self.pins.len();
        let id = format!("{:032X}", number + 1);
        let code = format!("{:06}", (271_828 + 7 * number) % 1_000_000);
        self.pins.insert(id.clone(), Pin { to: to.to_owned(), code, attempts: 10, is_used: false });
        id
    }

    pub(super) fn pin(&mut self, id: &str) -> Option<&mut Pin> {
        self.pins.get_mut(id)
    }
}

/// How addresses are compared: phone numbers by their digits, of which ten are Indian.
pub(super) fn address(text: &str) -> String {
    if text.contains('@') {
        return text.trim().to_lowercase();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    format!("+{}{digits}", if digits.len() == 10 { "91" } else { "" })
}

/// The first number of six digits that stands alone in a text, else the first of four to eight.
pub(super) fn find_code(text: &str) -> Option<String> {
    let first = |lengths: std::ops::RangeInclusive<usize>| {
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let before = text[..text.len() - rest.len() + start].chars().next_back();
            let run = &rest[start..];
            let (run, after) = run.split_at(run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len()));
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let stands_alone = !before.is_some_and(|c| is_word(c) || "#+".contains(c))
                && !after.chars().next().is_some_and(is_word);
            if stands_alone && lengths.contains(&run.len()) {
                return Some(run.to_owned());
            }
            rest = after;
        }
        None
    };
    first(6..=6).or_else(|| first(4..=8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_they_stand_alone() {
        for (text, code) in [
            ("Your code is 042137.", Some("042137")),
            ("Valid until 2026. Your code: 042137", Some("042137")),
            ("Your PIN is 4711", Some("4711")),
            ("Call +919876543210 or #123456", None),
            ("order A123456, 123456B", None),
            ("@shop.example #042137\n042137", Some("042137")),
            ("mã 123456ế 654321", Some("654321")),
            ("123456789", None),
            ("", None),
        ] {
            assert_eq!(find_code(text).as_deref(), code, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_by_digits() {
        for text in ["9876543210", "+91 98765 43210", " 919876543210"] {
            assert_eq!(address(text), "+919876543210");
        }
        assert_eq!(address(" Asha@Example.com"), "asha@example.com");
    }

    #[test]
    fn faults_end_when_they_are_used_up_or_taken_back() {
        let mut outbox = Outbox::default();
        let fault = |provider: &str, mode: &str, count| Fault {
            provider: provider.to_owned(),
            mode: mode.to_owned(),
            count,
        };
        outbox.set_fault(&fault("twilio", "http_429", Some(2)));
        assert_eq!(outbox.take_fault("fast2sms"), None);
        assert_eq!(
            [(); 3].map(|()| outbox.take_fault("twilio")),
            [Some(Mode::Throttled), Some(Mode::Throttled), None]
        );
        outbox.set_fault(&fault("all", "http_500", None));
        assert_eq!([(); 3].map(|()| outbox.take_fault("infobip_2fa")), [Some(Mode::Down); 3]);
        outbox.set_fault(&fault("infobip", "none", None));
        assert_eq!(outbox.take_fault("infobip_sms"), None);
        assert_eq!(outbox.take_fault("twilio"), Some(Mode::Down));
    }
}
