//! Tokens of shoppers, issued and verified, against the crate `jsonwebtoken` with the same claims and the same HMAC.

use std::sync::Arc;

use benches::{Contender, Result, Section, alternate, measure};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quickcart_core::account::{ShopperClaims, TokenIssuer};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::secret::SecretKey;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use signature::{Signer, Verifier};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const TOKENS: u64 = 50_000;
const REPETITIONS: usize = 7;

#[derive(Serialize, Deserialize)]
struct Claims {
    user_id: i64,
    aud: String,
    jti: String,
    iat: i64,
    exp: i64,
}

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |_, key| Ok(Box::new(Hs256::new(key.as_bytes()))),
        verifier_factory: |_, key| Ok(Box::new(Hs256::new(key.try_get_as_bytes()?))),
        key_utils: KeyUtils::new_unimplemented(),
    };
    // It is there already when another row has come first.
    let _ = PROVIDER.install_default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tokens = TokenIssuer::new(SecretKey::new(SECRET), Arc::clone(&clock));
    let (encoding, decoding) = (EncodingKey::from_secret(SECRET), DecodingKey::from_secret(SECRET));
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["smart-cart"]);
    validation.leeway = 0;

    let ours = |user_id| tokens.issue(&ShopperClaims { user_id });
    let peer = |user_id| -> Result<String> {
        let iat = clock.now().as_second();
        let jti = format!("{user_id:022}");
        let claims = Claims { user_id, aud: "smart-cart".to_owned(), jti, iat, exp: iat + 3_600 };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &encoding)?)
    };
    let peer_reads = |token: &str| -> Result<i64> {
        Ok(jsonwebtoken::decode::<Claims>(token, &decoding, &validation)?.claims.user_id)
    };
    // Each reads what the other wrote, and neither takes another's signature.
    let ours_reads = |token: &str| tokens.verify(token).map(|token| token.claims.user_id);
    assert_eq!(ours_reads(&peer(7)?)?, 7);
    assert_eq!(peer_reads(&ours(7))?, 7);
    let foreign =
        TokenIssuer::new(SecretKey::random(), Arc::clone(&clock)).issue(&ShopperClaims { user_id: 7 });
    assert!(tokens.verify(&foreign).is_err() && peer_reads(&foreign).is_err());

    let issue = vec![
        Contender::new("quickcart TokenIssuer::issue", || {
            measure(TOKENS, || (0..TOKENS as i64).try_for_each(|id| not_empty(&ours(id))))
        }),
        Contender::new("jsonwebtoken::encode", || {
            measure(TOKENS, || (0..TOKENS as i64).try_for_each(|id| not_empty(&peer(id)?)))
        }),
    ];
    benches::print(&Section {
        title: "tokens: an HS256 token issued".to_owned(),
        notes: Vec::new(),
        rows: alternate(REPETITIONS, issue)?,
    });

    let issued: Vec<(i64, String)> = (0..1_000).map(|id| (id, ours(id))).collect();
    let all = || issued.iter().cycle().take(TOKENS as usize);
    let verify = vec![
        Contender::new("quickcart TokenIssuer::verify", || {
            measure(TOKENS, || all().try_for_each(|(id, token)| same(*id, ours_reads(token)?)))
        }),
        Contender::new("jsonwebtoken::decode", || {
            measure(TOKENS, || all().try_for_each(|(id, token)| same(*id, peer_reads(token)?)))
        }),
    ];
    benches::print(&Section {
        title: "tokens: an HS256 token verified".to_owned(),
        notes: vec![
            "jsonwebtoken gets the workspace's HMAC, built as its own backend `rust_crypto` builds it; that backend \
             would bring second versions of hmac, sha2 and rand, and 40 crates."
                .to_owned(),
        ],
        rows: alternate(REPETITIONS, verify)?,
    });
    Ok(())
}

fn not_empty(token: &str) -> Result<()> {
    if token.is_empty() { Err("an empty token".into()) } else { Ok(()) }
}

fn same(expected: i64, found: i64) -> Result<()> {
    if expected == found { Ok(()) } else { Err("a token of somebody else".into()) }
}

/// HMAC-SHA-256 as `jsonwebtoken` wants it: made anew from the key for every token.
struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let mac = self.0.clone().chain_update(message);
        mac.verify_slice(tag).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
