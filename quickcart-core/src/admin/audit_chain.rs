//! The chain of the audit: each row has a link, whose digest is made of the row and of the link before it, so that nobody changes, takes
//! out or puts in a row without changing every digest after it.
//!
//! The digest has no key: whoever may write to the database could read a key that servers have, too, and make the chain anew. What they cannot
//! change is a head that has left the database, which is why servers log it, and why [`verify_audit`] takes one to look for.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Action, AdminStore, Entity};
use crate::clock::Timestamp;
use crate::error::{DomainError, ErrorKind, StoreError};

/// How many links are read, or made, at once.
const BATCH: u32 = 500;
/// No digest of another kind is one of these.
const KIND: &[u8] = b"quickcart audit 1";

/// Reads the whole chain; `progress` is told how many links were read, and how many there are.
///
/// `expected` is a head that the chain had once, kept outside of the database: without one, a chain that was cut off, or made anew, is as good
/// as any.
///
/// # Errors
/// [`AuditFault`], the first that there is.
pub async fn verify_audit(
    store: &dyn AdminStore,
    expected: Option<AuditHead>,
    progress: impl Fn(i64, i64),
) -> Result<VerifiedAudit, AuditFault> {
    let mut check = AuditCheck::new(expected);
    loop {
        let (links, head) = store.audit_links(check.head.link_id, BATCH).await?;
        check.follow(&links)?;
        progress(check.head.link_id, head.link_id);
        if links.len() < BATCH as usize {
            let verified = check.end(head)?;
            return Ok(VerifiedAudit { unlinked: store.unlinked_audit().await?.len(), ..verified });
        }
    }
}

/// Links what has no link, oldest first: rows from before there was a chain, and those of older servers on the same database.
/// Answers how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn link_audit(store: &dyn AdminStore) -> Result<usize, StoreError> {
    let audit_ids = store.unlinked_audit().await?;
    for batch in audit_ids.chunks(BATCH as usize) {
        store.link_audit(batch).await?;
    }
    if !audit_ids.is_empty() {
        tracing::warn!(target: "quickcart::audit", rows = audit_ids.len(), "rows of the audit had no link, and have one now");
    }
    Ok(audit_ids.len())
}

/// Where the chain ends, or ended once. As text it is `LINK:DIGEST`, the latter in hexadecimal digits.
///
/// ```
/// use quickcart_core::admin::AuditHead;
///
/// let text = format!("7:{}", "0f".repeat(32));
/// assert_eq!(text.parse::<AuditHead>()?.to_string(), text);
/// # Ok::<(), quickcart_core::admin::InvalidAuditHead>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of its last link: how many there are.
    pub link_id: i64,
    /// The digest of that.
    pub digest: [u8; 32],
}

impl AuditHead {
    /// Of a chain without links.
    pub const START: Self = Self { link_id: 0, digest: [0; 32] };

    /// The head after this one, when the row with this number comes next.
    ///
    /// Its digest is SHA-256 of these parts, each preceded by its length: `quickcart audit 1`, the digest before, `link_id`, `audit_id`,
    /// `at_ms`, `who`, `action`, `entity`, `entity_id`, `before_json` unless it is absent, `after_json`. Lengths and numbers are
    /// eight bytes, the highest first.
    #[must_use]
    pub fn next(&self, audit_id: i64, record: &AuditRecord) -> Self {
        let link_id = self.link_id.saturating_add(1);
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(KIND);
        add(&self.digest);
        add(&link_id.to_be_bytes());
        add(&audit_id.to_be_bytes());
        add(&record.at_ms.to_be_bytes());
        add(record.who.as_bytes());
        add(record.action.as_bytes());
        add(record.entity.as_bytes());
        add(&record.entity_id.to_be_bytes());
        if let Some(before) = &record.before_json {
            add(before.as_bytes());
        }
        add(record.after_json.as_bytes());
        Self { link_id, digest: hash.finalize().into() }
    }
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.link_id)?;
        self.digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for AuditHead {
    type Err = InvalidAuditHead;

    fn from_str(text: &str) -> Result<Self, InvalidAuditHead> {
        let (link_id, digits) = text.split_once(':').ok_or(InvalidAuditHead)?;
        let link_id = link_id.parse().ok().filter(|link_id| *link_id >= 0).ok_or(InvalidAuditHead)?;
        let mut digest = [0; 32];
        if digits.len() != 2 * digest.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidAuditHead);
        }
        for (index, byte) in digest.iter_mut().enumerate() {
            let digits = &digits[2 * index..2 * index + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidAuditHead)?;
        }
        Ok(Self { link_id, digest })
    }
}

/// The text is no head of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head of the audit is a number, a colon and 64 hexadecimal digits")]
pub struct InvalidAuditHead;

