//! The SCIM endpoint: what Entra's agent talks to. Reads are answered from the store
//! and never touch Databricks; writes are recorded by `directory`.

mod body;
mod bulk;
mod caller;
mod change;
mod discovery;
mod json;
mod limits;
mod listing;
mod measure;
mod query;
mod raw_quotes;
mod render;
mod reply;
mod resources;
mod routes;
mod url;
mod wait;

use std::sync::Arc;
use std::time::Duration;

pub use caller::Tokens;
pub use json::{DEEPEST, JsonLimits, read as read_json};
pub use measure::measure;
pub use raw_quotes::RawQuotesAcceptor;
pub use routes::router;
pub use url::Rewrite;

use crate::directory::Directory;

/// Settings of the endpoint.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The tenant URL as the client knows it, without a slash at the end (rule A6).
    pub public_url: String,
    /// How long a write waits for its outcome (rule A2).
    pub acknowledge_within: Duration,
    /// Writes that may wait at once; more are accepted without waiting.
    pub waiting: usize,
    /// Bytes of a body.
    pub max_body_bytes: usize,
    /// Time for a body to arrive.
    pub body_timeout: Duration,
    /// How large the structure of a body may be.
    pub json: JsonLimits,
    /// Operations of a bulk request.
    pub bulk_operations: usize,
    /// Resources a page when the client does not say.
    pub default_page: usize,
    /// Resources a page at most.
    pub max_page: usize,
    /// Requests worked on at once; more are answered 429.
    pub in_flight: usize,
    /// Limits of a filter.
    pub filter: scim::filter::Limits,
}

/// What every handler can use.
#[derive(Debug, Clone)]
pub struct Endpoint {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: Directory,
    options: ServerOptions,
    tokens: Tokens,
    waiting: tokio::sync::Semaphore,
    in_flight: Arc<tokio::sync::Semaphore>,
}

impl Endpoint {
    /// An endpoint in front of `directory`.
    pub fn new(directory: Directory, tokens: Tokens, options: ServerOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                waiting: tokio::sync::Semaphore::new(options.waiting),
                in_flight: Arc::new(tokio::sync::Semaphore::new(options.in_flight)),
                directory,
                options,
                tokens,
            }),
        }
    }

    fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    fn options(&self) -> &ServerOptions {
        &self.inner.options
    }

    fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }
}
