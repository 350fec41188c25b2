//! Filters (RFC 7644 §3.4.2.2): parse, print, evaluate, and hand to an index.
//!
//! The grammar is the RFC's with the blanks made optional where brackets already separate, because
//! `not(title pr)` is what the RFC's own grammar writes. The tolerance for Entra is in
//! [`crate::entra`]: bare words as strings, `True` as a boolean, `manager eq` meaning `.value`.

mod ast;
mod check;
mod conjunction;
mod limits;
mod matches;
mod parse;
mod print;
pub(crate) mod value;

pub use ast::{Filter, Literal, Operator, Target};
pub use conjunction::Comparison;
pub use limits::Limits;
pub(crate) use parse::{
    Failure, Input, State, at_end, blanks, dot_and_sub, expected, filter_in_brackets, name_token, next_is,
};
pub use parse::{FilterError, parse};
