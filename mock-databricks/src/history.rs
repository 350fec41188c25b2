//! Every request the two front ends received, in order.
//!
//! A request is entered when it arrives; its status follows when an answer is sent, and stays null if none ever is.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::redact;

/// Which front end a request came in at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    Private,
    Public,
    /// The plain listener with the stand-ins of Azure's endpoints.
    Azure,
}

impl Listener {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Azure => "azure",
        }
    }
}

/// A request received.
#[derive(Debug)]
struct Entry {
    listener: Listener,
    method: String,
    /// Path and query.
    path: String,
    body: Bytes,
    status: Option<u16>,
    fault: Option<u64>,
    at: Duration,
}

/// The place of a request in the history; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seq(usize);

/// All requests since the start.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: Vec<Entry>,
}

impl History {
    pub(crate) fn enter(
        &mut self,
        listener: Listener,
        method: &http::Method,
        path: &str,
        body: Bytes,
        at: Duration,
    ) -> Seq {
        self.entries.push(Entry {
            listener,
            method: method.to_string(),
            path: path.to_owned(),
            body,
            status: None,
            fault: None,
            at,
        });
        Seq(self.entries.len())
    }

    pub(crate) fn answered(&mut self, seq: Seq, status: u16) {
        self.entries[seq.0 - 1].status = Some(status);
    }

    pub(crate) fn faulted(&mut self, seq: Seq, fault: u64) {
        self.entries[seq.0 - 1].fault = Some(fault);
    }

    /// Requests after number `since`, oldest first.
    pub(crate) fn since(&self, since: u64) -> Value {
        let skip = usize::try_from(since).unwrap_or(usize::MAX);
        self.entries
            .iter()
            .enumerate()
            .skip(skip)
            .map(|(index, entry)| {
                json!({
                    "seq": index + 1,
                    "listener": entry.listener.name(),
                    "method": entry.method,
                    "path": redact::path(&entry.path),
                    "body": redact::body(&entry.body),
                    "status": entry.status,
                    "fault": entry.fault,
                    "at_ms": u64::try_from(entry.at.as_millis()).unwrap_or(u64::MAX),
                })
            })
            .collect()
    }
}
