//! A phone number proved by a code that was sent to it.

use std::sync::Arc;
use std::time::Duration;

use super::{Binding, Code, Nonce, Otp, OtpError};
use crate::clock::Timestamp;
use crate::messaging::{Message, MessageProvider, Receipt};
use crate::phone::PhoneNumber;

/// Sends codes to phones and checks them, for one purpose.
#[derive(Clone)]
pub struct PhoneVerification {
    otp: Otp,
    provider: Arc<dyn MessageProvider>,
    purpose: &'static str,
    brand: &'static str,
}

/// A verification, just started.
#[derive(Debug)]
pub struct Started {
    /// What the provider answered.
    pub receipt: Receipt,
    /// When the code stops working.
    pub expires_at: Timestamp,
    /// The code, for development modes that show it; it is in the message already.
    pub code: Code,
}

impl PhoneVerification {
    /// Verifications for `purpose`, such as `smart-cart.sign-in`; the message names `brand`.
    pub fn new(
        otp: Otp,
        provider: Arc<dyn MessageProvider>,
        purpose: &'static str,
        brand: &'static str,
    ) -> Self {
        Self { otp, provider, purpose, brand }
    }

    /// Issues a code and sends it. With a nonce, only who shows it again can use the code.
    ///
    /// # Errors
    /// [`OtpError::NotSent`] when the provider did not take the message; [`OtpError::Store`].
    pub async fn start(&self, phone: &PhoneNumber, nonce: Option<&Nonce>) -> Result<Started, OtpError> {
        let issued = self.otp.issue(self.binding(phone, nonce.map(Nonce::as_str))).await?;
        let message = Message { to: phone.clone(), text: self.text(&issued.code) };
        let receipt = self.provider.send(&message).await.map_err(OtpError::NotSent)?;
        Ok(Started { receipt, expires_at: issued.expires_at, code: issued.code })
    }

    /// Accepts the code once.
    ///
    /// # Errors
    /// See [`Otp::verify`].
    pub async fn check(&self, phone: &PhoneNumber, nonce: Option<&str>, code: &str) -> Result<(), OtpError> {
        self.otp.verify(self.binding(phone, nonce), code).await
    }

    /// How long the pending code still works; `None` when there is none.
    ///
    /// # Errors
    /// [`OtpError::Store`] when the store does not answer.
    pub async fn expires_in(&self, phone: &PhoneNumber) -> Result<Option<Duration>, OtpError> {
        self.otp.expires_in(self.binding(phone, None)).await
    }

    fn binding<'a>(&self, phone: &'a PhoneNumber, nonce: Option<&'a str>) -> Binding<'a> {
        Binding { purpose: self.purpose, subject: phone.e164(), nonce }
    }

    fn text(&self, code: &Code) -> String {
        let minutes = self.otp.policy.ttl().as_secs().div_ceil(60);
        format!(
            "Your {} verification code is: {}. Valid for {minutes} minutes. Do not share this code with anyone.",
            self.brand,
            code.as_str()
        )
    }
}
