//! What comes after a registration: the login, and what a customer told.

use std::net::IpAddr;

use async_trait::async_trait;

use super::{
    Account, Customer, CustomerId, DetailsChange, RegistrationClaims, RegistrationError, Registrations,
};
use crate::account::{Claims, Holders};
use crate::email::EmailAddress;
use crate::error::StoreError;

impl Registrations {
    /// Whose address and password this is. A customer is answered as before this login: with the one before it. What is no
    /// address belongs to nobody, which takes as long to find out as a wrong password.
    ///
    /// # Errors
    /// [`RegistrationError::WrongCredentials`]; [`RegistrationError::Code`] after too many wrong passwords;
    /// [`RegistrationError::Password`] when too many passwords are being checked.
    pub async fn login(
        &self,
        email: Option<&EmailAddress>,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<Account, RegistrationError> {
        let Some(email) = email else {
            self.passwords.verify(password, None).await?;
            return Err(RegistrationError::WrongCredentials);
        };
        self.logins.admit(email.as_str(), address).await?;
        let known = self.store.credentials(email).await?;
        let is_right = self.passwords.verify(password, known.as_ref().map(|(_, hash)| hash)).await?;
        let Some((account, hash)) = known.filter(|_| is_right) else {
            self.logins.count_wrong(email.as_str(), address).await?;
            return Err(RegistrationError::WrongCredentials);
        };
        self.logins.admit(email.as_str(), address).await?;
        if hash.is_outdated()
            && let Ok(new) = self.passwords.hash(password).await
        {
            self.store.replace_password(email, hash, new).await?;
        }
        match account {
            Account::Customer(customer) => {
                let signed_in = self.store.signed_in(customer.customer_id, self.clock.now()).await?;
                signed_in.map(Account::Customer).ok_or(RegistrationError::WrongCredentials)
            }
            Account::Employee(_) => Ok(account),
        }
    }

    /// The customer of this name.
    ///
    /// # Errors
    /// [`RegistrationError::CustomerNotFound`].
    pub async fn customer(&self, customer_id: CustomerId) -> Result<Customer, RegistrationError> {
        self.store.customer(customer_id).await?.ok_or(RegistrationError::CustomerNotFound)
    }

    /// Changes what a customer told.
    ///
    /// # Errors
    /// [`RegistrationError::CustomerNotFound`]; [`RegistrationError::DetailsInvalid`];
    /// [`RegistrationError::NothingChanged`].
    pub async fn change_details(
        &self,
        customer_id: CustomerId,
        change: &DetailsChange,
    ) -> Result<Customer, RegistrationError> {
        self.store.change_details(customer_id, change.checked()?).await
    }
}

#[async_trait]
impl Holders for Registrations {
    type Claims = RegistrationClaims;

    async fn current(&self, claims: &RegistrationClaims) -> Result<Option<RegistrationClaims>, StoreError> {
        let account = self.store.credentials(&claims.email).await?.map(|(account, _)| account);
        let current = account.as_ref().map(RegistrationClaims::of);
        Ok(current.filter(|current| current.subject() == claims.subject()))
    }
}
