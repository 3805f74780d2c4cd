//! What every [`RegistrationStore`] does.

use jiff::SignedDuration;

use crate::account::{
    Account, Claim, Customer, CustomerDetails, CustomerId, DetailsChange, Employee, PasswordHash, Proof,
    Registration, RegistrationError, RegistrationStore, Role, Step,
};
use crate::clock::Timestamp;
use crate::email::EmailAddress;

const CLAIM: Claim = Claim { network: Some([1; 32]), token: None };

/// Checks a fresh store; it holds a few customers and an employee afterwards.
///
/// # Panics
/// When the store breaks its contract.
pub async fn registration_store(store: &dyn RegistrationStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    takes_one_step_after_the_other(store, now).await;
    forgets_what_expired(store, now).await;
    let an = registers(store, "an@example.com", "001099000001", now).await.expect("a customer");
    assert_eq!(an.customer_id.to_string(), "KH00001");
    refuses_what_is_taken(store, now).await;
    remembers_logins(store, &an, now).await;
    changes_details(store, &an).await;
    replaces_passwords(store, &an).await;
    keeps_employees(store).await;
    keeps_customers_of_elsewhere(store, now).await;
}

fn email(text: &str) -> EmailAddress {
    text.parse().expect("an address")
}

fn hash(last: char) -> PasswordHash {
    let text = format!("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe{last}");
    text.parse().expect("a hash")
}

fn details(citizen_id: &str) -> CustomerDetails {
    CustomerDetails {
        name: "Nguyễn Văn An".to_owned(),
        phone: "0900000001".to_owned(),
        citizen_id: citizen_id.to_owned(),
        address: "Hà Nội".to_owned(),
    }
}

fn proof(now: Timestamp) -> Proof {
    Proof { network: CLAIM.network, token: [2; 32], proved_at: now }
}

async fn step(store: &dyn RegistrationStore, email: &EmailAddress, now: Timestamp) -> Option<Step> {
    store.registration(email, now).await.expect("an answer").map(|registration| registration.step)
}

async fn registers(
    store: &dyn RegistrationStore,
    address: &str,
    citizen_id: &str,
    now: Timestamp,
) -> Result<Customer, RegistrationError> {
    let email = email(address);
    store.begin(&email, now).await?;
    store.verify(&email, proof(now)).await?;
    store.set_password(&email, CLAIM, hash('W'), now).await?;
    store.complete(&email, CLAIM, details(citizen_id), now).await
}

async fn takes_one_step_after_the_other(store: &dyn RegistrationStore, now: Timestamp) {
    let an = email("an@example.com");
    let out_of_step = |result: Result<(), RegistrationError>| {
        assert!(matches!(result, Err(RegistrationError::OutOfStep)), "{result:?}");
    };
    out_of_step(store.verify(&an, proof(now)).await);
    assert_eq!(step(store, &an, now).await, None);
    store.begin(&an, now).await.expect("a registration");
    assert_eq!(step(store, &an, now).await, Some(Step::CodeSent));
    out_of_step(store.set_password(&an, CLAIM, hash('W'), now).await);
    store.verify(&an, proof(now)).await.expect("a step");
    assert_eq!(step(store, &an, now).await, Some(Step::CodeVerified(proof(now))));
    out_of_step(store.verify(&an, proof(now)).await);
    let stranger = Claim { network: Some([9; 32]), token: Some([9; 32]) };
    out_of_step(store.set_password(&an, stranger, hash('W'), now).await);
    out_of_step(store.complete(&an, CLAIM, details("001099000009"), now).await.map(drop));
    store.set_password(&an, CLAIM, hash('W'), now).await.expect("a step");
    assert_eq!(step(store, &an, now).await, Some(Step::PasswordSet(proof(now), hash('W'))));
    out_of_step(store.set_password(&an, CLAIM, hash('e'), now).await);
    out_of_step(store.complete(&an, stranger, details("001099000009"), now).await.map(drop));
    store.begin(&an, now).await.expect("a registration");
    assert_eq!(step(store, &an, now).await, Some(Step::CodeSent), "it starts over");
    let unknown = Proof { network: None, ..proof(now) };
    store.verify(&an, unknown).await.expect("a step");
    assert_eq!(step(store, &an, now).await, Some(Step::CodeVerified(unknown)));
}

async fn forgets_what_expired(store: &dyn RegistrationStore, now: Timestamp) {
    let binh = email("binh@example.com");
    store.begin(&binh, now).await.expect("a registration");
    let end = now + Registration::STEP_TIME_MAX;
    assert!(step(store, &binh, end - SignedDuration::from_millis(1)).await.is_some());
    assert_eq!(step(store, &binh, end).await, None);
    assert!(store.verify(&binh, proof(end)).await.is_err());
}

async fn refuses_what_is_taken(store: &dyn RegistrationStore, now: Timestamp) {
    assert!(store.has_account(&email("AN@example.com")).await.expect("an answer"), "in any letters");
    let result = store.begin(&email("an@example.com"), now).await;
    assert!(matches!(result, Err(RegistrationError::EmailTaken)), "{result:?}");
    let result = registers(store, "chi@example.com", "001099000001", now).await;
    assert!(matches!(result, Err(RegistrationError::CitizenIdTaken)), "{result:?}");
    let chi = email("chi@example.com");
    assert!(matches!(step(store, &chi, now).await, Some(Step::PasswordSet(..))), "the registration goes on");
    let chi = store.complete(&chi, CLAIM, details("001099000002"), now).await.expect("a customer");
    assert_eq!(chi.customer_id.to_string(), "KH00002", "what was refused used up no number");
    assert_eq!(step(store, &chi.email, now).await, None);
}

