//! A server that passes every check, and mutations that make it fail some.
//!
//! Small, in memory, and not ours: it shares no code with the bridge, so that a check which only
//! the bridge's own habits satisfy shows itself here.

mod bulk;
mod discovery;
mod fault;
mod filter;
mod http;
mod listing;
mod message;
mod patching;
mod path;
mod projection;
mod resources;
mod schema;
mod server;
mod store;

pub use fault::Fault;
pub use message::{Call, Reply};
pub use server::{Server, TOKEN};
