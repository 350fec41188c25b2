//! The request log: every request and its answer, never the token.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Mutex, MutexGuard},
};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ConnectionError;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Position in this log, from 1, in the order of the answers.
    pub seq: u64,
    /// When the answer was there.
    pub at: Timestamp,
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path and query below the tenant URL, as sent.
    pub path: String,
    /// The request's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The answer's status; `None`: there was no answer.
    pub status: Option<u16>,
    /// The answer's body; a string if it was no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From sending to the last byte of the answer.
    pub milliseconds: u64,
}

/// Where exchanges go: memory, a file of JSON lines, or both.
#[derive(Debug)]
pub struct RequestLog {
    token: SecretString,
    keep: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    seq: u64,
    counts: BTreeMap<String, u64>,
    kept: Vec<Exchange>,
    file: Option<File>,
}

impl RequestLog {
    /// A log that keeps exchanges in memory if `keep`, and appends them to `file` if given.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::Log`] if the file cannot be opened for writing.
    pub fn open(token: SecretString, keep: bool, file: Option<&Path>) -> Result<Self, ConnectionError> {
        let file = file
            .map(|path| {
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|cause| ConnectionError::Log {
                        file: path.to_owned(),
                        cause,
                    })
            })
            .transpose()?;
        Ok(Self {
            token,
            keep,
            inner: Mutex::new(Inner {
                file,
                ..Inner::default()
            }),
        })
    }

    /// Everything kept in memory, in order.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.inner().kept.clone()
    }

    /// Requests so far for each method.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.inner().counts.clone()
    }

    pub(super) fn record(&self, mut exchange: Exchange) {
        self.redact(&mut exchange);
        let mut inner = self.inner();
        inner.seq += 1;
        exchange.seq = inner.seq;
        *inner.counts.entry(exchange.method.clone()).or_default() += 1;
        if let Some(file) = &mut inner.file {
            let mut line = serde_json::to_vec(&exchange).expect("an exchange is plain JSON");
            line.push(b'\n');
            if let Err(error) = file.write_all(&line) {
                tracing::warn!(%error, "request log cannot be written");
            }
        }
        if self.keep {
            inner.kept.push(exchange);
        }
    }

    /// A server may echo the token: whatever holds it is made unreadable.
    fn redact(&self, exchange: &mut Exchange) {
        let token = self.token.expose_secret();
        if token.is_empty() {
            return;
        }
        for value in [&mut exchange.body, &mut exchange.answer].into_iter().flatten() {
            redact(value, token);
        }
        if let Some(error) = &mut exchange.error {
            *error = error.replace(token, REDACTED);
        }
        exchange.path = exchange.path.replace(token, REDACTED);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder of this lock can panic")
    }
}

const REDACTED: &str = "[redacted]";

fn redact(value: &mut Value, token: &str) {
    match value {
        Value::String(text) if text.contains(token) => *text = text.replace(token, REDACTED),
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, token)),
        Value::Object(fields) => fields.values_mut().for_each(|field| redact(field, token)),
        _ => {}
    }
}
