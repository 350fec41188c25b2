//! What the worker tells of its target.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::circuit::State;
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::meters::Meters;

use super::{Gate, Worker};

/// What others may know of the worker: the health of the target and a forecast.
#[derive(Debug, Clone, Default)]
pub struct Status {
    inner: Arc<Mutex<Reported>>,
    meters: Meters,
}

/// The state of the target as last reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// `ok`, `starting`, `out`, `held` or `dry-run`.
    pub state: &'static str,
    /// One word for the cause of an outage.
    pub cause: Option<&'static str>,
    /// The cause in a sentence.
    pub detail: Option<String>,
    /// Since when the target is out.
    pub since: Option<Timestamp>,
    /// Rows of the queue.
    pub queued: u64,
    /// Of these, rows that wait to be written.
    pub pending: u64,
    /// How long the writes that wait would take.
    pub forecast: Duration,
}

impl Status {
    /// The state as last reported.
    pub fn get(&self) -> Reported {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the worker counts.
    pub const fn meters(&self) -> &Meters {
        &self.meters
    }

    fn set(&self, reported: Reported) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = reported;
    }
}

impl Worker {
    pub(super) fn report(&self) {
        let target = &self.options.target;
        let (queued, pending) = self
            .store
            .read(|snapshot| snapshot.queue_depth(target))
            .unwrap_or((0, 0));
        let (state, cause, detail, since) = match self.circuit.state() {
            State::Closed | State::Trial { .. } if self.gate == Gate::Held => (
                "held",
                Some("after-restore"),
                Some("the store was restored; scim-bridge resume --after-restore lets it write".to_owned()),
                None,
            ),
            State::Closed if self.gate == Gate::DryRun => ("dry-run", None, None, None),
            State::Closed => ("ok", None, None, None),
            State::Trial { since } => ("ok", None, None, Some(*since)),
            State::Open {
                cause, detail, since, ..
            } => {
                let state = if *cause == "starting" { "starting" } else { "out" };
                (state, Some(*cause), Some(detail.clone()), Some(*since))
            }
        };
        let now = self.clock.now();
        let expiry = self.client.credential_expires_at();
        self.status.meters().set_credential_expiry(expiry);
        let due = self.store.read(|snapshot| snapshot.due_to_be_written(target, now));
        let forecast = match self.circuit.state() {
            State::Closed if self.gate == Gate::Open => self.pace.forecast(Verb::Write, due.unwrap_or(pending)),
            _ => Duration::MAX,
        };
        self.store.signals().set_forecast(forecast);
        self.status.set(Reported {
            state,
            cause,
            detail,
            since,
            queued,
            pending,
            forecast,
        });
    }
}