/// A row of the audit as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who did it.
    pub who: String,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub entity: String,
    /// To which one.
    pub entity_id: i64,
    /// What it was before.
    pub before_json: Option<String>,
    /// What it is since.
    pub after_json: String,
}

impl AuditRecord {
    /// A change, as both databases store it.
    #[must_use]
    pub fn new(
        (action, entity, entity_id): (Action, Entity, i64),
        before: Option<&Value>,
        after: &Value,
        who: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            at_ms: now.as_millisecond(),
            who: who.to_owned(),
            action: action.as_str().to_owned(),
            entity: entity.as_str().to_owned(),
            entity_id,
            before_json: before.map(Value::to_string),
            after_json: after.to_string(),
        }
    }
}

/// A link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLink {
    /// Its place and its digest.
    pub head: AuditHead,
    /// The number of its row.
    pub audit_id: i64,
    /// The row; `None` when there is none.
    pub record: Option<AuditRecord>,
}

/// Follows a chain from its start, link by link, without any store.
#[derive(Clone, Debug)]
pub struct AuditCheck {
    head: AuditHead,
    /// What was not met yet.
    expected: Option<AuditHead>,
    /// When the first and the last link were made.
    times: Option<(i64, i64)>,
}

impl AuditCheck {
    /// Begins before the first link.
    #[must_use]
    pub fn new(expected: Option<AuditHead>) -> Self {
        Self {
            head: AuditHead::START,
            expected: expected.filter(|head| *head != AuditHead::START),
            times: None,
        }
    }

    /// Looks at the links that come next.
    ///
    /// # Errors
    /// [`AuditFault::Missing`], [`AuditFault::NoRow`], [`AuditFault::Changed`].
    pub fn follow(&mut self, links: &[AuditLink]) -> Result<(), AuditFault> {
        for AuditLink { head, audit_id, record } in links {
            let (link_id, audit_id) = (self.head.link_id.saturating_add(1), *audit_id);
            if head.link_id != link_id {
                return Err(AuditFault::Missing { link_id });
            }
            let record = record.as_ref().ok_or(AuditFault::NoRow { link_id, audit_id })?;
            if self.head.next(audit_id, record) != *head {
                return Err(AuditFault::Changed { link_id, audit_id });
            }
            self.head = *head;
            self.expected = self.expected.filter(|expected| expected != head);
            self.times = Some((self.times.map_or(record.at_ms, |(first, _)| first), record.at_ms));
        }
        Ok(())
    }

    /// There is nothing more, and this is what the store has for the head.
    ///
    /// # Errors
    /// [`AuditFault::OtherHead`], [`AuditFault::Unexpected`].
    pub fn end(self, head: AuditHead) -> Result<VerifiedAudit, AuditFault> {
        if self.head != head {
            return Err(AuditFault::OtherHead { head, found: self.head });
        }
        if let Some(expected) = self.expected {
            return Err(AuditFault::Unexpected { expected, head });
        }
        let time = |at_ms| Timestamp::from_millisecond(at_ms).ok();
        let times = self.times.and_then(|(first, last)| time(first).zip(time(last)));
        Ok(VerifiedAudit { head, times, unlinked: 0 })
    }
}

/// A chain that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedAudit {
    /// Its last link.
    pub head: AuditHead,
    /// What its first and its last row say of when they were written.
    pub times: Option<(Timestamp, Timestamp)>,
    /// How many rows have no link, and so nothing that protects them.
    pub unlinked: usize,
}

