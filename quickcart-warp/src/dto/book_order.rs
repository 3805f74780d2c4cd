//! Bodies and queries of the book-order group. Amounts are JSON floats on the wire, and nowhere else.

use std::borrow::Cow;

use bytes::Bytes;
use form_urlencoded::parse;
use quickcart_core::book_order::{self, BookOrderId, BookOrders, Opened, Purchase, Session};
use quickcart_core::cart::Quantity;
use quickcart_core::catalog::Page;
use quickcart_core::form::{Fault, FieldFault, Form, Step};
use quickcart_core::money::Money;
use quickcart_core::order::{OrderStatus, PaymentMethod, PaymentState};
use quickcart_core::phone::PhoneNumber;
use serde::Serialize;
use utoipa::ToSchema;

use crate::dto::validation::Part;
use crate::error::ApiError;
use crate::filters::decoded;

/// The longest address, title and id of a book, and token that are looked at, in characters.
const ADDRESS_LENGTH_MAX: usize = 1_000;
const TITLE_LENGTH_MAX: usize = 1_000;
const BOOK_ID_LENGTH_MAX: usize = 255;
const TOKEN_LENGTH_MAX: usize = 1_000;
/// The highest price of one copy, in hundredths: sums stay exact as floats.
const PRICE_MAX: i64 = 100_000_000;
/// How many orders a page has when nobody says.
const PAGE_DEFAULT: i64 = 100;

const PHONE: Fault = Fault::NotLike(r"^\+?[0-9]\d{1,14}$");
const PIN: Fault = Fault::NotLike(r"^\d{4,8}$");

/// The ways to pay, as this group has always called them.
const PAYMENT_METHODS: [(&str, PaymentMethod); 4] = [
    ("cash_on_delivery", PaymentMethod::Cash),
    ("bkash", PaymentMethod::Bkash),
    ("nagad", PaymentMethod::Nagad),
    ("card", PaymentMethod::Card),
];
const PAYMENT_NAMES: [&str; 4] = {
    let [(a, _), (b, _), (c, _), (d, _)] = PAYMENT_METHODS;
    [a, b, c, d]
};
const STATUS_NAMES: [&str; 6] = {
    let [a, b, c, d, e, f] = OrderStatus::ALL;
    [a.as_str(), b.as_str(), c.as_str(), d.as_str(), e.as_str(), f.as_str()]
};

/// What somebody wants.
#[derive(ToSchema)]
pub(crate) struct BookOrderRequest {
    #[schema(pattern = r"^\+?[0-9]\d{1,14}$", example = "+8801712345678")]
    phone_number: String,
    #[schema(min_length = 5, max_length = 1000)]
    address: String,
    #[schema(value_type = PaymentName)]
    payment_method: PaymentMethod,
    #[schema(min_items = 1, max_items = 100)]
    books: Vec<WantedBook>,
}

/// A book that somebody wants.
#[derive(ToSchema)]
pub(crate) struct WantedBook {
    #[schema(max_length = 255)]
    id: String,
    #[schema(max_length = 1000)]
    title: String,
    #[schema(value_type = f64, minimum = 0, maximum = 1_000_000)]
    price: Money,
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 9999, default = 1)]
    quantity: Quantity,
}

impl BookOrderRequest {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let phone_number = form.text_like("phone_number", is_phone, PHONE);
        let address = form.text("address", 5..=ADDRESS_LENGTH_MAX);
        let payment_method = form.choice("payment_method", &PAYMENT_NAMES);
        let books = form.list_of_some("books", Purchase::BOOKS_MAX, WantedBook::read);
        match (phone_number, address, payment_method, books) {
            (Some(phone_number), Some(address), Some(payment_method), Some(books)) => Ok(Self {
                phone_number: phone_number.into_owned(),
                address: address.into_owned(),
                payment_method: PAYMENT_METHODS[payment_method].1,
                books,
            }),
            _ => Err(faults(form)),
        }
    }

    /// The same, for the core: the number has to be one that can exist.
    pub(crate) fn purchase(self) -> Result<Purchase, ApiError> {
        let phone = BookOrders::phone(&self.phone_number).map_err(|_| not_a_phone())?;
        let book = |book: WantedBook| book_order::Book {
            id: book.id,
            title: book.title,
            price: book.price,
            quantity: book.quantity,
        };
        Ok(Purchase {
            phone,
            phone_as_sent: self.phone_number,
            address: self.address,
            payment_method: self.payment_method,
            books: self.books.into_iter().map(book).collect(),
        })
    }
}

