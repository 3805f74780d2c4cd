//! One conversation of the mail server.

use std::io::{self, ErrorKind};
use std::mem;

use data_encoding::BASE64;

use super::stream::Stream;
use super::tls::Identity;
use super::{Fault, Line, Mail, Security, Shared, Step};

pub(super) struct Session<'a> {
    shared: &'a Shared,
    security: Security,
    identity: &'a Identity,
    stream: Stream,
    connection: usize,
    login: Option<(String, String)>,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        security: Security,
        identity: &'a Identity,
        stream: Stream,
        connection: usize,
    ) -> Self {
        Self { shared, security, identity, stream, connection, login: None, from: None, to: Vec::new() }
    }

    /// Talks until either side hangs up.
    pub(super) fn run(mut self) {
        // A client that hangs up, or does not like our certificate, ends the conversation and nothing else.
        let _ = self.talk();
        self.stream.hang_up();
    }

    fn talk(&mut self) -> io::Result<()> {
        if self.security == Security::Implicit {
            self.stream.encrypt(&self.identity.config)?;
        }
        if !self.answer(Step::Greeting, "220 localhost ESMTP")? {
            return Ok(());
        }
        loop {
            let line = self.command()?;
            let (verb, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.hello()?,
                "STARTTLS" => self.start_tls()?,
                "AUTH" => self.log_in(rest.trim())?,
                "MAIL" => self.take_sender(rest.trim())?,
                "RCPT" => self.take_recipient(rest.trim())?,
                "DATA" => self.take_content()?,
                "RSET" => {
                    self.forget();
                    self.answer(Step::Reset, "250 2.0.0 Forgotten")?;
                }
                "NOOP" => self.say("250 2.0.0 OK")?,
                "QUIT" => return self.say("221 2.0.0 Bye"),
                _ => self.say("500 5.5.2 Unknown command")?,
            }
        }
    }

    fn hello(&mut self) -> io::Result<()> {
        let mut extensions = vec!["localhost", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"];
        if self.security == Security::StartTls && !self.stream.is_encrypted() {
            extensions.push("STARTTLS");
        }
        if self.shared.state().login.is_some() {
            extensions.push("AUTH PLAIN");
        }
        let (last, others) = extensions.split_last().unwrap();
        let mut answer: String = others.iter().map(|line| format!("250-{line}\r\n")).collect();
        answer.push_str("250 ");
        answer.push_str(last);
        self.forget();
        self.answer(Step::Hello, &answer).map(drop)
    }

    fn start_tls(&mut self) -> io::Result<()> {
        if self.security != Security::StartTls || self.stream.is_encrypted() {
            return self.say("502 5.5.1 Not here");
        }
        if self.answer(Step::StartTls, "220 2.0.0 Go ahead")? {
            self.forget();
            self.stream.encrypt(&self.identity.config)?;
        }
        Ok(())
    }

    /// `AUTH PLAIN` with everything on its line (RFC 4616): nobody, the name, the password, with zeros between.
    fn log_in(&mut self, text: &str) -> io::Result<()> {
        let Some(credentials) = text.strip_prefix("PLAIN ") else { return self.say("504 5.5.4 PLAIN only") };
        let plain =
            BASE64.decode(credentials.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let parts: Vec<&str> = plain.as_deref().unwrap_or_default().split('\0').collect();
        let &["", user, password] = &parts[..] else { return self.say("501 5.5.2 Cannot read that") };
        let given = Some((user.to_owned(), password.to_owned()));
        let is_right = self.shared.state().login == given;
        let answer =
            if is_right { "235 2.7.0 Welcome" } else { "535 5.7.8 Authentication credentials invalid" };
        if self.answer(Step::Login, answer)? {
            self.login = given;
        }
        Ok(())
    }

    fn take_sender(&mut self, text: &str) -> io::Result<()> {
        let needs_login = self.shared.state().login.is_some() && self.login.is_none();
        let Some(from) = path(text, "FROM:") else { return self.say("501 5.5.4 MAIL FROM:<address>") };
        let answer = if needs_login { "530 5.7.0 Authentication required" } else { "250 2.1.0 OK" };
        if self.answer(Step::Sender, answer)? {
            (self.from, self.to) = (Some(from), Vec::new());
        }
        Ok(())
    }

    fn take_recipient(&mut self, text: &str) -> io::Result<()> {
        let Some(to) = path(text, "TO:") else { return self.say("501 5.5.4 RCPT TO:<address>") };
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first");
        }
        let is_refused = self.shared.state().refused.as_ref().is_some_and(|part| to.contains(part));
        let answer = if is_refused { "550 5.1.1 No such mailbox" } else { "250 2.1.5 OK" };
        if self.answer(Step::Recipient, answer)? {
            self.to.push(to);
        }
        Ok(())
    }

    fn take_content(&mut self) -> io::Result<()> {
        if self.to.is_empty() {
            return self.say("503 5.5.1 RCPT first");
        }
        if !self.answer(Step::Data, "354 End with a dot on a line of its own")? {
            return Ok(());
        }
        let content = self.content()?;
        let mail = Mail {
            login: self.login.clone(),
            from: self.from.take().unwrap_or_default(),
            to: mem::take(&mut self.to),
            content,
            is_encrypted: self.stream.is_encrypted(),
            connection: self.connection,
        };
        let answer = self.decide(Step::Content, "250 2.0.0 OK: queued")?;
        // Before the client hears of it.
        if is_yes(answer) {
            self.shared.state().mails.push(mail);
        }
        self.say(answer)
    }

    /// Lines up to a single dot, without the dots that were put before those that begin with one (RFC 5321, 4.5.2).
    fn content(&mut self) -> io::Result<String> {
        let mut content = Vec::new();
        loop {
            let line = self.stream.line()?;
            if line == b".\r\n" {
                break;
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        Ok(String::from_utf8(content).unwrap())
    }

    fn command(&mut self) -> io::Result<String> {
        let line = self.stream.line()?;
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let is_encrypted = self.stream.is_encrypted();
        self.shared.state().heard.push(Line { text: text.clone(), is_encrypted });
        Ok(text)
    }

    /// Answers like this, or as it was told to; whether that was a yes.
    fn answer(&mut self, step: Step, usual: &str) -> io::Result<bool> {
        let answer = self.decide(step, usual)?;
        self.say(answer)?;
        Ok(is_yes(answer))
    }

    /// What to answer: this, or what it was told to, which may be nothing.
    fn decide<'t>(&mut self, step: Step, usual: &'t str) -> io::Result<&'t str> {
        match self.shared.reach(step) {
            None => Ok(usual),
            Some(Fault::Answer(text)) => Ok(text),
            Some(Fault::HangUp) => Err(ErrorKind::ConnectionAborted.into()),
            Some(Fault::Silence) => self.stream.ignore().and(Err(ErrorKind::TimedOut.into())),
            Some(Fault::Drip) => self.stream.drip().and(Err(ErrorKind::TimedOut.into())),
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write(format!("{text}\r\n").as_bytes())
    }

    fn forget(&mut self) {
        (self.from, self.to) = (None, Vec::new());
    }
}

fn is_yes(answer: &str) -> bool {
    answer.starts_with(['2', '3'])
}

/// The address between angle brackets after `FROM:` or `TO:`.
fn path(text: &str, prefix: &str) -> Option<String> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    let (address, _) = rest.trim_start().strip_prefix('<')?.rsplit_once('>')?;
    start.eq_ignore_ascii_case(prefix).then(|| address.to_owned())
}