async fn remembers_logins(store: &dyn RegistrationStore, an: &Customer, now: Timestamp) {
    let (account, kept) = store.credentials(&an.email).await.expect("an answer").expect("an account");
    assert_eq!((account, kept), (Account::Customer(an.clone()), hash('W')));
    assert_eq!(store.credentials(&email("nobody@example.com")).await.expect("an answer"), None);
    let later = now + SignedDuration::from_secs(60);
    let known = store.signed_in(an.customer_id, now).await.expect("an answer").expect("a customer");
    assert_eq!(known.signed_in_at, None, "the first time");
    let known = store.signed_in(an.customer_id, later).await.expect("an answer").expect("a customer");
    assert_eq!(known.signed_in_at, Some(now), "the one before");
    let known = store.customer(an.customer_id).await.expect("an answer").expect("a customer");
    assert_eq!(known.signed_in_at, Some(later));
    let nobody = CustomerId::new(u32::MAX).expect("a name");
    assert_eq!(store.signed_in(nobody, now).await.expect("an answer"), None);
    assert_eq!(store.customer(nobody).await.expect("an answer"), None);
}

async fn changes_details(store: &dyn RegistrationStore, an: &Customer) {
    let change = DetailsChange { address: Some("Đà Nẵng".to_owned()), ..DetailsChange::default() };
    let changed = store.change_details(an.customer_id, change.clone()).await.expect("a change");
    assert_eq!((changed.details.address.as_str(), &changed.email), ("Đà Nẵng", &an.email));
    assert_eq!(store.customer(an.customer_id).await.expect("an answer"), Some(changed));
    let result = store.change_details(an.customer_id, change.clone()).await;
    assert!(matches!(result, Err(RegistrationError::NothingChanged)), "{result:?}");
    let result = store.change_details(CustomerId::new(u32::MAX).expect("a name"), change).await;
    assert!(matches!(result, Err(RegistrationError::CustomerNotFound)), "{result:?}");
}

async fn replaces_passwords(store: &dyn RegistrationStore, an: &Customer) {
    for (old, kept) in [('e', 'W'), ('W', 'e')] {
        store.replace_password(&an.email, hash(old), hash('e')).await.expect("an answer");
        let (_, found) = store.credentials(&an.email).await.expect("an answer").expect("an account");
        assert_eq!(found, hash(kept), "only what was known is replaced");
    }
}

async fn keeps_employees(store: &dyn RegistrationStore) {
    let role = Role { role_id: "CV001".to_owned(), name: "Admin".to_owned() };
    let employee = |id: &str, address: &str| Employee {
        employee_id: id.to_owned(),
        email: email(address),
        name: "Staff".to_owned(),
        phone: "1".to_owned(),
        role: role.clone(),
    };
    let staff = employee("NV001", "staff@example.com");
    let result = store.put_employee(staff.clone(), hash('W')).await;
    assert!(matches!(result, Err(RegistrationError::RoleNotFound)), "{result:?}");
    store.put_role(role.clone()).await.expect("a role");
    for last in ['e', 'W'] {
        store.put_employee(staff.clone(), hash(last)).await.expect("an employee, also over the older one");
        let found = store.credentials(&staff.email).await.expect("an answer");
        assert_eq!(found, Some((Account::Employee(staff.clone()), hash(last))));
    }
    assert!(store.has_account(&staff.email).await.expect("an answer"));
    for taken in ["staff@example.com", "an@example.com"] {
        let result = store.put_employee(employee("NV002", taken), hash('W')).await;
        assert!(matches!(result, Err(RegistrationError::EmailTaken)), "{result:?}");
    }
    store.put_role(Role { name: "Quản lý".to_owned(), ..role.clone() }).await.expect("a role");
    let (found, _) = store.credentials(&staff.email).await.expect("an answer").expect("an account");
    assert!(matches!(found, Account::Employee(found) if found.role.name == "Quản lý"));
}

async fn keeps_customers_of_elsewhere(store: &dyn RegistrationStore, now: Timestamp) {
    let customer = |id: u32, address: &str, citizen_id: &str| Customer {
        customer_id: CustomerId::new(id).expect("a name"),
        email: email(address),
        details: details(citizen_id),
        created_at: now,
        signed_in_at: Some(now),
    };
    let dung = customer(70, "dung@example.com", "001099000070");
    for last in ['e', 'W'] {
        store.put_customer(dung.clone(), hash(last)).await.expect("a customer, also over the older one");
        let found = store.credentials(&dung.email).await.expect("an answer");
        assert_eq!(found, Some((Account::Customer(dung.clone()), hash(last))));
    }
    for taken in ["staff@example.com", "an@example.com"] {
        let result = store.put_customer(customer(71, taken, "001099000071"), hash('W')).await;
        assert!(matches!(result, Err(RegistrationError::EmailTaken)), "{result:?}");
    }
    let result = store.put_customer(customer(71, "em@example.com", "001099000070"), hash('W')).await;
    assert!(matches!(result, Err(RegistrationError::CitizenIdTaken)), "{result:?}");
    let next = registers(store, "em@example.com", "001099000072", now).await.expect("a customer");
    assert_eq!(next.customer_id.to_string(), "KH00071", "after the largest");
}
