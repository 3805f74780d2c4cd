//! Who registers, and who works here: customers, employees and their roles.

use std::fmt;
use std::str::FromStr;

use super::RegistrationError;
use crate::account::PersonName;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::phone::{PhoneNumber, Region};

/// Names a customer: `KH00001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerId(i64);

impl CustomerId {
    /// The customer of this number, from 1.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number as i64)) }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KH{:05}", self.0)
    }
}

impl FromStr for CustomerId {
    type Err = InvalidCustomerId;

    fn from_str(text: &str) -> Result<Self, InvalidCustomerId> {
        let digits = text.strip_prefix("KH").ok_or(InvalidCustomerId)?;
        let id = digits.parse().ok().and_then(Self::new).ok_or(InvalidCustomerId)?;
        // One notation for each, so that two texts are never the same customer.
        if id.to_string() == text { Ok(id) } else { Err(InvalidCustomerId) }
    }
}

/// The text names no customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a customer is named like KH00001")]
pub struct InvalidCustomerId;

/// Somebody who registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who it is.
    pub customer_id: CustomerId,
    /// The address that was proved.
    pub email: EmailAddress,
    /// What they told.
    pub details: CustomerDetails,
    /// When they registered.
    pub created_at: Timestamp,
    /// When they last signed in; in the answer to a login, when they did before.
    pub signed_in_at: Option<Timestamp>,
}

/// What a customer tells about themselves. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerDetails {
    /// What they are called.
    pub name: String,
    /// How they are called up, in their own notation.
    pub phone: String,
    /// The number of their identity card, unique among customers.
    pub citizen_id: String,
    /// Where they live.
    pub address: String,
}

impl fmt::Debug for CustomerDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerDetails(***)")
    }
}

/// One of the details of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// 1 to 100 characters, no control characters.
    Name,
    /// A number that can exist, Vietnamese unless it says otherwise.
    Phone,
    /// Twelve digits.
    CitizenId,
    /// 1 to [`CustomerDetails::ADDRESS_LENGTH_MAX`] characters, no control characters.
    Address,
}

impl CustomerDetails {
    /// The longest address, in characters.
    pub const ADDRESS_LENGTH_MAX: usize = 255;
    /// How many digits an identity card (CCCD) has:
    /// [Thông tư 59/2021/TT-BCA](https://vanban.chinhphu.vn/?pageid=27160&docid=203274).
    pub const CITIZEN_ID_LENGTH: usize = 12;

    /// The same without blanks around, if it can be right.
    ///
    /// # Errors
    /// [`RegistrationError::DetailsMissing`] when anything is empty, [`RegistrationError::DetailsInvalid`] with everything
    /// that cannot be right.
    pub fn checked(&self) -> Result<Self, RegistrationError> {
        let all = [
            (Detail::Name, self.name.trim()),
            (Detail::Phone, self.phone.trim()),
            (Detail::CitizenId, self.citizen_id.trim()),
            (Detail::Address, self.address.trim()),
        ];
        if all.iter().any(|(_, text)| text.is_empty()) {
            return Err(RegistrationError::DetailsMissing);
        }
        check(all)?;
        let [name, phone, citizen_id, address] = all.map(|(_, text)| text.to_owned());
        Ok(Self { name, phone, citizen_id, address })
    }
}

/// What a customer wants to be different. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DetailsChange {
    /// Another name.
    pub name: Option<String>,
    /// Another telephone.
    pub phone: Option<String>,
    /// Another address.
    pub address: Option<String>,
}

impl fmt::Debug for DetailsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DetailsChange(***)")
    }
}

impl DetailsChange {
    /// The same without blanks around, if it can be right.
    ///
    /// # Errors
    /// [`RegistrationError::DetailsInvalid`] with everything that cannot be right.
    pub fn checked(&self) -> Result<Self, RegistrationError> {
        let trimmed = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned());
        let change =
            Self { name: trimmed(&self.name), phone: trimmed(&self.phone), address: trimmed(&self.address) };
        let all = [
            (Detail::Name, &change.name),
            (Detail::Phone, &change.phone),
            (Detail::Address, &change.address),
        ];
        check(all.into_iter().filter_map(|(detail, text)| Some((detail, text.as_deref()?))))?;
        Ok(change)
    }

    /// The details with the change.
    #[must_use]
    pub fn applied_to(&self, details: &CustomerDetails) -> CustomerDetails {
        let changed = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        CustomerDetails {
            name: changed(&self.name, &details.name),
            phone: changed(&self.phone, &details.phone),
            citizen_id: details.citizen_id.clone(),
            address: changed(&self.address, &details.address),
        }
    }
}

