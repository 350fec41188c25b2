//! The mock over real TLS, as a client meets it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod support;

mod account;
mod auth;
mod azure;
mod concurrency;
mod control;
mod errors;
mod faults;
mod groups;
mod limits;
mod me;
mod members;
mod network;
mod private_link;
mod program;
mod restart;
mod scale;
mod service_principals;
mod snapshot;
mod switch_table;
mod switches;
mod token_ends;
mod tokens;
mod users;
mod weather;
mod wire;
