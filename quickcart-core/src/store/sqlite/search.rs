//! Products by name and barcode: the index of character triples finds what contains a text, and what a misspelt text may mean.

use rusqlite::{Transaction, params};

use super::catalog::products;
use super::error::OrStoreError;
use super::row::PRODUCT_COLUMNS;
use super::statement::run;
use crate::catalog::spelling::{CANDIDATES_MAX, INDEXED_MIN, Meanings, Spelling, folded, memorable_words};
use crate::catalog::{Page, Product, SEARCH_LENGTH_MAX};
use crate::error::StoreError;
use crate::store::like::like_pattern;

pub(super) fn search(
    transaction: &Transaction<'_>,
    text: &str,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    if text.chars().count() > SEARCH_LENGTH_MAX || text.chars().any(char::is_control) {
        return Ok(Vec::new());
    }
    if folded(text).chars().count() < INDEXED_MIN {
        return containing_short(transaction, text, page);
    }
    let found = containing(transaction, text, page)?;
    let is_past_the_end = || -> Result<bool, StoreError> {
        Ok(page.offset > 0 && !containing(transaction, text, Page { offset: 0, limit: 1 })?.is_empty())
    };
    if !found.is_empty() || page.limit == 0 || is_past_the_end()? {
        return Ok(found);
    }
    match Spelling::of(text) {
        Some(spelling) => misspelt(transaction, &spelling, page),
        None => Ok(found),
    }
}

/// The index lists its rows by id, so nothing is sorted.
fn by_index() -> String {
    format!(
        "SELECT {PRODUCT_COLUMNS} FROM product_search JOIN product ON product.product_id = product_search.rowid \
         WHERE product_search MATCH ?1 ORDER BY product_search.rowid LIMIT ?2 OFFSET ?3"
    )
}

fn containing(transaction: &Transaction<'_>, text: &str, page: Page) -> Result<Vec<Product>, StoreError> {
    products(transaction, &by_index(), params![quoted(text), page.limit, page.offset])
}

/// Reads products one after the other until the page is full. SQLite's LIKE knows the case of ASCII letters only, so both cases of
/// others are asked for.
fn containing_short(
    transaction: &Transaction<'_>,
    text: &str,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    let sql = format!(
        "SELECT {PRODUCT_COLUMNS} FROM product WHERE retired_at_ms IS NULL AND (product_name LIKE ?1 ESCAPE '\\' \
         OR product_name LIKE ?2 ESCAPE '\\' OR barcode LIKE ?1 ESCAPE '\\') ORDER BY product_id LIMIT ?3 OFFSET ?4"
    );
    let [small, large] = [text.to_lowercase(), text.to_uppercase()].map(|text| like_pattern(&text));
    products(transaction, &sql, params![small, large, page.limit, page.offset])
}

fn misspelt(
    transaction: &Transaction<'_>,
    spelling: &Spelling,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    let expression = expression(&meanings(transaction, spelling)?);
    let candidates = products(transaction, &by_index(), params![expression, CANDIDATES_MAX, 0])?;
    Ok(spelling.ranked(candidates, page))
}

/// The words of a query and what they may mean, of all words that names have.
fn meanings(transaction: &Transaction<'_>, spelling: &Spelling) -> Result<Vec<Vec<String>>, StoreError> {
    let sql = "SELECT word FROM product_word WHERE letters BETWEEN ?1 AND ?2";
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let letters = spelling.letters();
    let mut rows = statement.query([letters.start(), letters.end()]).or_store_error()?;
    let mut meanings = Meanings::new(spelling);
    while let Some(row) = rows.next().or_store_error()? {
        meanings.compare(row.get_ref(0).and_then(|value| Ok(value.as_str()?)).or_store_error()?);
    }
    Ok(meanings.nearest())
}

/// Of each word, any of its meanings.
fn expression(meanings: &[Vec<String>]) -> String {
    let any = |words: &Vec<String>| {
        let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        format!("({})", words.join(" OR "))
    };
    meanings.iter().map(any).collect::<Vec<_>>().join(" AND ")
}

/// A text as a string of the index's query language, in which only the quotation mark means anything.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Makes one piece of the index, which many changes at once leave in several that each search has to look through.
pub(super) fn merge_index(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    run(transaction, "INSERT INTO product_search (product_search) VALUES ('optimize')", []).map(drop)
}

/// Notes the words of a name, for those who misspell them.
pub(super) fn learn_words(transaction: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO product_word (letters, word) VALUES (?1, ?2)";
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    for word in memorable_words(name) {
        statement.execute(params![word.chars().count(), word]).or_store_error()?;
    }
    Ok(())
}

