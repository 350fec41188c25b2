//! A person as Microsoft Graph shows them, cut to what the default mapping reads.

use serde::{Deserialize, Serialize};

use super::ObjectId;

/// Whether somebody belongs to the tenant or was invited into it (B2B).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserType {
    /// The tenant's own account.
    #[default]
    Member,
    /// An invited one; its `userPrincipalName` holds `#EXT#`.
    Guest,
}

/// A user of the directory file. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct User {
    /// Object id.
    pub id: ObjectId,
    /// Login name, unique without case among all users that are not deleted.
    pub user_principal_name: String,
    /// Mail alias; the default mapping sends it as `externalId`.
    pub mail_nickname: String,
    /// Name to show.
    pub display_name: String,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// Mail address. Without it no work e-mail is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Number of the employee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<String>,
    /// Work telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone_number: Option<String>,
    /// Mobile telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// Fax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facsimile_telephone_number: Option<String>,
    /// Office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_delivery_office_name: Option<String>,
    /// Street and house number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// Town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// Own or invited.
    #[serde(default)]
    pub user_type: UserType,
    /// Whether sign-in is allowed. `false` reaches the target as `active` false.
    #[serde(default = "enabled")]
    pub account_enabled: bool,
    /// The manager's object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<ObjectId>,
}

const fn enabled() -> bool {
    true
}

/// Why an attribute of a user could not be set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// No attribute of this name can be set this way.
    #[error("unknown attribute `{0}`; use a string attribute of the directory format")]
    Unknown(String),
    /// The attribute must keep a value.
    #[error("`{0}` must not be empty; give it a value")]
    Required(String),
}

impl User {
    /// The value of a string attribute by its Graph name, as a mapping's `[name]` reads it.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let value = match name {
            "id" | "objectId" => return Some(self.id.as_str()),
            "userPrincipalName" => return Some(&self.user_principal_name),
            "mailNickname" => return Some(&self.mail_nickname),
            "displayName" => return Some(&self.display_name),
            "givenName" => &self.given_name,
            "surname" => &self.surname,
            "mail" => &self.mail,
            "jobTitle" => &self.job_title,
            "department" => &self.department,
            "employeeId" => &self.employee_id,
            "telephoneNumber" => &self.telephone_number,
            "mobile" => &self.mobile,
            "facsimileTelephoneNumber" => &self.facsimile_telephone_number,
            "physicalDeliveryOfficeName" => &self.physical_delivery_office_name,
            "streetAddress" => &self.street_address,
            "city" => &self.city,
            "state" => &self.state,
            "postalCode" => &self.postal_code,
            "country" => &self.country,
            "preferredLanguage" => &self.preferred_language,
            _ => return None,
        };
        value.as_deref()
    }

    /// Sets a string attribute by its Graph name; `None` clears it.
    ///
    /// # Errors
    ///
    /// [`SetError`] for a name that is no settable string attribute, and for an
    /// empty `userPrincipalName`, `mailNickname` or `displayName`.
    pub fn set(&mut self, name: &str, value: Option<String>) -> Result<(), SetError> {
        let optional = match name {
            "userPrincipalName" => return required(&mut self.user_principal_name, name, value),
            "mailNickname" => return required(&mut self.mail_nickname, name, value),
            "displayName" => return required(&mut self.display_name, name, value),
            "givenName" => &mut self.given_name,
            "surname" => &mut self.surname,
            "mail" => &mut self.mail,
            "jobTitle" => &mut self.job_title,
            "department" => &mut self.department,
            "employeeId" => &mut self.employee_id,
            "telephoneNumber" => &mut self.telephone_number,
            "mobile" => &mut self.mobile,
            "facsimileTelephoneNumber" => &mut self.facsimile_telephone_number,
            "physicalDeliveryOfficeName" => &mut self.physical_delivery_office_name,
            "streetAddress" => &mut self.street_address,
            "city" => &mut self.city,
            "state" => &mut self.state,
            "postalCode" => &mut self.postal_code,
            "country" => &mut self.country,
            "preferredLanguage" => &mut self.preferred_language,
            _ => return Err(SetError::Unknown(name.to_owned())),
        };
        *optional = value;
        Ok(())
    }

    /// The login name as uniqueness compares it.
    pub(crate) fn folded_name(&self) -> String {
        self.user_principal_name.to_lowercase()
    }
}

fn required(slot: &mut String, name: &str, value: Option<String>) -> Result<(), SetError> {
    match value {
        Some(value) if !value.is_empty() => {
            *slot = value;
            Ok(())
        }
        _ => Err(SetError::Required(name.to_owned())),
    }
}
