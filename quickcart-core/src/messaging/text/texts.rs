//! The texts of all languages: those that come with us, and those of a shop's own.

use std::sync::{Arc, LazyLock};

use super::{DltIds, Language, Subject, Template, Trailer};

/// What comes with us. Each is one segment with a brand of up to 15 letters, has the code in front of the
/// minutes, and warns. Frontends and tests rely on the English one, letter by letter.
const BUILT_IN: [(Language, &str, &str); 4] = [
    (
        Language::English,
        "Your {brand} verification code is: {code}. Valid for {minutes} {minutes:minute|minutes}. Do not share this code with anyone.",
        "Your {brand} verification code",
    ),
    (
        Language::Hindi,
        "आपका {brand} कोड {code} है, {minutes} मिनट तक मान्य। किसी को न बताएं।",
        "आपका {brand} सत्यापन कोड",
    ),
    (
        Language::Bengali,
        "আপনার {brand} কোড {code}, মেয়াদ {minutes} মিনিট। কাউকে জানাবেন না।",
        "আপনার {brand} যাচাইকরণ কোড",
    ),
    (
        Language::Vietnamese,
        "Mã {brand}: {code}, hiệu lực {minutes} phút. Không chia sẻ mã này.",
        "Mã xác minh {brand} của bạn",
    ),
];

static DEFAULT: LazyLock<Texts> = LazyLock::new(|| Texts(Arc::new(BUILT_IN.map(parsed))));

/// A template and a subject for each language. The default ones come with us; a clone costs nothing.
///
/// ```
/// use quickcart_core::messaging::text::{Language, Template, Texts, Trailer};
///
/// let texts = Texts::default()
///     .with_template(Language::English, Template::parse("{code} is your {brand} code. Keep it secret.")?)
///     .with_trailer(&Trailer::default().with_site("example.com", None)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts(Arc<[Text; 4]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    template: Template,
    subject: Subject,
    dlt: Option<Arc<DltIds>>,
}

impl Texts {
    /// The template of a language.
    #[must_use]
    pub fn template(&self, language: Language) -> &Template {
        &self.0[language as usize].template
    }

    /// The subject line of a language, for e-mail.
    #[must_use]
    pub fn subject(&self, language: Language) -> &Subject {
        &self.0[language as usize].subject
    }

    /// What the template of a language is registered under in India, if it is.
    #[must_use]
    pub fn dlt(&self, language: Language) -> Option<&Arc<DltIds>> {
        self.0[language as usize].dlt.as_ref()
    }

    /// The same, with another template for a language, which is not registered.
    #[must_use]
    pub fn with_template(mut self, language: Language, template: Template) -> Self {
        Arc::make_mut(&mut self.0)[language as usize].dlt = None;
        Arc::make_mut(&mut self.0)[language as usize].template = template;
        self
    }

    /// The same, with another subject for a language.
    #[must_use]
    pub fn with_subject(mut self, language: Language, subject: Subject) -> Self {
        Arc::make_mut(&mut self.0)[language as usize].subject = subject;
        self
    }

    /// The same, with the template of a language registered in India.
    #[must_use]
    pub fn with_dlt(mut self, language: Language, ids: DltIds) -> Self {
        Arc::make_mut(&mut self.0)[language as usize].dlt = Some(Arc::new(ids));
        self
    }

    /// The same, with these lines at the end of every template there is now.
    #[must_use]
    pub fn with_trailer(mut self, trailer: &Trailer) -> Self {
        for text in Arc::make_mut(&mut self.0) {
            text.template = text.template.clone().with_trailer(trailer);
        }
        self
    }
}

impl Default for Texts {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

fn parsed((_, template, subject): (Language, &str, &str)) -> Text {
    Text {
        template: Template::parse(template).expect("a test reads all that come with us"),
        subject: Subject::parse(subject).expect("a test reads all that come with us"),
        dlt: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Encoding, LintRules, Segments, Values, lint};
    use super::*;

    const VALUES: Values<'static> = Values { brand: "QuickCart", code: "042137", minutes: 5 };

    #[test]
    fn each_language_has_its_words() {
        let golden = [
            (
                Language::English,
                "Your QuickCart verification code is: 042137. Valid for 5 minutes. Do not share this code with anyone.",
                "Your QuickCart verification code",
            ),
            (
                Language::Hindi,
                "आपका QuickCart कोड 042137 है, 5 मिनट तक मान्य। किसी को न बताएं।",
                "आपका QuickCart सत्यापन कोड",
            ),
            (
                Language::Bengali,
                "আপনার QuickCart কোড 042137, মেয়াদ 5 মিনিট। কাউকে জানাবেন না।",
                "আপনার QuickCart যাচাইকরণ কোড",
            ),
            (
                Language::Vietnamese,
                "Mã QuickCart: 042137, hiệu lực 5 phút. Không chia sẻ mã này.",
                "Mã xác minh QuickCart của bạn",
            ),
        ];
        let texts = Texts::default();
        for (language, text, subject) in golden {
            assert_eq!(texts.template(language).render(&VALUES), text);
            assert_eq!(texts.template(language).variables(&VALUES), ["042137", "5"], "{language}");
            assert_eq!(texts.subject(language).render("QuickCart"), subject);
        }
        let one = texts.template(Language::English).render(&Values { minutes: 1, ..VALUES });
        assert!(one.contains("Valid for 1 minute. "), "{one}");
    }

    #[test]
    fn what_comes_with_us_is_in_order() {
        let texts = Texts::default();
        for (index, (language, _, subject)) in BUILT_IN.into_iter().enumerate() {
            assert_eq!(language as usize, index);
            let rules = LintRules { language, subject: Some(subject), ..LintRules::new("QuickCart") };
            assert_eq!(lint(texts.template(language), &rules), [], "{language}");
            let text = texts.template(language).render(&rules.values);
            let segments = Segments::of(&text);
            let expected = if language == Language::English { Encoding::Gsm7 } else { Encoding::Ucs2 };
            assert_eq!((segments.encoding, segments.segments), (expected, 1), "{text}");
            let long = texts.template(language).render(&Values { brand: "Fifteen letters", ..rules.values });
            assert_eq!(Segments::of(&long).segments, 1, "{long}");
        }
    }

    #[test]
    fn a_shop_has_its_own_words() {
        let own = Template::parse("{code}").unwrap();
        let trailer = Trailer::default().with_site("example.com", None).unwrap();
        let texts = Texts::default().with_template(Language::Hindi, own).with_trailer(&trailer);
        assert_eq!(texts.template(Language::Hindi).render(&VALUES), "042137\n@example.com #042137");
        for language in Language::ALL {
            assert!(texts.template(language).render(&VALUES).ends_with("\n@example.com #042137"));
            assert!(!Texts::default().template(language).render(&VALUES).contains('@'));
        }
    }
}
