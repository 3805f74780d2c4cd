//! The keys of one-time codes: one that names subjects and stays, and those that make codes and rotate.

use subtle::ConstantTimeEq;

use crate::secret::{SecretKey, Tag};

/// 128 bits of a keyed tag: what a store knows of a phone number, a code or a nonce.
pub type Digest = [u8; 16];

/// Names a key, so that a code is checked with the key it was made with. Keys that are live together need different ids.
pub type KeyId = u8;

/// The keys of an engine; servers that share a store share the ring.
///
/// Codes come from the newest key, and those of the one before it go on working while both are live: put the new key
/// in front, wait for the longest lifetime of a code, take the old one away. The index key names phones and addresses in
/// the store; it does not rotate, because limits would begin anew.
///
/// ```
/// use quickcart_core::otp::KeyRing;
/// use quickcart_core::secret::SecretKey;
///
/// let secret = SecretKey::new(b"a secret of 32 bytes, or more of it");
/// let ring = KeyRing::new(&secret);
/// let rotated = ring.with_newest(1, &SecretKey::new(b"another secret of 32 bytes, or more"));
/// assert_eq!((rotated.key_ids(), ring.key_ids()), (vec![1, 0], vec![0]));
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    index: SecretKey,
    newest: CodeKey,
    before: Option<CodeKey>,
}

#[derive(Clone, Debug)]
struct CodeKey {
    id: KeyId,
    key: SecretKey,
}

impl KeyRing {
    /// A ring made from one secret; its key for codes has the id 0.
    #[must_use]
    pub fn new(secret: &SecretKey) -> Self {
        let newest = CodeKey { id: 0, key: secret.for_use("one-time codes") };
        Self { index: secret.for_use("one-time codes: subjects"), newest, before: None }
    }

    /// The same ring with a newer key for codes in front; the one that was newest stays live beside it.
    #[must_use]
    pub fn with_newest(&self, id: KeyId, secret: &SecretKey) -> Self {
        let newest = CodeKey { id, key: secret.for_use("one-time codes") };
        Self { index: self.index.clone(), newest, before: Some(self.newest.clone()) }
    }

    /// The ids of the live keys, newest first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.live().map(|key| key.id).collect()
    }

    pub(super) fn newest_id(&self) -> KeyId {
        self.newest.id
    }

    /// Names something in the store.
    pub(super) fn name(&self, parts: &[&[u8]]) -> Digest {
        shortened(self.index.tag(parts))
    }

    /// What a code is derived from; `None` when the key is not live any more.
    pub(super) fn tag(&self, id: KeyId, parts: &[&[u8]]) -> Option<Tag> {
        self.live().find(|live| live.id == id).map(|live| live.key.tag(parts))
    }

    /// What a store keeps of a text, under the newest key.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> Digest {
        shortened(self.newest.key.tag(parts))
    }

    /// The same under each live key, newest first.
    pub(super) fn digests(&self, parts: &[&[u8]]) -> [Option<(KeyId, Digest)>; 2] {
        let digest = |live: &CodeKey| (live.id, shortened(live.key.tag(parts)));
        [Some(digest(&self.newest)), self.before.as_ref().map(digest)]
    }

    fn live(&self) -> impl Iterator<Item = &CodeKey> {
        std::iter::once(&self.newest).chain(&self.before)
    }
}

fn shortened(tag: Tag) -> Digest {
    std::array::from_fn(|index| tag[index])
}

/// Whether a list of digests has one that was made with this key.
pub(super) fn knows(digests: &[Option<(KeyId, Digest)>; 2], id: KeyId) -> bool {
    digests.iter().flatten().any(|(key_id, _)| *key_id == id)
}

/// Whether a list of digests holds the one that was made with this key, in a time that does not depend on their bytes.
pub(super) fn holds(digests: &[Option<(KeyId, Digest)>; 2], id: KeyId, wanted: &Digest) -> bool {
    digests.iter().flatten().any(|(key_id, digest)| *key_id == id && same(digest, wanted))
}

/// Whether two digests are equal, in a time that does not depend on their bytes.
pub(super) fn same(a: &Digest, b: &Digest) -> bool {
    u128::from_ne_bytes(*a).ct_eq(&u128::from_ne_bytes(*b)).into()
}
