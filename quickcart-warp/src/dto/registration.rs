//! Bodies of the registration group, with the names of its old backend.

use std::str::FromStr;

use quickcart_core::account::{self, Account, Customer, CustomerDetails, Detail, DetailsChange};
use quickcart_core::clock::Timestamp;
use quickcart_core::email::{EmailAddress, InvalidEmail};
use quickcart_core::form::{Fault, FieldFault, Form, FormError, Step};
use serde::Serialize;
use utoipa::ToSchema;

use super::validation::Part;
use crate::error::ApiError;

/// An address, and how it was written.
pub(crate) struct Mailbox {
    pub(crate) email: EmailAddress,
    pub(crate) written: String,
}

impl FromStr for Mailbox {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Ok(Self { email: text.trim().parse()?, written: text.to_owned() })
    }
}

/// Begins a registration.
#[derive(ToSchema)]
pub(crate) struct InitiateBody {
    #[schema(value_type = String, format = "email")]
    pub(crate) email: Mailbox,
}

impl InitiateBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let email = form.parsed("email", Fault::NotEmail);
        email.map(|email| Self { email }).ok_or_else(|| faults(form))
    }
}

/// Asks for another code.
#[derive(ToSchema)]
pub(crate) struct ResendBody {
    pub(crate) email: String,
}

impl ResendBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let email = text(&mut form, "email");
        email.map(|email| Self { email }).ok_or_else(|| faults(form))
    }
}

/// Shows the code.
#[derive(ToSchema)]
pub(crate) struct VerifyBody {
    pub(crate) email: String,
    pub(crate) otp: String,
}

impl VerifyBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let (email, otp) = (text(&mut form, "email"), text(&mut form, "otp"));
        email.zip(otp).map(|(email, otp)| Self { email, otp }).ok_or_else(|| faults(form))
    }
}

/// Chooses a password.
#[derive(ToSchema)]
pub(crate) struct PasswordBody {
    pub(crate) email: String,
    pub(crate) password: String,
    /// What the header field `Registration-Token` of verify-otp said; from the same address it is not needed for ten minutes.
    pub(crate) registration_token: Option<String>,
}

impl PasswordBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let (email, password) = (text(&mut form, "email"), text(&mut form, "password"));
        let token = token(&mut form);
        let (Some(email), Some(password), Some(registration_token)) = (email, password, token) else {
            return Err(faults(form));
        };
        Ok(Self { email, password, registration_token })
    }
}

/// Tells who it is.
#[derive(ToSchema)]
pub(crate) struct CompleteBody {
    pub(crate) email: String,
    #[schema(rename = "hoTen")]
    pub(crate) name: String,
    #[schema(rename = "SDT")]
    pub(crate) phone: String,
    #[schema(rename = "CCCD")]
    pub(crate) citizen_id: String,
    #[schema(rename = "diaChi")]
    pub(crate) address: String,
    /// As for the password.
    pub(crate) registration_token: Option<String>,
}

impl CompleteBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let texts = ["email", NAME, PHONE, CITIZEN_ID, ADDRESS].map(|name| text(&mut form, name));
        let token = token(&mut form);
        let (
            [Some(email), Some(name), Some(phone), Some(citizen_id), Some(address)],
            Some(registration_token),
        ) = (texts, token)
        else {
            return Err(faults(form));
        };
        Ok(Self { email, name, phone, citizen_id, address, registration_token })
    }

    pub(crate) fn details(&self) -> CustomerDetails {
        let Self { name, phone, citizen_id, address, .. } = self;
        CustomerDetails {
            name: name.clone(),
            phone: phone.clone(),
            citizen_id: citizen_id.clone(),
            address: address.clone(),
        }
    }
}

/// Signs in.
#[derive(ToSchema)]
pub(crate) struct LoginBody {
    pub(crate) email: String,
    pub(crate) password: String,
}

impl LoginBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body)?;
        let (email, password) = (text(&mut form, "email"), text(&mut form, "password"));
        email.zip(password).map(|(email, password)| Self { email, password }).ok_or_else(|| faults(form))
    }
}

/// Changes what a customer told; everything else in it is passed over.
#[derive(ToSchema)]
pub(crate) struct ProfileBody {
    #[schema(rename = "hoTen")]
    name: Option<String>,
    #[schema(rename = "SDT")]
    phone: Option<String>,
    #[schema(rename = "diaChi")]
    address: Option<String>,
}

impl ProfileBody {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = form(body).map_err(|error| match Form::parse(body) {
            Err(FormError::NotObject) if body != b"null" => {
                let fault = FieldFault { location: Vec::new(), fault: Fault::NotObject };
                ApiError::faults_in(Part::Body, &[fault])
            }
            _ => error,
        })?;
        // Null is a value as well, and not a text.
        let [name, phone, address] =
            [NAME, PHONE, ADDRESS].map(|name| form.has(name).then(|| text(&mut form, name)));
        let is_whole = [&name, &phone, &address].iter().all(|text| !matches!(text, Some(None)));
        if !is_whole {
            return Err(faults(form));
        }
        Ok(Self { name: name.flatten(), phone: phone.flatten(), address: address.flatten() })
    }

    /// What is to be changed; `None` when there is nothing.
    pub(crate) fn change(self) -> Option<DetailsChange> {
        let change = DetailsChange { name: self.name, phone: self.phone, address: self.address };
        Some(change).filter(|change| *change != DetailsChange::default())
    }
}

const NAME: &str = "hoTen";
const PHONE: &str = "SDT";
const CITIZEN_ID: &str = "CCCD";
const ADDRESS: &str = "diaChi";

