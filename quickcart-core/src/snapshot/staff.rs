//! Who works in the shop, as the registration group has it.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::values::Values;
use crate::account::{Employee, Passwords, Role};
use crate::catalog::import::{ImportError, NAME};
use crate::email::EmailAddress;

/// Somebody who works in the shop, and what they sign in with. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct EmployeeRecord {
    /// Who it is.
    pub employee: Employee,
    /// To be hashed before it is kept.
    pub password: String,
}

impl fmt::Debug for EmployeeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.employee.fmt(f)
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
/// The longest address, in characters: RFC 5321, 4.5.3.1.3, without the brackets.
const EMAIL_MAX: usize = 254;
pub(super) fn read(values: &Values<'_>, text: &str) -> Result<(Vec<Role>, Vec<EmployeeRecord>), ImportError> {
    let json: RegistrationJson<'_> = values.object(text)?;
    values.none_of(&json.customers, "customers")?;
    let mut role_ids = HashSet::new();
    let role = |role: RoleJson<'_>| {
        let role_id = values.text(role.role_id, 1..=ID_MAX)?;
        Ok(Role {
            role_id: values.once(role.role_id, role_id, &mut role_ids)?,
            name: values.text(role.name, NAME)?,
        })
    };
    let roles: Vec<Role> =
        values.objects(&json.roles)?.into_iter().map(role).collect::<Result<_, ImportError>>()?;
    let (mut ids, mut emails) = (HashSet::new(), HashSet::new());
    let employee = |employee: EmployeeJson<'_>| {
        let EmployeeJson { employee_id, name, email, phone, role_id, test_password } = employee;
        let address = values.text(email, 1..=EMAIL_MAX)?.parse::<EmailAddress>();
        let address = address.map_err(|error| values.0.fault(email.get(), error))?;
        let wanted = values.text(role_id, 1..=ID_MAX)?;
        let role = roles.iter().find(|role| role.role_id == wanted);
        let unknown = || values.0.fault(role_id.get(), format!("there is no role {wanted}"));
        let password: String = values.0.parse(test_password.get())?;
        Passwords::check_length(&password).map_err(|error| values.0.fault(test_password.get(), error))?;
        let employee = Employee {
            employee_id: values.once(employee_id, values.text(employee_id, 1..=ID_MAX)?, &mut ids)?,
            email: values.once(email, address, &mut emails)?,
            name: values.text(name, NAME)?,
            phone: values.text(phone, 1..=ID_MAX)?,
            role: role.ok_or_else(unknown)?.clone(),
        };
        Ok(EmployeeRecord { employee, password })
    };
    let employees: Result<_, ImportError> =
        values.objects(&json.employees)?.into_iter().map(employee).collect();
    let employees = employees?;
    Ok((roles, employees))
}
