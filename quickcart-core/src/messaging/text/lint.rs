//! What is wrong with a text, before anybody gets it.

use super::segments::not_gsm;
use super::template::{Template, Values};
use super::trailer::{is_hash, is_host};
use super::{Language, Segments, dlt_matches};

/// How long a message to an Android app may be
/// ([SMS Retriever](https://developers.google.com/identity/sms-retriever/verify#1_construct_a_verification_message)).
const RETRIEVER_BYTES_MAX: usize = 140;
/// How many letters of a message a locked screen is sure to show: our own choice, about a line of a small
/// phone.
const PREVIEW_LETTERS: usize = 40;
/// How long the numbers of the Indian registers are. We found no operator's document that says so, only
/// examples of those who send, such as [Infobip's](https://api.infobip.com/platform/1/openapi/sms).
const DLT_ID_DIGITS: usize = 19;
/// Letters that word processors put in, and those of the alphabet that say the same.
const PLAIN_LETTERS: [(char, &str); 10] = [
    ('‘', "'"),
    ('’', "'"),
    ('“', "\""),
    ('”', "\""),
    ('–', "-"),
    ('—', "-"),
    ('…', "..."),
    ('•', "*"),
    ('\u{a0}', "a space"),
    ('\u{200b}', "nothing"),
];

/// What a text is judged by.
#[derive(Clone, Copy, Debug)]
pub struct LintRules<'a> {
    /// The language that it is written in.
    pub language: Language,
    /// What it is filled in with: as long as it gets, and with a made-up code.
    pub values: Values<'a>,
    /// The subject line of the e-mail with the same code, as it is written.
    pub subject: Option<&'a str>,
    /// What is registered for it in India.
    pub dlt: Option<DltRegistration<'a>>,
}

/// What was registered in India for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DltRegistration<'a> {
    /// The number of the business.
    pub entity_id: &'a str,
    /// The number of the text.
    pub template_id: &'a str,
    /// The text, with `{#var#}` for what changes.
    pub text: &'a str,
}

/// Something that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The stable name.
    pub code: &'static str,
    /// What is wrong, and where.
    pub message: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does not work.
    Error,
    /// It works, and costs more or helps less than it could.
    Warning,
}

impl<'a> LintRules<'a> {
    /// English, a code of six digits, and ten minutes, the longest that a code may work
    /// ([NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html) 3.1.3.2).
    #[must_use]
    pub const fn new(brand: &'a str) -> Self {
        let values = Values { brand, code: "042137", minutes: 10 };
        Self { language: Language::English, values, subject: None, dlt: None }
    }
}

