//! Accounts by e-mail, without any server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use quickcart_core::account::{
    Account, Client, Customer, CustomerDetails, CustomerId, Employee, PasswordHash, Passwords,
    RegistrationError, RegistrationStore, Registrations, Role,
};
use quickcart_core::clock::{ManualClock, Timestamp};
use quickcart_core::email::EmailAddress;
use quickcart_core::messaging::text::Language;
use quickcart_core::messaging::{
    Failure, Message, MessageProvider, Receipt, Recipient, RecordingProvider, SendError,
};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{KeyRing, Limits, Otp, OtpError, Policy, Rate, Resend};
use quickcart_core::secret::SecretKey;
use quickcart_core::store::SqliteStore;
use tempfile::TempDir;

/// "a" in a hash of bcrypt.
const OLD_HASH: &str = "$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u";
const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

struct Desk {
    _folder: TempDir,
    store: Arc<SqliteStore>,
    letters: Arc<RecordingProvider>,
    clock: Arc<ManualClock>,
    registrations: Registrations,
}

impl Desk {
    fn open() -> Self {
        let letters = Arc::new(RecordingProvider::default());
        Self::with_provider(letters.clone(), letters)
    }

    fn with_provider(provider: Arc<dyn MessageProvider>, letters: Arc<RecordingProvider>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("shop.db")).unwrap());
        let clock = Arc::new(ManualClock::at("2026-11-21T09:00:00Z".parse().unwrap()));
        let key = SecretKey::random();
        let policy = Policy::default().with_resend(Resend::Replace).without_cooldown();
        let codes = Arc::new(MemoryOtpStore::with_capacity(1_000));
        let otp = Otp::new(codes, KeyRing::new(&key), policy, clock.clone());
        let registrations = Registrations::new(store.clone(), otp, provider, &key, clock.clone());
        Self { _folder: folder, store, letters, clock, registrations }
    }

    /// The code in the newest letter.
    fn code(&self) -> String {
        self.letters.sent().last().unwrap().code.clone().unwrap()
    }

    async fn up_to_the_password(&self, email: &EmailAddress) {
        self.registrations.initiate(email, HOME).await.unwrap();
        self.registrations.verify(email, &self.code(), HOME).await.unwrap();
        self.registrations.set_password(email, home(), "secret12").await.unwrap();
    }

    async fn customer(&self, name: &str, citizen_id: &str) -> Customer {
        let email = email(name);
        self.up_to_the_password(&email).await;
        self.registrations.complete(&email, home(), &details(citizen_id)).await.unwrap()
    }
}

fn email(name: &str) -> EmailAddress {
    format!("{name}@example.com").parse().unwrap()
}

fn home() -> Client<'static> {
    Client { address: HOME, token: None }
}

fn details(citizen_id: &str) -> CustomerDetails {
    CustomerDetails {
        name: "Nguyễn Văn An".to_owned(),
        phone: "0900000001".to_owned(),
        citizen_id: citizen_id.to_owned(),
        address: "Hà Nội".to_owned(),
    }
}

fn out_of_step<T: std::fmt::Debug>(result: Result<T, RegistrationError>) {
    assert!(matches!(result, Err(RegistrationError::OutOfStep)), "{result:?}");
}

fn is_limited<T>(result: &Result<T, RegistrationError>) -> bool {
    matches!(result, Err(RegistrationError::Code(OtpError::Limited { .. })))
}

#[tokio::test]
async fn from_the_code_to_the_login() {
    let desk = Desk::open();
    let an = desk.customer("an", "001099000001").await;
    assert_eq!(an.customer_id.to_string(), "KH00001");
    let letter = desk.letters.sent().remove(0);
    assert_eq!(letter.to, Recipient::Email(email("an")));
    assert_eq!(letter.subject, "Mã xác thực OTP - Hệ thống đặt vé");
    assert!(letter.text.contains(&letter.code.unwrap()) && letter.text.contains("5 phút"));
    let mut last = None;
    for _ in 0..3 {
        let account = desk.registrations.login(Some(&email("AN")), "secret12", HOME).await.unwrap();
        let Account::Customer(customer) = account else { panic!("a customer") };
        assert_eq!(customer.signed_in_at, last, "the login before");
        last = Some(quickcart_core::clock::Clock::now(&*desk.clock));
        desk.clock.advance(Duration::from_secs(60));
    }
    for (name, password) in [("an", "secret13"), ("an", ""), ("binh", "secret12")] {
        let refused = desk.registrations.login(Some(&email(name)), password, HOME).await;
        assert!(matches!(refused, Err(RegistrationError::WrongCredentials)), "{refused:?}");
    }
    let refused = desk.registrations.login(None, "secret12", HOME).await;
    assert!(matches!(refused, Err(RegistrationError::WrongCredentials)), "{refused:?}");
    let refused = desk.registrations.initiate(&email("AN"), HOME).await;
    assert!(matches!(refused, Err(RegistrationError::EmailTaken)), "{refused:?}");
    assert_eq!(desk.letters.sent().len(), 1, "whoever is registered gets no letter");
}