impl WantedBook {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let id = form.text("id", 0..=BOOK_ID_LENGTH_MAX);
        let title = form.text("title", 0..=TITLE_LENGTH_MAX);
        let digits = Purchase::CURRENCY.minor_digits();
        let price = form.decimal("price", digits, 0..=PRICE_MAX);
        let quantity = form.optional_integer("quantity", 1..=Quantity::MAX.into());
        let count = quantity?.map_or(Some(1), |count| u32::try_from(count).ok());
        Some(Self {
            id: id?.into_owned(),
            title: title?.into_owned(),
            price: Money::new(price?, Purchase::CURRENCY),
            quantity: count.and_then(Quantity::new)?,
        })
    }
}

/// A session and the code that was sent for it.
#[derive(ToSchema)]
pub(crate) struct BookOrderCode {
    pub(crate) session_token: String,
    #[schema(pattern = r"^\d{4,8}$")]
    pub(crate) pin_code: String,
}

impl BookOrderCode {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let session_token = form.text("session_token", 0..=TOKEN_LENGTH_MAX);
        let pin_code = form.text_like("pin_code", is_pin, PIN);
        match (session_token, pin_code) {
            (Some(session_token), Some(pin_code)) => {
                Ok(Self { session_token: session_token.into_owned(), pin_code: pin_code.into_owned() })
            }
            _ => Err(faults(form)),
        }
    }
}

/// A session that wants another code.
#[derive(ToSchema)]
pub(crate) struct BookOrderResend {
    pub(crate) session_token: String,
}

impl BookOrderResend {
    /// The token stands in the query, as the old backend wanted it, or in the body, as its page sends it.
    pub(crate) fn read(query: &str, body: Result<Bytes, ApiError>) -> Result<Self, ApiError> {
        if let Some(token) = last(query, "session_token") {
            return Ok(Self { session_token: token.into_owned() });
        }
        let body = body?;
        if body.is_empty() {
            return Err(ApiError::faults_in(Part::Query, &[fault("session_token", Fault::Missing)]));
        }
        let mut form = form(&body)?;
        match form.text("session_token", 0..=TOKEN_LENGTH_MAX) {
            Some(token) => Ok(Self { session_token: token.into_owned() }),
            None => Err(faults(form)),
        }
    }
}

/// Which orders are listed.
pub(crate) struct BookOrderQuery {
    pub(crate) page: Page,
    /// `Some(None)` for a text that is nobody's number.
    pub(crate) phone: Option<Option<PhoneNumber>>,
}

impl BookOrderQuery {
    pub(crate) fn read(query: &str) -> Result<Self, ApiError> {
        let (skip, limit) = (integer(query, "skip", 0), integer(query, "limit", PAGE_DEFAULT));
        match (skip, limit) {
            (Ok(offset), Ok(limit)) => {
                let text = last(query, "phone_number").filter(|text| !text.is_empty());
                let phone = text.map(|text| phone(&text));
                // A longer page than there is one is as long as there is one.
                Ok(Self { page: Page { offset, limit: limit.min(Page::LIMIT_MAX) }, phone })
            }
            (skip, limit) => {
                let faults: Vec<_> = [skip.err(), limit.err()].into_iter().flatten().collect();
                Err(ApiError::faults_in(Part::Query, &faults))
            }
        }
    }
}

/// The status in a query.
pub(crate) fn status(query: &str) -> Result<OrderStatus, ApiError> {
    let wrong = |what| ApiError::faults_in(Part::Query, &[fault("status", what)]);
    let text = last(query, "status").ok_or_else(|| wrong(Fault::Missing))?;
    text.parse().map_err(|_| wrong(Fault::NotOneOf(&STATUS_NAMES)))
}

