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
    /// Answered, or cut without one.
    is_over: bool,
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
            is_over: false,
            fault: None,
            at,
        });
        Seq(self.entries.len())
    }

    pub(crate) fn answered(&mut self, seq: Seq, status: u16) {
        let entry = &mut self.entries[seq.0 - 1];
        entry.status = Some(status);
        entry.is_over = true;
    }

    pub(crate) fn cut(&mut self, seq: Seq) {
        self.entries[seq.0 - 1].is_over = true;
    }

    pub(crate) fn faulted(&mut self, seq: Seq, fault: u64) {
        self.entries[seq.0 - 1].fault = Some(fault);
    }

    /// The requests that were asked for, oldest first.
    pub(crate) fn matching(&self, wanted: &Wanted) -> Value {
        self.wanted(wanted)
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

    /// How many of the requests that were asked for are over.
    pub(crate) fn over(&self, wanted: &Wanted) -> usize {
        self.wanted(wanted).filter(|(_, entry)| entry.is_over).count()
    }

    fn wanted(&self, wanted: &Wanted) -> impl Iterator<Item = (usize, &Entry)> {
        let skip = usize::try_from(wanted.since).unwrap_or(usize::MAX);
        let entries = self.entries.iter().enumerate().skip(skip);
        entries.filter(|(_, entry)| {
            let Wanted {
                method, path, status, ..
            } = wanted;
            method
                .as_ref()
                .is_none_or(|method| entry.method.eq_ignore_ascii_case(method))
                && path.as_ref().is_none_or(|part| entry.path.contains(part.as_str()))
                && status.is_none_or(|status| entry.status == Some(status))
        })
    }
}

/// Which requests are asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Those after this number.
    pub(crate) since: u64,
    pub(crate) method: Option<String>,
    /// A part of path and query.
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
}
