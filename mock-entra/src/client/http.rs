//! Sending one request and reading its answer.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{
    Connection, ConnectionError, Exchange, RequestLog,
    by_hand::{self, ByHand},
    connection::chain,
    pace::Pace,
};
use crate::{clock::Clock, wire::tenant_url::TenantUrl};

/// Media type of requests with a body (captured).
const SCIM_JSON_UTF8: &str = "application/scim+json; charset=utf-8";
const SCIM_JSON: &str = "application/scim+json";

/// An answer of whatever status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body if it is JSON.
    pub body: Option<Value>,
    /// The body as text.
    pub text: String,
    /// `Retry-After`, in seconds or as a date.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// What the server says about it: a SCIM error's `detail`, or the start of the text.
    pub fn detail(&self) -> String {
        let detail = self
            .body
            .as_ref()
            .and_then(|body| body.get("detail"))
            .and_then(Value::as_str);
        let text = detail.unwrap_or(&self.text);
        let mut short: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
        if short.is_empty() {
            "(no body)".clone_into(&mut short);
        }
        short
    }
}

/// There was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The time-out passed: the request may have had an effect.
    #[error("no answer in time")]
    Timeout,
    /// Name, connection, TLS or transfer failed.
    #[error("{0}")]
    Failed(String),
}

/// A client of one tenant URL.
#[derive(Debug)]
pub struct ScimClient {
    http: reqwest::Client,
    ca_file: Option<PathBuf>,
    timeout: Duration,
    url: TenantUrl,
    token: SecretString,
    log: RequestLog,
    pace: Pace,
    clock: Arc<dyn Clock>,
}

impl ScimClient {
    /// A client for a connection. `per_second`: the most requests started in a second.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] if the tenant URL, the token or the CA file cannot be used.
    pub fn new(
        connection: Connection,
        log: RequestLog,
        clock: Arc<dyn Clock>,
        per_second: Option<f64>,
    ) -> Result<Self, ConnectionError> {
        connection.check_token()?;
        Ok(Self {
            http: connection.http_client()?,
            url: connection.url()?,
            ca_file: connection.ca_file,
            timeout: connection.timeout,
            token: connection.token,
            log,
            pace: Pace::new(clock.clone(), per_second),
            clock,
        })
    }

    /// The request log.
    pub fn log(&self) -> &RequestLog {
        &self.log
    }

    /// The whole URL of a path below the tenant URL.
    pub fn absolute(&self, path: &str) -> String {
        self.url.join(path)
    }

    /// `GET`.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]; an answer of any status is none.
    pub async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.send(Method::GET, path, None).await
    }

    /// `DELETE`.
    ///
    /// # Errors
    ///
    /// As [`ScimClient::get`].
    pub async fn delete(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.send(Method::DELETE, path, None).await
    }

    /// `POST` with a body.
    ///
    /// # Errors
    ///
    /// As [`ScimClient::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PATCH` with a body.
    ///
    /// # Errors
    ///
    /// As [`ScimClient::get`].
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Sends any request with the client's usual headers.
    ///
    /// # Errors
    ///
    /// As [`ScimClient::get`].
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, NoAnswer> {
        self.send_with(method, path, HeaderMap::new(), body).await
    }

    /// Sends any request; `headers` take the place of the client's usual ones of the same names.
    ///
    /// # Errors
    ///
    /// As [`ScimClient::get`].
    pub async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<&Value>,
    ) -> Result<Answer, NoAnswer> {
        self.pace.turn().await;
        let started = self.clock.elapsed();
        let outcome = self.exchange(method.clone(), path, headers, body).await;
        let took = self.clock.elapsed().saturating_sub(started);
        let (status, answer, error) = match &outcome {
            Ok(answer) => (Some(answer.status), logged(answer), None),
            Err(error) => (None, None, Some(error.to_string())),
        };
        tracing::debug!(%method, path, status, "request");
        self.log.record(Exchange {
            seq: 0,
            at: self.clock.now(),
            method: method.to_string(),
            path: path.to_owned(),
            body: body.cloned(),
            status,
            answer,
            error,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        outcome
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<&Value>,
    ) -> Result<Answer, NoAnswer> {
        let body = body.map(Value::to_string);
        let mut usual = self.usual_headers(body.is_some())?;
        usual.extend(headers);
        let url = self.absolute(path);
        let (status, headers, bytes) = if by_hand::is_sent_as_written(&url) {
            let request = self.http.request(method, url).headers(usual);
            let request = body.into_iter().fold(request, RequestBuilder::body);
            let response = request.send().await.map_err(|error| no_answer(&error))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.map_err(|error| no_answer(&error))?;
            (status, headers, bytes.to_vec())
        } else {
            let failed = |error: io::Error| NoAnswer::Failed(chain(&error));
            let server = ByHand::new(self.url.base(), self.ca_file.as_deref()).map_err(failed)?;
            let exchange = server.send(&method, path, &usual, body.as_deref());
            let answer = tokio::time::timeout(self.timeout, exchange).await;
            answer.map_err(|_| NoAnswer::Timeout)?.map_err(failed)?
        };
        let retry_after = self.retry_after(&headers);
        let body = serde_json::from_slice(&bytes).ok();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer {
            status,
            body,
            text,
            retry_after,
        })
    }

    fn usual_headers(&self, with_body: bool) -> Result<HeaderMap, NoAnswer> {
        let bearer = format!("Bearer {}", self.token.expose_secret());
        // Checked when the client was made.
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|error| NoAnswer::Failed(error.to_string()))?;
        bearer.set_sensitive(true);
        let mut headers =
            HeaderMap::from_iter([(AUTHORIZATION, bearer), (ACCEPT, HeaderValue::from_static(SCIM_JSON))]);
        if with_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON_UTF8));
        }
        Ok(headers)
    }

    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let seconds = date.as_second().saturating_sub(self.clock.now().as_second());
        u64::try_from(seconds).ok().map(Duration::from_secs)
    }
}

fn logged(answer: &Answer) -> Option<Value> {
    match &answer.body {
        Some(body) => Some(body.clone()),
        None if answer.text.is_empty() => None,
        None => Some(Value::String(answer.text.clone())),
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() {
        NoAnswer::Timeout
    } else {
        let text = chain(&error);
        // The URL holds names of people; the log has the path beside it.
        let text = error.url().map_or(text.clone(), |url| text.replace(url.as_str(), "…"));
        NoAnswer::Failed(text)
    }
}