/// Notes the words of all names.
pub(super) fn learn_all_words(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let mut statement = transaction.prepare("SELECT product_name FROM product").or_store_error()?;
    let names = statement.query_map([], |row| row.get::<_, String>(0)).or_store_error()?;
    for name in names {
        learn_words(transaction, &name.or_store_error()?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::migrate::migrate;
    use super::*;

    /// So many products, every thousandth of which is a saffron rice.
    fn shop_of(count: u32) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let goods = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1) \
                     INSERT INTO product (product_id, product_name, barcode, currency, price_minor, gst_basis_points) \
                     SELECT n, CASE WHEN n % 1000 = 0 THEN 'Saffron Rice ' ELSE 'Biscuit ' END || n, 'in-store-' || n, \
                            'INR', 100, 0 FROM number";
        connection.execute(goods, [count]).unwrap();
        let transaction = connection.transaction().unwrap();
        learn_all_words(&transaction).unwrap();
        transaction.commit().unwrap();
        connection
    }

    fn ids(connection: &mut Connection, text: &str, page: Page) -> Vec<i64> {
        let transaction = connection.transaction().unwrap();
        search(&transaction, text, page).unwrap().into_iter().map(|product| product.product_id).collect()
    }

    #[test]
    fn finds_a_hundred_among_a_hundred_thousand_through_the_index() {
        let mut connection = shop_of(100_000);
        let every_thousandth: Vec<i64> = (1..=100).map(|n| n * 1_000).collect();
        let all = Page::default();
        for text in ["saffron RICE", "safron", "rice safrfon"] {
            assert_eq!(ids(&mut connection, text, all), every_thousandth, "{text}");
            let page = Page { offset: 98, limit: 10 };
            assert_eq!(ids(&mut connection, text, page), [99_000, 100_000], "{text}");
            let past_the_end = Page { offset: 100, limit: 10 };
            assert_eq!(ids(&mut connection, text, past_the_end), [0; 0], "{text}");
        }
        assert_eq!(ids(&mut connection, "in-store-77777", all), [77_777]);
        let query = format!("EXPLAIN QUERY PLAN {}", by_index());
        let mut statement = connection.prepare(&query).unwrap();
        let plan =
            statement.query_map(params!["\"saffron\"", 500, 0], |row| row.get::<_, String>(3)).unwrap();
        let plan: Vec<_> = plan.map(Result::unwrap).collect();
        assert_eq!(plan.len(), 2, "nothing is sorted: {plan:?}");
        assert!(plan[0].starts_with("SCAN product_search VIRTUAL TABLE INDEX"), "{plan:?}");
        assert_eq!(plan[1], "SEARCH product USING INTEGER PRIMARY KEY (rowid=?)");
    }

    #[test]
    fn the_index_follows_every_change_of_a_product() {
        let mut connection = shop_of(3);
        let all = Page::default();
        for (change, saffron, biscuits) in [
            (
                "UPDATE product SET product_name = 'Saffron Threads' WHERE product_id = 2",
                &[2][..],
                &[1, 3][..],
            ),
            ("UPDATE product SET retired_at_ms = 1 WHERE product_id = 2", &[], &[1, 3]),
            ("UPDATE product SET product_name = 'Saffron' WHERE product_id = 2", &[], &[1, 3]),
            ("UPDATE product SET retired_at_ms = NULL WHERE product_id = 2", &[2], &[1, 3]),
            ("DELETE FROM product WHERE product_id = 2", &[], &[1, 3]),
        ] {
            connection.execute(change, []).unwrap();
            assert_eq!(ids(&mut connection, "saffron", all), saffron, "{change}");
            assert_eq!(ids(&mut connection, "biscuit", all), biscuits, "{change}");
            let check = "INSERT INTO product_search (product_search, rank) VALUES ('integrity-check', 1)";
            connection.execute(check, []).unwrap_or_else(|error| panic!("{change}: {error}"));
        }
    }

    #[test]
    fn marks_and_case_make_no_difference() {
        let mut connection = shop_of(4);
        for (id, name) in
            [(1, "Sữa Tươi"), (2, "Crème Fraîche"), (3, "बासमती चावल"), (4, "50% _off_ \"Deal\"")]
        {
            connection
                .execute("UPDATE product SET product_name = ?2 WHERE product_id = ?1", params![id, name])
                .unwrap();
        }
        for (text, found) in [
            ("sua tuoi", &[1][..]),
            ("SỮA", &[1]),
            ("ữa", &[1]),
            ("ỮA", &[1]),
            ("ua", &[]),
            ("creme", &[2]),
            ("बासमती", &[3]),
            ("चा", &[3]),
            ("%", &[4]),
            ("50%", &[4]),
            ("_", &[4]),
            ("_off_", &[4]),
            ("\"", &[4]),
            ("\"Deal\"", &[4]),
            ("\\", &[]),
            ("*", &[]),
            ("NEAR(a b)", &[]),
            ("a\0b", &[]),
            ("\u{301}\u{301}\u{301}", &[]),
        ] {
            assert_eq!(ids(&mut connection, text, Page::default()), found, "{text}");
        }
    }

    #[test]
    fn a_hostile_query_finds_nothing() {
        let mut connection = shop_of(10);
        let most = "biscuit ".repeat(SEARCH_LENGTH_MAX / 8);
        for text in ["x".repeat(100_000), most, "ab ".repeat(66), "\"".repeat(200), "%".repeat(200)] {
            assert_eq!(ids(&mut connection, &text, Page::default()), [0; 0], "{}", &text[..8]);
        }
    }
}
