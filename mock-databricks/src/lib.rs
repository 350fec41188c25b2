//! A Databricks SCIM API behind Azure Private Link, with its real limits, silences and refusals.
//!
//! [`MockDatabricks::start`] opens its listeners. The *private* and the *public front end* share a port and
//! serve the same workspace over TLS; only the address tells them apart, as DNS decides for a real workspace,
//! and the public one refuses everybody until told otherwise. The *control listener* is plain HTTP on
//! loopback: it fills the workspace, shows what it holds and what it received, arms faults, changes limits and switches.
//!
//! Two *DNS listeners* answer for the workspace's name, one as the virtual network sees it and one as the world does; the *azure
//! listener* stands in for Entra's token endpoint and the managed identity of a machine.
//!
//! How the parts meet: `network` takes a request from the wire to its answer — history, network gate, credential, limits,
//! fault — and hands what is left to `api`, which works on `state` alone. What is not known for certain about the
//! real service is a switch in `switches`, with its evidence.

mod answer;
mod api;
mod chance;
mod clock;
mod control;
mod credentials;
mod errors;
mod faults;
mod filter;
mod history;
mod identity;
mod limits;
mod mock;
mod network;
mod options;
mod redact;
mod server;
mod state;
mod switches;

pub use limits::{Limits, ParseLimitsError};
pub use network::tls::TlsError;
pub use options::{Options, StartError};
pub use server::MockDatabricks;
