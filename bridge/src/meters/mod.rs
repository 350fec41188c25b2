//! What is counted while the process runs: calls, throttled answers, how long clients waited. A handle that is
//! passed in, not a global: several bridges in one process do not mix.
//!
//! State is not counted here but read from the store when it is asked for. Labels are words of this program, never
//! anybody's name (rule F).

mod minute;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;

use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use minute::Minute;

/// One label: its name and its value.
pub type Label = (&'static str, &'static str);

/// Counts by a rate class and an outcome.
pub type Calls = Family<[Label; 2], Counter>;
/// Counts by a rate class.
pub type Throttled = Family<[Label; 1], Counter>;
/// Latencies by a method and a status class.
pub type Requests = Family<[Label; 2], Histogram, Latencies>;

/// Upper ends of the histogram's buckets, seconds: from a read out of memory to a write that waited for its outcome.
const BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0];
const UNKNOWN: i64 = i64::MIN;

/// Makes a histogram of latencies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latencies;

impl MetricConstructor<Histogram> for Latencies {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

/// The counts of one target and its endpoint. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Meters {
    /// Calls that ended, by rate class and outcome: `ok`, or the word for what went wrong.
    pub calls: Calls,
    /// Answers that asked for patience, by rate class.
    pub throttled: Throttled,
    /// Answers to SCIM requests, by method and status class.
    pub requests: Requests,
    minute: Arc<Mutex<Minute>>,
    credential_expires: Arc<AtomicI64>,
}

impl Default for Meters {
    fn default() -> Self {
        let meters = Self {
            calls: Calls::default(),
            throttled: Throttled::default(),
            requests: Requests::new_with_constructor(Latencies),
            minute: Arc::default(),
            credential_expires: Arc::new(AtomicI64::new(UNKNOWN)),
        };
        // What never happened is zero, not missing.
        for verb in Verb::ALL {
            drop(
                meters
                    .calls
                    .get_or_create(&[("verb", verb.as_str()), ("outcome", "ok")]),
            );
            drop(meters.throttled.get_or_create(&[("verb", verb.as_str())]));
        }
        meters
    }
}

impl Meters {
    /// A call ended: `outcome` is `ok` or the word for what went wrong.
    pub fn called(&self, verb: Verb, outcome: &'static str, throttled: bool, now: Timestamp) {
        self.calls
            .get_or_create(&[("verb", verb.as_str()), ("outcome", outcome)])
            .inc();
        if throttled {
            self.throttled.get_or_create(&[("verb", verb.as_str())]).inc();
        }
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        minute.count(verb, now);
    }

    /// Calls of a class that ended within the last minute.
    pub fn in_last_minute(&self, verb: Verb, now: Timestamp) -> u32 {
        let minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        minute.counted(verb, now)
    }

    /// A SCIM request was answered.
    pub fn answered(&self, method: &http::Method, status: u16, after: Duration) {
        let method = match method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "other",
        };
        let status = match status / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.requests
            .get_or_create(&[("method", method), ("status", status)])
            .observe(after.as_secs_f64());
    }

    /// When the credential for the target ends; `None` if that is not known.
    pub fn set_credential_expiry(&self, at: Option<Timestamp>) {
        let at = at.map_or(UNKNOWN, Timestamp::as_micros);
        self.credential_expires.store(at, Ordering::Relaxed);
    }

    /// When the credential for the target ends, if that is known.
    pub fn credential_expiry(&self) -> Option<Timestamp> {
        let at = self.credential_expires.load(Ordering::Relaxed);
        (at != UNKNOWN).then(|| Timestamp::from_micros(at))
    }
}
