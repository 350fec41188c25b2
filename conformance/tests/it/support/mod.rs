//! A server that passes every check, and mutations that make it fail some.

pub mod fault;
pub mod patching;
pub mod server;

pub use fault::Fault;
pub use server::{Server, TOKEN};
