//! E-mail over SMTP, through a mail server on loopback that misbehaves on command.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use quickcart_core::email::EmailAddress;
use quickcart_core::messaging::email::{InvalidSmtpSettings, Smtp, SmtpLogin, SmtpSettings, SmtpTls};
use quickcart_core::messaging::{Failure, Message, MessageProvider, Recipient, SendError};
use quickcart_core::phone::PhoneNumber;
use test_servers::{Fault, SmtpServer, Step};

use crate::log::Log;

/// Longer than any test: it ends only what a test lets it end.
const AGES: Duration = Duration::from_secs(3_600);
/// Short, for where it does not matter how far a message gets within it.
const MOMENT: Duration = Duration::from_millis(100);

fn settings(server: &SmtpServer, tls: SmtpTls) -> SmtpSettings {
    let mut settings = SmtpSettings::new("localhost", tls, "shop@example.com".parse().unwrap());
    settings.port = server.port();
    settings.from_name = "The \"Shop\", Köln".to_owned();
    settings.time_limit = AGES;
    settings.authorities_pem = Some(server.certificate_pem().into());
    settings
}

fn smtp(server: &SmtpServer, tls: SmtpTls) -> Smtp {
    Smtp::new(&settings(server, tls)).unwrap()
}

fn with_login(server: &SmtpServer, tls: SmtpTls, password: &str) -> Smtp {
    let mut settings = settings(server, tls);
    settings.login = Some(SmtpLogin { user: "shopkeeper".to_owned(), password: password.to_owned() });
    Smtp::new(&settings).unwrap()
}

fn message() -> Message {
    let to: EmailAddress = "asha.rao@example.org".parse().unwrap();
    Message::new(to, "Your code is 042137.").with_code("042137")
}

/// Nothing that is shown of it tells a secret, a whole address, the text, or what the server said.
fn assert_discreet(error: &SendError) {
    let mut shown = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        shown += &format!(" {error} {error:?}");
        cause = error.source();
    }
    for secret in ["asha", "shop@", "shopkeeper", "swordfish", "042137", "nobody here"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

async fn refused(smtp: &Smtp) -> SendError {
    let error = smtp.send(&message()).await.unwrap_err();
    assert_discreet(&error);
    error
}

#[tokio::test]
async fn a_message_arrives_as_it_was_meant() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    let message = message();
    let receipt = smtp.send(&message).await.unwrap();
    let [mail] = &server.mails()[..] else { panic!("one mail") };
    assert_eq!(
        (mail.from.as_str(), &mail.to[..]),
        ("shop@example.com", &["asha.rao@example.org".to_owned()][..])
    );
    let header = |name| mail.header(name).unwrap_or_else(|| panic!("{name} in {}", mail.content));
    let id: String = message.id.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header("Message-ID"), format!("<{id}@example.com>"));
    assert_eq!(receipt.message_id, Some(format!("{id}@example.com")));
    assert_eq!((receipt.provider, receipt.maybe_duplicate, receipt.holds_pin), ("smtp", false, false));
    assert_eq!(header("Subject"), "Your verification code");
    assert_eq!(header("To"), "asha.rao@example.org");
    assert!(header("From").ends_with("<shop@example.com>"), "{}", header("From"));
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("X-Auto-Response-Suppress"), "All");
    assert_eq!(header("MIME-Version"), "1.0");
    assert_eq!(header("Content-Type"), "text/plain; charset=utf-8");
    assert!(header("Date").ends_with(" +0000"), "{}", header("Date"));
    assert_eq!(mail.text().trim_end(), "Your code is 042137.");
    assert_eq!(mail.content.matches("042137").count(), 1, "in the text alone");
}

#[tokio::test]
async fn a_message_twice_is_the_same_message() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    let message = message();
    smtp.send(&message).await.unwrap();
    smtp.send(&message).await.unwrap();
    let ids: Vec<_> = server.mails().iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(!smtp.is_idempotent(), "the server promises nothing");
    assert_eq!(server.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn texts_survive_the_way() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    let long = "0123456789 ".repeat(200);
    for wanted in [
        ".",
        "a\n.\nb\n..\n.c",
        "a\n.\nMAIL FROM:<eve@example.com>\nRCPT TO:<eve@example.com>",
        "a\r\n.\r\nb",
        "आपका कोड 042137 है।\n\n@example.com #042137",
        "Größe = 5 =3D ₹",
        long.as_str(),
    ] {
        let mut message = message();
        message.text = wanted.to_owned();
        smtp.send(&message).await.unwrap();
        let mails = server.mails();
        let mail = mails.last().unwrap();
        assert_eq!(mail.text().trim_end().replace("\r\n", "\n"), wanted.trim_end().replace("\r\n", "\n"));
        assert_eq!(mail.to.len(), 1);
    }
}

