//! Members of the phone-otp group, and who keeps them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;

use super::{PasswordError, PasswordHash, UserId};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::otp::OtpError;
use crate::phone::PhoneNumber;
use crate::secret::Tag;

/// Somebody who proved a phone and told their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member's number in this group.
    pub user_id: UserId,
    /// What they are called.
    pub name: MemberName,
    /// The phone they proved; unique.
    pub phone: PhoneNumber,
    /// Unique, where there is one.
    pub email: Option<EmailAddress>,
    /// What they may do.
    pub role: MemberRole,
    /// Whether they may come in.
    pub status: MemberStatus,
    /// How often they have signed in.
    pub login_count: u32,
    /// When they did so last.
    pub last_login: Option<Timestamp>,
    /// Since when they are a member.
    pub created_at: Timestamp,
    /// When the above, sign-ins aside, was changed last.
    pub updated_at: Timestamp,
}

/// What somebody tells to become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    /// What they are called.
    pub name: MemberName,
    /// The phone they proved.
    pub phone: PhoneNumber,
    /// Where they get e-mail.
    pub email: Option<EmailAddress>,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberRole {
    /// Buy.
    Customer,
    /// Whatever a host lets administrators do.
    Admin,
}

impl MemberRole {
    /// As it is kept and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for MemberRole {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Customer, Self::Admin].into_iter().find(|role| role.as_str() == text).ok_or(UnknownWord)
    }
}

/// Whether a member may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberStatus {
    /// They may.
    Active,
    /// They left.
    Inactive,
    /// Somebody shut them out.
    Suspended,
}

impl MemberStatus {
    /// As it is kept and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for MemberStatus {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let all = [Self::Active, Self::Inactive, Self::Suspended];
        all.into_iter().find(|status| status.as_str() == text).ok_or(UnknownWord)
    }
}

/// The text is none of the words that a role or a status has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a role nor a status")]
pub struct UnknownWord;

/// Two to a hundred letters of any script, blanks, `.`, `'` and `-`. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberName(Box<str>);

