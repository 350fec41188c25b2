//! What the worker tells of its target.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::circuit::{Sign, State};
use crate::clock::Timestamp;
use crate::databricks::DatabricksError;
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
    /// `ok`, `starting`, `degraded`, `out`, `held` or `dry-run`.
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

/// Calls that fail one after the other while the target as a whole works: throttled for good, or failing at one
/// kind of call alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    cause: &'static str,
    detail: String,
    since: Timestamp,
    /// Failures in a row.
    count: u32,
    /// Whether a call that writes failed: a good read does not end it.
    writes: bool,
}

/// How often the queue is counted at most.
const REPORT_EVERY: Duration = Duration::from_millis(50);

/// Failures in a row that are more than a hiccup.
const A_FEW: u32 = 3;

impl Trouble {
    fn lasts(&self) -> bool {
        self.count >= A_FEW
    }
}

impl Worker {
    /// Takes in how a call ended; tells whether lasting trouble began or ended with it.
    pub(super) fn note_trouble(
        &mut self,
        sign: Sign,
        error: Option<&DatabricksError>,
        writes: bool,
        now: Timestamp,
    ) -> Option<bool> {
        let lasted = self.trouble.as_ref().is_some_and(Trouble::lasts);
        match (sign, error) {
            (Sign::Throttled | Sign::Suspicious(_), Some(error)) => {
                let cause = error.cause();
                let before = self.trouble.take().filter(|before| before.cause == cause);
                let (since, count) = before.as_ref().map_or((now, 0), |before| (before.since, before.count));
                self.trouble = Some(Trouble {
                    cause,
                    detail: error.to_string(),
                    since,
                    count: count + 1,
                    writes: writes || before.is_some_and(|before| before.writes),
                });
            }
            (Sign::Works, _) if self.trouble.as_ref().is_some_and(|trouble| writes || !trouble.writes) => {
                self.trouble = None;
            }
            _ => {}
        }
        let lasts = self.trouble.as_ref().is_some_and(Trouble::lasts);
        (lasts != lasted).then_some(lasts)
    }

    /// Tells how things stand, now and then: counting a long queue for each change that comes in would cost more
    /// than the change. Tells when to do so again, if that was too early.
    pub(super) fn report(&mut self, now: Timestamp) -> Option<Timestamp> {
        let due = self.reported_at.plus(REPORT_EVERY);
        if due > now {
            return Some(due);
        }
        self.reported_at = now;
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
            State::Closed | State::Trial { .. } if self.import.is_some() => (
                "held",
                Some("import"),
                self.import
                    .as_ref()
                    .map(|import| format!("an import is under way: {}", import.progress())),
                None,
            ),
            State::Closed | State::Trial { .. } if self.unsuitable.is_some() => (
                "held",
                Some("unsuitable-shape"),
                self.unsuitable.as_ref().map(ToString::to_string),
                None,
            ),
            State::Closed if self.gate == Gate::DryRun => ("dry-run", None, None, None),
            State::Closed => match &self.trouble {
                // Nothing waits for it any more.
                Some(trouble) if trouble.lasts() && pending > 0 => (
                    "degraded",
                    Some(trouble.cause),
                    Some(trouble.detail.clone()),
                    Some(trouble.since),
                ),
                _ => ("ok", None, None, None),
            },
            State::Open {
                cause, detail, since, ..
            }
            | State::Trial { cause, detail, since } => {
                let state = if *cause == "starting" { "starting" } else { "out" };
                (state, Some(*cause), Some(detail.clone()), Some(*since))
            }
        };
        let expiry = self.client.credential_expires_at();
        self.status.meters().set_credential_expiry(expiry);
        let due = self.store.read(|snapshot| snapshot.due_to_be_written(target, now));
        let forecast = match self.circuit.state() {
            State::Closed if self.writes() => self.pace.forecast(Verb::Write, due.unwrap_or(pending)),
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
        None
    }
}
