//! Many changes in one request (RFC 7644 §3.7).
//!
//! [`BulkRequest::read`] takes a body apart; [`references`] finds, resolves and sets aside what one
//! operation says of resources that another is still to make. Which order that leads to, and
//! carrying it out, is the server's.

pub mod references;
mod request;

pub use request::{BulkRequest, Method, Operation, Refused};
