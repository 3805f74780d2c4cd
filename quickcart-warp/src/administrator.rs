//! `administrator`: names who may sign in with a password.

use std::error::Error;
use std::io::{self, BufRead};

use clap::Args;
use quickcart_core::account::{NewMember, Passwords};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::store::{self, DatabaseUrl};

/// Name an administrator of the phone-otp group, or give one another password
///
/// The password is the first line of the standard input, so that it stands in no list of processes and no history. There
/// is no administrator until this command names one.
#[derive(Args)]
pub(crate) struct Administrator {
    /// What they sign in with, besides the password
    username: String,

    /// Their phone; the member who has it becomes the administrator
    #[arg(long)]
    phone: String,

    /// What they are called, if they are no member yet
    #[arg(long)]
    name: String,
}

impl Administrator {
    /// Answers who it is.
    pub(crate) async fn run(&self, database: &DatabaseUrl) -> Result<String, Box<dyn Error>> {
        let phone = PhoneNumber::parse(&self.phone, Region::IN)?;
        let member = NewMember { name: self.name.parse()?, phone, email: None };
        let mut password = String::new();
        io::stdin().lock().read_line(&mut password)?;
        let hash = Passwords::default().hash(password.trim_end_matches(['\r', '\n'])).await?;
        let store = store::open(database).await?;
        let made = store.put_administrator(&member, &self.username, &hash, SystemClock.now()).await?;
        Ok(format!("{} is an administrator, with the id {}", self.username, made.user_id))
    }
}
