//! Products by name and barcode: the index of character triples finds what contains a text, and what a misspelt text may mean.

use sqlx::{PgConnection, Row};

use super::catalog::products;
use super::error::OrStoreError;
use super::pool::Pool;
use super::row::product_columns;
use crate::catalog::spelling::{CANDIDATES_MAX, INDEXED_MIN, Meanings, Spelling, folded, memorable_words};
use crate::catalog::{Page, Product, SEARCH_LENGTH_MAX};
use crate::error::StoreError;
use crate::store::like::like_pattern;

const CONTAINING: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM product WHERE retired_at_ms IS NULL AND search_text LIKE $1 ORDER BY product_id LIMIT $2 OFFSET $3"
);

/// As SQLite's LIKE does it, which knows the case of ASCII letters only; both cases of others are asked for.
const CONTAINING_SHORT: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM product WHERE retired_at_ms IS NULL AND (lower(product_name COLLATE \"C\") LIKE ANY (ARRAY[$1, $2]) \
      OR lower(barcode COLLATE \"C\") LIKE $1) ORDER BY product_id LIMIT $3 OFFSET $4"
);

/// The index finds the products of one word, and those are searched for all of them.
const MEANT: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM product WHERE retired_at_ms IS NULL AND search_text LIKE ANY ($1) AND search_text ~ ALL ($2) \
      ORDER BY product_id LIMIT $3"
);

const KNOWN_WORDS: &str = "SELECT word FROM product_word WHERE letters BETWEEN $1 AND $2";

pub(super) async fn search(pool: &Pool, text: &str, page: Page) -> Result<Vec<Product>, StoreError> {
    if text.chars().count() > SEARCH_LENGTH_MAX || text.chars().any(char::is_control) {
        return Ok(Vec::new());
    }
    let folded = &folded(text);
    if folded.chars().count() < INDEXED_MIN {
        return pool
            .one(|mut connection| async move { containing_short(&mut connection, text, page).await })
            .await;
    }
    let found =
        pool.one(|mut connection| async move { containing(&mut connection, folded, page).await }).await?;
    if !found.is_empty() || page.limit == 0 {
        return Ok(found);
    }
    pool.read(|mut transaction| async move { meant(&mut transaction, text, folded, page).await }).await
}

/// What a text may mean that was found nowhere, or not so often.
async fn meant(
    connection: &mut PgConnection,
    text: &str,
    folded: &str,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    let is_past_the_end =
        page.offset > 0 && !containing(connection, folded, Page { offset: 0, limit: 1 }).await?.is_empty();
    match Spelling::of(text) {
        Some(spelling) if !is_past_the_end => misspelt(connection, &spelling, page).await,
        _ => Ok(Vec::new()),
    }
}

async fn containing(
    connection: &mut PgConnection,
    folded: &str,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    // Planned anew for each text: of a rare one the index knows all, and of a common one the first by number are found at once.
    let query = sqlx::query(CONTAINING).persistent(false);
    let query = query.bind(like_pattern(folded)).bind(i64::from(page.limit)).bind(i64::from(page.offset));
    products(&query.fetch_all(connection).await.or_store_error()?)
}

/// Reads products one after the other until the page is full.
async fn containing_short(
    connection: &mut PgConnection,
    text: &str,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    let [small, large] =
        [text.to_lowercase(), text.to_uppercase()].map(|text| like_pattern(&text.to_ascii_lowercase()));
    let query = sqlx::query(CONTAINING_SHORT).bind(small).bind(large);
    let query = query.bind(i64::from(page.limit)).bind(i64::from(page.offset));
    products(&query.fetch_all(connection).await.or_store_error()?)
}

