//! Administrators' changes in SQLite, each with its row of the audit.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Params, Row, Transaction, params};
use serde_json::Value;

use super::SqliteStore;
use super::account::{USER_COLUMNS, USER_WIDTH, user, write_profile};
use super::audit_chain;
use super::cart::{cart_of, release};
use super::error::OrStoreError;
use super::import::{GIVE_BARCODE_AWAY, insert_shelf_place, product as write_product};
use super::row::{
    PRODUCT_COLUMNS, PRODUCT_WIDTH, SECTION_COLUMNS, optional, optional_timestamp, parsed, point, product,
    section, timestamp,
};
use super::statement::run;
use super::stock::give_back_hold;
use crate::account::{Profile, UserId};
use crate::admin::{
    Action, AdminError, AdminStore, AuditEntry, AuditFilter, AuditHead, AuditLink, AuditRecord, Entity,
    ProductEntry, ProductSheet, UserEntry, Version, product_facts, user_facts,
};
use crate::catalog::import::ProductRecord;
use crate::catalog::{Page, ProductId, ShelfPlace};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::Currency;
use crate::phone::PhoneNumber;

/// Ids fit into the 32 bits of a device.
const PRODUCT_ID_MAX: ProductId = u32::MAX as ProductId;

#[async_trait]
impl AdminStore for SqliteStore {
    async fn product_entries(&self, page: Page) -> Result<Vec<ProductEntry>, AdminError> {
        self.readers
            .scan(move |transaction| {
                let sql = format!("{} ORDER BY product_id LIMIT ?1 OFFSET ?2", select_product());
                let entries: Vec<_> = all(transaction, &sql, [page.limit, page.offset], product_entry)?;
                entries.into_iter().map(|entry| with_labels(transaction, entry)).collect()
            })
            .await
    }

    async fn product_entry(&self, product_id: ProductId) -> Result<Option<ProductEntry>, AdminError> {
        self.readers.read(move |transaction| find_product_entry(transaction, product_id)).await
    }

    async fn create_product(
        &self,
        sheet: ProductSheet,
        who: &str,
        now: Timestamp,
    ) -> Result<ProductEntry, AdminError> {
        let who = who.to_owned();
        self.writer
            .write(move |transaction| {
                let sql = "SELECT coalesce(max(product_id), 0) + 1 FROM product";
                let product_id: ProductId =
                    transaction.query_row(sql, [], |row| row.get(0)).or_store_error()?;
                if product_id > PRODUCT_ID_MAX {
                    return Err(StoreError::internal("no id of a product is left").into());
                }
                let after = write_sheet(transaction, &sheet.with_id(product_id))?;
                let change = (Action::Create, Entity::Product, product_id);
                note(transaction, change, None, &product_facts(&after), &who, now)?;
                Ok(after)
            })
            .await
    }

