//! The texts that a server sends, and what is wrong with them.

use std::collections::HashSet;
use std::time::Duration;

use quickcart_core::account::Registrations;
use quickcart_core::book_order::Session;
use quickcart_core::messaging::text::{
    DltRegistration, Finding, Language, LintRules, Severity, Values, lint,
};

use crate::config::Config;
use crate::message_settings::{Messages, TextConfig};

/// A made-up code.
const CODE: &str = "042137";

/// A group of routes, as its messages know it.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What its codes are for.
    pub purpose: &'static str,
    /// Who sends them.
    pub brand: &'static str,
}

pub(crate) const PHONE_OTP: Group = Group { purpose: "phone-otp", brand: "Blinkit" };
pub(crate) const PHONE_OTP_AUTH: Group = Group { purpose: "phone-otp.auth", brand: "QuickCart" };
pub(crate) const SMART_CART: Group = Group { purpose: "smart-cart.sign-in", brand: "QuickCart" };
pub(crate) const BOOK_ORDER: Group = Group { purpose: "book-order", brand: "BookOrder" };
const REGISTRATION: Group = Group { purpose: "registration", brand: Registrations::BRAND };

/// A text as it is sent, with a made-up code.
#[derive(Clone, Debug)]
pub struct SentText {
    /// Whose it is.
    pub group: Group,
    /// The language that it is written in.
    pub language: Language,
    /// Its subject line, when it is a letter.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// All texts that a server of this configuration sends. Of letters there is nothing to find wrong: a subject holds no code,
/// and mailboxes take any length.
#[must_use]
pub fn sent_texts(config: &Config) -> Vec<SentText> {
    let messages = &config.messages;
    let short = config.codes.policy.ttl();
    let groups = [
        (PHONE_OTP, &messages.phone_otp, short),
        (PHONE_OTP_AUTH, &messages.phone_otp, short),
        (SMART_CART, &messages.smart_cart, short),
        (BOOK_ORDER, &messages.book_order, Session::LIFE),
    ];
    let mut sent = Vec::new();
    for (group, to, time) in groups {
        let languages = messages.texts.languages.iter().filter(|_| sends(to));
        sent.extend(languages.map(|language| text_message(group, *language, time, &messages.texts)));
    }
    let languages = messages.texts.letter_languages.iter().filter(|_| sends(&messages.registration));
    sent.extend(languages.map(|language| letter(*language, short)));
    sent
}

/// Tells the log what could be better; each complaint of a language once, whoever sends the text.
///
/// # Errors
/// The first text that does not work, and what to do.
pub(crate) fn check_texts(config: &Config) -> Result<(), String> {
    let texts = sent_texts(config);
    let findings = || texts.iter().flat_map(|sent| sent.findings.iter().map(move |finding| (sent, finding)));
    let place = |sent: &SentText| format!("the text of {} in {}", sent.group.purpose, sent.language);
    if let Some((sent, Finding { code, message, .. })) =
        findings().find(|(_, finding)| finding.severity == Severity::Error)
    {
        let (place, advice) = (place(sent), advice(code));
        return Err(format!(
            "{place} does not work ({code}): {message}; {advice}. `quickcart-warp messages` shows all texts"
        ));
    }
    let mut told = HashSet::new();
    for (sent, Finding { code, message, .. }) in findings() {
        if told.insert((sent.language, code)) {
            tracing::warn!("{} could be better ({code}): {message}", place(sent));
        }
    }
    Ok(())
}

fn advice(code: &str) -> &'static str {
    match code {
        "retriever-length" => {
            "shorten it in QUICKCART_TEXTS, or go without QUICKCART_SMS_RETRIEVER_HASH, QUICKCART_WEBOTP_HOST or the language"
        }
        "dlt-id" | "dlt-text" => "QUICKCART_TEXTS has both the text and what is registered",
        _ => "change it in QUICKCART_TEXTS",
    }
}

fn sends(messages: &Messages) -> bool {
    !matches!(messages, Messages::None)
}

fn text_message(group: Group, language: Language, time: Duration, config: &TextConfig) -> SentText {
    let template = config.words.template(language);
    let registered = config.words.dlt(language).zip(config.registered.get(&language));
    let dlt = registered.map(|(ids, text)| DltRegistration {
        entity_id: &ids.entity_id,
        template_id: &ids.template_id,
        text,
    });
    let values = values(group, time);
    let rules = LintRules { language, values, subject: None, dlt };
    let findings = lint(template, &rules);
    SentText { group, language, subject: None, text: template.render(&values), findings }
}

fn letter(language: Language, time: Duration) -> SentText {
    let (group, texts) = (REGISTRATION, Registrations::texts());
    let text = texts.template(language).render(&values(group, time));
    let subject = Some(texts.subject(language).render(group.brand));
    SentText { group, language, subject, text, findings: Vec::new() }
}

fn values(group: Group, time: Duration) -> Values<'static> {
    Values { brand: group.brand, code: CODE, minutes: time.as_secs() / 60 }
}
