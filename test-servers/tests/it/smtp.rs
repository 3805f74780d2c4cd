//! The mail server, spoken to by hand.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use test_servers::{Fault, SmtpServer, Step};

/// What the server answers first, and to each of these.
fn talk(server: &SmtpServer, lines: &[&str]) -> Vec<String> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", server.port())).unwrap());
    let mut answers = vec![answer(&mut stream)];
    for line in lines {
        stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        answers.push(answer(&mut stream));
    }
    answers
}

/// The code of an answer; empty when the server hung up.
fn answer(stream: &mut impl BufRead) -> String {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.get(..3).unwrap_or_default().to_owned();
        }
    }
}

#[test]
fn keeps_a_mail_as_it_was_written() {
    let server = SmtpServer::start();
    let answers = talk(
        &server,
        &[
            "EHLO me",
            "mail from:<shop@example.com> SMTPUTF8",
            "RCPT TO: <asha@example.org>",
            "DATA",
            "Subject: Hi\r\n there\r\n\r\n..\r\n...two\r\nbye\r\n.",
            "QUIT",
        ],
    );
    assert_eq!(answers, ["220", "250", "250", "250", "354", "250", "221"]);
    let mail = server.mails().remove(0);
    assert_eq!((mail.from.as_str(), mail.to[0].as_str()), ("shop@example.com", "asha@example.org"));
    assert_eq!(mail.header("subject").as_deref(), Some("Hi there"));
    assert_eq!(mail.body(), ".\r\n..two\r\nbye\r\n");
    assert!(!mail.is_encrypted);
}

#[test]
fn insists_on_the_order_and_on_a_login() {
    let server = SmtpServer::start();
    assert_eq!(
        talk(&server, &["RCPT TO:<a@example.org>", "DATA", "STARTTLS", "BREW"])[1..],
        ["503", "503", "502", "500"]
    );
    server.require_login("me", "secret");
    let said = [
        "MAIL FROM:<a@example.org>",
        "AUTH PLAIN AG1lAHdyb25n",
        "AUTH PLAIN AG1lAHNlY3JldA==",
        "MAIL FROM:<a@example.org>",
    ];
    assert_eq!(talk(&server, &said)[1..], ["530", "535", "235", "250"]);
}

#[test]
fn misbehaves_as_it_is_told() {
    let server = SmtpServer::start();
    server.fail(Step::Sender, Fault::Answer("451 4.3.0 later"));
    server.fail(Step::Reset, Fault::HangUp);
    assert_eq!(talk(&server, &["MAIL FROM:<a@example.org>", "DATA", "RSET"])[1..], ["451", "503", ""]);
    server.behave();
    assert_eq!(talk(&server, &["MAIL FROM:<a@example.org>", "RSET"])[1..], ["250", "250"]);
    assert_eq!(server.connections(), 2);
}