/// The chain is not whole, or could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// A link was taken out.
    #[error("link {link_id} is missing")]
    Missing {
        /// Its number.
        link_id: i64,
    },
    /// A row was taken out.
    #[error("link {link_id} is there, and its row {audit_id} is not")]
    NoRow {
        /// The number of the link.
        link_id: i64,
        /// The number of the row.
        audit_id: i64,
    },
    /// The digest is another.
    #[error("link {link_id} does not fit: its row {audit_id}, its digest or its place was changed")]
    Changed {
        /// The number of the link.
        link_id: i64,
        /// The number of the row.
        audit_id: i64,
    },
    /// The last link is not the one that was written last.
    #[error("the chain ends at {found}, and was written up to {head}")]
    OtherHead {
        /// What the store says.
        head: AuditHead,
        /// The last link.
        found: AuditHead,
    },
    /// The chain is whole, and not the one that is looked for, or not any more.
    #[error("{expected} is not in the chain, which ends at {head}: it was cut off, or written anew")]
    Unexpected {
        /// What is looked for.
        expected: AuditHead,
        /// The last link.
        head: AuditHead,
    },
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for AuditFault {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            _ => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            _ => "audit_changed",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(before: Option<&str>) -> AuditRecord {
        let at = "2026-11-22T10:00:00Z".parse().unwrap();
        let change = (Action::Change, Entity::Product, 312);
        let record = AuditRecord::new(change, None, &json!({"price_minor": 9900}), "admin", at);
        AuditRecord { before_json: before.map(str::to_owned), ..record }
    }

    /// What each of these changes makes of a chain of four links.
    fn chain() -> Vec<AuditLink> {
        let mut head = AuditHead::START;
        let rows = [(7, None), (9, Some("")), (8, Some("{}")), (10, None)];
        let links = rows.map(|(audit_id, before)| {
            let record = record(before);
            head = head.next(audit_id, &record);
            AuditLink { head, audit_id, record: Some(record) }
        });
        links.to_vec()
    }

    fn followed(links: &[AuditLink], expected: Option<AuditHead>) -> Result<VerifiedAudit, String> {
        let mut check = AuditCheck::new(expected);
        let followed = check.follow(links).and_then(|()| check.end(chain()[3].head));
        followed.map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_digest_is_this_one_for_ever() {
        let first = AuditHead::START.next(7, &record(None));
        assert_eq!(first.to_string(), "1:5257392d422084779067986f374e1ac88a1fbd11e514f970837a553428b94274");
        assert_eq!(
            first.next(9, &record(Some("{}"))).to_string(),
            "2:b647390e334883e44c75bca7095f9071e910aa492e9d89d4903082d22e1c8cfa"
        );
    }

    #[test]
    fn every_part_counts() {
        let whole = AuditHead::START.next(7, &record(Some("")));
        let changes: [fn(&mut AuditRecord); 8] = [
            |record| record.at_ms += 1,
            |record| record.who.push('x'),
            |record| record.action = "retire".to_owned(),
            |record| record.entity = "user".to_owned(),
            |record| record.entity_id += 1,
            |record| record.before_json = None,
            |record| record.after_json.push(' '),
            |record| record.before_json = Some(std::mem::take(&mut record.after_json)),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut record = record(Some(""));
            change(&mut record);
            assert_ne!(AuditHead::START.next(7, &record), whole, "{index}");
        }
        assert_ne!(AuditHead::START.next(8, &record(Some(""))), whole);
        let elsewhere = AuditHead { link_id: 1, ..AuditHead::START };
        assert_ne!(elsewhere.next(7, &record(Some(""))).digest, whole.digest);
    }

    #[test]
    fn the_first_link_that_does_not_fit_is_named() {
        let whole = chain();
        let verified = followed(&whole, None).unwrap();
        let at = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!((verified.head, verified.times), (whole[3].head, Some((at, at))));
        let broken = |change: fn(&mut Vec<AuditLink>), expected: &str| {
            let mut links = chain();
            change(&mut links);
            let fault = followed(&links, None).unwrap_err();
            assert!(fault.starts_with(expected), "{fault}");
        };
        broken(|links| drop(links.remove(0)), "link 1 is missing");
        broken(|links| drop(links.remove(2)), "link 3 is missing");
        broken(|links| links.swap(1, 2), "link 2 is missing");
        broken(|links| links[1].record = None, "link 2 is there, and its row 9 is not");
        broken(|links| links[2].audit_id = 9, "link 3 does not fit: its row 9");
        broken(|links| links[2].head.digest[31] ^= 1, "link 3 does not fit");
        broken(|links| drop(links.pop()), &format!("the chain ends at {}", whole[2].head));
        let inserted: fn(&mut Vec<AuditLink>) = |links| {
            let link = links[1].clone();
            links.insert(1, link);
        };
        broken(inserted, "link 3 is missing");
    }

    #[test]
    fn a_head_that_was_kept_elsewhere_is_looked_for() {
        let whole = chain();
        for expected in [AuditHead::START, whole[0].head, whole[3].head] {
            assert!(followed(&whole, Some(expected)).is_ok(), "{expected}");
        }
        let later = whole[3].head.next(11, &record(None));
        let other = AuditHead { link_id: 2, ..later };
        let never = AuditHead { link_id: 0, ..later };
        for expected in [later, other, never] {
            let fault = followed(&whole, Some(expected)).unwrap_err();
            assert!(fault.starts_with(&format!("{expected} is not in the chain")), "{fault}");
        }
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let head = chain()[1].head;
        assert_eq!(head.to_string().parse(), Ok(head));
        let digits = "0".repeat(64);
        for text in [
            "",
            "7",
            "7:",
            "7:00",
            &format!("-1:{digits}"),
            &format!("x:{digits}"),
            &format!("7:{}é", &digits[2..]),
        ] {
            assert_eq!(text.parse::<AuditHead>(), Err(InvalidAuditHead), "{text}");
        }
        assert!(format!("7:+{}", &digits[1..]).parse::<AuditHead>().is_err());
    }
}
