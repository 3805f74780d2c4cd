//! Registrations, customers and employees in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Params, Row, Transaction, ffi, params};

use super::SqliteStore;
use super::error::{OrStoreError, is_constraint, store_error};
use super::row::{parsed, timestamp};
use crate::account::{
    Account, Claim, Customer, CustomerDetails, CustomerId, DetailsChange, Employee, PasswordHash, Proof,
    Registration, RegistrationError, RegistrationStore, Role, Step,
};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::error::StoreError;

const CUSTOMER_COLUMNS: &str =
    "customer_id, email, customer_name, phone, citizen_id, address, created_at_ms, signed_in_at_ms";
const EMPLOYEE_COLUMNS: &str = "employee_id, email, employee_name, phone, role_id, role_name";

#[async_trait]
impl RegistrationStore for SqliteStore {
    async fn has_account(&self, email: &EmailAddress) -> Result<bool, StoreError> {
        let email = email.clone();
        self.readers.read(move |transaction| has_account(transaction, &email)).await
    }

    async fn begin(&self, email: &EmailAddress, now: Timestamp) -> Result<(), RegistrationError> {
        let email = email.clone();
        self.writer
            .write(move |transaction| {
                execute(
                    transaction,
                    "DELETE FROM registration WHERE expires_at_ms <= ?1",
                    [now.as_millisecond()],
                )?;
                if has_account(transaction, &email)? {
                    return Err(RegistrationError::EmailTaken);
                }
                Ok(keep(transaction, &email, &Registration::begin(now))?)
            })
            .await
    }