/// The number of an order in a path; `None` for a number that no order has.
pub(crate) fn order_id(part: &str) -> Result<Option<BookOrderId>, ApiError> {
    let text = decoded(part);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::faults_in(Part::Path, &[fault("order_id", Fault::NotIntegerText)]));
    }
    Ok(text.parse().ok())
}

/// An order began.
#[derive(Serialize, ToSchema)]
pub(crate) struct BookOrderInitiated {
    message: &'static str,
    session_token: String,
    expires_in_seconds: u64,
    total_amount: f64,
}

impl From<Opened> for BookOrderInitiated {
    fn from(opened: Opened) -> Self {
        Self {
            message: "Verification code sent to your phone",
            session_token: opened.token,
            expires_in_seconds: Session::LIFE.as_secs(),
            total_amount: opened.total.major_f64(),
        }
    }
}

/// Another code was sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct BookOrderCodeSent {
    message: &'static str,
    expires_in_seconds: u64,
}

impl BookOrderCodeSent {
    pub(crate) const AGAIN: Self =
        Self { message: "New verification code sent", expires_in_seconds: Session::LIFE.as_secs() };
}

/// An order was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct BookOrderChanged {
    pub(crate) message: Cow<'static, str>,
}

/// An order.
#[derive(Serialize, ToSchema)]
pub(crate) struct BookOrder {
    id: BookOrderId,
    /// As it was sent.
    phone_number: String,
    address: String,
    #[schema(value_type = PaymentName)]
    payment_method: &'static str,
    #[schema(example = "pending")]
    payment_status: &'static str,
    books: Vec<OrderedBook>,
    total_amount: f64,
    #[schema(example = "verified")]
    order_status: &'static str,
    #[schema(format = "date-time")]
    created_at: String,
    verified: bool,
}

/// A book of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderedBook {
    id: String,
    title: String,
    price: f64,
    quantity: u32,
}

/// The ways to pay.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes texts of the wire")]
pub(crate) enum PaymentName {
    CashOnDelivery,
    Bkash,
    Nagad,
    Card,
}

impl From<book_order::BookOrder> for BookOrder {
    fn from(order: book_order::BookOrder) -> Self {
        let purchase = order.purchase;
        let book = |book: book_order::Book| OrderedBook {
            id: book.id,
            title: book.title,
            price: book.price.major_f64(),
            quantity: book.quantity.get(),
        };
        Self {
            id: order.order_id,
            phone_number: purchase.phone_as_sent,
            address: purchase.address,
            payment_method: payment_name(purchase.payment_method),
            payment_status: payment_status(order.payment),
            books: purchase.books.into_iter().map(book).collect(),
            total_amount: order.total.major_f64(),
            order_status: order.status.as_str(),
            created_at: order.placed_at.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
            // There is an order only once the code was shown.
            verified: true,
        }
    }
}

fn payment_name(method: PaymentMethod) -> &'static str {
    let found = PAYMENT_METHODS.iter().find(|(_, known)| *known == method);
    found.map_or(method.as_str(), |(name, _)| name)
}

/// The old field only knows what became of the money: as long as none has moved, it is pending.
fn payment_status(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Authorized
        | PaymentState::Paid
        | PaymentState::PartiallyRefunded
        | PaymentState::Refunded
        | PaymentState::Failed => state.as_str(),
        PaymentState::Disputed => PaymentState::Paid.as_str(),
        PaymentState::Pending
        | PaymentState::RequiresAction
        | PaymentState::Processing
        | PaymentState::Expired
        | PaymentState::Cancelled
        | PaymentState::Voided => PaymentState::Pending.as_str(),
    }
}

/// A number that cannot exist, or gets no messages.
pub(crate) fn not_a_phone() -> ApiError {
    ApiError::faults_in(Part::Body, &[fault("phone_number", Fault::NotPhone)])
}

/// A book that the catalogue does not have.
pub(crate) fn unknown_book(index: usize) -> ApiError {
    let location = vec![Step::Field("books"), Step::Index(index), Step::Field("id")];
    ApiError::faults_in(Part::Body, &[FieldFault { location, fault: Fault::Unknown }])
}

