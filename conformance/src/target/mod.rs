//! The endpoint under check, and the helpers that keep a check short.
//!
//! A [`Target`] sends requests, keeps every exchange repeatable, remembers what the run made
//! and removes it at the end. Helpers that only prepare something (`new_user`, `read`, …)
//! end a check as *blocked* by the check that covers them; what a check is about it
//! sends itself, with [`Target::send`].

mod base;
mod cleanup;
mod connect;
mod discovery;
mod ledger;
mod names;
mod patch;
mod request;
mod resources;
mod seen;
mod token;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

pub use base::Base;
pub use cleanup::{CleanUp, Leftover};
pub use connect::{CannotRun, Options, Sizes};
pub use discovery::Discovered;
pub use ledger::Entry;
pub use names::RunId;
pub use patch::PatchOp;
pub use request::Request;
pub(crate) use request::{equals, path_of};
pub(crate) use resources::AT_ONCE;
pub use resources::Made;
pub use token::Token;
pub use walk::Walk;

use crate::check::Profile;
use crate::clock;
use crate::exchange::{Answer, Exchange, SentRequest};
use crate::verdict::{Finding, Stop};
use ledger::Ledger;
use request::Body;
use seen::Seen;

/// The largest answer that is read, in bytes; a larger one is a finding.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// The two kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Below `/Users`.
    User,
    /// Below `/Groups`.
    Group,
}

impl Kind {
    /// The path of the collection.
    pub const fn path(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The attribute that names one: `userName` or `displayName`.
    pub const fn naming_attribute(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
        }
    }

    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    fn of_segment(segment: &str) -> Option<Self> {
        [Self::User, Self::Group]
            .into_iter()
            .find(|kind| kind.path()[1..].eq_ignore_ascii_case(segment))
    }
}

/// The endpoint under check, seen from one check.
///
/// Cheap to clone. Names made through it hold the run id and the id of the check.
#[derive(Debug, Clone)]
pub struct Target {
    shared: Arc<Shared>,
    scope: Arc<Scope>,
}

/// What all checks of a run share.
#[derive(Debug)]
struct Shared {
    client: reqwest::Client,
    base: Base,
    token: Token,
    ca_file: Option<PathBuf>,
    profile: Profile,
    duration: Duration,
    timeout: Duration,
    run_id: RunId,
    sizes: Sizes,
    discovered: OnceLock<Discovered>,
    ledger: Mutex<Ledger>,
    seen: Mutex<Seen>,
}

/// What belongs to one check.
#[derive(Debug, Default)]
struct Scope {
    check: String,
    names: AtomicU32,
    requests: AtomicU32,
    notes: Mutex<Vec<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Target {
    /// Gets to the endpoint and asks it what it can do.
    ///
    /// # Errors
    ///
    /// [`CannotRun`] when the options are wrong, no answer comes, or the token is refused.
    /// A discovery endpoint that fails is no error: see [`Discovered::problems`].
    pub async fn connect(options: Options) -> Result<Self, CannotRun> {
        let base = Base::parse(&options.url).map_err(CannotRun::Url)?;
        let target = Self {
            shared: Arc::new(Shared {
                client: connect::client(&options)?,
                base,
                token: options.token,
                ca_file: options.ca_file,
                profile: options.profile,
                duration: options.duration,
                timeout: options.timeout,
                run_id: options.run_id,
                sizes: options.sizes,
                discovered: OnceLock::new(),
                ledger: Mutex::default(),
                seen: Mutex::default(),
            }),
            scope: Arc::default(),
        };
        connect::reach(&target).await?;
        let discovered = Discovered::read(&target).await;
        target.shared.discovered.get_or_init(|| discovered);
        Ok(target)
    }

    /// The same endpoint, seen from the check of this id.
    #[must_use]
    pub fn for_check(&self, id: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            scope: Arc::new(Scope {
                check: id.to_ascii_lowercase(),
                ..Scope::default()
            }),
        }
    }

    /// The tenant URL.
    pub fn base(&self) -> &Base {
        &self.shared.base
    }

    /// The mark of the run.
    pub fn run_id(&self) -> &RunId {
        &self.shared.run_id
    }

    /// The question of the run.
    pub fn profile(&self) -> Profile {
        self.shared.profile
    }

    /// How long a check that puts load on the endpoint does so.
    pub fn duration(&self) -> Duration {
        self.shared.duration
    }

    /// How large the large things are.
    pub fn sizes(&self) -> Sizes {
        self.shared.sizes
    }

    /// What the endpoint announced, or what is assumed.
    pub fn discovered(&self) -> &Discovered {
        self.shared.discovered.get_or_init(Discovered::default)
    }

