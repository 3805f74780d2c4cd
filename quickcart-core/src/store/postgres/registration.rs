//! Registrations, customers and employees in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::error::{OrStoreError, is_taken, store_error};
use super::row::{optional, optional_timestamp, parsed, timestamp, unreadable};
use crate::account::{
    Account, Claim, Customer, CustomerDetails, CustomerId, DetailsChange, Employee, InvalidCustomerId,
    PasswordHash, Proof, Registration, RegistrationError, RegistrationStore, Role, Step,
};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::error::StoreError;

/// The columns that [`customer`] reads, of a table or alias `customer`, for `concat!`.
macro_rules! customer_columns {
    () => {
        "customer.customer_id, customer.email, customer.customer_name, customer.phone, customer.citizen_id, \
         customer.address, customer.created_at_ms, customer.signed_in_at_ms"
    };
}

/// How many columns `customer_columns` has.
const CUSTOMER_WIDTH: usize = 8;

const HAS_ACCOUNT: &str = "SELECT EXISTS (SELECT FROM customer WHERE email = $1) \
     OR EXISTS (SELECT FROM employee WHERE email = $1)";
/// An address belongs to one row of two tables, which no rule of the database covers.
const LOCK_EMAIL: &str = "SELECT pg_advisory_xact_lock(hashtextextended('email:' || $1, 0))";

/// Leaves old registrations that somebody else is at.
const FORGET: &str = "WITH old AS (SELECT email FROM registration WHERE expires_at_ms <= $1 FOR UPDATE SKIP LOCKED) \
     DELETE FROM registration USING old WHERE registration.email = old.email";

macro_rules! registration {
    ($lock:literal) => {
        concat!(
            "SELECT expires_at_ms, token_digest, network_digest, proved_at_ms, password_hash \
             FROM registration WHERE email = $1",
            $lock
        )
    };
}

const REGISTRATION: &str = registration!("");
const LOCK_REGISTRATION: &str = registration!(" FOR UPDATE");
const KEEP: &str = "INSERT INTO registration (email, expires_at_ms, token_digest, network_digest, proved_at_ms, password_hash) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO UPDATE SET expires_at_ms = excluded.expires_at_ms, \
     token_digest = excluded.token_digest, network_digest = excluded.network_digest, \
     proved_at_ms = excluded.proved_at_ms, password_hash = excluded.password_hash";

/// Looked at first, because a number that a refused row had is never given again.
const IS_TAKEN: &str = "SELECT EXISTS (SELECT FROM customer WHERE email = $1) \
     OR EXISTS (SELECT FROM employee WHERE email = $1), EXISTS (SELECT FROM customer WHERE citizen_id = $2)";
const COMPLETE: &str = "WITH ended AS (DELETE FROM registration WHERE email = $1) \
     INSERT INTO customer (email, password_hash, customer_name, phone, citizen_id, address, created_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING customer_id";

/// One row, with a customer, an employee, or nobody.
const CREDENTIALS: &str = concat!(
    "SELECT ",
    customer_columns!(),
    ", customer.password_hash, employee.employee_id, employee.email, employee.employee_name, employee.phone, \
       role.role_id, role.role_name, employee.password_hash \
     FROM (VALUES ($1)) AS wanted (email) LEFT JOIN customer ON customer.email = wanted.email \
     LEFT JOIN employee ON employee.email = wanted.email LEFT JOIN role ON role.role_id = employee.role_id"
);
const EMPLOYEE: usize = CUSTOMER_WIDTH + 1;
const EMPLOYEE_WIDTH: usize = 6;

const REPLACE_PASSWORD: &str = "WITH customer AS (UPDATE customer SET password_hash = $3 WHERE email = $1 AND password_hash = $2) \
     UPDATE employee SET password_hash = $3 WHERE email = $1 AND password_hash = $2";