fn check<'a>(all: impl IntoIterator<Item = (Detail, &'a str)>) -> Result<(), RegistrationError> {
    let wrong = all.into_iter().filter(|(detail, text)| !can_be(*detail, text)).map(|(detail, _)| detail);
    let wrong: Vec<Detail> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(RegistrationError::DetailsInvalid(wrong)) }
}

fn can_be(detail: Detail, text: &str) -> bool {
    match detail {
        Detail::Name => text.parse::<PersonName>().is_ok(),
        Detail::Phone => PhoneNumber::parse(text, Region::VN).is_ok(),
        Detail::CitizenId => {
            text.len() == CustomerDetails::CITIZEN_ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit())
        }
        Detail::Address => {
            let length = text.chars().count();
            (1..=CustomerDetails::ADDRESS_LENGTH_MAX).contains(&length) && !text.contains(char::is_control)
        }
    }
}

/// Somebody who works here. `Debug` shows who it is, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Employee {
    /// Who it is: `NV001`.
    pub employee_id: String,
    /// Where they sign in with.
    pub email: EmailAddress,
    /// What they are called.
    pub name: String,
    /// How they are called up, as it was told.
    pub phone: String,
    /// What they may do.
    pub role: Role,
}

impl fmt::Debug for Employee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Employee").field("employee_id", &self.employee_id).finish_non_exhaustive()
    }
}

/// What employees may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Which one it is: `CV001`.
    pub role_id: String,
    /// What it is called.
    pub name: String,
}

/// Whom an e-mail address and a password belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// Somebody who registered.
    Customer(Customer),
    /// Somebody who works here.
    Employee(Employee),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> CustomerDetails {
        CustomerDetails {
            name: " Nguyễn Văn An ".to_owned(),
            phone: "0900000001".to_owned(),
            citizen_id: "001099000001".to_owned(),
            address: "Hà Nội".to_owned(),
        }
    }

    #[test]
    fn a_customer_has_one_name() {
        for (text, number) in [("KH00001", 1), ("KH99999", 99_999), ("KH100000", 100_000)] {
            let id: CustomerId = text.parse().unwrap();
            assert_eq!((id.number(), id.to_string().as_str()), (number, text));
        }
        for text in ["", "KH", "KH1", "KH00000", "KH000001", "kh00001", "KH+0001", "KH4294967296", "KH0000١"]
        {
            assert_eq!(text.parse::<CustomerId>(), Err(InvalidCustomerId), "{text}");
        }
    }

    #[test]
    fn what_can_be_right_is_taken_without_blanks() {
        let checked = details().checked().unwrap();
        assert_eq!(checked.name, "Nguyễn Văn An");
        assert!(CustomerDetails { phone: "+84 900 000 001".to_owned(), ..details() }.checked().is_ok());
        for blank in ["", " ", "\t\n"] {
            let error = CustomerDetails { address: blank.to_owned(), ..details() }.checked().unwrap_err();
            assert!(matches!(error, RegistrationError::DetailsMissing), "{blank:?}");
        }
    }

    #[test]
    fn everything_that_cannot_be_right_is_named() {
        let wrong = CustomerDetails {
            name: "A\u{7}n".to_owned(),
            phone: "0".to_owned(),
            citizen_id: "١٢٣٤٥٦٧٨٩٠١٢".to_owned(),
            address: "x".repeat(256),
        };
        let RegistrationError::DetailsInvalid(all) = wrong.checked().unwrap_err() else { panic!("refused") };
        assert_eq!(all, [Detail::Name, Detail::Phone, Detail::CitizenId, Detail::Address]);
        let change = DetailsChange { phone: Some(String::new()), ..DetailsChange::default() };
        let RegistrationError::DetailsInvalid(all) = change.checked().unwrap_err() else { panic!("refused") };
        assert_eq!(all, [Detail::Phone]);
    }

    #[test]
    fn nothing_is_shown() {
        let shown = format!(
            "{:?} {:?}",
            details(),
            DetailsChange { name: Some("An".to_owned()), ..Default::default() }
        );
        assert!(!shown.contains("An") && !shown.contains("0900"), "{shown}");
    }
}