    /// How many requests went out through this view.
    pub fn requests(&self) -> u32 {
        self.scope.requests.load(Ordering::Relaxed)
    }

    /// Adds a measured figure or the like, which the report shows also when the check passes.
    pub fn note(&self, text: impl Into<String>) {
        locked(&self.scope.notes).push(text.into());
    }

    /// The notes so far.
    pub fn notes(&self) -> Vec<String> {
        locked(&self.scope.notes).clone()
    }

    /// A name nobody has used: run id, check and a number, in small letters, digits and dashes.
    pub fn name(&self) -> String {
        let number = self.scope.names.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}{number}", self.prefix())
    }

    /// What every name of this check begins with, and no other name.
    pub fn prefix(&self) -> String {
        format!("conformance-{}-{}-", self.shared.run_id, self.scope.check)
    }

    /// A UUID nobody has used.
    pub fn unknown_id(&self) -> String {
        let name = self.name();
        self.shared.run_id.uuid(&name).to_string()
    }

    fn url_of(&self, path: &str, query: &[String]) -> String {
        self.shared.base.join(path, query)
    }

    /// The URL that a naive join makes of a base with a query: the path comes after the query.
    pub(crate) fn url_with_query_before_path(&self, flag: &str, request: &Request) -> String {
        format!(
            "{}&{}",
            self.url_of("", &[format!("{flag}{}", request.path)]),
            request.query.join("&")
        )
    }

    /// Sends a request with the token and reads the whole answer.
    ///
    /// # Errors
    ///
    /// Fails when no whole answer comes; any status is an answer.
    pub async fn send(&self, request: Request) -> Result<Exchange, Stop> {
        let url = self.url_of(&request.path, &request.query);
        self.send_to(url, &request).await
    }

    /// As [`Target::send`], to a URL that is spelled out.
    pub(crate) async fn send_to(&self, url: String, request: &Request) -> Result<Exchange, Stop> {
        self.scope.requests.fetch_add(1, Ordering::Relaxed);
        let mut headers = vec![("accept".to_owned(), request.accept.to_owned())];
        if request.body.is_some() {
            headers.push(("content-type".to_owned(), request.content_type.to_owned()));
        }
        headers.extend(
            request
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let sent = SentRequest {
            method: request.method.to_string(),
            url,
            headers,
            authorization: request.authorization.map(str::to_owned),
            body: request.body.as_ref().map(Body::text),
            ca_file: self.shared.ca_file.as_ref().map(|file| file.display().to_string()),
        };
        let answered = self.exchange(&request.method, &sent).await;
        let answer = answered
            .as_ref()
            .ok()
            .map(|exchange| (exchange.answer.status, exchange.answer.body.as_str()));
        let body: Option<Value> = request.body.as_ref().and_then(Body::json);
        locked(&self.shared.ledger).saw(&sent.method, &request.path, body.as_ref(), answer);
        if let Ok(exchange) = &answered {
            locked(&self.shared.seen).saw(exchange);
        }
        answered.map_err(|why| {
            let mut finding = Finding::new(format!("{} got no whole answer", sent.name())).compared("an answer", why);
            finding.request = Some(sent.clipped());
            finding.into()
        })
    }

    async fn exchange(&self, method: &reqwest::Method, sent: &SentRequest) -> Result<Exchange, String> {
        let mut builder = self.shared.client.request(method.clone(), &sent.url);
        if let Some(header) = &sent.authorization {
            let value = connect::authorization(header, &self.shared.token).map_err(|wrong| wrong.to_string())?;
            builder = builder.header("authorization", value);
        }
        for (name, value) in &sent.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &sent.body {
            builder = builder.body(body.clone());
        }
        let began = clock::now();
        let no_answer = |error: reqwest::Error| {
            if error.is_timeout() {
                format!("none within {} s", self.shared.timeout.as_secs_f32())
            } else {
                connect::root_cause(&error)
            }
        };
        let mut response = builder.send().await.map_err(no_answer)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_ANSWER {
                return Err(format!("a body of more than {LARGEST_ANSWER} bytes"));
            }
        }
        let took = began.elapsed();
        let token = &self.shared.token;
        let mut token_leaked = false;
        let mut clean = |text: &str| {
            token_leaked |= token.is_in(text);
            token.strike_out(text)
        };
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), clean(&String::from_utf8_lossy(value.as_bytes()))))
                .collect(),
            body: clean(&String::from_utf8_lossy(&body)),
        };
        Ok(Exchange {
            request: sent.clone(),
            answer,
            took,
            token_leaked,
        })
    }
}