#[tokio::test]
async fn nothing_adds_a_header_a_recipient_or_a_command() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    for subject in [
        "Hi\r\nBcc: eve@example.com",
        "Hi\r\n\r\n<body>",
        "Hi\nX-Evil: 1",
        "Hi\r.\r\nDATA",
        "Hé\r\nX-Evil: 1",
    ] {
        smtp.send(&message().with_subject(subject)).await.unwrap();
        let mail = server.mails().pop().unwrap();
        assert_eq!(
            (mail.header("Bcc"), mail.header("X-Evil"), mail.to.len()),
            (None, None, 1),
            "{subject:?}"
        );
        assert_eq!(mail.text().trim_end(), "Your code is 042137.", "{subject:?}");
    }
    for name in ["Shop\r\nBcc: eve@example.com", "Shop\nX", "Shop\0"] {
        let mut settings = settings(&server, SmtpTls::None);
        settings.from_name = name.to_owned();
        assert!(matches!(Smtp::new(&settings), Err(InvalidSmtpSettings::FromName)), "{name:?}");
    }
    for address in
        ["a\r\nRCPT TO:<eve@example.com>@example.com", "\"a\r\nDATA\"@example.com", "a@example.com\r\nDATA"]
    {
        assert!(address.parse::<EmailAddress>().is_err(), "{address:?}");
    }
    let verbs = ["EHLO", "MAIL", "RCPT", "DATA", "RSET"];
    assert!(server.heard().iter().all(|line| verbs.contains(&&line.text[..4])), "{:?}", server.heard());
}

#[tokio::test]
async fn plaintext_is_refused_for_other_machines() {
    let mut settings =
        SmtpSettings::new("mail.example.com", SmtpTls::None, "shop@example.com".parse().unwrap());
    let error = Smtp::new(&settings).unwrap_err();
    assert!(error.to_string().contains("require TLS"), "{error}");
    settings.tls = SmtpTls::StartTls;
    assert!(Smtp::new(&settings).is_ok());
    settings.authorities_pem = Some(b"-----BEGIN CERTIFICATE-----\nnonsense".to_vec());
    assert!(matches!(Smtp::new(&settings), Err(InvalidSmtpSettings::Authorities)));
}

#[tokio::test]
async fn messages_and_passwords_go_over_tls() {
    for (server, tls) in
        [(SmtpServer::with_starttls(), SmtpTls::StartTls), (SmtpServer::with_tls(), SmtpTls::Implicit)]
    {
        server.require_login("shopkeeper", "swordfish");
        let smtp = with_login(&server, tls, "swordfish");
        smtp.check().await.unwrap();
        smtp.send(&message()).await.unwrap();
        let [mail] = &server.mails()[..] else { panic!("one mail") };
        assert_eq!(mail.login, Some(("shopkeeper".to_owned(), "swordfish".to_owned())));
        assert!(mail.is_encrypted);
        for line in server.heard() {
            assert!(
                line.is_encrypted || line.text.starts_with("EHLO ") || line.text == "STARTTLS",
                "{line:?}"
            );
        }
        let shown = format!("{smtp:?}");
        assert!(!shown.contains("swordfish") && !shown.contains("shop"), "{shown}");
    }
}

#[tokio::test]
async fn this_machine_itself_may_be_logged_in_to_without_tls() {
    let server = SmtpServer::start();
    server.require_login("shopkeeper", "swordfish");
    with_login(&server, SmtpTls::None, "swordfish").send(&message()).await.unwrap();
    assert!(server.mails()[0].login.is_some() && !server.mails()[0].is_encrypted);
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let refusing = |answer| {
        let server = SmtpServer::with_starttls();
        server.fail(Step::StartTls, Fault::Answer(answer));
        server
    };
    let hanging_up = SmtpServer::with_starttls();
    hanging_up.fail(Step::StartTls, Fault::HangUp);
    for server in [
        SmtpServer::start(),
        refusing("454 4.7.0 TLS not available"),
        refusing("502 5.5.1 no"),
        refusing("554 5.7.1 no"),
        refusing("220 2.0.0 Go ahead\r\n250-localhost\r\n250 AUTH PLAIN"),
        hanging_up,
    ] {
        server.require_login("shopkeeper", "swordfish");
        let smtp = with_login(&server, SmtpTls::StartTls, "swordfish");
        assert_eq!(refused(&smtp).await.failure, Failure::NotSent);
        assert_discreet(&smtp.check().await.unwrap_err());
        assert!(server.mails().is_empty());
        for line in server.heard() {
            assert!(["EHLO", "STAR", "QUIT"].contains(&&line.text[..4]), "{line:?}");
        }
    }
}