/// Judges a text. Errors come first.
///
/// ```
/// use quickcart_core::messaging::text::{LintRules, Template, lint};
///
/// let template = Template::parse("{code} is your {brand} code. Don’t share it.")?;
/// let findings = lint(&template, &LintRules::new("My Shop"));
/// assert_eq!(findings[0].code, "stray-letter");
/// assert_eq!(findings[0].message, "’ (U+2019) at letter 33 makes every letter take two bytes; write ' instead");
/// # Ok::<(), quickcart_core::messaging::text::InvalidTemplate>(())
/// ```
#[must_use]
pub fn lint(template: &Template, rules: &LintRules<'_>) -> Vec<Finding> {
    let text = template.render(&rules.values);
    let lines = lines(&text);
    let mut findings = length(&text);
    findings.extend(stray_letters(&text, rules.language));
    findings.extend(preview(&lines, rules.values.code));
    findings.extend(brand(&text, rules.values.brand));
    findings.extend(links(&lines));
    findings.extend(retriever(&text, &lines, rules.values.brand));
    findings.extend(site(&lines, rules.values.code));
    findings.extend(rules.subject.and_then(|subject| subject_code(subject, rules.values.code)));
    if let Some(registration) = &rules.dlt {
        findings.extend(dlt_ids(registration));
        findings.extend(dlt_text(template, rules, registration));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn error(code: &'static str, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Error, code, message: message.into() }
}

fn warning(code: &'static str, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, code, message: message.into() }
}

/// The lines, split as [browsers split them](https://wicg.github.io/sms-one-time-codes/#parsing).
fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n").replace('\r', "\n").split('\n').map(str::to_owned).collect()
}

fn is_site_line(line: &str) -> bool {
    line.starts_with('@')
}

fn length(text: &str) -> Vec<Finding> {
    let Segments { encoding, units, segments } = Segments::of(text);
    if segments == 1 {
        return Vec::new();
    }
    let most = encoding.units_alone();
    let message = format!("it takes {segments} messages: {units} letters, where one message has {most}");
    vec![warning("segments", message)]
}

/// In English every such letter is one too many; elsewhere they are the script, unless there are only signs.
fn stray_letters(text: &str, language: Language) -> Vec<Finding> {
    if language != Language::English && not_gsm(text).any(|(_, letter)| letter.is_alphabetic()) {
        return Vec::new();
    }
    let named = |(at, letter): (usize, char)| {
        let plain = PLAIN_LETTERS.into_iter().find(|(typographic, _)| *typographic == letter);
        let advice = plain.map(|(_, plain)| format!("; write {plain} instead")).unwrap_or_default();
        let code_point = u32::from(letter);
        let message =
            format!("{letter} (U+{code_point:04X}) at letter {at} makes every letter take two bytes{advice}");
        warning("stray-letter", message)
    };
    not_gsm(text).map(named).collect()
}

fn preview(lines: &[String], code: &str) -> Option<Finding> {
    let first = lines.first().map_or("", String::as_str);
    let before = first.split_once(code).map(|(before, _)| before.chars().count());
    let message = match before {
        Some(letters) if letters < PREVIEW_LETTERS => return None,
        Some(letters) => {
            format!("{letters} letters stand before the code, so a locked screen may not show it")
        }
        None => "the code is not in the first line, so a locked screen may not show it".to_owned(),
    };
    Some(warning("late-code", message))
}

fn brand(text: &str, brand: &str) -> Option<Finding> {
    let is_there = !brand.is_empty() && text.contains(brand);
    (!is_there).then(|| warning("no-brand", "it does not say who sends it, as swindlers' messages do not"))
}

fn links(lines: &[String]) -> Vec<Finding> {
    let words = lines.iter().filter(|line| !is_site_line(line)).flat_map(|line| line.split_whitespace());
    let message =
        |word| format!("{word} is a link: networks filter codes with links, and people learn to follow them");
    words.filter(|word| is_link(word)).map(|word| warning("link", message(word))).collect()
}

fn is_link(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let has_path = || word.split_once('/').is_some_and(|(host, _)| host.contains('.') && is_host(host));
    word.contains("://") || word.starts_with("www.") || has_path()
}

/// Messages to Android apps: those that begin with `<#>`, or have a line that can only be meant as a hash.
fn retriever(text: &str, lines: &[String], brand: &str) -> Vec<Finding> {
    let has_prefix = text.starts_with("<#>");
    let line =
        lines.iter().rev().find(|line| !is_site_line(line) && !line.is_empty()).map_or("", String::as_str);
    let is_own_line = lines[0] != line && is_like_hash(line) && line != brand;
    if !has_prefix && !is_own_line {
        return Vec::new();
    }
    let hash = line.split(' ').next_back().unwrap_or_default();
    let mut findings = Vec::new();
    if !is_hash(hash) {
        let message =
            format!("{hash:?} stands where an Android app looks for its hash: 11 letters of base64");
        findings.push(error("retriever-hash", message));
    }
    findings.extend(retriever_length(text));
    if lines.iter().any(|line| is_site_line(line)) {
        let message = "the hash of the app and the line of the site are both to be last: the site is, as browsers find \
                       it nowhere else, and an old Android may not find the hash";
        findings.push(warning("two-trailers", message));
    }
    findings
}

/// Google does not say in which bytes. What is sent has to fit, in any case.
fn retriever_length(text: &str) -> Option<Finding> {
    let (sent, stored) = (Segments::of(text).bytes(), text.len());
    let message = |bytes, how| {
        format!(
            "it has {bytes} bytes{how}, and an Android app gets messages of {RETRIEVER_BYTES_MAX} at most"
        )
    };
    if sent > RETRIEVER_BYTES_MAX {
        Some(error("retriever-length", message(sent, "")))
    } else {
        (stored > RETRIEVER_BYTES_MAX).then(|| warning("retriever-length", message(stored, " in UTF-8")))
    }
}

/// A single word of about that length, which is neither a number nor, unless it has that very length, a name.
fn is_like_hash(line: &str) -> bool {
    let is_name = line.bytes().all(|letter| letter.is_ascii_alphabetic()) && line.len() != 11;
    let is_word = line.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+/=-_".contains(&letter));
    let is_number = !line.bytes().any(|letter| letter.is_ascii_alphabetic());
    (8..=16).contains(&line.len()) && is_word && !is_name && !is_number
}

/// The line that says which site the code is for.
fn site(lines: &[String], code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if is_site_line(line) {
            if index + 1 < lines.len() {
                let message = format!("{line:?} is not the last line, so browsers do not see it");
                findings.push(error("site-not-last", message));
            }
            findings.extend(site_line(line, code));
        } else if line.contains(&format!(" #{code}")) && line.contains(" @") {
            let message = format!("{line:?} does not begin with the site, so browsers do not see it");
            findings.push(error("site-line", message));
        }
    }
    findings
}