#[tokio::test]
async fn defect_1_steps_belong_to_who_has_shown_the_code() {
    let desk = Desk::open();
    let (an, code) = (email("an"), || desk.code());
    desk.registrations.initiate(&an, HOME).await.unwrap();
    let token = desk.registrations.verify(&an, &code(), HOME).await.unwrap();
    let holder = Client { address: ELSEWHERE, token: Some(token.as_str()) };
    for stranger in [
        Client { address: ELSEWHERE, token: None },
        Client { address: None, token: None },
        Client { address: ELSEWHERE, token: Some("") },
        Client { address: ELSEWHERE, token: Some("AAAAAAAAAAAAAAAAAAAAAA") },
    ] {
        out_of_step(desk.registrations.set_password(&an, stranger, "secret12").await);
        out_of_step(desk.registrations.set_password(&an, stranger, "1").await);
    }
    desk.clock.advance(Duration::from_secs(600));
    out_of_step(desk.registrations.set_password(&an, home(), "secret12").await);
    desk.registrations.set_password(&an, holder, "secret12").await.unwrap();
    out_of_step(desk.registrations.complete(&an, home(), &details("001099000001")).await);
    desk.registrations.complete(&an, holder, &details("001099000001")).await.unwrap();
    out_of_step(desk.registrations.complete(&an, holder, &details("001099000002")).await);
}

#[tokio::test]
async fn defect_1_a_new_beginning_takes_the_old_proof_away() {
    let desk = Desk::open();
    let an = email("an");
    desk.up_to_the_password(&an).await;
    desk.registrations.initiate(&an, ELSEWHERE).await.unwrap();
    out_of_step(desk.registrations.complete(&an, home(), &details("001099000001")).await);
}

#[tokio::test]
async fn defect_2_five_wrong_codes_end_a_code() {
    let desk = Desk::open();
    let an = email("an");
    desk.registrations.initiate(&an, HOME).await.unwrap();
    let code = desk.code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let refused = desk.registrations.verify(&an, wrong, HOME).await;
        assert!(matches!(refused, Err(RegistrationError::Code(OtpError::WrongCode))), "{refused:?}");
    }
    let refused = desk.registrations.verify(&an, &code, HOME).await;
    assert!(matches!(refused, Err(RegistrationError::Code(OtpError::NotFound))), "{refused:?}");
    let refused = desk.registrations.resend(&an, HOME).await;
    assert!(matches!(refused, Err(RegistrationError::Code(OtpError::Locked { .. }))), "{refused:?}");
    desk.clock.advance(Policy::LOCK_FIRST);
    desk.registrations.resend(&an, HOME).await.unwrap();
    desk.registrations.verify(&an, &desk.code(), HOME).await.unwrap();
}

#[tokio::test]
async fn letters_come_in_the_language_that_is_asked_for() {
    let desk = Desk::open();
    let code = |letter: &Message| letter.code.clone().unwrap();
    desk.registrations.initiate(&email("an"), HOME).await.unwrap();
    let letter = desk.letters.sent().pop().unwrap();
    assert_eq!(letter.subject, "Mã xác thực OTP - Hệ thống đặt vé");
    assert!(letter.text.contains(&format!("Mã xác thực OTP của bạn là: {}\n", code(&letter))));
    let hindi = desk.registrations.clone().with_language(Language::Hindi);
    hindi.resend(&email("an"), HOME).await.unwrap();
    let letter = desk.letters.sent().pop().unwrap();
    assert_eq!(letter.subject, "आपका QuickCart सत्यापन कोड");
    assert!(letter.text.starts_with(&format!("आपका QuickCart कोड {} है", code(&letter))));
}