/// Details that cannot be right, in the notation of a validation.
pub(crate) fn invalid_details(details: &[Detail]) -> ApiError {
    let fault = |detail: &Detail| {
        let (name, fault) = match detail {
            Detail::Name => (NAME, Fault::NotName),
            Detail::Phone => (PHONE, Fault::NotPhone),
            Detail::CitizenId => (CITIZEN_ID, Fault::NotLike("^[0-9]{12}$")),
            Detail::Address => (ADDRESS, Fault::NotLike(r"^\P{Cc}{1,255}$")),
        };
        FieldFault { location: vec![Step::Field(name)], fault }
    };
    ApiError::faults_in(Part::Body, &details.iter().map(fault).collect::<Vec<_>>())
}

/// No body, and null, are a body that is missing.
fn form(body: &[u8]) -> Result<Form<'_>, ApiError> {
    if body.is_empty() || body == b"null" {
        let missing = FieldFault { location: Vec::new(), fault: Fault::Missing };
        return Err(ApiError::faults_in(Part::Body, &[missing]));
    }
    Form::parse(body).map_err(|error| ApiError::unreadable(&error))
}

fn text(form: &mut Form<'_>, name: &'static str) -> Option<String> {
    form.text(name, 0..=usize::MAX).map(std::borrow::Cow::into_owned)
}

fn token(form: &mut Form<'_>) -> Option<Option<String>> {
    let token = form.optional_text("registration_token", 0..=usize::MAX)?;
    Some(token.map(std::borrow::Cow::into_owned))
}

fn faults(form: Form<'_>) -> ApiError {
    ApiError::faults_in(Part::Body, &form.into_faults())
}

/// A step was taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepTaken<'a> {
    pub(crate) message: &'static str,
    /// As it was written.
    pub(crate) email: &'a str,
}

/// A customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    #[serde(rename = "maKH")]
    customer_id: String,
    email: String,
    #[serde(rename = "hoTen")]
    name: String,
    #[serde(rename = "SDT")]
    phone: String,
    #[serde(rename = "CCCD")]
    citizen_id: String,
    #[serde(rename = "diaChi")]
    address: String,
    #[serde(rename = "thoiGianTao")]
    created_at: String,
    #[serde(rename = "lanCuoiDangNhap")]
    signed_in_at: Option<String>,
}

impl From<Customer> for User {
    fn from(customer: Customer) -> Self {
        let CustomerDetails { name, phone, citizen_id, address } = customer.details;
        Self {
            customer_id: customer.customer_id.to_string(),
            email: customer.email.as_str().to_owned(),
            name,
            phone,
            citizen_id,
            address,
            created_at: instant(customer.created_at),
            signed_in_at: customer.signed_in_at.map(instant),
        }
    }
}

/// With microseconds, as the old backend wrote it.
fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// An employee.
#[derive(Serialize, ToSchema)]
pub(crate) struct Employee {
    #[serde(rename = "maNV")]
    employee_id: String,
    #[serde(rename = "hoTen")]
    name: String,
    email: String,
    #[serde(rename = "SDT")]
    phone: String,
    #[serde(rename = "maChucVu")]
    role_id: String,
    #[serde(rename = "chucVuInfo")]
    role: Role,
}

/// What an employee may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Role {
    #[serde(rename = "maChucVu")]
    role_id: String,
    #[serde(rename = "tenChucVu")]
    name: String,
}

impl From<account::Employee> for Employee {
    fn from(employee: account::Employee) -> Self {
        let account::Employee { employee_id, email, name, phone, role } = employee;
        let role_id = role.role_id.clone();
        let role = Role { role_id: role.role_id, name: role.name };
        Self { employee_id, name, email: email.as_str().to_owned(), phone, role_id, role }
    }
}

/// Somebody has registered, and is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registered {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) user: User,
    pub(crate) message: &'static str,
}

/// Somebody has signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedIn {
    access_token: String,
    token_type: &'static str,
    /// `customer` or `employee`.
    user_type: &'static str,
    /// Of an employee.
    role: Option<String>,
    user: Holder,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Holder {
    Customer(User),
    Employee(Employee),
}

impl LoggedIn {
    pub(crate) fn new(account: Account, access_token: String) -> Self {
        let (user_type, role, user) = match account {
            Account::Customer(customer) => ("customer", None, Holder::Customer(customer.into())),
            Account::Employee(employee) => {
                ("employee", Some(employee.role.role_id.clone()), Holder::Employee(employee.into()))
            }
        };
        Self { access_token, token_type: BEARER, user_type, role, user }
    }
}

pub(crate) const BEARER: &str = "bearer";

/// The customer whose token it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile {
    success: bool,
    user: ProfileUser,
}

#[derive(Serialize, ToSchema)]
struct ProfileUser {
    _id: String,
    #[serde(flatten)]
    user: User,
}

impl From<Customer> for Profile {
    fn from(customer: Customer) -> Self {
        let id = customer.customer_id.number().to_string();
        Self { success: true, user: ProfileUser { _id: id, user: customer.into() } }
    }
}

/// What a customer told was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileChanged {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
    pub(crate) user: User,
}

/// The same customer, as a later version of the old backend wrote it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    #[serde(rename = "maKH")]
    customer_id: String,
    #[serde(rename = "hoTen")]
    name: String,
    email: String,
    #[serde(rename = "soDienThoai")]
    phone: String,
    #[serde(rename = "CCCD")]
    citizen_id: String,
    #[serde(rename = "diaChi")]
    address: String,
}

impl From<Customer> for Me {
    fn from(customer: Customer) -> Self {
        let User { customer_id, email, name, phone, citizen_id, address, .. } = customer.into();
        Self { customer_id, name, email, phone, citizen_id, address }
    }
}