/// Answers what was known before.
const SIGN_IN: &str = concat!(
    "WITH customer AS (SELECT * FROM customer WHERE customer_id = $1 FOR UPDATE) \
     UPDATE customer AS changed SET signed_in_at_ms = $2 FROM customer WHERE changed.customer_id = customer.customer_id \
     RETURNING ",
    customer_columns!()
);
const CUSTOMER: &str = concat!("SELECT ", customer_columns!(), " FROM customer WHERE customer_id = $1");
const LOCK_CUSTOMER: &str =
    concat!("SELECT ", customer_columns!(), " FROM customer WHERE customer_id = $1 FOR UPDATE");
const CHANGE: &str =
    "UPDATE customer SET customer_name = $2, phone = $3, address = $4 WHERE customer_id = $1";

const PUT_ROLE: &str = "INSERT INTO role (role_id, role_name) VALUES ($1, $2) \
     ON CONFLICT (role_id) DO UPDATE SET role_name = excluded.role_name";
const IS_CUSTOMER_IS_ROLE: &str = "SELECT EXISTS (SELECT FROM customer WHERE email = $1), \
     EXISTS (SELECT FROM role WHERE role_id = $2)";
const PUT_EMPLOYEE: &str = "INSERT INTO employee (employee_id, email, password_hash, employee_name, phone, role_id) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (employee_id) DO UPDATE SET email = excluded.email, \
     password_hash = excluded.password_hash, employee_name = excluded.employee_name, phone = excluded.phone, \
     role_id = excluded.role_id";
/// Nobody takes a number from the sequence meanwhile, which may have to be set past this one.
const LOCK_CUSTOMERS: &str = "LOCK TABLE customer IN SHARE ROW EXCLUSIVE MODE";
const IS_OTHERS_EMAIL: &str = "SELECT EXISTS (SELECT FROM customer WHERE email = $1 AND customer_id <> $2) \
     OR EXISTS (SELECT FROM employee WHERE email = $1)";
const PUT_CUSTOMER: &str = "INSERT INTO customer (customer_id, email, password_hash, customer_name, phone, citizen_id, \
                                                   address, created_at_ms, signed_in_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (customer_id) DO UPDATE SET email = excluded.email, \
     password_hash = excluded.password_hash, customer_name = excluded.customer_name, phone = excluded.phone, \
     citizen_id = excluded.citizen_id, address = excluded.address, created_at_ms = excluded.created_at_ms, \
     signed_in_at_ms = excluded.signed_in_at_ms";
const COUNT_FROM: &str = "SELECT setval('customer_customer_id_seq', $1) FROM customer_customer_id_seq \
     WHERE last_value < $1 OR NOT is_called";

#[async_trait]
impl RegistrationStore for PostgresStore {
    async fn has_account(&self, email: &EmailAddress) -> Result<bool, StoreError> {
        self.pool.one(|mut connection| async move { has_account(&mut connection, email).await }).await
    }