#[tokio::test]
async fn a_server_nobody_vouches_for_gets_nothing() {
    for (server, tls) in
        [(SmtpServer::with_starttls(), SmtpTls::StartTls), (SmtpServer::with_tls(), SmtpTls::Implicit)]
    {
        let stranger = SmtpServer::start();
        for (host, pem) in
            [("localhost", stranger.certificate_pem()), ("127.0.0.2", server.certificate_pem())]
        {
            let mut settings = settings(&server, tls);
            settings.host = host.to_owned();
            settings.authorities_pem = Some(pem.into());
            assert_eq!(refused(&Smtp::new(&settings).unwrap()).await.failure, Failure::NotSent);
        }
        assert!(server.heard().iter().all(|line| !line.text.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_the_account() {
    let server = SmtpServer::with_tls();
    server.require_login("shopkeeper", "swordfish");
    let error = refused(&with_login(&server, SmtpTls::Implicit, "wrong")).await;
    assert_eq!((error.failure, error.code.as_deref()), (Failure::AccountDown, Some("535 5.7.8")));
    let error = refused(&smtp(&server, SmtpTls::Implicit)).await;
    assert_eq!((error.failure, error.code.as_deref()), (Failure::AccountDown, Some("530 5.7.0")));
    let open = SmtpServer::with_tls();
    let error = refused(&with_login(&open, SmtpTls::Implicit, "swordfish")).await;
    assert_eq!(error.failure, Failure::AccountDown, "no AUTH to log in with");
}

#[tokio::test]
async fn refusals_are_told_apart_and_do_not_spoil_the_connection() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    for (step, answer, failure, code) in [
        (Step::Sender, "451 4.3.0 later", Failure::NotSent, "451 4.3.0"),
        (Step::Sender, "553 5.7.1 <shop@example.com> is not yours", Failure::AccountDown, "553 5.7.1"),
        (Step::Recipient, "450 4.2.0 greylisted", Failure::NotSent, "450 4.2.0"),
        (
            Step::Recipient,
            "550 5.1.1 <asha.rao@example.org>: nobody here",
            Failure::RecipientInvalid,
            "550 5.1.1",
        ),
        (
            Step::Recipient,
            "550-5.1.1 nobody here\r\n550 5.1.1 really",
            Failure::RecipientInvalid,
            "550 5.1.1",
        ),
        (Step::Recipient, "550 nobody here", Failure::RecipientInvalid, "550"),
        (Step::Recipient, "552 5.2.2 full", Failure::RecipientBlocked, "552 5.2.2"),
        (Step::Recipient, "554 5.7.1 no relaying", Failure::RouteUnavailable, "554 5.7.1"),
        (Step::Data, "451 4.3.0 later", Failure::NotSent, "451 4.3.0"),
        (Step::Content, "554 5.7.1 spam", Failure::RouteUnavailable, "554 5.7.1"),
        (Step::Content, "452 4.3.1 disk full", Failure::NotSent, "452 4.3.1"),
    ] {
        server.fail(step, Fault::Answer(answer));
        let error = refused(&smtp).await;
        assert_eq!((error.failure, error.code.as_deref()), (failure, Some(code)), "{step:?}: {answer}");
        server.behave();
        smtp.send(&message()).await.unwrap();
    }
    assert_eq!((server.mails().len(), server.connections()), (11, 1));
}

#[tokio::test]
async fn a_server_that_closes_is_connected_to_again() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    smtp.send(&message()).await.unwrap();
    server.hang_up();
    smtp.send(&message()).await.unwrap();
    server.fail(Step::Reset, Fault::Answer("421 4.4.2 idle for too long"));
    smtp.send(&message()).await.unwrap();
    let connections: Vec<_> = server.mails().iter().map(|mail| mail.connection).collect();
    assert_eq!(connections, [1, 2, 3]);
}

#[tokio::test]
async fn a_connection_is_not_kept_for_long() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    smtp.send(&message()).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    smtp.send(&message()).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn messages_at_once_do_not_mix() {
    let server = SmtpServer::with_tls();
    let smtp = Arc::new(smtp(&server, SmtpTls::Implicit));
    for _ in 0..2 {
        let mut sending = tokio::task::JoinSet::new();
        for number in 0..20 {
            let smtp = smtp.clone();
            let to: EmailAddress = format!("asha{number}@example.org").parse().unwrap();
            sending.spawn(async move { smtp.send(&Message::new(to, format!("For {number}."))).await });
        }
        assert!(sending.join_all().await.iter().all(Result::is_ok));
    }
    let mut to = Vec::new();
    for mail in server.mails() {
        let [address] = &mail.to[..] else { panic!("one recipient") };
        let number: usize = address["asha".len()..].split('@').next().unwrap().parse().unwrap();
        assert_eq!(mail.text().trim_end(), format!("For {number}."));
        to.push(number);
    }
    to.sort_unstable();
    assert!(to.into_iter().eq((0..20).flat_map(|number| [number, number])));
    assert!(server.connections() <= 39, "some are used again, not {}", server.connections());
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_half_said() {
    let server = Arc::new(SmtpServer::start());
    let smtp = smtp(&server, SmtpTls::None);
    server.fail(Step::Content, Fault::Silence);
    let waiting = server.clone();
    let message = message();
    tokio::select! {
        _ = smtp.send(&message) => panic!("the server does not answer"),
        reached = tokio::task::spawn_blocking(move || waiting.wait_for(Step::Content)) => reached.unwrap(),
    }
    server.behave();
    smtp.send(&message).await.unwrap();
    assert_eq!((server.mails().len(), server.connections()), (1, 2));
}

#[tokio::test]
async fn what_answers_nonsense_before_the_content_sent_nothing() {
    for step in [Step::Greeting, Step::Hello, Step::Sender, Step::Recipient, Step::Data] {
        for fault in [
            Fault::HangUp,
            Fault::Answer("421 4.3.2 shutting down"),
            Fault::Answer("HTTP/1.1 400 Bad Request"),
            Fault::Answer(""),
            Fault::Answer("2"),
        ] {
            let server = SmtpServer::start();
            server.fail(step, fault.clone());
            let error = refused(&smtp(&server, SmtpTls::None)).await;
            assert_eq!(error.failure, Failure::NotSent, "{step:?} {fault:?}");
            assert!(server.mails().is_empty());
        }
    }
}

#[tokio::test]
async fn a_yes_to_something_else_is_no_yes() {
    for (step, answer, failure) in [
        (Step::Sender, "354 go on", Failure::NotSent),
        (Step::Recipient, "354 go on", Failure::NotSent),
        (Step::Data, "250 OK", Failure::NotSent),
        (Step::Content, "354 go on", Failure::MaybeSent),
    ] {
        let server = SmtpServer::start();
        server.fail(step, Fault::Answer(answer));
        assert_eq!(refused(&smtp(&server, SmtpTls::None)).await.failure, failure, "{step:?}");
    }
}

#[tokio::test]
async fn a_lost_connection_after_the_content_leaves_it_open() {
    for fault in [Fault::HangUp, Fault::Answer("what?"), Fault::Answer("")] {
        let server = SmtpServer::start();
        let smtp = smtp(&server, SmtpTls::None);
        server.fail(Step::Content, fault);
        assert_eq!(refused(&smtp).await.failure, Failure::MaybeSent);
        server.behave();
        smtp.send(&message()).await.unwrap();
        assert_eq!((server.mails().len(), server.connections()), (1, 2), "on another connection");
    }
}

/// Runs a message until the server has got so far, and then lets the time limit pass.
async fn stuck_at(step: Step, tls: SmtpTls, fault: Fault) -> (SendError, Arc<SmtpServer>, Arc<Smtp>) {
    let server = Arc::new(match tls {
        SmtpTls::None => SmtpServer::start(),
        SmtpTls::StartTls => SmtpServer::with_starttls(),
        SmtpTls::Implicit => SmtpServer::with_tls(),
    });
    server.fail(step, fault);
    let smtp = Arc::new(smtp(&server, tls));
    let sending = tokio::spawn({
        let smtp = smtp.clone();
        async move { refused(&smtp).await }
    });
    let waiting = server.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for(step)).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(AGES).await;
    let error = sending.await.unwrap();
    tokio::time::resume();
    (error, server, smtp)
}

#[tokio::test]
async fn silence_before_the_content_sent_nothing() {
    for step in [Step::Greeting, Step::Hello, Step::StartTls, Step::Sender, Step::Recipient, Step::Data] {
        let (error, server, _) = stuck_at(step, SmtpTls::StartTls, Fault::Silence).await;
        assert_eq!(error.failure, Failure::NotSent, "{step:?}");
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn silence_after_the_content_leaves_it_open() {
    for tls in [SmtpTls::None, SmtpTls::Implicit] {
        let (error, server, smtp) = stuck_at(Step::Content, tls, Fault::Silence).await;
        assert_eq!(error.failure, Failure::MaybeSent);
        server.behave();
        smtp.send(&message()).await.unwrap();
        assert_eq!(
            (server.mails().len(), server.connections()),
            (1, 2),
            "the stuck connection is not used again"
        );
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_ends_with_the_time_limit() {
    for (step, failure) in [(Step::Recipient, Failure::NotSent), (Step::Content, Failure::MaybeSent)] {
        let (error, ..) = stuck_at(step, SmtpTls::None, Fault::Drip).await;
        assert_eq!(error.failure, failure);
    }
}

#[tokio::test]
async fn who_is_not_there_sent_nothing() {
    let server = SmtpServer::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (host, port, tls) in [
        ("localhost", free, SmtpTls::None),
        ("localhost", free, SmtpTls::Implicit),
        ("not a name", free, SmtpTls::StartTls),
        ("localhost", free, SmtpTls::StartTls),
        ("127.0.0.1", server.port(), SmtpTls::Implicit),
    ] {
        let mut settings = settings(&server, tls);
        (settings.host, settings.port) = (host.to_owned(), port);
        let smtp = Smtp::new(&settings).unwrap();
        let error = smtp.check().await.unwrap_err();
        assert_discreet(&error);
        assert_eq!(error.failure, Failure::NotSent, "{host}");
        assert_eq!(refused(&smtp).await.failure, Failure::NotSent, "{host}");
    }
}

#[tokio::test]
async fn a_time_limit_holds_without_help() {
    let server = SmtpServer::start();
    server.fail(Step::Greeting, Fault::Silence);
    let mut settings = settings(&server, SmtpTls::None);
    settings.time_limit = MOMENT;
    let smtp = Smtp::new(&settings).unwrap();
    assert_eq!(refused(&smtp).await.failure, Failure::NotSent);
    assert_eq!(smtp.check().await.unwrap_err().failure, Failure::NotSent);
}

#[tokio::test]
async fn addresses_beyond_ascii_reach_servers_that_take_them() {
    let to: EmailAddress = "आशा@example.org".parse().unwrap();
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    smtp.send(&Message::new(to.clone(), "Hello")).await.unwrap();
    assert_eq!(server.mails()[0].to, ["आशा@example.org"]);
    let sender = server.heard().into_iter().find(|line| line.text.starts_with("MAIL")).unwrap();
    assert!(sender.text.ends_with(" SMTPUTF8 BODY=8BITMIME"), "{sender:?}");
    let old = SmtpServer::start();
    old.fail(Step::Hello, Fault::Answer("250 localhost"));
    let smtp = Smtp::new(&settings(&old, SmtpTls::None)).unwrap();
    let error = smtp.send(&Message::new(to, "Hello")).await.unwrap_err();
    assert_eq!(error.failure, Failure::RouteUnavailable);
}

#[tokio::test]
async fn only_mailboxes_are_served() {
    let server = SmtpServer::start();
    let smtp = smtp(&server, SmtpTls::None);
    let phone = PhoneNumber::from_e164("+919876543210").unwrap();
    assert!(smtp.serves(&message().to) && !smtp.serves(&Recipient::Phone(phone.clone())));
    let error = smtp.send(&Message::new(phone, "Hello")).await.unwrap_err();
    assert_eq!(error.failure, Failure::RequestBug);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn logs_tell_nothing() {
    let log = Log::capture();
    let server = SmtpServer::with_starttls();
    server.require_login("shopkeeper", "swordfish");
    let smtp = with_login(&server, SmtpTls::StartTls, "swordfish");
    smtp.send(&message()).await.unwrap();
    server.fail(Step::Recipient, Fault::Answer("550 5.1.1 <asha.rao@example.org>: nobody here"));
    refused(&smtp).await;
    for secret in ["asha", "swordfish", "042137", "shopkeeper"] {
        assert!(!log.text().contains(secret), "{}", log.text());
    }
}
