//! PATCH (RFC 7644 §3.5.2): reading a request, and applying it to a resource.
//!
//! Reading needs no resource: it settles the syntax, the paths, the types of the values, and who
//! may write what. The result is a list of [`Change`]s, one target each. A server that keeps the
//! members of its groups elsewhere asks each change for [`Change::members`] and gives the others
//! to [`apply`].

mod apply;
mod elements;
mod expand;
mod filtered;
mod members;
mod merge;
mod operation;
mod read;
mod whole;

use serde_json::Value;

pub use apply::apply;
pub use members::MembersChange;
pub use read::read;

use crate::path::Path;

/// What to do at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Add a value, or extend one.
    Add,
    /// Take values out.
    Remove,
    /// Put a value in place of another.
    Replace,
}

impl Op {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

/// One change of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What to do.
    pub op: Op,
    /// Where.
    pub path: Path,
    /// With what, already of the attribute's type. `Null` clears the target of an `add` or
    /// `replace`; `None` stands for a `remove` that names no value.
    pub value: Option<Value>,
}
