//! What is known about attributes: the schemas of RFC 7643 as data, and how a name finds its
//! definition.
//!
//! The surprise: a name may be found without its URN even when it belongs to an extension, because
//! Entra writes `manager` where it means the enterprise attribute (see
//! [`crate::entra::enterprise_attribute_without_urn`]).

mod attribute;
mod common;
mod discovery;
mod enterprise;
mod group;
mod json;
mod lookup;
mod resource_type;
mod user;

pub use attribute::{Attribute, Mutability, Returned, Schema, Type, Uniqueness};
pub use common::common_attributes;
pub use lookup::Found;
pub use resource_type::{ResourceType, group, resource_types, user};

/// The core `User` schema (RFC 7643 §4.1).
pub const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core `Group` schema (RFC 7643 §4.2).
pub const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of `User` (RFC 7643 §4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of `/ServiceProviderConfig` (RFC 7643 §5).
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of `/ResourceTypes` (RFC 7643 §6).
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of `/Schemas` (RFC 7643 §7).
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The envelope of a query's answer (RFC 7644 §3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The envelope of a query sent by POST (RFC 7644 §3.4.3).
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The envelope of a PATCH (RFC 7644 §3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The envelope of a bulk request (RFC 7644 §3.7).
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The envelope of a bulk answer (RFC 7644 §3.7).
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// The envelope of an error (RFC 7644 §3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Every schema `/Schemas` lists: `User`, `Group`, the enterprise extension, and the three that
/// describe the service provider itself.
pub fn all() -> &'static [&'static Schema] {
    static ALL: [&Schema; 6] = [
        &user::USER,
        &group::GROUP,
        &enterprise::ENTERPRISE,
        &discovery::SERVICE_PROVIDER_CONFIG,
        &discovery::RESOURCE_TYPE,
        &discovery::SCHEMA,
    ];
    &ALL
}

/// The schema with this URN, in any letter case.
pub fn by_urn(urn: &str) -> Option<&'static Schema> {
    all().iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(urn))
}
