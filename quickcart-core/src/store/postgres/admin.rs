//! Administrators' changes in PostgreSQL, each with its row of the audit.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::account::{USER_WIDTH, user, user_columns, write_profile};
use super::audit_chain;
use super::cart::give_back;
use super::cart_state::lock_own_cart;
use super::catalog::shelf_place;
use super::error::OrStoreError;
use super::import::{GIVE_BARCODES_AWAY, be_alone, products, shelf_places, take_barcodes};
use super::row::{
    PRODUCT_WIDTH, number, optional, optional_timestamp, parsed, product, product_columns, section,
    section_columns, timestamp,
};
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

macro_rules! select_product {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            product_columns!(),
            ", hsn, gst_basis_points, version, retired_at_ms, \
               ARRAY(SELECT foodtype_id FROM product_foodtype AS of WHERE of.product_id = product.product_id ORDER BY 1), \
               ARRAY(SELECT allergy_id FROM product_allergy AS of WHERE of.product_id = product.product_id ORDER BY 1), \
               shelf_place.product_id, section_id, aisle_num, shelf_num, level, x_m, y_m \
             FROM product LEFT JOIN shelf_place ON shelf_place.product_id = product.product_id ",
            $rest
        )
    };
}

const LIST_PRODUCTS: &str = select_product!("ORDER BY product.product_id LIMIT $1 OFFSET $2");
const FIND_PRODUCT: &str = select_product!("WHERE product.product_id = $1");

/// What a sheet is checked against, in one row.
const SURROUNDINGS: &str = "SELECT \
     (SELECT currency FROM product WHERE product_id <> $1 AND retired_at_ms IS NULL LIMIT 1), \
     $2::BIGINT IS NULL OR EXISTS (SELECT FROM category WHERE category_id = $2), \
     ARRAY(SELECT foodtype_id FROM foodtype WHERE foodtype_id = ANY ($3)), \
     ARRAY(SELECT allergy_id FROM allergy WHERE allergy_id = ANY ($4)), \
     holder.product_id, holder.retired_at_ms IS NOT NULL \
     FROM (VALUES (TRUE)) AS sheet LEFT JOIN product AS holder ON holder.barcode = $5 AND holder.product_id <> $1";

const RETIRE_PRODUCT: &str = "WITH gone AS (DELETE FROM shelf_place WHERE product_id = $1) \
     UPDATE product SET retired_at_ms = $2, version = version + 1 WHERE product_id = $1";

macro_rules! select_user {
    ($rest:literal) => {
        concat!("SELECT ", user_columns!(), ", version, created_at_ms, retired_at_ms FROM \"user\" ", $rest)
    };
}

const LIST_USERS: &str = select_user!("ORDER BY user_id LIMIT $1 OFFSET $2");
const LIST_USERS_OF_PHONE: &str = select_user!("WHERE phone = $3 ORDER BY user_id LIMIT $1 OFFSET $2");
const FIND_USER: &str = select_user!("WHERE user_id = $1");
const LOCK_USER: &str = select_user!("WHERE user_id = $1 FOR NO KEY UPDATE");

const MAKE_USER: &str = "INSERT INTO \"user\" (phone, created_at_ms) VALUES ($1, $2) ON CONFLICT (phone) DO NOTHING RETURNING user_id";
const USER_OF_PHONE: &str = "SELECT user_id FROM \"user\" WHERE phone = $1";

/// Each filter has its own text, for which there is an index; one that is not set is NULL.
macro_rules! select_audit {
    ($filter:literal) => {
        concat!(
            "SELECT audit_id, at_ms, who, action, entity, entity_id, before_json, after_json FROM audit WHERE ",
            $filter,
            " ORDER BY audit_id DESC LIMIT $1 OFFSET $2"
        )
    };
}

const AUDIT: &str = select_audit!("$3::TEXT IS NULL AND $4::BIGINT IS NULL");
const AUDIT_OF_ENTITY: &str = select_audit!("entity = $3 AND $4::BIGINT IS NULL");
const AUDIT_OF_ID: &str = select_audit!("$3::TEXT IS NULL AND entity_id = $4");
const AUDIT_OF_ENTITY_AND_ID: &str = select_audit!("entity = $3 AND entity_id = $4");

#[async_trait]
impl AdminStore for PostgresStore {
    async fn product_entries(&self, page: Page) -> Result<Vec<ProductEntry>, AdminError> {
        self.pool
            .one(|mut connection| async move {
                let query =
                    sqlx::query(LIST_PRODUCTS).bind(i64::from(page.limit)).bind(i64::from(page.offset));
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                Ok(rows.iter().map(product_entry).collect::<sqlx::Result<_>>().or_store_error()?)
            })
            .await
    }