#[tokio::test]
async fn defect_2_letters_and_questions_are_limited() {
    let desk = Desk::open();
    let limits = Limits { address: Some(Rate::hourly(12)), ..Limits::default() };
    let registrations = desk.registrations.clone().with_limits(limits);
    let an = email("an");
    registrations.initiate(&an, HOME).await.unwrap();
    for _ in 0..9 {
        registrations.resend(&an, HOME).await.unwrap();
    }
    assert!(is_limited(&registrations.resend(&an, HOME).await), "ten letters an hour to one mailbox");
    assert!(is_limited(&registrations.initiate(&an, ELSEWHERE).await), "from wherever");
    let staff = Employee {
        employee_id: "NV001".to_owned(),
        email: email("staff"),
        name: "Staff".to_owned(),
        phone: "1".to_owned(),
        role: Role { role_id: "CV001".to_owned(), name: "Admin".to_owned() },
    };
    desk.store.put_role(staff.role.clone()).await.unwrap();
    desk.store.put_employee(staff, OLD_HASH.parse().unwrap()).await.unwrap();
    let asked = registrations.initiate(&email("staff"), HOME).await;
    assert!(matches!(asked, Err(RegistrationError::EmailTaken)), "{asked:?}");
    out_of_step(registrations.resend(&email("nobody"), HOME).await);
    assert!(is_limited(&registrations.initiate(&email("staff"), HOME).await), "who asks pays");
    assert!(is_limited(&registrations.resend(&email("nobody"), HOME).await));
}

/// Takes nothing.
struct Broken(Failure);

#[async_trait]
impl MessageProvider for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    async fn send(&self, _message: &Message) -> Result<Receipt, SendError> {
        Err(SendError::new(self.name(), self.0))
    }
}

