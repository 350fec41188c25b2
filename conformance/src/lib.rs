//! Is this SCIM endpoint fit for Entra? And this project's own proof.
//!
//! The checks are black box: plain HTTP and JSON, no code of the other crates. `catalogue` lists them, `run`
//! carries them out against a `target`, `report` tells. `stack` runs everything together, the bridge
//! as a process of its own; `equal` decides by rule G whether Databricks has become what the directory says.

pub mod catalogue;
pub mod check;
pub mod cli;
mod clock;
pub mod equal;
pub mod event;
pub mod exchange;
mod expect;
mod json;
pub mod report;
pub mod run;
pub mod selection;
pub mod source;
pub mod stack;
pub mod target;
pub mod verdict;
