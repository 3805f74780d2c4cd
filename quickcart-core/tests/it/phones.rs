//! Telephone numbers: a golden set of how each is read and whether it may get a message, and what holds for every number.

use std::path::Path;

use proptest::prelude::{any, prop_assert};
use quickcart_core::phone::{Countries, PhoneNumber, PhoneRefused, PhoneRules, Region};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    region: String,
    e164: String,
    default: String,
    all: String,
}

/// `data/check_numbers.py` holds the file to a second implementation.
fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/phone_numbers.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The columns that are expected.
fn read(text: &str, region: &str) -> [String; 3] {
    let Ok(number) = PhoneNumber::parse(text, region.parse().unwrap()) else {
        return ["-", "-", "-"].map(str::to_owned);
    };
    let everywhere = PhoneRules::new(Countries::All, true);
    let verdict = |rules: &PhoneRules| verdict(rules.check(&number)).to_owned();
    [number.e164().to_owned(), verdict(&PhoneRules::default()), verdict(&everywhere)]
}

fn verdict(checked: Result<(), PhoneRefused>) -> &'static str {
    match checked {
        Ok(()) => "ok",
        Err(PhoneRefused::CountryNotAllowed) => "country",
        Err(PhoneRefused::LineNotAllowed) => "line",
        Err(other) => panic!("{other:?} is new"),
    }
}

#[test]
fn every_number_of_the_golden_set_is_read_and_judged_as_expected() {
    let cases = cases();
    assert!(cases.len() >= 500, "only {}", cases.len());
    let wrong = cases.iter().filter_map(|case| {
        let expected = [&case.e164, &case.default, &case.all];
        let found = read(&case.text, &case.region);
        (found.each_ref() != expected)
            .then(|| format!("{:?} in {}: {found:?}, expected {expected:?}", case.text, case.region))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn without_the_rule_of_lines_only_the_country_counts() {
    let rules = PhoneRules::new(Countries::Only(vec![Region::GB]), false);
    let check = |text| verdict(rules.check(&PhoneNumber::from_e164(text).unwrap()));
    assert_eq!(check("+449091234567"), "ok");
    assert_eq!(check("+442079460123"), "ok");
    assert_eq!(check("+912223456789"), "country");
}

proptest::proptest! {
    #[test]
    fn every_number_is_judged_and_lies_in_its_range(
        text in "(\\+|00|0)?[1-9][0-9]{1,16}",
        region in proptest::sample::select(vec![Region::IN, Region::BD, Region::VN, Region::US, Region::IT]),
        mobile_only in any::<bool>(),
    ) {
        if let Ok(number) = PhoneNumber::parse(&text, region) {
            let everywhere = PhoneRules::new(Countries::All, mobile_only).check(&number);
            prop_assert!(mobile_only || everywhere.is_ok());
            // What is refused everywhere is refused by default.
            prop_assert!(PhoneRules::default().check(&number).is_err() || everywhere.is_ok());

            let code = format!("+{}", number.country_code());
            prop_assert!(number.e164().starts_with(&code));
            prop_assert!(number.e164().starts_with(number.prefix()));
            prop_assert!(number.prefix().starts_with(&code) && number.prefix() != number.e164());
        }
    }
}
