//! The production SCIM bridge: a directory and a reconciler, not a proxy.
//!
//! `server` reads what Entra's agent sends, `directory` decides what it means and
//! records the desired state in `store`; `reconcile` compares desired, applied and
//! observed state and makes Databricks follow through `databricks`. The two halves
//! meet only in the store. `record` keeps the provisioning log within its bounds, `recovery` what
//! is needed when the store is lost. `app` joins the parts, `ops` shows their health, `cli` is the command line.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod databricks;
pub mod directory;
pub mod doctor;
pub mod id;
pub mod meters;
pub mod ops;
pub mod reconcile;
pub mod record;
pub mod recovery;
pub mod server;
pub mod store;