fn site_line(line: &str, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut words = line.split(' ');
    let host = words.next().unwrap_or_default().trim_start_matches('@');
    if !is_host(host) {
        findings.push(error("site-host", format!("{host:?} is no host, such as example.com")));
    }
    match words.next().and_then(|word| word.strip_prefix('#')) {
        Some(shown) if shown == code => {}
        Some(shown) => findings.push(error("site-code", format!("{shown:?} stands there for the code"))),
        None => findings
            .push(error("site-line", format!("{line:?} does not go on with one space, # and the code"))),
    }
    if let Some(embedded) = words.next().and_then(|word| word.strip_prefix('%')) {
        if !is_host(embedded) {
            findings.push(error("site-host", format!("{embedded:?} is no host, such as example.com")));
        }
        // https://source.chromium.org/chromium/chromium/src/+/main:content/browser/sms/sms_parser.cc
        let message = "Chromium reads an embedded site behind @ only, and passes this one over";
        findings.push(warning("site-embedded", message));
    }
    findings
}

fn subject_code(subject: &str, code: &str) -> Option<Finding> {
    let has_code = subject.contains("{code}") || (!code.is_empty() && subject.contains(code));
    has_code
        .then(|| error("subject-code", "the subject has the code, which a locked screen shows to everybody"))
}

fn dlt_ids(registration: &DltRegistration<'_>) -> Vec<Finding> {
    let ids = [("entity", registration.entity_id), ("template", registration.template_id)];
    let is_id = |id: &str| id.len() == DLT_ID_DIGITS && id.bytes().all(|digit| digit.is_ascii_digit());
    let message = |name, id| format!("the DLT {name} id is {DLT_ID_DIGITS} digits, and not {id:?}");
    ids.into_iter()
        .filter(|(_, id)| !is_id(id))
        .map(|(name, id)| error("dlt-id", message(name, id)))
        .collect()
}

fn dlt_text(
    template: &Template,
    rules: &LintRules<'_>,
    registration: &DltRegistration<'_>,
) -> Option<Finding> {
    let text = template.render(&rules.values);
    let variables = match dlt_matches(registration.text, &text) {
        Ok(variables) => variables,
        Err(mismatch) => return Some(error("dlt-text", format!("networks drop it: {mismatch}"))),
    };
    let own = template.variables(&rules.values);
    if variables != own {
        let message =
            format!("the registered text has {variables:?} for variables, and the template {own:?}");
        return Some(warning("dlt-variables", message));
    }
    // A code that is sent again has less time left.
    let shortest = template.render(&Values { minutes: 1, ..rules.values });
    let mismatch = dlt_matches(registration.text, &shortest).err()?;
    Some(error("dlt-text", format!("networks drop it in the last minute: {mismatch}")))
}

#[cfg(test)]
mod tests {
    use super::super::Trailer;
    use super::*;

    const RULES: LintRules<'static> = LintRules::new("My Shop");
    const ID: &str = "1707177018835749938";