    async fn begin(&self, email: &EmailAddress, now: Timestamp) -> Result<(), RegistrationError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(FORGET).bind(now.as_millisecond());
                query.execute(&mut *transaction).await.or_store_error()?;
                if has_account(&mut transaction, email).await? {
                    return Err(RegistrationError::EmailTaken);
                }
                keep(&mut transaction, email, &Registration::begin(now)).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn registration(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<Registration>, StoreError> {
        self.pool
            .one(|mut connection| async move { under_way(&mut connection, REGISTRATION, email, now).await })
            .await
    }

    async fn verify(&self, email: &EmailAddress, proof: Proof) -> Result<(), RegistrationError> {
        self.pool
            .write(|mut transaction| async move {
                let registration = lock(&mut transaction, email, proof.proved_at).await?;
                keep(&mut transaction, email, &registration.verify(proof)?).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn set_password(
        &self,
        email: &EmailAddress,
        claim: Claim,
        hash: PasswordHash,
        now: Timestamp,
    ) -> Result<(), RegistrationError> {
        self.pool
            .write(|mut transaction| {
                let hash = hash.clone();
                async move {
                    let registration = lock(&mut transaction, email, now).await?;
                    let set = registration.set_password(&claim, hash, now)?;
                    keep(&mut transaction, email, &set).await?;
                    Ok(((), transaction))
                }
            })
            .await
    }

    async fn complete(
        &self,
        email: &EmailAddress,
        claim: Claim,
        details: CustomerDetails,
        now: Timestamp,
    ) -> Result<Customer, RegistrationError> {
        let details = &details;
        self.pool
            .write(|mut transaction| async move {
                Ok((complete(&mut transaction, email, claim, details, now).await?, transaction))
            })
            .await
    }

    async fn credentials(&self, email: &EmailAddress) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(CREDENTIALS).bind(email.as_str());
                let row = query.fetch_one(&mut *connection).await.or_store_error()?;
                credentials(&row).or_store_error()
            })
            .await
    }

    async fn replace_password(
        &self,
        email: &EmailAddress,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<(), StoreError> {
        let (old, new) = (&old, &new);
        self.pool
            .write(|mut transaction| async move {
                let query =
                    sqlx::query(REPLACE_PASSWORD).bind(email.as_str()).bind(old.as_str()).bind(new.as_str());
                query.execute(&mut *transaction).await.or_store_error()?;
                Ok(((), transaction))
            })
            .await
    }

    async fn signed_in(
        &self,
        customer_id: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Customer>, StoreError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(SIGN_IN).bind(customer_id.number()).bind(now.as_millisecond());
                let row = query.fetch_optional(&mut *transaction).await.or_store_error()?;
                Ok((row.as_ref().map(customer).transpose().or_store_error()?, transaction))
            })
            .await
    }

    async fn customer(&self, customer_id: CustomerId) -> Result<Option<Customer>, StoreError> {
        self.pool
            .one(|mut connection| async move { find(&mut connection, CUSTOMER, customer_id).await })
            .await
    }

    async fn change_details(
        &self,
        customer_id: CustomerId,
        change: DetailsChange,
    ) -> Result<Customer, RegistrationError> {
        let change = &change;
        self.pool
            .write(|mut transaction| async move {
                let before = find(&mut transaction, LOCK_CUSTOMER, customer_id).await?;
                let before = before.ok_or(RegistrationError::CustomerNotFound)?;
                let details = change.applied_to(&before.details);
                if details == before.details {
                    return Err(RegistrationError::NothingChanged);
                }
                sqlx::query(CHANGE)
                    .bind(customer_id.number())
                    .bind(&details.name)
                    .bind(&details.phone)
                    .bind(&details.address)
                    .execute(&mut *transaction)
                    .await
                    .or_store_error()?;
                Ok((Customer { details, ..before }, transaction))
            })
            .await
    }

