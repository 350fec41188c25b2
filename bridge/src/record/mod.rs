//! The record, seen as a whole: how much of it is kept (rule D5). What it holds is written where it
//! happens, in the same transaction, and read back by `scim-bridge log`.

mod keeper;
mod retention;

pub use keeper::{Keeper, Removed};
pub use retention::Bounds;