    fn codes(text: &str, rules: &LintRules<'_>) -> Vec<&'static str> {
        let findings = lint(&Template::parse(text).unwrap(), rules);
        findings.into_iter().map(|finding| finding.code).collect()
    }

    fn message(text: &str, rules: &LintRules<'_>) -> String {
        let findings = lint(&Template::parse(text).unwrap(), rules);
        assert_eq!(findings.len(), 1, "{text:?}: {findings:?}");
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn each_fault_is_found() {
        let long = format!("{{code}} {{brand}} {}", "a".repeat(150));
        let cases: [(&str, &[&str]); 28] = [
            ("{code} {brand}", &[]),
            (&long, &["segments"]),
            ("{code} {brand} – don’t", &["stray-letter", "stray-letter"]),
            ("{brand} {brand} {brand} {brand} {brand} {code}", &["late-code"]),
            ("{brand}\n{code}", &["late-code"]),
            ("{code}", &["no-brand"]),
            ("{code} {brand} https://a.example", &["link"]),
            ("{code} {brand} WWW.a.example", &["link"]),
            ("{code} {brand} bit.ly/3x", &["link"]),
            ("{code} {brand} and/or a.b", &[]),
            ("<#> {code} {brand}\nFA+9qCX9VSu", &[]),
            ("<#> {code} {brand} FA+9qCX9VSu", &[]),
            ("<#> {code} {brand} FA+9qCX9VS", &["retriever-hash"]),
            ("{code} {brand}\nFA+9qCX9VSuu", &["retriever-hash"]),
            ("{code} {brand}\nMyShopIndia24\n1800123456", &[]),
            ("{code} {brand}\nShopkeeper", &[]),
            ("{code} {brand}\nFA-9qCX9VSu", &["retriever-hash"]),
            ("{code} {brand}\nFA+9qCX9VSu\n@a.example #042137", &["two-trailers"]),
            ("{code} {brand}\n@a.example #042137", &[]),
            ("{code} {brand}\n@a.example #042138", &["site-code"]),
            ("{code} {brand}\n@a.example  #042137", &["site-line"]),
            ("{code} {brand}\n@a.example code #042137", &["site-line"]),
            ("{code} {brand}\nsomething @a.example #042137", &["site-line"]),
            ("{code} {brand}\n@https://a.example #042137", &["site-host"]),
            ("{code} {brand}\n@a.example #042137\n", &["site-not-last"]),
            ("{code} {brand}\n@a.example #042137\r\nBye", &["site-not-last"]),
            ("{code} {brand}\n@a.example #042137 %b.example", &["site-embedded"]),
            ("{code} {brand}\n@a.example #042137 %b", &["site-host", "site-embedded"]),
        ];
        for (text, expected) in cases {
            assert_eq!(codes(text, &RULES), expected, "{text:?}");
        }
    }

    #[test]
    fn a_message_for_an_app_is_short() {
        let text = |filling: &str, length: usize| {
            let filling = filling.repeat(length);
            format!("{{code}} {{brand}} {filling}\nFA+9qCX9VSu")
        };
        // 27 letters besides the filling.
        assert_eq!(codes(&text("a", 113), &RULES), [] as [&str; 0]);
        assert_eq!(codes(&text("a", 114), &RULES), ["retriever-length"]);
        let hindi = LintRules { language: Language::Hindi, ..RULES };
        assert_eq!(codes(&text("क", 30), &hindi), [] as [&str; 0]);
        assert_eq!(lint(&Template::parse(&text("क", 43)).unwrap(), &hindi)[0].severity, Severity::Warning);
        assert_eq!(codes(&text("क", 44), &hindi), ["retriever-length", "segments"]);
    }

    #[test]
    fn a_script_of_its_own_is_not_astray() {
        let hindi = LintRules { language: Language::Hindi, ..RULES };
        assert_eq!(codes("{code} {brand} कोड – है", &hindi), [] as [&str; 0]);
        assert_eq!(codes("{code} {brand} code – hai", &hindi), ["stray-letter"], "it would be free without");
        assert_eq!(codes("{code} {brand} कोड", &RULES).len(), 3);
    }

    #[test]
    fn a_subject_keeps_the_code_to_itself() {
        let rules = |subject| LintRules { subject: Some(subject), ..RULES };
        assert_eq!(codes("{code} {brand}", &rules("Your code")), [] as [&str; 0]);
        for subject in ["{code} is your code", "042137 is your code"] {
            assert_eq!(codes("{code} {brand}", &rules(subject)), ["subject-code"]);
        }
    }

    #[test]
    fn the_registered_text_is_kept_to() {
        let registration = DltRegistration {
            entity_id: ID,
            template_id: ID,
            text: "{#var#} is it for {#var#} min. My Shop",
        };
        let rules = |dlt| LintRules { dlt: Some(dlt), ..RULES };
        let text = "{code} is it for {minutes} min. {brand}";
        assert_eq!(codes(text, &rules(registration)), [] as [&str; 0]);
        let told = message("{code} is it for {minutes} min! {brand}", &rules(registration));
        assert!(told.contains("at letter 24") && told.contains("\". My Shop\""), "{told}");
        for id in ["", "170717701883574993", "17071770188357499380", "170717701883574993x"] {
            assert!(
                message(text, &rules(DltRegistration { entity_id: id, ..registration })).contains("entity")
            );
            assert!(
                message(text, &rules(DltRegistration { template_id: id, ..registration }))
                    .contains("template")
            );
        }
        let other = DltRegistration { text: "{#var#} is it for {#var#} min. {#var#}", ..registration };
        assert_eq!(codes(text, &rules(other)), ["dlt-variables"]);
        let plural = DltRegistration { text: "{#var#}, {#var#} minutes, My Shop", ..registration };
        let told = message("{code}, {minutes} {minutes:minute|minutes}, {brand}", &rules(plural));
        assert!(told.contains("last minute"), "{told}");
    }

    #[test]
    fn the_lines_at_the_end_are_as_the_lint_wants_them() {
        let site = Trailer::default().with_site("a.example", None).unwrap();
        let hash = Trailer::default().with_retriever_hash("FA+9qCX9VSu").unwrap();
        for trailer in [site, hash] {
            let template = Template::parse("{code} {brand}").unwrap().with_trailer(&trailer);
            assert_eq!(lint(&template, &RULES), []);
        }
    }
}
