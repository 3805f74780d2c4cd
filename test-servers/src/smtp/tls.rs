//! The key and certificate of a mail server, made for it alone.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;

pub(super) struct Identity {
    /// The certificate.
    pub(super) pem: String,
    pub(super) config: Arc<ServerConfig>,
}

impl Identity {
    pub(super) fn generate() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], signing_key.into())
            .unwrap();
        Self { pem: cert.pem(), config: Arc::new(config) }
    }
}
