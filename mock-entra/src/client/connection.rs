//! What an administrator enters for a connection, and the HTTP client made from it.

use std::{fs, path::PathBuf, time::Duration};

use reqwest::Certificate;
use secrecy::{ExposeSecret, SecretString};

use crate::wire::{
    Dialect,
    tenant_url::{TenantUrl, TenantUrlError},
};

/// How long a request may take. The real value is not published; a time-out exists.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Where to provision to, and as whom.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The tenant URL, with or without a compatibility flag.
    pub tenant_url: String,
    /// The secret token, sent as bearer.
    pub token: SecretString,
    /// PEM file of the only authority to trust; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// For each request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// `None`: what the flag of the tenant URL says, legacy without one.
    pub dialect: Option<Dialect>,
}

/// Why a connection cannot be made from what was entered.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Correct the tenant URL.
    #[error(transparent)]
    TenantUrl(#[from] TenantUrlError),
    /// Give a token that can stand in a header.
    #[error("secret token is empty or holds a character that cannot be sent; give the bare token")]
    Token,
    /// Give a readable PEM file.
    #[error("ca file {file}: {problem}; give a PEM file with at least one certificate", file = .file.display())]
    CaFile {
        /// As given.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Give another path for the request log.
    #[error("request log {file}: {cause}; give a path that can be written", file = .file.display())]
    Log {
        /// As given.
        file: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The machine lacks something, for example any trusted authority.
    #[error("http client cannot be built: {0}; give a ca file")]
    Client(String),
}

impl Connection {
    /// A connection with default time-out, the system's authorities and the flag's dialect.
    pub fn new(tenant_url: impl Into<String>, token: impl Into<SecretString>) -> Self {
        Self {
            tenant_url: tenant_url.into(),
            token: token.into(),
            ca_file: None,
            timeout: DEFAULT_TIMEOUT,
            dialect: None,
        }
    }

    /// The tenant URL taken apart.
    ///
    /// # Errors
    ///
    /// [`TenantUrlError`] if it cannot be used.
    pub fn url(&self) -> Result<TenantUrl, TenantUrlError> {
        TenantUrl::parse(&self.tenant_url)
    }

    /// The dialect of PATCH requests: the one set, else the flag's, else legacy.
    pub fn dialect(&self) -> Dialect {
        let flag = self.url().ok().and_then(|url| url.flag());
        self.dialect.or(flag).unwrap_or_default()
    }

    pub(crate) fn check_token(&self) -> Result<(), ConnectionError> {
        let token = self.token.expose_secret();
        let sendable = !token.is_empty() && token.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        if sendable { Ok(()) } else { Err(ConnectionError::Token) }
    }

    pub(crate) fn http_client(&self) -> Result<reqwest::Client, ConnectionError> {
        // A second call answers Err, which only says that a provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::ClientBuilder::new()
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(self.timeout);
        if let Some(file) = &self.ca_file {
            let problem = |problem: String| ConnectionError::CaFile {
                file: file.clone(),
                problem,
            };
            let pem = fs::read(file).map_err(|cause| problem(cause.to_string()))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| problem(error.to_string()))?;
            if certificates.is_empty() {
                return Err(problem("it holds no certificate".to_owned()));
            }
            builder = builder.tls_certs_only(certificates);
        } else if !self.tenant_url.trim_start().to_ascii_lowercase().starts_with("https:") {
            // Plain HTTP must not fail for want of trusted authorities.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| ConnectionError::Client(chain(&error)))
    }
}

/// An error with all its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialect_set_by_hand_wins_over_the_flag() {
        let mut connection = Connection::new("https://host/scim?aadOptscim062020", "t");
        assert_eq!(connection.dialect(), Dialect::Compliant);
        connection.dialect = Some(Dialect::Legacy);
        assert_eq!(connection.dialect(), Dialect::Legacy);
    }

    #[test]
    fn ca_file_that_is_no_certificate_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "no certificate").unwrap();
        let mut connection = Connection::new("https://host/scim", "t");
        connection.ca_file = Some(file.path().to_owned());
        let error = connection.http_client().unwrap_err().to_string();
        assert!(error.starts_with("ca file "), "{error}");
    }

    #[test]
    fn debug_output_of_a_connection_hides_the_token() {
        let text = format!("{:?}", Connection::new("https://host/scim", "sesame-open"));
        assert!(!text.contains("sesame-open"), "{text}");
    }
}
