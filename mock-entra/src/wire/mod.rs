//! SCIM as Entra's client writes and reads it, by hand.
//!
//! Nothing here knows a server: requests are built from what a job wants, and answers are
//! read with exactly the strictness the reference tells of. Its one surprise: the two PATCH
//! dialects differ in more than letter case (reference §8).

pub mod create;
pub mod diff;
pub mod patch;
pub mod query;
pub mod read;
pub mod tenant_url;

/// The user schema (RFC 7643 §4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The group schema (RFC 7643 §4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Microsoft's own second schema of a group; observed in every group POST.
pub const ADSCIM_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
/// A PATCH request (RFC 7644 §3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The answer to a query (RFC 7644 §3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// An error (RFC 7644 §3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// How PATCH requests are written (reference §8; documented).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `Add`, `Replace`, `Remove`, booleans as strings, one operation for each attribute.
    #[default]
    Legacy,
    /// Lower case, real booleans, merged path-less `replace`, members removed by filter.
    Compliant,
}
