//! The checks against real and faulty servers; the whole stack end to end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chain;
mod checks;
mod support;