    async fn change_product(
        &self,
        sheet: ProductSheet,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<ProductEntry, AdminError> {
        let who = who.to_owned();
        self.writer
            .write(move |transaction| {
                let product_id = sheet.record.product.product_id;
                let before = existing_product(transaction, product_id)?;
                if before.retired_at.is_some() {
                    return Err(AdminError::Retired { entity: Entity::Product, id: product_id });
                }
                check_version(before.version, expected)?;
                let after = write_sheet(transaction, &sheet)?;
                let change = (Action::Change, Entity::Product, product_id);
                note(transaction, change, Some(product_facts(&before)), &product_facts(&after), &who, now)?;
                Ok(after)
            })
            .await
    }

    async fn retire_product(
        &self,
        product_id: ProductId,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let who = who.to_owned();
        self.writer
            .write(move |transaction| {
                let before = existing_product(transaction, product_id)?;
                if before.retired_at.is_some() {
                    return Ok(());
                }
                check_version(before.version, expected)?;
                let sql =
                    "UPDATE product SET retired_at_ms = ?2, version = version + 1 WHERE product_id = ?1";
                run(transaction, sql, params![product_id, now.as_millisecond()])?;
                run(transaction, "DELETE FROM shelf_place WHERE product_id = ?1", [product_id])?;
                let after = existing_product(transaction, product_id)?;
                let change = (Action::Retire, Entity::Product, product_id);
                Ok(note(
                    transaction,
                    change,
                    Some(product_facts(&before)),
                    &product_facts(&after),
                    &who,
                    now,
                )?)
            })
            .await
    }

    async fn user_entries(
        &self,
        phone: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<UserEntry>, AdminError> {
        let phone = phone.cloned();
        self.readers
            .scan(move |transaction| {
                let order = "ORDER BY user_id LIMIT ?1 OFFSET ?2";
                let entries = match phone {
                    Some(phone) => {
                        let sql = format!("{} WHERE phone = ?3 {order}", select_user());
                        all(transaction, &sql, params![page.limit, page.offset, phone.e164()], user_entry)?
                    }
                    None => {
                        let sql = format!("{} {order}", select_user());
                        all(transaction, &sql, [page.limit, page.offset], user_entry)?
                    }
                };
                Ok(entries)
            })
            .await
    }

    async fn user_entry(&self, user_id: UserId) -> Result<Option<UserEntry>, AdminError> {
        self.readers.read(move |transaction| Ok(find_user_entry(transaction, user_id)?)).await
    }

    async fn create_user(
        &self,
        phone: &PhoneNumber,
        profile: &Profile,
        who: &str,
        now: Timestamp,
    ) -> Result<UserEntry, AdminError> {
        let (phone, profile, who) = (phone.clone(), profile.clone(), who.to_owned());
        self.writer
            .write(move |transaction| {
                let sql = "SELECT user_id FROM user WHERE phone = ?1";
                if let Some(user_id) = one(transaction, sql, [phone.e164()], |row| row.get(0))? {
                    return Err(AdminError::PhoneTaken { user_id });
                }
                let sql = "INSERT INTO user (phone, created_at_ms) VALUES (?1, ?2)";
                run(transaction, sql, params![phone.e164(), now.as_millisecond()])?;
                let user_id = transaction.last_insert_rowid();
                write_profile(transaction, user_id, &profile)?;
                let after = existing_user(transaction, user_id)?;
                let change = (Action::Create, Entity::User, user_id);
                note(transaction, change, None, &user_facts(&after, None), &who, now)?;
                Ok(after)
            })
            .await
    }

    async fn change_user(
        &self,
        user_id: UserId,
        profile: &Profile,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<UserEntry, AdminError> {
        let (profile, who) = (profile.clone(), who.to_owned());
        self.writer
            .write(move |transaction| {
                let before = existing_user(transaction, user_id)?;
                if before.retired_at.is_some() {
                    return Err(AdminError::Retired { entity: Entity::User, id: user_id });
                }
                check_version(before.version, expected)?;
                write_profile(transaction, user_id, &profile)?;
                let after = existing_user(transaction, user_id)?;
                let change = (Action::Change, Entity::User, user_id);
                let facts = user_facts(&after, Some(&before));
                note(transaction, change, Some(user_facts(&before, None)), &facts, &who, now)?;
                Ok(after)
            })
            .await
    }

    async fn retire_user(
        &self,
        user_id: UserId,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let who = who.to_owned();
        self.writer
            .write(move |transaction| {
                let before = existing_user(transaction, user_id)?;
                if before.retired_at.is_some() {
                    return Ok(());
                }
                check_version(before.version, expected)?;
                let sql = "UPDATE user SET retired_at_ms = ?2, version = version + 1 WHERE user_id = ?1";
                run(transaction, sql, params![user_id, now.as_millisecond()])?;
                if let Some(cart_id) = cart_of(transaction, user_id)? {
                    give_back_hold(transaction, user_id)?;
                    release(transaction, cart_id)?;
                }
                let after = existing_user(transaction, user_id)?;
                let change = (Action::Retire, Entity::User, user_id);
                let facts = user_facts(&after, Some(&before));
                Ok(note(transaction, change, Some(user_facts(&before, None)), &facts, &who, now)?)
            })
            .await
    }

    async fn audit(&self, filter: AuditFilter, page: Page) -> Result<Vec<AuditEntry>, AdminError> {
        self.readers
            .scan(move |transaction| {
                let kind = if filter.entity.is_some() { "AND entity = ?3" } else { "AND ?3 IS NULL" };
                let id = if filter.entity_id.is_some() { "AND entity_id = ?4" } else { "AND ?4 IS NULL" };
                let sql = format!(
                    "SELECT audit_id, at_ms, who, action, entity, entity_id, before_json, after_json FROM audit \
                     WHERE TRUE {kind} {id} ORDER BY audit_id DESC LIMIT ?1 OFFSET ?2"
                );
                let entity = filter.entity.map(Entity::as_str);
                let values = params![page.limit, page.offset, entity, filter.entity_id];
                Ok(all(transaction, &sql, values, audit_entry)?)
            })
            .await
    }

    async fn audit_links(&self, after: i64, limit: u32) -> Result<(Vec<AuditLink>, AuditHead), StoreError> {
        self.readers.scan(move |transaction| audit_chain::links(transaction, after, limit)).await
    }

    async fn unlinked_audit(&self) -> Result<Vec<i64>, StoreError> {
        self.readers.scan(audit_chain::unlinked).await
    }

    async fn link_audit(&self, audit_ids: &[i64]) -> Result<(), StoreError> {
        let audit_ids = audit_ids.to_owned();
        self.writer.write(move |transaction| audit_chain::link_all(transaction, &audit_ids)).await
    }
}

fn all<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map(values, read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}

fn one<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let query = transaction.prepare_cached(sql);
    query.and_then(|mut statement| statement.query_row(values, read).optional()).or_store_error()
}

fn check_version(found: Version, expected: Option<Version>) -> Result<(), AdminError> {
    if expected.is_none_or(|expected| expected == found) {
        Ok(())
    } else {
        Err(AdminError::OtherVersion { found })
    }
}

fn select_product() -> String {
    format!(
        "SELECT {PRODUCT_COLUMNS}, hsn, gst_basis_points, version, retired_at_ms, \
                section_id, aisle_num, shelf_num, level, x_m, y_m \
         FROM product LEFT JOIN shelf_place USING (product_id)"
    )
}

/// Reads what [`select_product`] selects; the labels are rows of their own.
fn product_entry(row: &Row<'_>) -> rusqlite::Result<ProductEntry> {
    const AFTER: usize = PRODUCT_WIDTH;
    let product = product(row, 0)?;
    let place = match row.get::<_, Option<i64>>(AFTER + 4)? {
        None => None,
        Some(section_id) => Some(ShelfPlace {
            product_id: product.product_id,
            section_id,
            aisle_num: row.get(AFTER + 5)?,
            shelf_num: row.get(AFTER + 6)?,
            point: point(row, AFTER + 7)?,
        }),
    };
    let record = ProductRecord {
        product,
        hsn: row.get(AFTER)?,
        gst_basis_points: row.get(AFTER + 1)?,
        foodtype_ids: Vec::new(),
        allergy_ids: Vec::new(),
    };
    let retired_at = optional_timestamp(row, AFTER + 3)?;
    Ok(ProductEntry { sheet: ProductSheet { record, place }, version: row.get(AFTER + 2)?, retired_at })
}

fn with_labels(transaction: &Transaction<'_>, mut entry: ProductEntry) -> Result<ProductEntry, AdminError> {
    let record = &mut entry.sheet.record;
    let id = record.product.product_id;
    let labels = |sql: &str| all(transaction, sql, [id], |row| row.get(0));
    record.foodtype_ids =
        labels("SELECT foodtype_id FROM product_foodtype WHERE product_id = ?1 ORDER BY foodtype_id")?;
    record.allergy_ids =
        labels("SELECT allergy_id FROM product_allergy WHERE product_id = ?1 ORDER BY allergy_id")?;
    Ok(entry)
}

fn find_product_entry(
    transaction: &Transaction<'_>,
    product_id: ProductId,
) -> Result<Option<ProductEntry>, AdminError> {
    let sql = format!("{} WHERE product_id = ?1", select_product());
    let found = one(transaction, &sql, [product_id], product_entry)?;
    found.map(|entry| with_labels(transaction, entry)).transpose()
}

fn existing_product(
    transaction: &Transaction<'_>,
    product_id: ProductId,
) -> Result<ProductEntry, AdminError> {
    find_product_entry(transaction, product_id)?.ok_or(AdminError::ProductNotFound { product_id })
}

/// Checks a sheet against the shop, and writes it.
fn write_sheet(transaction: &Transaction<'_>, sheet: &ProductSheet) -> Result<ProductEntry, AdminError> {
    sheet.check()?;
    let product_id = sheet.record.product.product_id;
    check_currency(transaction, sheet)?;
    check_labels(transaction, &sheet.record)?;
    take_barcode(transaction, sheet)?;
    write_product(transaction, &sheet.record)?;
    run(transaction, "DELETE FROM shelf_place WHERE product_id = ?1", [product_id])?;
    if let Some(place) = &sheet.place {
        check_place(transaction, place)?;
        insert_shelf_place(transaction, place)?;
    }
    existing_product(transaction, product_id)
}

fn check_currency(transaction: &Transaction<'_>, sheet: &ProductSheet) -> Result<(), AdminError> {
    let product = &sheet.record.product;
    let sql = "SELECT currency FROM product WHERE product_id <> ?1 AND retired_at_ms IS NULL LIMIT 1";
    let of_others: Option<Currency> = one(transaction, sql, [product.product_id], |row| parsed(row, 0))?;
    match of_others {
        Some(expected) if expected != product.price.currency() => Err(AdminError::OtherCurrency { expected }),
        _ => Ok(()),
    }
}

fn check_labels(transaction: &Transaction<'_>, record: &ProductRecord) -> Result<(), AdminError> {
    let exists = |sql: &str, id: i64| Ok::<_, StoreError>(one(transaction, sql, [id], |_| Ok(()))?.is_some());
    if let Some(category_id) = record.product.category_id
        && !exists("SELECT 1 FROM category WHERE category_id = ?1", category_id)?
    {
        return Err(AdminError::CategoryNotFound { category_id });
    }
    for &foodtype_id in &record.foodtype_ids {
        if !exists("SELECT 1 FROM foodtype WHERE foodtype_id = ?1", foodtype_id)? {
            return Err(AdminError::foodtype_not_found(foodtype_id));
        }
    }
    for &allergy_id in &record.allergy_ids {
        if !exists("SELECT 1 FROM allergy WHERE allergy_id = ?1", allergy_id)? {
            return Err(AdminError::allergy_not_found(allergy_id));
        }
    }
    Ok(())
}

fn check_place(transaction: &Transaction<'_>, place: &ShelfPlace) -> Result<(), AdminError> {
    let section_id = place.section_id;
    let sql = format!("SELECT {SECTION_COLUMNS} FROM section WHERE section_id = ?1");
    let section = one(transaction, &sql, [section_id], section)?;
    let section = section.ok_or(AdminError::SectionNotFound { section_id })?;
    if section.contains(place.point) { Ok(()) } else { Err(AdminError::OutsideSection { section_id }) }
}

/// A retired product gives its barcode away, as it does at an import.
fn take_barcode(transaction: &Transaction<'_>, sheet: &ProductSheet) -> Result<(), AdminError> {
    let product = &sheet.record.product;
    let sql =
        "SELECT product_id, retired_at_ms IS NOT NULL FROM product WHERE barcode = ?1 AND product_id <> ?2";
    let values = params![product.barcode.as_str(), product.product_id];
    let holder: Option<(ProductId, bool)> =
        one(transaction, sql, values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    match holder {
        None => Ok(()),
        Some((product_id, false)) => Err(AdminError::BarcodeTaken { product_id }),
        Some((_, true)) => {
            run(transaction, GIVE_BARCODE_AWAY, [product.barcode.as_str()])?;
            Ok(())
        }
    }
}

fn select_user() -> String {
    format!("SELECT {USER_COLUMNS}, version, created_at_ms, retired_at_ms FROM user")
}

fn user_entry(row: &Row<'_>) -> rusqlite::Result<UserEntry> {
    Ok(UserEntry {
        user: user(row)?,
        version: row.get(USER_WIDTH)?,
        created_at: timestamp(row, USER_WIDTH + 1)?,
        retired_at: optional_timestamp(row, USER_WIDTH + 2)?,
    })
}

fn find_user_entry(transaction: &Transaction<'_>, user_id: UserId) -> Result<Option<UserEntry>, StoreError> {
    one(transaction, &format!("{} WHERE user_id = ?1", select_user()), [user_id], user_entry)
}

fn existing_user(transaction: &Transaction<'_>, user_id: UserId) -> Result<UserEntry, AdminError> {
    find_user_entry(transaction, user_id)?.ok_or_else(|| AdminError::user_not_found(user_id))
}

pub(super) fn note(
    transaction: &Transaction<'_>,
    change: (Action, Entity, i64),
    before: Option<Value>,
    after: &Value,
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    audit_chain::add(transaction, &AuditRecord::new(change, before.as_ref(), after, who, now))
}

fn audit_entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let before = optional(row, 6)?;
    Ok(AuditEntry {
        audit_id: row.get(0)?,
        at: timestamp(row, 1)?,
        who: row.get(2)?,
        action: parsed(row, 3)?,
        entity: parsed(row, 4)?,
        entity_id: row.get(5)?,
        before,
        after: parsed(row, 7)?,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::migrate::migrate;
    use super::*;

    #[test]
    fn the_audit_is_only_added_to() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let transaction = connection.transaction().unwrap();
        let change = (Action::Create, Entity::Product, 7);
        note(&transaction, change, None, &Value::Null, "admin", Timestamp::UNIX_EPOCH).unwrap();
        transaction.commit().unwrap();
        for statement in [
            "UPDATE audit SET who = 'nobody'",
            "DELETE FROM audit",
            "DELETE FROM audit WHERE audit_id = 1",
            "UPDATE audit_link SET audit_id = 8",
            "DELETE FROM audit_link",
        ] {
            let refused = connection.execute(statement, []).unwrap_err().to_string();
            assert_eq!(refused, "the audit is only added to", "{statement}");
        }
    }
}
