//! The connection to a SCIM endpoint: one HTTP client, its token, its log and its pace.
//!
//! Its one surprise: it speaks HTTP/1.1 only and follows no redirect, as the agent's .NET
//! stack does towards an endpoint (inferred).

mod by_hand;
mod connection;
mod http;
mod log;
mod pace;
pub mod token;

pub use self::{
    connection::{Connection, ConnectionError, DEFAULT_TIMEOUT},
    http::{Answer, NoAnswer, ScimClient},
    log::{Exchange, RequestLog},
};