    async fn put_role(&self, role: Role) -> Result<(), StoreError> {
        let role = &role;
        self.pool
            .write(|mut transaction| async move {
                put_role(&mut transaction, role).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn put_employee(&self, employee: Employee, hash: PasswordHash) -> Result<(), RegistrationError> {
        let (employee, hash) = (&employee, &hash);
        self.pool
            .write(|mut transaction| async move {
                put_employee(&mut transaction, employee, hash).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn put_customer(&self, customer: Customer, hash: PasswordHash) -> Result<(), RegistrationError> {
        let (customer, hash) = (&customer, &hash);
        self.pool
            .write(|mut transaction| async move {
                put_customer(&mut transaction, customer, hash).await?;
                Ok(((), transaction))
            })
            .await
    }
}

/// Keeps a role.
pub(super) async fn put_role(connection: &mut PgConnection, role: &Role) -> Result<(), StoreError> {
    let query = sqlx::query(PUT_ROLE).bind(&role.role_id).bind(&role.name);
    query.execute(connection).await.map(drop).or_store_error()
}

/// Keeps an employee, whose role is kept already.
pub(super) async fn put_employee(
    connection: &mut PgConnection,
    employee: &Employee,
    hash: &PasswordHash,
) -> Result<(), RegistrationError> {
    let Employee { employee_id, email, name, phone, role } = employee;
    lock_email(connection, email).await?;
    let query = sqlx::query_as(IS_CUSTOMER_IS_ROLE).bind(email.as_str()).bind(&role.role_id);
    match query.fetch_one(&mut *connection).await.or_store_error()? {
        (true, _) => return Err(RegistrationError::EmailTaken),
        (false, false) => return Err(RegistrationError::RoleNotFound),
        (false, true) => {}
    }
    let query = sqlx::query(PUT_EMPLOYEE)
        .bind(employee_id)
        .bind(email.as_str())
        .bind(hash.as_str())
        .bind(name)
        .bind(phone)
        .bind(&role.role_id);
    query.execute(connection).await.map(drop).map_err(refused)
}

/// Keeps a customer.
pub(super) async fn put_customer(
    connection: &mut PgConnection,
    customer: &Customer,
    hash: &PasswordHash,
) -> Result<(), RegistrationError> {
    let Customer { customer_id, email, details, created_at, signed_in_at } = customer;
    let CustomerDetails { name, phone, citizen_id, address } = details;
    let number = customer_id.number();
    lock_email(connection, email).await?;
    sqlx::query(LOCK_CUSTOMERS).execute(&mut *connection).await.or_store_error()?;
    let query = sqlx::query_scalar(IS_OTHERS_EMAIL).bind(email.as_str()).bind(number);
    if query.fetch_one(&mut *connection).await.or_store_error()? {
        return Err(RegistrationError::EmailTaken);
    }
    let query = sqlx::query(PUT_CUSTOMER)
        .bind(number)
        .bind(email.as_str())
        .bind(hash.as_str())
        .bind(name)
        .bind(phone)
        .bind(citizen_id)
        .bind(address)
        .bind(created_at.as_millisecond())
        .bind(signed_in_at.map(Timestamp::as_millisecond));
    query.execute(&mut *connection).await.map_err(refused)?;
    sqlx::query(COUNT_FROM).bind(number).execute(connection).await.or_store_error()?;
    Ok(())
}

async fn lock_email(connection: &mut PgConnection, email: &EmailAddress) -> Result<(), StoreError> {
    let query = sqlx::query(LOCK_EMAIL).bind(email.as_str());
    query.execute(connection).await.map(drop).or_store_error()
}

async fn has_account(connection: &mut PgConnection, email: &EmailAddress) -> Result<bool, StoreError> {
    sqlx::query_scalar(HAS_ACCOUNT).bind(email.as_str()).fetch_one(connection).await.or_store_error()
}

async fn find(
    connection: &mut PgConnection,
    sql: &'static str,
    customer_id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let query = sqlx::query(sql).bind(customer_id.number());
    let row = query.fetch_optional(connection).await.or_store_error()?;
    row.as_ref().map(customer).transpose().or_store_error()
}

async fn complete(
    connection: &mut PgConnection,
    email: &EmailAddress,
    claim: Claim,
    details: &CustomerDetails,
    now: Timestamp,
) -> Result<Customer, RegistrationError> {
    let hash = lock(connection, email, now).await?.complete(&claim, now)?;
    lock_email(connection, email).await?;
    let CustomerDetails { name, phone, citizen_id, address } = details;
    let query = sqlx::query_as(IS_TAKEN).bind(email.as_str()).bind(citizen_id);
    match query.fetch_one(&mut *connection).await.or_store_error()? {
        (true, _) => return Err(RegistrationError::EmailTaken),
        (false, true) => return Err(RegistrationError::CitizenIdTaken),
        (false, false) => {}
    }
    let query = sqlx::query(COMPLETE)
        .bind(email.as_str())
        .bind(hash.as_str())
        .bind(name)
        .bind(phone)
        .bind(citizen_id)
        .bind(address)
        .bind(now.as_millisecond());
    let row = query.fetch_one(connection).await.map_err(refused)?;
    let customer_id = customer_id(&row, 0).or_store_error()?;
    Ok(Customer {
        customer_id,
        email: email.clone(),
        details: details.clone(),
        created_at: now,
        signed_in_at: None,
    })
}

/// The registration stays as it is until the transaction ends.
async fn lock(
    connection: &mut PgConnection,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Registration, RegistrationError> {
    under_way(connection, LOCK_REGISTRATION, email, now).await?.ok_or(RegistrationError::OutOfStep)
}

async fn under_way(
    connection: &mut PgConnection,
    sql: &'static str,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<Registration>, StoreError> {
    let row = sqlx::query(sql).bind(email.as_str()).fetch_optional(connection).await.or_store_error()?;
    let kept = row.as_ref().map(registration).transpose().or_store_error()?;
    Ok(kept.and_then(|registration| registration.unless_expired(now)))
}

async fn keep(
    connection: &mut PgConnection,
    email: &EmailAddress,
    registration: &Registration,
) -> Result<(), StoreError> {
    let (proof, hash) = match &registration.step {
        Step::CodeSent => (None, None),
        Step::CodeVerified(proof) => (Some(proof), None),
        Step::PasswordSet(proof, hash) => (Some(proof), Some(hash)),
    };
    let query = sqlx::query(KEEP)
        .bind(email.as_str())
        .bind(registration.expires_at.as_millisecond())
        .bind(proof.map(|proof| proof.token))
        .bind(proof.and_then(|proof| proof.network))
        .bind(proof.map(|proof| proof.proved_at.as_millisecond()))
        .bind(hash.map(PasswordHash::as_str));
    query.execute(connection).await.map(drop).or_store_error()
}

fn registration(row: &PgRow) -> sqlx::Result<Registration> {
    let proof = match row.try_get(1)? {
        Some(token) => Some(Proof { token, network: row.try_get(2)?, proved_at: timestamp(row, 3)? }),
        None => None,
    };
    let step = match (proof, optional(row, 4)?) {
        (Some(proof), Some(hash)) => Step::PasswordSet(proof, hash),
        (Some(proof), None) => Step::CodeVerified(proof),
        (None, _) => Step::CodeSent,
    };
    Ok(Registration { step, expires_at: timestamp(row, 0)? })
}

/// Reads `CREDENTIALS`.
fn credentials(row: &PgRow) -> sqlx::Result<Option<(Account, PasswordHash)>> {
    if let Some(hash) = optional(row, CUSTOMER_WIDTH)? {
        return Ok(Some((Account::Customer(customer(row)?), hash)));
    }
    let Some(hash) = optional(row, EMPLOYEE + EMPLOYEE_WIDTH)? else { return Ok(None) };
    let employee = Employee {
        employee_id: row.try_get(EMPLOYEE)?,
        email: parsed(row, EMPLOYEE + 1)?,
        name: row.try_get(EMPLOYEE + 2)?,
        phone: row.try_get(EMPLOYEE + 3)?,
        role: Role { role_id: row.try_get(EMPLOYEE + 4)?, name: row.try_get(EMPLOYEE + 5)? },
    };
    Ok(Some((Account::Employee(employee), hash)))
}

/// Reads `customer_columns`.
fn customer(row: &PgRow) -> sqlx::Result<Customer> {
    Ok(Customer {
        customer_id: customer_id(row, 0)?,
        email: parsed(row, 1)?,
        details: CustomerDetails {
            name: row.try_get(2)?,
            phone: row.try_get(3)?,
            citizen_id: row.try_get(4)?,
            address: row.try_get(5)?,
        },
        created_at: timestamp(row, 6)?,
        signed_in_at: optional_timestamp(row, 7)?,
    })
}

fn customer_id(row: &PgRow, column: usize) -> sqlx::Result<CustomerId> {
    let number: i64 = row.try_get(column)?;
    let id = u32::try_from(number).ok().and_then(CustomerId::new);
    id.ok_or_else(|| unreadable(column, InvalidCustomerId))
}

fn refused(error: sqlx::Error) -> RegistrationError {
    if is_taken(&error, "customer_email_key") || is_taken(&error, "employee_email_key") {
        RegistrationError::EmailTaken
    } else if is_taken(&error, "customer_citizen_id_key") {
        RegistrationError::CitizenIdTaken
    } else {
        store_error(error).into()
    }
}
