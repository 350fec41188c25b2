//! The enterprise extension of `User` (RFC 7643 §4.3, §8.7.1).

use super::attribute::{Attribute, Schema};

const MANAGER: &[Attribute] = &[
    Attribute::string("value", "The id of the manager"),
    Attribute::reference("$ref", &["User"], "The URL of the manager"),
    Attribute::string("displayName", "The name of the manager").read_only(),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("employeeNumber", "The number the organization gave the user"),
    Attribute::string("costCenter", "The cost center"),
    Attribute::string("organization", "The organization"),
    Attribute::string("division", "The division"),
    Attribute::string("department", "The department"),
    Attribute::complex("manager", MANAGER, "The user's manager"),
];

pub(super) static ENTERPRISE: Schema = Schema {
    id: super::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "Enterprise User",
    attributes: ATTRIBUTES,
};
