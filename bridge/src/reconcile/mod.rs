//! The reconciler: makes a target follow the desired state, whatever happens.

mod adopt;
mod advance;
pub mod assign;
mod attempt;
pub mod backoff;
mod call;
pub mod circuit;
mod commands;
pub mod drift;
mod entitle;
pub mod explain;
pub mod forecast;
pub mod guard;
mod import;
mod notes;
mod outcome;
pub mod plan;
pub mod policy;
mod refuse;
pub mod rehearse;
mod scan;
mod seen;
pub mod shape;
#[cfg(test)]
mod simulation;
mod tracked;
mod vanish;
mod view;
pub mod wanted;
mod worker;

pub use worker::{Reported, Status, Worker, WorkerOptions};