impl MemberName {
    /// The shortest name, in characters.
    pub const LENGTH_MIN: usize = 2;
    /// The longest name, in characters: as wide as the column of the old backend.
    pub const LENGTH_MAX: usize = 100;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MemberName {
    type Err = InvalidMemberName;

    fn from_str(text: &str) -> Result<Self, InvalidMemberName> {
        let name = text.trim();
        let fits = (Self::LENGTH_MIN..=Self::LENGTH_MAX).contains(&name.chars().count());
        let plain =
            |c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-') || is_part_of_letter(c);
        if fits && name.chars().all(plain) { Ok(Self(name.into())) } else { Err(InvalidMemberName) }
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Signs without which names of some scripts cannot be written, and which Unicode does not count as letters: accents
/// that follow their letter, and what joins, doubles or mutes the letters of South and Southeast Asia.
fn is_part_of_letter(c: char) -> bool {
    match u32::from(c) {
        // Combining Diacritical Marks; and the two joiners, which Unicode's annex 31 allows in identifiers.
        0x0300..=0x036F | 0x200C | 0x200D => true,
        // Nine scripts of India have blocks of the same plan (ISCII), with the nukta at 3C and the virama at 4D.
        code @ 0x0900..=0x0D7F => matches!(code & 0x7F, 0x3C | 0x4D),
        // Sinhala, Thai, Lao, Tibetan, Burmese, Khmer.
        0x0DCA | 0x0E47..=0x0E4E | 0x0EC8..=0x0ECD | 0x0F39 | 0x0F84 | 0x1037 | 0x1039 | 0x103A => true,
        0x17C9..=0x17D3 => true,
        _ => false,
    }
}

/// The text cannot be the name of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 2 to 100 letters, blanks, periods, apostrophes and hyphens")]
pub struct InvalidMemberName;

impl DomainError for InvalidMemberName {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "name_invalid"
    }
}

/// Keeps members. Each method is one atomic step.
#[async_trait]
pub trait MemberStore: Send + Sync + 'static {
    /// The member of this phone, which has just been proved. Somebody active is counted as signed in. When the phone
    /// belongs to nobody, `proof` may be used once until `proof_until`, by [`create`](Self::create).
    async fn sign_in(
        &self,
        phone: &PhoneNumber,
        proof: &Tag,
        proof_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Member>, MemberError>;

    /// Makes a member, and uses the proof up; a proof that did not lead to a member can be used again.
    async fn create(&self, member: &NewMember, proof: &Tag, now: Timestamp) -> Result<Member, MemberError>;

    /// Makes an administrator of somebody whose phone nobody proved, or of the member who has it; the password takes the
    /// place of an older one.
    async fn put_administrator(
        &self,
        member: &NewMember,
        username: &str,
        hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<Member, MemberError>;

    /// Who has this user name, and what is kept of their password.
    async fn administrator(&self, username: &str) -> Result<Option<(UserId, PasswordHash)>, StoreError>;

    /// Counts a sign-in of somebody active, whose password was right.
    async fn signed_in(&self, user_id: UserId, now: Timestamp) -> Result<Option<Member>, StoreError>;

    /// The member with this id.
    async fn member(&self, user_id: UserId) -> Result<Option<Member>, StoreError>;

    /// Lets a member in, or shuts them out.
    async fn set_status(
        &self,
        user_id: UserId,
        status: MemberStatus,
        now: Timestamp,
    ) -> Result<Member, MemberError>;
}

/// Why somebody did not become a member, or did not get in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// There is no such member.
    #[error("member {user_id} does not exist")]
    NotFound {
        /// Who was asked for.
        user_id: UserId,
    },
    /// Nobody proved this phone lately, from where the request comes.
    #[error("verify the phone number with a code first")]
    NotVerified,
    /// The phone has a member already.
    #[error("this phone number belongs to another user")]
    PhoneTaken,
    /// Another member has this address.
    #[error("this e-mail address belongs to another user")]
    EmailTaken,
    /// Somebody else has this user name.
    #[error("this user name belongs to another user")]
    UsernameTaken,
    /// No administrator has this user name and password.
    #[error("user name or password is wrong")]
    WrongCredentials,
    /// A password was not checked, or cannot be one.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Too many wrong passwords.
    #[error(transparent)]
    Guesses(#[from] OtpError),
    /// The member may not come in.
    #[error("this account is {}", status.as_str())]
    ShutOut {
        /// Why.
        status: MemberStatus,
    },
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for MemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::NotVerified | Self::ShutOut { .. } => ErrorKind::Forbidden,
            Self::PhoneTaken | Self::EmailTaken | Self::UsernameTaken => ErrorKind::Conflict,
            Self::WrongCredentials => ErrorKind::Unauthenticated,
            Self::Password(error) => error.kind(),
            Self::Guesses(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "member_not_found",
            Self::NotVerified => "phone_not_verified",
            Self::PhoneTaken => "phone_taken",
            Self::EmailTaken => "email_taken",
            Self::UsernameTaken => "username_taken",
            Self::WrongCredentials => "credentials_wrong",
            Self::Password(error) => error.code(),
            Self::Guesses(error) => error.code(),
            Self::ShutOut { .. } => "member_shut_out",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            Self::Password(error) => error.retry_after(),
            Self::Guesses(error) => error.retry_after(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_of_any_script() {
        let long = "x".repeat(MemberName::LENGTH_MAX);
        for text in [
            "Al",
            "Asha Rao",
            "Jean-Luc O'Brien Jr.",
            "Nguyễn Thị Ánh",
            "Rene\u{301} Muller",
            "प्रिया शर्मा",
            "সৌরভ গঙ্গোপাধ্যায়",
            "ชื่อเล่น",
            "李 明",
            "محمد",
            &long,
        ] {
            assert!(text.parse::<MemberName>().is_ok(), "{text}");
        }
        assert_eq!("  Asha Rao ".parse::<MemberName>().unwrap().as_str(), "Asha Rao");
        let longer = "x".repeat(MemberName::LENGTH_MAX + 1);
        for text in [
            "",
            "A",
            "  A  ",
            "Asha1",
            "<b>Asha</b>",
            "Asha;Rao",
            "Asha\nRao",
            "Asha\tRao",
            "Asha\0Rao",
            "Asha_Rao",
            "Asha 😀",
            "١٢٣",
            "Asha\u{202E}Rao",
            "a@b",
            &longer,
        ] {
            assert_eq!(text.parse::<MemberName>(), Err(InvalidMemberName), "{text:?}");
        }
    }
}