fn form(body: &[u8]) -> Result<Form<'_>, ApiError> {
    if body.is_empty() {
        return Err(ApiError::faults_in(
            Part::Body,
            &[FieldFault { location: Vec::new(), fault: Fault::Missing }],
        ));
    }
    Form::parse(body).map_err(|error| ApiError::unreadable(&error))
}

fn faults(form: Form<'_>) -> ApiError {
    ApiError::faults_in(Part::Body, &form.into_faults())
}

fn fault(name: &'static str, fault: Fault) -> FieldFault {
    FieldFault { location: vec![Step::Field(name)], fault }
}

/// `^\+?[0-9]\d{1,14}$`.
fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `^\d{4,8}$`.
fn is_pin(text: &str) -> bool {
    (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number in a query, where a plus that nobody encoded is a space.
fn phone(text: &str) -> Option<PhoneNumber> {
    let international = text.strip_prefix(' ').map(|digits| format!("+{digits}"));
    let text = international.as_deref().unwrap_or(text);
    BookOrders::phone(text).ok().filter(|_| is_phone(text))
}

/// The value of a field in a query; of several, the last.
fn last<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    parse(query.as_bytes()).filter(|(key, _)| key == name).last().map(|(_, value)| value)
}

fn integer(query: &str, name: &'static str, default: i64) -> Result<u32, FieldFault> {
    let Some(text) = last(query, name) else { return Ok(u32::try_from(default).unwrap_or_default()) };
    let number: i128 = text.trim().parse().map_err(|_| fault(name, Fault::NotIntegerText))?;
    let wrong = if number < 0 { Fault::LessThan(0) } else { Fault::GreaterThan(u32::MAX.into()) };
    u32::try_from(number).map_err(|_| fault(name, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_that_are_shown() {
        for (text, expected) in [
            ("+8801712345678", true),
            ("01712345678", true),
            ("12", true),
            ("1", false),
            ("+1234567890123456", false),
            ("++12", false),
            ("١٢٣", false),
            ("12 34", false),
        ] {
            assert_eq!(is_phone(text), expected, "{text}");
        }
        assert!(
            is_pin("0000") && is_pin("12345678") && !is_pin("123") && !is_pin("123456789") && !is_pin("12a4")
        );
    }

    #[test]
    fn order_numbers_may_be_of_any_size() {
        let read = |text| order_id(text).ok();
        assert_eq!(read("42"), Some(Some(42)));
        assert_eq!(read("-1"), Some(Some(-1)));
        assert_eq!(read("99999999999999999999999"), Some(None));
        for text in ["", "-", "initiate", "1.5", "1_000", "0x1", "%20"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn queries_are_read_as_pages_send_them() {
        let read =
            |query| BookOrderQuery::read(query).ok().map(|query| (query.page.offset, query.page.limit));
        assert_eq!(read(""), Some((0, 100)));
        assert_eq!(read("skip=2&limit=1&limit=3"), Some((2, 3)));
        assert_eq!(read("limit=100000"), Some((0, Page::LIMIT_MAX)));
        for query in ["limit=-1", "skip=x", "skip=", "skip=99999999999999999999", "limit=1e3"] {
            assert_eq!(read(query), None, "{query}");
        }
        assert!(BookOrderQuery::read("phone_number=").is_ok_and(|query| query.phone.is_none()));
        for (text, expected) in [
            ("%2B8801712345678", Some("+8801712345678")),
            ("+8801712345678", Some("+8801712345678")),
            ("01712345678", Some("+8801712345678")),
            ("000", None),
        ] {
            let query = BookOrderQuery::read(&format!("phone_number={text}")).ok();
            let phone = query.and_then(|query| query.phone).unwrap();
            assert_eq!(phone.as_ref().map(PhoneNumber::e164), expected, "{text}");
        }
    }

    #[test]
    fn names_of_payments_are_those_of_the_list() {
        for (name, method) in PAYMENT_METHODS {
            assert_eq!(payment_name(method), name);
        }
    }
}
