//! The one place that reads the time.
//!
//! The wall clock is read once, when the process starts; from then on time is that
//! instant plus what the monotonic clock has counted (rule D4: intervals are
//! monotonic). A wall clock that is stepped under a running bridge therefore
//! neither fires nor delays anything.

use std::time::{Duration, Instant};

use jiff::Timestamp as Civil;

/// A point in time: microseconds since 1970-01-01 UTC. What the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01 UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// From a date of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    pub fn from_http_date(text: &str) -> Option<Self> {
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(at.timestamp().as_microsecond()))
    }

    /// From seconds since 1970-01-01 UTC.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// This moment and `span` more; saturates at the end of time.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// This moment and `span` less; saturates at the beginning of time.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map_or(Duration::ZERO, Duration::from_micros)
    }

    /// How long until `self`, seen from `now`; zero if it has passed.
    pub fn after(self, now: Self) -> Duration {
        self.since(now)
    }

    /// RFC 3339 in UTC with milliseconds, as SCIM's `dateTime` wants it (RFC 7643 §2.3.5).
    pub fn to_rfc3339(self) -> String {
        let millis = self.0.div_euclid(1_000);
        Civil::from_millisecond(millis).map_or_else(|_| "9999-12-31T23:59:59.000Z".to_owned(), |at| format!("{at:.3}"))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Tells the time. Cheap to clone; all clones agree.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Timestamp,
    /// `None` = it stands still, for tests that step the time.
    started: Option<Instant>,
}

impl Clock {
    /// A clock that starts from the machine's wall clock now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn system() -> Self {
        Self {
            origin: Timestamp(Civil::now().as_microsecond()),
            started: Some(Instant::now()),
        }
    }

    /// A clock that shows `origin` and stands still, for tests that step the time.
    #[cfg(test)]
    pub const fn showing(origin: Timestamp) -> Self {
        Self { origin, started: None }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.origin
            .plus(self.started.map_or(Duration::ZERO, |started| started.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_printed_in_utc_with_milliseconds() {
        assert_eq!(
            Timestamp::from_micros(1_767_600_000_123_456).to_rfc3339(),
            "2026-01-05T08:00:00.123Z"
        );
    }

    #[test]
    fn a_date_of_http_is_read() {
        let read = Timestamp::from_http_date("Mon, 05 Jan 2026 08:00:00 GMT");
        assert_eq!(read, Some(Timestamp::from_seconds(1_767_600_000)));
        assert_eq!(Timestamp::from_http_date("yesterday"), None);
    }

    #[test]
    fn a_span_before_its_start_is_zero() {
        let (early, late) = (Timestamp::from_micros(1), Timestamp::from_micros(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.since(early), Duration::from_micros(1));
    }

    #[test]
    fn the_clock_never_runs_backwards() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(clock.now() >= first);
    }
}
