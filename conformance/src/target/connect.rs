//! Getting to the endpoint, and saying in one line why that did not work.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::HeaderValue;

use super::names::RunId;
use super::{Target, Token};
use crate::check::Profile;

/// What a run is pointed at, and with what.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tenant URL, without `/Users`.
    pub url: String,
    /// The bearer token, without the word Bearer.
    pub token: Token,
    /// A PEM file of certificates to trust beside those of the machine.
    pub ca_file: Option<PathBuf>,
    /// The question of the run.
    pub profile: Profile,
    /// How long the checks that put load on the endpoint do so.
    pub duration: Duration,
    /// The longest wait for one answer; 30 seconds is Entra's patience (ENT-15).
    pub timeout: Duration,
    /// The mark in the names of what the run makes.
    pub run_id: RunId,
    /// How large the large things are.
    pub sizes: Sizes,
}

/// How large the large things are that a few checks make.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Resources asked for at once where a list is walked.
    pub page: usize,
    /// Users, and groups, that are made for such a walk: more than one page.
    pub listed: usize,
    /// Members of a large group.
    pub members: usize,
    /// Bytes of a body that no server should take.
    pub body: usize,
}

impl Default for Sizes {
    /// As the catalogue has them: 105 on pages of 100, 1000 members, 20 MB.
    fn default() -> Self {
        Self {
            page: 100,
            listed: 105,
            members: 1000,
            body: 20_000_000,
        }
    }
}

impl Options {
    /// The defaults: profile `entra`, load for five seconds, thirty seconds for an answer, a fresh run id.
    pub fn new(url: impl Into<String>, token: Token) -> Self {
        Self {
            url: url.into(),
            token,
            ca_file: None,
            profile: Profile::Entra,
            duration: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            run_id: RunId::fresh(),
            sizes: Sizes::default(),
        }
    }
}

/// Why nothing could be checked. Each text is one line that says what to look at.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    /// The URL is none.
    #[error("--url: {0}")]
    Url(String),
    /// The token cannot be sent in a header.
    #[error("the token holds a character that no header can carry; check the token file for stray bytes")]
    Token,
    /// The file of certificates cannot be used.
    #[error("--ca-file {}: {reason}", file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No client could be made, which is a fault of this machine.
    #[error("cannot make an HTTP client: {0}")]
    Client(String),
    /// No answer came from the endpoint.
    #[error("cannot reach {url}: {cause}; {remedy}")]
    Unreachable {
        /// The request's URL.
        url: String,
        /// The last cause in the chain.
        cause: String,
        /// What to look at.
        remedy: &'static str,
    },
    /// The endpoint answered, and does not take the token.
    #[error("{url} answered 401 to the token; check that it is the endpoint's own, whole and not expired")]
    TokenRefused {
        /// The request's URL.
        url: String,
    },
}

pub(super) fn client(options: &Options) -> Result<reqwest::Client, CannotRun> {
    // The second call in one process fails, and then the provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(options.timeout)
        .connect_timeout(options.timeout.min(Duration::from_secs(10)))
        .user_agent(concat!("scim-conformance/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = &options.ca_file {
        builder = builder.tls_certs_merge(certificates(file)?);
    }
    builder.build().map_err(|wrong| CannotRun::Client(root_cause(&wrong)))
}

/// The token in the place of `$TOKEN`.
pub(super) fn authorization(header: &str, token: &Token) -> Result<HeaderValue, CannotRun> {
    let header = header.replace("$TOKEN", token.reveal());
    let mut value = HeaderValue::from_str(&header).map_err(|_| CannotRun::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>, CannotRun> {
    let wrong = |reason: String| CannotRun::CaFile {
        file: file.to_owned(),
        reason,
    };
    let pem = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(root_cause(&error)))?;
    if certificates.is_empty() {
        return Err(wrong(
            "no certificate in it; it should hold PEM blocks `BEGIN CERTIFICATE`".to_owned(),
        ));
    }
    Ok(certificates)
}

/// Asks for one page of users: the call that needs the network, TLS and the token to be right.
/// Any answer but a 401 lets the run go on.
pub(super) async fn reach(target: &Target) -> Result<(), CannotRun> {
    let url = target.url_of("/Users", &["count=1".to_owned()]);
    let request = target
        .shared
        .client
        .get(&url)
        .header("authorization", authorization("Bearer $TOKEN", &target.shared.token)?);
    match request.send().await {
        Ok(answer) if answer.status() == reqwest::StatusCode::UNAUTHORIZED => Err(CannotRun::TokenRefused { url }),
        Ok(_) => Ok(()),
        Err(error) => {
            let cause = root_cause(&error);
            Err(CannotRun::Unreachable {
                url,
                remedy: remedy(&error, &cause),
                cause,
            })
        }
    }
}

/// The last error of the chain: the one that names the thing.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    text
}

fn remedy(error: &reqwest::Error, cause: &str) -> &'static str {
    let cause = cause.to_lowercase();
    if error.is_timeout() {
        "check that the port is open from here, and --timeout"
    } else if cause.contains("certificate") || cause.contains("unknownissuer") {
        "check the certificate's name and dates, and give its issuer with --ca-file"
    } else if cause.contains("refused") {
        "check that the server runs, and the port in --url"
    } else if cause.contains("lookup") || cause.contains("name") || cause.contains("resolve") {
        "check the host name in --url"
    } else {
        "check the scheme (http or https), the host and the port in --url"
    }
}
