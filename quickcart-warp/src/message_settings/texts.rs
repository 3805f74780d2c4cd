//! What messages say: in which languages, in whose words, and with which lines at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use quickcart_core::messaging::text::{DltIds, Language, Template, Texts, Trailer};
use serde::Deserialize;

use super::providers::without_value;
use crate::config::{ConfigError, given, list, wrong};

#[derive(Args, Clone)]
pub(super) struct TextSettings {
    /// Languages of messages, of en, hi, bn and vi: a message has the one that the request's Accept-Language likes best of
    /// them, else the first [default: en, and vi for the letters of the registration group]
    #[arg(long, env = "QUICKCART_LANGUAGES", value_name = "LANGUAGES")]
    languages: Option<String>,
    /// Texts of your own and what they are registered under in India, in this JSON file; see docs/messages.md
    #[arg(long, env = "QUICKCART_TEXTS", value_name = "FILE")]
    texts: Option<PathBuf>,
    /// The hash of an Android app, 11 letters of base64, which ends text messages so that the app reads the code in them
    #[arg(long, env = "QUICKCART_SMS_RETRIEVER_HASH", value_name = "HASH")]
    sms_retriever_hash: Option<String>,
    /// The site, such as shop.example.com, where browsers fill in the code: text messages end with `@host #code`
    #[arg(long, env = "QUICKCART_WEBOTP_HOST", value_name = "HOST")]
    webotp_host: Option<String>,
}

/// What messages say.
#[derive(Clone, Debug)]
pub struct TextConfig {
    /// The languages of text messages; the first one is for whoever asks for none of them.
    pub languages: Vec<Language>,
    /// The languages of letters, likewise.
    pub letter_languages: Vec<Language>,
    /// The words of text messages.
    pub words: Texts,
    /// The texts that are registered in India, with `{#var#}` for what changes.
    pub registered: BTreeMap<Language, String>,
}

/// What the file has for a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnText {
    text: Option<String>,
    dlt: Option<OwnDlt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnDlt {
    entity_id: String,
    template_id: String,
    text: String,
}

impl TextSettings {
    pub(super) fn check(&self) -> Result<TextConfig, ConfigError> {
        let named = self.languages()?;
        let languages = named.clone().unwrap_or_else(|| vec![Language::English]);
        let letter_languages = named.unwrap_or_else(|| vec![Language::Vietnamese]);
        let (words, registered) = self.words(&languages)?;
        let words = words.with_trailer(&self.trailer()?);
        Ok(TextConfig { languages, letter_languages, words, registered })
    }

    /// The settings that are given.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let settings = [
            ("QUICKCART_LANGUAGES", given(self.languages.as_ref()).is_some()),
            ("QUICKCART_TEXTS", self.texts.is_some()),
            ("QUICKCART_SMS_RETRIEVER_HASH", given(self.sms_retriever_hash.as_ref()).is_some()),
            ("QUICKCART_WEBOTP_HOST", given(self.webotp_host.as_ref()).is_some()),
        ];
        settings.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    fn languages(&self) -> Result<Option<Vec<Language>>, ConfigError> {
        let Some(text) = given(self.languages.as_ref()) else { return Ok(None) };
        let mut languages = Vec::new();
        for tag in list(text) {
            let language =
                tag.parse().or_else(|error| wrong(format!("QUICKCART_LANGUAGES: {tag:?}: {error}")))?;
            if languages.contains(&language) {
                return wrong(format!("QUICKCART_LANGUAGES: {language} comes twice"));
            }
            languages.push(language);
        }
        if languages.is_empty() {
            return wrong("QUICKCART_LANGUAGES names no language, such as en,hi");
        }
        Ok(Some(languages))
    }

    fn words(&self, languages: &[Language]) -> Result<(Texts, BTreeMap<Language, String>), ConfigError> {
        let (mut words, mut registered) = (Texts::default(), BTreeMap::new());
        let Some(path) = &self.texts else { return Ok((words, registered)) };
        let place = format!("QUICKCART_TEXTS: {}", path.display());
        let file = std::fs::read(path).or_else(|error| wrong(format!("{place}: {error}")))?;
        let own: BTreeMap<String, OwnText> = serde_json::from_slice(&file)
            .or_else(|error| wrong(format!("{place}: {}", without_value(&error))))?;
        for (tag, OwnText { text, dlt }) in own {
            let place = format!("{place}: {tag}");
            let Some(&language) = languages.iter().find(|language| language.tag() == tag) else {
                return wrong(format!("{place} is not in QUICKCART_LANGUAGES, so nobody would get it"));
            };
            if let Some(text) = text {
                let template = Template::parse(&text).or_else(|error| wrong(format!("{place}: {error}")))?;
                words = words.with_template(language, template);
            }
            if let Some(OwnDlt { entity_id, template_id, text }) = dlt {
                words = words.with_dlt(language, DltIds { entity_id, template_id });
                registered.insert(language, text);
            }
        }
        Ok((words, registered))
    }

    fn trailer(&self) -> Result<Trailer, ConfigError> {
        let mut trailer = Trailer::default();
        if let Some(hash) = given(self.sms_retriever_hash.as_ref()) {
            trailer = trailer
                .with_retriever_hash(hash)
                .or_else(|error| wrong(format!("QUICKCART_SMS_RETRIEVER_HASH: {error}")))?;
        }
        if let Some(host) = given(self.webotp_host.as_ref()) {
            trailer = trailer
                .with_site(host, None)
                .or_else(|error| wrong(format!("QUICKCART_WEBOTP_HOST: {error}")))?;
        }
        Ok(trailer)
    }
}
