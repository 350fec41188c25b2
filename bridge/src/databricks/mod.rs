//! The client side: how Databricks is reached, asked and understood.
//!
//! Knows the wire and nothing of desired state. Only this module knows reqwest. Its
//! types are its own: `server` reads the same protocol with other code, so that a
//! misreading shows up as a disagreement.

mod answer;
mod client;
mod credentials;
mod dns;
mod error;
mod level;
mod network;
pub mod pace;
mod private_link;
mod transport;
mod way;
pub mod wire;

pub use answer::classify;
pub use client::{Answered, Client, ClientOptions, Inspection};
pub use credentials::{AzureWorkspace, Credential, CredentialKind, CredentialOptions, MetadataEndpoint, SecretFrom};
pub use error::{DatabricksError, Unknown};
pub use level::{Level, Place};
pub use network::Network;
pub use private_link::PrivateRanges;
pub use way::{TlsProblem, Way};
