//! Rule G: is Databricks what the directory says?
//!
//! *Intent* is computed here from the directory file and the list of edits alone, by code
//! that neither the bridge nor Entra's stand-in uses; the other side is what Databricks
//! really holds. A misreading anywhere between shows up as a difference.

mod compare;
mod directory;
mod least;

pub use compare::{Allowances, Baseline, Comparison, compare, compare_allowing};
pub use directory::{Directory, Intent, IntentGroup, IntentUser};
pub use least::least_writes;