    async fn registration(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<Registration>, StoreError> {
        let email = email.clone();
        self.readers.read(move |transaction| under_way(transaction, &email, now)).await
    }

    async fn verify(&self, email: &EmailAddress, proof: Proof) -> Result<(), RegistrationError> {
        let email = email.clone();
        self.writer
            .write(move |transaction| {
                let registration = under_way(transaction, &email, proof.proved_at)?;
                let verified = registration.ok_or(RegistrationError::OutOfStep)?.verify(proof)?;
                Ok(keep(transaction, &email, &verified)?)
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
        let email = email.clone();
        self.writer
            .write(move |transaction| {
                let registration = under_way(transaction, &email, now)?;
                let set =
                    registration.ok_or(RegistrationError::OutOfStep)?.set_password(&claim, hash, now)?;
                Ok(keep(transaction, &email, &set)?)
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
        let email = email.clone();
        self.writer
            .write(move |transaction| {
                let registration = under_way(transaction, &email, now)?;
                let hash = registration.ok_or(RegistrationError::OutOfStep)?.complete(&claim, now)?;
                if has_account(transaction, &email)? {
                    return Err(RegistrationError::EmailTaken);
                }
                execute(transaction, "DELETE FROM registration WHERE email = ?1", [email.as_str()])?;
                let sql = "INSERT INTO customer (email, password_hash, customer_name, phone, citizen_id, address, created_at_ms) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING customer_id";
                let CustomerDetails { name, phone, citizen_id, address } = &details;
                let values = params![
                    email.as_str(), hash.as_str(), name, phone, citizen_id, address, now.as_millisecond(),
                ];
                let inserted = transaction
                    .prepare_cached(sql)
                    .and_then(|mut statement| statement.query_row(values, |row| customer_id(row, 0)));
                // The address was free just now, so it is the number of the card.
                let customer_id = inserted.map_err(|error| unique(error, RegistrationError::CitizenIdTaken))?;
                Ok(Customer { customer_id, email, details, created_at: now, signed_in_at: None })
            })
            .await
    }

    async fn credentials(&self, email: &EmailAddress) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        let email = email.clone();
        self.readers
            .read(move |transaction| {
                let sql = format!("SELECT {CUSTOMER_COLUMNS}, password_hash FROM customer WHERE email = ?1");
                let found = one(transaction, &sql, [email.as_str()], |row| {
                    Ok((Account::Customer(customer(row)?), parsed(row, 8)?))
                })?;
                if found.is_some() {
                    return Ok(found);
                }
                let sql = format!(
                    "SELECT {EMPLOYEE_COLUMNS}, password_hash FROM employee JOIN role USING (role_id) WHERE email = ?1"
                );
                one(transaction, &sql, [email.as_str()], |row| {
                    Ok((Account::Employee(employee(row)?), parsed(row, 6)?))
                })
            })
            .await
    }

    async fn replace_password(
        &self,
        email: &EmailAddress,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<(), StoreError> {
        let email = email.clone();
        self.writer
            .write(move |transaction| {
                let values = [email.as_str(), old.as_str(), new.as_str()];
                for table in ["customer", "employee"] {
                    let sql = format!(
                        "UPDATE {table} SET password_hash = ?3 WHERE email = ?1 AND password_hash = ?2"
                    );
                    execute(transaction, &sql, values)?;
                }
                Ok(())
            })
            .await
    }

    async fn signed_in(
        &self,
        customer_id: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Customer>, StoreError> {
        self.writer
            .write(move |transaction| {
                let before = find(transaction, customer_id)?;
                let sql = "UPDATE customer SET signed_in_at_ms = ?2 WHERE customer_id = ?1";
                execute(transaction, sql, [customer_id.number(), now.as_millisecond()])?;
                Ok(before)
            })
            .await
    }

    async fn customer(&self, customer_id: CustomerId) -> Result<Option<Customer>, StoreError> {
        self.readers.read(move |transaction| find(transaction, customer_id)).await
    }

    async fn change_details(
        &self,
        customer_id: CustomerId,
        change: DetailsChange,
    ) -> Result<Customer, RegistrationError> {
        self.writer
            .write(move |transaction| {
                let before = find(transaction, customer_id)?.ok_or(RegistrationError::CustomerNotFound)?;
                let details = change.applied_to(&before.details);
                if details == before.details {
                    return Err(RegistrationError::NothingChanged);
                }
                let sql =
                    "UPDATE customer SET customer_name = ?2, phone = ?3, address = ?4 WHERE customer_id = ?1";
                let values = params![customer_id.number(), details.name, details.phone, details.address];
                execute(transaction, sql, values)?;
                Ok(Customer { details, ..before })
            })
            .await
    }

    async fn put_role(&self, role: Role) -> Result<(), StoreError> {
        self.writer.write(move |transaction| put_role(transaction, &role)).await
    }

    async fn put_employee(&self, employee: Employee, hash: PasswordHash) -> Result<(), RegistrationError> {
        self.writer.write(move |transaction| put_employee(transaction, &employee, &hash)).await
    }

    async fn put_customer(&self, customer: Customer, hash: PasswordHash) -> Result<(), RegistrationError> {
        self.writer.write(move |transaction| put_customer(transaction, &customer, &hash)).await
    }
}

/// Keeps a role.
pub(super) fn put_role(transaction: &Transaction<'_>, role: &Role) -> Result<(), StoreError> {
    let sql = "INSERT INTO role (role_id, role_name) VALUES (?1, ?2) \
               ON CONFLICT (role_id) DO UPDATE SET role_name = excluded.role_name";
    execute(transaction, sql, [&role.role_id, &role.name])
}

/// Keeps an employee, whose role is kept already.
pub(super) fn put_employee(
    transaction: &Transaction<'_>,
    employee: &Employee,
    hash: &PasswordHash,
) -> Result<(), RegistrationError> {
    let Employee { employee_id, email, name, phone, role } = employee;
    let exists = |sql: &str, key: &str| one(transaction, sql, [key], |_| Ok(()));
    if exists("SELECT 1 FROM customer WHERE email = ?1", email.as_str())?.is_some() {
        return Err(RegistrationError::EmailTaken);
    }
    if exists("SELECT 1 FROM role WHERE role_id = ?1", &role.role_id)?.is_none() {
        return Err(RegistrationError::RoleNotFound);
    }
    let sql = "INSERT INTO employee (employee_id, email, password_hash, employee_name, phone, role_id) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (employee_id) DO UPDATE SET email = excluded.email, \
               password_hash = excluded.password_hash, employee_name = excluded.employee_name, phone = excluded.phone, \
               role_id = excluded.role_id";
    let values = params![employee_id, email.as_str(), hash.as_str(), name, phone, role.role_id];
    let done = transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
    done.map(drop).map_err(|error| unique(error, RegistrationError::EmailTaken))
}

/// Keeps a customer.
pub(super) fn put_customer(
    transaction: &Transaction<'_>,
    customer: &Customer,
    hash: &PasswordHash,
) -> Result<(), RegistrationError> {
    let Customer { customer_id, email, details, created_at, signed_in_at } = customer;
    let CustomerDetails { name, phone, citizen_id, address } = details;
    let sql = "SELECT email FROM customer WHERE email = ?1 AND customer_id <> ?2 \
               UNION ALL SELECT email FROM employee WHERE email = ?1";
    let values = params![email.as_str(), customer_id.number()];
    if one(transaction, sql, values, |_| Ok(()))?.is_some() {
        return Err(RegistrationError::EmailTaken);
    }
    let sql = "INSERT INTO customer (customer_id, email, password_hash, customer_name, phone, citizen_id, address, \
               created_at_ms, signed_in_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
               ON CONFLICT (customer_id) DO UPDATE SET email = excluded.email, password_hash = excluded.password_hash, \
               customer_name = excluded.customer_name, phone = excluded.phone, citizen_id = excluded.citizen_id, \
               address = excluded.address, created_at_ms = excluded.created_at_ms, \
               signed_in_at_ms = excluded.signed_in_at_ms";
    let values = params![
        customer_id.number(),
        email.as_str(),
        hash.as_str(),
        name,
        phone,
        citizen_id,
        address,
        created_at.as_millisecond(),
        signed_in_at.map(Timestamp::as_millisecond),
    ];
    let done = transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
    done.map(drop).map_err(|error| unique(error, RegistrationError::CitizenIdTaken))
}

fn has_account(transaction: &Transaction<'_>, email: &EmailAddress) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM customer WHERE email = ?1 UNION ALL SELECT 1 FROM employee WHERE email = ?1";
    Ok(one(transaction, sql, [email.as_str()], |_| Ok(()))?.is_some())
}

fn find(transaction: &Transaction<'_>, customer_id: CustomerId) -> Result<Option<Customer>, StoreError> {
    let sql = format!("SELECT {CUSTOMER_COLUMNS} FROM customer WHERE customer_id = ?1");
    one(transaction, &sql, [customer_id.number()], customer)
}

fn under_way(
    transaction: &Transaction<'_>,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<Registration>, StoreError> {
    let sql = "SELECT expires_at_ms, token_digest, network_digest, proved_at_ms, password_hash \
               FROM registration WHERE email = ?1";
    let kept = one(transaction, sql, [email.as_str()], registration)?;
    Ok(kept.and_then(|registration| registration.unless_expired(now)))
}

fn keep(
    transaction: &Transaction<'_>,
    email: &EmailAddress,
    registration: &Registration,
) -> Result<(), StoreError> {
    let (proof, hash) = match &registration.step {
        Step::CodeSent => (None, None),
        Step::CodeVerified(proof) => (Some(proof), None),
        Step::PasswordSet(proof, hash) => (Some(proof), Some(hash)),
    };
    let sql = "REPLACE INTO registration (email, expires_at_ms, token_digest, network_digest, proved_at_ms, password_hash) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![
        email.as_str(),
        registration.expires_at.as_millisecond(),
        proof.map(|proof| proof.token),
        proof.and_then(|proof| proof.network),
        proof.map(|proof| proof.proved_at.as_millisecond()),
        hash.map(PasswordHash::as_str),
    ];
    execute(transaction, sql, values)
}

fn registration(row: &Row<'_>) -> rusqlite::Result<Registration> {
    let proof = match row.get(1)? {
        Some(token) => Some(Proof { token, network: row.get(2)?, proved_at: timestamp(row, 3)? }),
        None => None,
    };
    let hash = super::row::optional(row, 4)?;
    let step = match (proof, hash) {
        (Some(proof), Some(hash)) => Step::PasswordSet(proof, hash),
        (Some(proof), None) => Step::CodeVerified(proof),
        (None, _) => Step::CodeSent,
    };
    Ok(Registration { step, expires_at: timestamp(row, 0)? })
}

fn customer(row: &Row<'_>) -> rusqlite::Result<Customer> {
    let signed_in_at: Option<i64> = row.get(7)?;
    Ok(Customer {
        customer_id: customer_id(row, 0)?,
        email: parsed(row, 1)?,
        details: CustomerDetails {
            name: row.get(2)?,
            phone: row.get(3)?,
            citizen_id: row.get(4)?,
            address: row.get(5)?,
        },
        created_at: timestamp(row, 6)?,
        signed_in_at: signed_in_at.map(|_| timestamp(row, 7)).transpose()?,
    })
}

fn customer_id(row: &Row<'_>, column: usize) -> rusqlite::Result<CustomerId> {
    let number: i64 = row.get(column)?;
    let id = u32::try_from(number).ok().and_then(CustomerId::new);
    id.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn employee(row: &Row<'_>) -> rusqlite::Result<Employee> {
    Ok(Employee {
        employee_id: row.get(0)?,
        email: parsed(row, 1)?,
        name: row.get(2)?,
        phone: row.get(3)?,
        role: Role { role_id: row.get(4)?, name: row.get(5)? },
    })
}

fn execute(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> Result<(), StoreError> {
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(drop)
        .or_store_error()
}

fn one<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let statement = transaction.prepare_cached(sql);
    statement.and_then(|mut statement| statement.query_row(values, read).optional()).or_store_error()
}

fn unique(error: rusqlite::Error, taken: RegistrationError) -> RegistrationError {
    if is_constraint(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) { taken } else { store_error(error).into() }
}
