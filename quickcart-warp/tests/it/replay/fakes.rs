//! All providers on ports of this machine, with one outbox.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use test_servers::{self as servers, SmtpServer, Step};

use super::exchange::Fault;
use super::outbox::{Mode, Outbox, address, find_code};
use super::providers::react;
use crate::fake_http::FakeHttp;

/// Five seconds for a message that may be sent after the answer; only a line that fails waits for it.
const LOOKS: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Fakes {
    http: FakeHttp,
    mail: SmtpServer,
    outbox: Arc<Mutex<Outbox>>,
}

impl Fakes {
    /// Starts them all; the mail server wants this name and password.
    pub(super) fn start(login: Option<(String, String)>) -> Self {
        let outbox = Arc::new(Mutex::new(Outbox::default()));
        let shared = Arc::clone(&outbox);
        let http = FakeHttp::start(move |request| react(&mut lock(&shared), request));
        let mail = SmtpServer::start();
        mail.refuse_recipients("bounce");
        if let Some((user, password)) = login {
            mail.require_login(&user, &password);
        }
        Self { http, mail, outbox }
    }

    /// Where Twilio, Fast2SMS and Infobip are.
    pub(super) fn url(&self) -> String {
        self.http.url()
    }

    pub(super) fn mail_port(&self) -> u16 {
        self.mail.port()
    }

    /// From now on the providers that are meant misbehave, or behave again.
    pub(super) fn set_fault(&self, fault: &Fault) {
        lock(&self.outbox).set_fault(fault);
        if !["all", "smtp"].contains(&fault.provider.as_str()) {
            return;
        }
        assert!(fault.count.is_none(), "the mail server does not count");
        self.mail.behave();
        let (step, fault) = match Mode::named(&fault.mode) {
            Some(Mode::Down) => (Step::Content, servers::Fault::Answer("451 4.3.0 try again later")),
            Some(Mode::Throttled) => {
                (Step::Greeting, servers::Fault::Answer("421 4.3.2 too many connections"))
            }
            Some(Mode::Hang) => (Step::Greeting, servers::Fault::Silence),
            Some(Mode::Reset) => (Step::Greeting, servers::Fault::HangUp),
            Some(Mode::InvalidNumber) => (Step::Recipient, servers::Fault::Answer("550 5.1.1 no such user")),
            Some(Mode::Auth) => (Step::Login, servers::Fault::Answer("535 5.7.8 authentication failed")),
            None => return,
        };
        self.mail.fail(step, fault);
    }

    /// The codes of all messages to an address, oldest first; a message without a code has none.
    pub(super) fn codes(&self, to: &str) -> Vec<Option<String>> {
        let to = address(to);
        if to.contains('@') {
            let mails = self.mail.mails();
            let mails = mails.iter().filter(|mail| mail.to.iter().any(|mailbox| address(mailbox) == to));
            return mails.map(|mail| find_code(&mail.text())).collect();
        }
        lock(&self.outbox)
            .messages
            .iter()
            .filter(|sent| sent.to == to)
            .map(|sent| sent.code.clone())
            .collect()
    }

    /// The code of the newest message to an address, once there are more than `known`.
    pub(super) async fn code_after(&self, to: &str, known: usize) -> Option<String> {
        for _ in 0..LOOKS {
            let codes = self.codes(to);
            if codes.len() > known {
                return codes.last().cloned().flatten();
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }
}

fn lock(outbox: &Mutex<Outbox>) -> MutexGuard<'_, Outbox> {
    outbox.lock().unwrap_or_else(PoisonError::into_inner)
}