    async fn product_entry(&self, product_id: ProductId) -> Result<Option<ProductEntry>, AdminError> {
        self.pool
            .one(|mut connection| async move { Ok(find_product_entry(&mut connection, product_id).await?) })
            .await
    }

    async fn create_product(
        &self,
        sheet: ProductSheet,
        who: &str,
        now: Timestamp,
    ) -> Result<ProductEntry, AdminError> {
        let sheet = &sheet;
        self.pool
            .write(|mut transaction| async move {
                be_alone(&mut transaction).await?;
                let sql = "SELECT coalesce(max(product_id), 0) + 1 FROM product";
                let product_id: ProductId =
                    sqlx::query_scalar(sql).fetch_one(&mut *transaction).await.or_store_error()?;
                if product_id > PRODUCT_ID_MAX {
                    return Err(StoreError::internal("no id of a product is left").into());
                }
                let after = write_sheet(&mut transaction, &sheet.clone().with_id(product_id)).await?;
                let change = (Action::Create, Entity::Product, product_id);
                note(&mut transaction, change, None, &product_facts(&after), who, now).await?;
                Ok((after, transaction))
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
        let sheet = &sheet;
        self.pool
            .write(|mut transaction| async move {
                be_alone(&mut transaction).await?;
                let product_id = sheet.record.product.product_id;
                let before = existing_product(&mut transaction, product_id).await?;
                if before.retired_at.is_some() {
                    return Err(AdminError::Retired { entity: Entity::Product, id: product_id });
                }
                check_version(before.version, expected)?;
                let after = write_sheet(&mut transaction, sheet).await?;
                let change = (Action::Change, Entity::Product, product_id);
                let facts = product_facts(&after);
                note(&mut transaction, change, Some(product_facts(&before)), &facts, who, now).await?;
                Ok((after, transaction))
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
        self.pool
            .write(|mut transaction| async move {
                be_alone(&mut transaction).await?;
                let before = existing_product(&mut transaction, product_id).await?;
                if before.retired_at.is_some() {
                    return Ok(((), transaction));
                }
                check_version(before.version, expected)?;
                let query = sqlx::query(RETIRE_PRODUCT).bind(product_id).bind(now.as_millisecond());
                query.execute(&mut *transaction).await.or_store_error()?;
                let after = existing_product(&mut transaction, product_id).await?;
                let change = (Action::Retire, Entity::Product, product_id);
                let facts = product_facts(&after);
                note(&mut transaction, change, Some(product_facts(&before)), &facts, who, now).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn user_entries(
        &self,
        phone: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<UserEntry>, AdminError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(if phone.is_some() { LIST_USERS_OF_PHONE } else { LIST_USERS });
                let query = query.bind(i64::from(page.limit)).bind(i64::from(page.offset));
                let query = match phone {
                    Some(phone) => query.bind(phone.e164()),
                    None => query,
                };
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                Ok(rows.iter().map(user_entry).collect::<sqlx::Result<_>>().or_store_error()?)
            })
            .await
    }

    async fn user_entry(&self, user_id: UserId) -> Result<Option<UserEntry>, AdminError> {
        self.pool
            .one(|mut connection| async move {
                let row = sqlx::query(FIND_USER).bind(user_id).fetch_optional(&mut *connection).await;
                Ok(row.or_store_error()?.as_ref().map(user_entry).transpose().or_store_error()?)
            })
            .await
    }

    async fn create_user(
        &self,
        phone: &PhoneNumber,
        profile: &Profile,
        who: &str,
        now: Timestamp,
    ) -> Result<UserEntry, AdminError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query_scalar(MAKE_USER).bind(phone.e164()).bind(now.as_millisecond());
                let made = query.fetch_optional(&mut *transaction).await.or_store_error()?;
                let Some(user_id) = made else {
                    let query = sqlx::query_scalar(USER_OF_PHONE).bind(phone.e164());
                    let user_id = query.fetch_one(&mut *transaction).await.or_store_error()?;
                    return Err(AdminError::PhoneTaken { user_id });
                };
                write_profile(&mut transaction, user_id, profile).await?;
                let after = existing_user(&mut transaction, user_id).await?;
                let change = (Action::Create, Entity::User, user_id);
                note(&mut transaction, change, None, &user_facts(&after, None), who, now).await?;
                Ok((after, transaction))
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
        self.pool
            .write(|mut transaction| async move {
                let before = existing_user(&mut transaction, user_id).await?;
                if before.retired_at.is_some() {
                    return Err(AdminError::Retired { entity: Entity::User, id: user_id });
                }
                check_version(before.version, expected)?;
                write_profile(&mut transaction, user_id, profile).await?;
                let after = existing_user(&mut transaction, user_id).await?;
                let change = (Action::Change, Entity::User, user_id);
                let facts = user_facts(&after, Some(&before));
                note(&mut transaction, change, Some(user_facts(&before, None)), &facts, who, now).await?;
                Ok((after, transaction))
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
        const SQL: &str = "UPDATE \"user\" SET retired_at_ms = $2, version = version + 1 WHERE user_id = $1";
        self.pool
            .write(|mut transaction| async move {
                let before = existing_user(&mut transaction, user_id).await?;
                if before.retired_at.is_some() {
                    return Ok(((), transaction));
                }
                check_version(before.version, expected)?;
                let query = sqlx::query(SQL).bind(user_id).bind(now.as_millisecond());
                query.execute(&mut *transaction).await.or_store_error()?;
                if let Some(cart) = lock_own_cart(&mut transaction, user_id, now).await? {
                    give_back(&mut transaction, cart.cart_id, user_id).await?;
                }
                let after = existing_user(&mut transaction, user_id).await?;
                let change = (Action::Retire, Entity::User, user_id);
                let facts = user_facts(&after, Some(&before));
                note(&mut transaction, change, Some(user_facts(&before, None)), &facts, who, now).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn audit(&self, filter: AuditFilter, page: Page) -> Result<Vec<AuditEntry>, AdminError> {
        let AuditFilter { entity, entity_id } = filter;
        let sql = match (entity, entity_id) {
            (None, None) => AUDIT,
            (Some(_), None) => AUDIT_OF_ENTITY,
            (None, Some(_)) => AUDIT_OF_ID,
            (Some(_), Some(_)) => AUDIT_OF_ENTITY_AND_ID,
        };
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(sql).bind(i64::from(page.limit)).bind(i64::from(page.offset));
                let query = query.bind(entity.map(Entity::as_str)).bind(entity_id);
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                Ok(rows.iter().map(audit_entry).collect::<sqlx::Result<_>>().or_store_error()?)
            })
            .await
    }

    async fn audit_links(&self, after: i64, limit: u32) -> Result<(Vec<AuditLink>, AuditHead), StoreError> {
        self.pool
            .read(|mut transaction| async move { audit_chain::links(&mut transaction, after, limit).await })
            .await
    }

    async fn unlinked_audit(&self) -> Result<Vec<i64>, StoreError> {
        self.pool
            .write_long(|mut transaction| async move {
                Ok((audit_chain::unlinked(&mut transaction).await?, transaction))
            })
            .await
    }

    async fn link_audit(&self, audit_ids: &[i64]) -> Result<(), StoreError> {
        self.pool
            .write(|mut transaction| async move {
                audit_chain::link_all(&mut transaction, audit_ids).await?;
                Ok(((), transaction))
            })
            .await
    }
}

fn check_version(found: Version, expected: Option<Version>) -> Result<(), AdminError> {
    if expected.is_none_or(|expected| expected == found) {
        Ok(())
    } else {
        Err(AdminError::OtherVersion { found })
    }
}

/// Reads what `select_product` selects.
fn product_entry(row: &PgRow) -> sqlx::Result<ProductEntry> {
    const AFTER: usize = PRODUCT_WIDTH;
    let place = match row.try_get::<Option<ProductId>, _>(AFTER + 6)? {
        None => None,
        Some(_) => Some(shelf_place(row, AFTER + 6)?),
    };
    let record = ProductRecord {
        product: product(row, 0)?,
        hsn: row.try_get(AFTER)?,
        gst_basis_points: number(row, AFTER + 1)?,
        foodtype_ids: row.try_get(AFTER + 4)?,
        allergy_ids: row.try_get(AFTER + 5)?,
    };
    let retired_at = optional_timestamp(row, AFTER + 3)?;
    Ok(ProductEntry { sheet: ProductSheet { record, place }, version: row.try_get(AFTER + 2)?, retired_at })
}

async fn find_product_entry(
    connection: &mut PgConnection,
    product_id: ProductId,
) -> Result<Option<ProductEntry>, StoreError> {
    let row = sqlx::query(FIND_PRODUCT).bind(product_id).fetch_optional(connection).await.or_store_error()?;
    row.as_ref().map(product_entry).transpose().or_store_error()
}

async fn existing_product(
    connection: &mut PgConnection,
    product_id: ProductId,
) -> Result<ProductEntry, AdminError> {
    find_product_entry(connection, product_id).await?.ok_or(AdminError::ProductNotFound { product_id })
}

/// Checks a sheet against the shop, and writes it.
async fn write_sheet(
    connection: &mut PgConnection,
    sheet: &ProductSheet,
) -> Result<ProductEntry, AdminError> {
    sheet.check()?;
    let records = std::slice::from_ref(&sheet.record);
    check_surroundings(connection, &sheet.record).await?;
    if let Some(place) = &sheet.place {
        check_place(connection, place).await?;
    }
    // One that is retired gives its barcode away, as it does at an import.
    take_barcodes(connection, GIVE_BARCODES_AWAY, records).await?;
    products(connection, records).await?;
    let product_id = sheet.record.product.product_id;
    let sql = "DELETE FROM shelf_place WHERE product_id = $1";
    sqlx::query(sql).bind(product_id).execute(&mut *connection).await.or_store_error()?;
    shelf_places(connection, sheet.place.as_slice()).await?;
    existing_product(connection, product_id).await
}

async fn check_surroundings(connection: &mut PgConnection, record: &ProductRecord) -> Result<(), AdminError> {
    let ProductRecord { product, foodtype_ids, allergy_ids, .. } = record;
    let query = sqlx::query(SURROUNDINGS).bind(product.product_id).bind(product.category_id);
    let query = query.bind(foodtype_ids).bind(allergy_ids).bind(product.barcode.as_str());
    let row = query.fetch_one(connection).await.or_store_error()?;
    let of_others: Option<Currency> = optional(&row, 0).or_store_error()?;
    if let Some(expected) = of_others.filter(|expected| *expected != product.price.currency()) {
        return Err(AdminError::OtherCurrency { expected });
    }
    if let (Some(category_id), false) = (product.category_id, row.try_get(1).or_store_error()?) {
        return Err(AdminError::CategoryNotFound { category_id });
    }
    let unknown = |wanted: &[i64], column| -> Result<Option<i64>, StoreError> {
        let known: Vec<i64> = row.try_get(column).or_store_error()?;
        Ok(wanted.iter().copied().find(|id| !known.contains(id)))
    };
    if let Some(foodtype_id) = unknown(foodtype_ids, 2)? {
        return Err(AdminError::foodtype_not_found(foodtype_id));
    }
    if let Some(allergy_id) = unknown(allergy_ids, 3)? {
        return Err(AdminError::allergy_not_found(allergy_id));
    }
    match (row.try_get(4).or_store_error()?, row.try_get(5).or_store_error()?) {
        (Some(product_id), false) => Err(AdminError::BarcodeTaken { product_id }),
        _ => Ok(()),
    }
}

async fn check_place(connection: &mut PgConnection, place: &ShelfPlace) -> Result<(), AdminError> {
    const SQL: &str = concat!("SELECT ", section_columns!(), " FROM section WHERE section_id = $1");
    let section_id = place.section_id;
    let row = sqlx::query(SQL).bind(section_id).fetch_optional(connection).await.or_store_error()?;
    let found = row.as_ref().map(section).transpose().or_store_error()?;
    let section = found.ok_or(AdminError::SectionNotFound { section_id })?;
    if section.contains(place.point) { Ok(()) } else { Err(AdminError::OutsideSection { section_id }) }
}

/// Reads what `select_user` selects.
fn user_entry(row: &PgRow) -> sqlx::Result<UserEntry> {
    Ok(UserEntry {
        user: user(row)?,
        version: row.try_get(USER_WIDTH)?,
        created_at: timestamp(row, USER_WIDTH + 1)?,
        retired_at: optional_timestamp(row, USER_WIDTH + 2)?,
    })
}

/// A shopper whom nobody else changes until the end of the transaction.
async fn existing_user(connection: &mut PgConnection, user_id: UserId) -> Result<UserEntry, AdminError> {
    let row = sqlx::query(LOCK_USER).bind(user_id).fetch_optional(connection).await.or_store_error()?;
    let found = row.as_ref().map(user_entry).transpose().or_store_error()?;
    found.ok_or_else(|| AdminError::user_not_found(user_id))
}

/// Comes last in its transaction: see [`audit_chain`].
pub(super) async fn note(
    connection: &mut PgConnection,
    change: (Action, Entity, i64),
    before: Option<Value>,
    after: &Value,
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    audit_chain::add(connection, AuditRecord::new(change, before.as_ref(), after, who, now)).await
}

fn audit_entry(row: &PgRow) -> sqlx::Result<AuditEntry> {
    Ok(AuditEntry {
        audit_id: row.try_get(0)?,
        at: timestamp(row, 1)?,
        who: row.try_get(2)?,
        action: parsed(row, 3)?,
        entity: parsed(row, 4)?,
        entity_id: row.try_get(5)?,
        before: optional(row, 6)?,
        after: parsed(row, 7)?,
    })
}
