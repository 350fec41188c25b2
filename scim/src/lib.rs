//! SCIM 2.0 (RFC 7643, RFC 7644) as a pure library, with the tolerant reading of Entra's dialect.
//!
//! Nothing here does input or output, waits, looks at a clock or draws a random number: text and
//! JSON go in, JSON and errors come out.
//!
//! How the parts meet: a [`schema::ResourceType`] names the attributes. [`resource::read_body`]
//! turns the body of a POST or PUT into a [`resource::Resource`], a JSON object spelled as the
//! schemas spell it. [`patch::read`] turns a PATCH body into [`patch::Change`]s, each addressed by
//! a [`path::Path`], and [`patch::apply`] applies them, all or nothing. [`filter::parse`] reads a
//! filter, [`filter::Filter::matches`] asks it about a resource. [`query`] takes a query's parameters
//! from a URL or a search body; [`projection`], [`page`], [`sort`] and [`list`] shape the answer.
//! [`version`] decides about `If-Match`, and every refusal is an [`error::ScimError`].
//!
//! The reading is tolerant because Entra's provisioning client writes two dialects of PATCH and
//! keeps old habits in both; each habit is one named function in [`entra`].

pub mod bulk;
pub mod entra;
pub mod error;
pub mod filter;
pub mod list;
pub mod page;
pub mod patch;
pub mod path;
pub mod projection;
pub mod query;
pub mod resource;
pub mod schema;
pub mod sort;
pub mod text;
pub mod version;
