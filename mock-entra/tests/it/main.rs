//! Tests of the whole crate from outside, against servers made for them.

#![expect(clippy::unwrap_used, reason = "what tests share may panic as tests do")]

mod command;
mod corpus;
mod cycles;
mod failures;
mod probe;
mod samples;
mod scripted;
mod support;
mod wire;
