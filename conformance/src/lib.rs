//! Is this SCIM endpoint fit for Entra? And this project's own proof.
//!
//! The checks are black box: plain HTTP and JSON, no code of the other crates. `catalogue` lists them, `run`
//! carries them out against a `target`, `report` tells. `stack` runs everything together, the bridge
//! as a process of its own; `equal` decides by rule G whether Databricks has become what the directory says.

pub mod equal;
pub mod stack;