async fn misspelt(
    connection: &mut PgConnection,
    spelling: &Spelling,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    let mut meanings = meanings(connection, spelling).await?;
    // Long words are rare words.
    meanings.sort_by_key(|words| std::cmp::Reverse(words[0].chars().count()));
    let patterns: Vec<_> = meanings[0].iter().map(|word| like_pattern(word)).collect();
    // Words are letters and digits, which mean themselves.
    let expressions: Vec<_> = meanings[1..].iter().map(|words| words.join("|")).collect();
    let query = sqlx::query(MEANT).persistent(false);
    let query = query.bind(patterns).bind(expressions).bind(i64::from(CANDIDATES_MAX));
    let candidates = products(&query.fetch_all(connection).await.or_store_error()?)?;
    Ok(spelling.ranked(candidates, page))
}

/// The words of a query and what they may mean, of all words that names have.
async fn meanings(
    connection: &mut PgConnection,
    spelling: &Spelling,
) -> Result<Vec<Vec<String>>, StoreError> {
    let letters = spelling.letters();
    let bound = |letters: &usize| i64::try_from(*letters).unwrap_or(i64::MAX);
    let query = sqlx::query(KNOWN_WORDS).bind(bound(letters.start())).bind(bound(letters.end()));
    let mut meanings = Meanings::new(spelling);
    for row in query.fetch_all(connection).await.or_store_error()? {
        meanings.compare(row.try_get(0).or_store_error()?);
    }
    Ok(meanings.nearest())
}

/// Notes the words of names, for those who misspell them.
pub(super) async fn learn_words(
    connection: &mut PgConnection,
    names: impl Iterator<Item = &str>,
) -> Result<(), StoreError> {
    let words: std::collections::BTreeSet<String> = names.flat_map(memorable_words).collect();
    let letters: Vec<_> = words.iter().map(|word| word.chars().count() as i64).collect();
    let words: Vec<_> = words.into_iter().collect();
    let sql = "INSERT INTO product_word (letters, word) SELECT * FROM unnest($1::BIGINT[], $2::TEXT[]) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(letters).bind(words).execute(connection).await.or_store_error()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{PostgresStore, TEST_SERVER};
    use super::*;

    #[tokio::test]
    async fn finds_a_hundred_among_a_hundred_thousand_through_the_index() {
        let url = TEST_SERVER.create_database();
        let store = PostgresStore::open(&url, 1).await.unwrap();
        let goods = "INSERT INTO product (product_id, product_name, folded_name, barcode, currency, price_minor, gst_basis_points) \
                     SELECT n, name || n, lower(name) || n, 'in-store-' || n, 'INR', 100, 0 \
                     FROM generate_series(1, 100000) AS n, \
                          LATERAL (SELECT CASE WHEN n % 1000 = 0 THEN 'Saffron Rice ' ELSE 'Biscuit ' END) AS of (name); \
                     INSERT INTO product_word VALUES (7, 'saffron'), (4, 'rice'), (7, 'biscuit'); ANALYZE product";
        TEST_SERVER.query(&url, goods).unwrap();
        let ids = async |text: &str, page| {
            let found = search(&store.pool, text, page).await.unwrap();
            found.into_iter().map(|product| product.product_id).collect::<Vec<_>>()
        };
        let every_thousandth: Vec<i64> = (1..=100).map(|n| n * 1_000).collect();
        for text in ["saffron RICE", "safron", "rice safrfon"] {
            assert_eq!(ids(text, Page::default()).await, every_thousandth, "{text}");
            assert_eq!(ids(text, Page { offset: 98, limit: 10 }).await, [99_000, 100_000], "{text}");
            assert_eq!(ids(text, Page { offset: 100, limit: 10 }).await, [0; 0], "{text}");
        }
        assert_eq!(ids("in-store-77777", Page::default()).await, [77_777]);
        for (text, index) in [("%saffron%", "product_search"), ("%biscuit%", "product_pkey")] {
            let query = CONTAINING.replace("$1", &format!("'{text}'")).replace("$2 OFFSET $3", "500");
            let plan = TEST_SERVER.query(&url, &format!("EXPLAIN {query}")).unwrap();
            assert!(plan.contains(index), "{text}: {plan}");
        }
    }
}