#[tokio::test]
async fn after_a_letter_that_was_not_sent_nothing_is_kept() {
    for failure in Failure::ALL {
        let desk = Desk::with_provider(Arc::new(Broken(failure)), Arc::default());
        let refused = desk.registrations.initiate(&email("an"), HOME).await;
        assert!(matches!(refused, Err(RegistrationError::Code(OtpError::NotSent(_)))), "{refused:?}");
        out_of_step(desk.registrations.verify(&email("an"), "000000", HOME).await);
        out_of_step(desk.registrations.resend(&email("an"), HOME).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defect_3_of_parallel_codes_one_is_accepted() {
    let desk = Desk::open();
    let an = email("an");
    desk.registrations.initiate(&an, HOME).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (registrations, an, code) = (desk.registrations.clone(), an.clone(), desk.code());
            tokio::spawn(async move { registrations.verify(&an, &code, HOME).await.is_ok() })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += usize::from(task.await.unwrap());
    }
    assert_eq!(accepted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defect_3_parallel_completions_share_no_number() {
    const COUNT: usize = 12;
    let desk = Desk::open();
    let mut tasks = Vec::new();
    for index in 0..COUNT {
        let email = email(&format!("k{index}"));
        desk.up_to_the_password(&email).await;
        // Twice each, of which one is late.
        for _ in 0..2 {
            let (registrations, email) = (desk.registrations.clone(), email.clone());
            let details = details(&format!("{index:012}"));
            tasks.push(tokio::spawn(
                async move { registrations.complete(&email, home(), &details).await.ok() },
            ));
        }
    }
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.extend(task.await.unwrap().map(|customer| customer.customer_id.number()));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=COUNT as i64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defect_8_one_of_many_gets_a_number_of_a_card() {
    let desk = Desk::open();
    let mut tasks = Vec::new();
    for index in 0..8 {
        let email = email(&format!("k{index}"));
        desk.up_to_the_password(&email).await;
        let registrations = desk.registrations.clone();
        let complete = async move { registrations.complete(&email, home(), &details("001099000001")).await };
        tasks.push(tokio::spawn(complete));
    }
    let mut winners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => winners += 1,
            Err(RegistrationError::CitizenIdTaken) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn defect_8_asking_for_numbers_of_cards_is_limited() {
    let desk = Desk::open();
    desk.customer("an", "001099000001").await;
    let binh = email("binh");
    desk.up_to_the_password(&binh).await;
    let complete = |id: &'static str| {
        let (registrations, binh) = (&desk.registrations, &binh);
        async move { registrations.complete(binh, home(), &details(id)).await }
    };
    for _ in 0..5 {
        let refused = complete("001099000001").await;
        assert!(matches!(refused, Err(RegistrationError::CitizenIdTaken)), "{refused:?}");
    }
    assert!(is_limited(&complete("001099000001").await) && is_limited(&complete("001099000002").await));
}

#[tokio::test]
async fn defect_6_guessing_passwords_is_limited_where_it_happens() {
    let desk = Desk::open();
    desk.customer("an", "001099000001").await;
    let an = email("an");
    let login = |password: &'static str, address| desk.registrations.login(Some(&an), password, address);
    for _ in 0..20 {
        let refused = login("wrong one", HOME).await;
        assert!(matches!(refused, Err(RegistrationError::WrongCredentials)), "{refused:?}");
    }
    assert!(is_limited(&login("wrong one", HOME).await) && is_limited(&login("secret12", HOME).await));
    login("secret12", ELSEWHERE).await.unwrap();
    desk.clock.advance(Duration::from_secs(180));
    login("secret12", HOME).await.unwrap();
    let nobody = email("nobody");
    for _ in 0..20 {
        let refused = desk.registrations.login(Some(&nobody), "secret12", HOME).await;
        assert!(matches!(refused, Err(RegistrationError::WrongCredentials)), "{refused:?}");
    }
    assert!(is_limited(&desk.registrations.login(Some(&nobody), "secret12", HOME).await), "nobody, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn defects_6_and_8_of_guesses_at_once_no_more_are_judged() {
    let desk = Desk::open();
    desk.customer("an", "001099000001").await;
    desk.up_to_the_password(&email("binh")).await;
    let guesses: Vec<_> = (0..24)
        .map(|_| {
            let registrations = desk.registrations.clone();
            tokio::spawn(async move {
                let login = registrations.login(Some(&email("an")), "wrong one", HOME).await;
                let card = registrations.complete(&email("binh"), home(), &details("001099000001")).await;
                (login, card)
            })
        })
        .collect();
    let (mut logins, mut cards) = (0, 0);
    for guess in guesses {
        let (login, card) = guess.await.unwrap();
        assert!(matches!(login, Err(RegistrationError::WrongCredentials)) || is_limited(&login), "{login:?}");
        assert!(matches!(card, Err(RegistrationError::CitizenIdTaken)) || is_limited(&card), "{card:?}");
        logins += usize::from(!is_limited(&login));
        cards += usize::from(!is_limited(&card));
    }
    assert_eq!((logins, cards), (20, 5));
}

#[tokio::test]
async fn hashes_of_the_old_system_are_upgraded_by_a_login() {
    let desk = Desk::open();
    let an = desk.customer("an", "001099000001").await;
    let old: PasswordHash = OLD_HASH.parse().unwrap();
    desk.store.put_customer(an.clone(), old.clone()).await.unwrap();
    let login = || desk.registrations.login(Some(&an.email), "a", HOME);
    login().await.unwrap();
    let (_, kept) = desk.store.credentials(&an.email).await.unwrap().unwrap();
    assert_eq!(kept, old, "a password of one letter is none that is hashed");
    let long = "p".repeat(80);
    let bcrypt = bcrypt_of(&long);
    desk.store.put_customer(an.clone(), bcrypt).await.unwrap();
    desk.registrations.login(Some(&an.email), &long, HOME).await.unwrap();
    let (_, kept) = desk.store.credentials(&an.email).await.unwrap().unwrap();
    assert!(!kept.is_outdated());
    desk.registrations.login(Some(&an.email), &long, HOME).await.unwrap();
    let cut = desk.registrations.login(Some(&an.email), &long[..72], HOME).await;
    assert!(matches!(cut, Err(RegistrationError::WrongCredentials)), "{cut:?}");
}

/// As the old system made it: cost 12 there, less here; it knew 72 bytes only.
fn bcrypt_of(password: &str) -> PasswordHash {
    bcrypt::hash(password, 4).unwrap().parse().unwrap()
}

#[tokio::test]
async fn codes_and_registrations_end() {
    let desk = Desk::open();
    let an = email("an");
    desk.registrations.initiate(&an, HOME).await.unwrap();
    let code = desk.code();
    desk.clock.advance(Duration::from_secs(300));
    let refused = desk.registrations.verify(&an, &code, HOME).await;
    assert!(matches!(refused, Err(RegistrationError::Code(OtpError::NotFound))), "{refused:?}");
    desk.registrations.resend(&an, HOME).await.unwrap();
    desk.clock.advance(Duration::from_secs(3_300));
    out_of_step(desk.registrations.resend(&an, HOME).await);
    let registrations = desk.registrations.clone().with_passwords(Passwords::default());
    registrations.initiate(&an, HOME).await.unwrap();
    let token = registrations.verify(&an, &desk.code(), None).await.unwrap();
    let holder = Client { address: None, token: Some(token.as_str()) };
    desk.clock.advance(Duration::from_secs(3_599));
    registrations.set_password(&an, holder, "secret12").await.unwrap();
    desk.clock.advance(Duration::from_secs(3_599));
    let customer = registrations.complete(&an, holder, &details("001099000001")).await.unwrap();
    assert!(customer.created_at > Timestamp::UNIX_EPOCH);
    let missing = registrations.customer(CustomerId::new(9).unwrap()).await;
    assert!(matches!(missing, Err(RegistrationError::CustomerNotFound)), "{missing:?}");
}
