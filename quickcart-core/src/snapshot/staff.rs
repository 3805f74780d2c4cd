//! Who works in the shop, as the registration group has it.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::values::Values;
use crate::catalog::import::{ImportError, NAME};
use crate::email::EmailAddress;

/// Something an employee may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRecord {
    /// Its name for programs, such as `CV001`.
    pub role_id: String,
    /// Its name for people.
    pub name: String,
}

/// Somebody who works in the shop. `Debug` shows who it is to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct EmployeeRecord {
    /// Their number, such as `NV001`.
    pub employee_id: String,
    /// Their name.
    pub name: String,
    /// Where they sign in.
    pub email: EmailAddress,
    /// Their phone, as it was written.
    pub phone: String,
    /// What they are.
    pub role_id: String,
    /// What they sign in with, to be hashed before it is kept.
    pub password: String,
}

impl fmt::Debug for EmployeeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmployeeRecord").field("employee_id", &self.employee_id).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistrationJson<'a> {
    #[serde(borrow, default)]
    customers: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    roles: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    employees: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleJson<'a> {
    #[serde(borrow, rename = "maChucVu")]
    role_id: &'a RawValue,
    #[serde(borrow, rename = "tenChucVu")]
    name: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmployeeJson<'a> {
    #[serde(borrow, rename = "maNV")]
    employee_id: &'a RawValue,
    #[serde(borrow, rename = "hoTen")]
    name: &'a RawValue,
    #[serde(borrow)]
    email: &'a RawValue,
    #[serde(borrow, rename = "SDT")]
    phone: &'a RawValue,
    #[serde(borrow, rename = "maChucVu")]
    role_id: &'a RawValue,
    #[serde(borrow)]
    test_password: &'a RawValue,
}

/// The longest id, in characters.
const ID_MAX: usize = 20;
/// The longest password, in characters.
const PASSWORD_MAX: usize = 200;

pub(super) fn read(
    values: &Values<'_>,
    text: &str,
) -> Result<(Vec<RoleRecord>, Vec<EmployeeRecord>), ImportError> {
    let json: RegistrationJson<'_> = values.object(text)?;
    values.none_of(&json.customers, "customers")?;
    let mut role_ids = HashSet::new();
    let role = |role: RoleJson<'_>| {
        let role_id = values.text(role.role_id, 1..=ID_MAX)?;
        Ok(RoleRecord {
            role_id: values.once(role.role_id, role_id, &mut role_ids)?,
            name: values.text(role.name, NAME)?,
        })
    };
    let roles = values.objects(&json.roles)?.into_iter().map(role).collect::<Result<_, ImportError>>()?;
    let (mut ids, mut emails) = (HashSet::new(), HashSet::new());
    let employee = |employee: EmployeeJson<'_>| {
        let EmployeeJson { employee_id, name, email, phone, role_id, test_password } = employee;
        let parsed = values.text(email, 1..=254)?.parse::<EmailAddress>();
        let address = parsed.map_err(|error| values.0.fault(email.get(), error))?;
        let role = values.text(role_id, 1..=ID_MAX)?;
        if !role_ids.contains(&role) {
            return Err(values.0.fault(role_id.get(), format!("there is no role {role}")));
        }
        Ok(EmployeeRecord {
            employee_id: values.once(employee_id, values.text(employee_id, 1..=ID_MAX)?, &mut ids)?,
            name: values.text(name, NAME)?,
            email: values.once(email, address, &mut emails)?,
            phone: values.text(phone, 1..=ID_MAX)?,
            role_id: role,
            password: values.text(test_password, 1..=PASSWORD_MAX)?,
        })
    };
    let employees =
        values.objects(&json.employees)?.into_iter().map(employee).collect::<Result<_, ImportError>>()?;
    Ok((roles, employees))
}
