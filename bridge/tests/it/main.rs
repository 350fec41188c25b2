//! The bridge from outside: over TLS, against the endpoint as a client sees it, and against
//! Databricks as wiremock plays it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod bad_input;
mod bulk;
mod client;
mod configuration;
mod console;
mod credentials;
mod discovery;
mod doctor;
mod exchanges;
mod explain;
mod groups;
mod limits;
mod metrics;
mod model;
mod network;
mod plan;
mod program;
mod queries;
mod record;
mod recovery;
mod retry_table;
mod support;
mod users;
mod versions;
mod worker;
