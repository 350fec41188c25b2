//! Time as something that can be stepped.
//!
//! The client waits in three places only: between retries, for a `Retry-After`,
//! and for the rate knob. All three go through [`Clock`], so that a test takes no
//! time. This is the one place of the crate that reads the real clock.

use std::{
    pin::Pin,
    sync::Mutex,
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// A wait, boxed so that [`Clock`] can be used as a trait object.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What tells the time and waits.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// Wall-clock time, for the request log.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary start; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits for `time` to pass.
    fn sleep(&self, time: Duration) -> Wait<'_>;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose [`Clock::elapsed`] starts at zero now.
    pub fn start() -> Self {
        Self {
            start: read_monotonic(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        read_wall()
    }

    fn elapsed(&self) -> Duration {
        read_monotonic().duration_since(self.start)
    }

    fn sleep(&self, time: Duration) -> Wait<'_> {
        Box::pin(tokio::time::sleep(time))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn read_wall() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
fn read_monotonic() -> Instant {
    Instant::now()
}

/// A clock that only moves when somebody waits: every wait ends at once and is
/// remembered.
#[derive(Debug)]
pub struct SteppedClock {
    start: Timestamp,
    state: Mutex<Stepped>,
}

#[derive(Debug, Default)]
struct Stepped {
    elapsed: Duration,
    waits: Vec<Duration>,
}

impl SteppedClock {
    /// A clock that stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self {
            start,
            state: Mutex::default(),
        }
    }

    /// Every wait asked for so far, in order.
    ///
    /// # Panics
    ///
    /// Never in practice: the lock is only held for a push.
    pub fn waits(&self) -> Vec<Duration> {
        self.state
            .lock()
            .expect("no holder of this lock can panic")
            .waits
            .clone()
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.elapsed();
        self.start.checked_add(elapsed).unwrap_or(self.start)
    }

    fn elapsed(&self) -> Duration {
        self.state.lock().expect("no holder of this lock can panic").elapsed
    }

    fn sleep(&self, time: Duration) -> Wait<'_> {
        let mut state = self.state.lock().expect("no holder of this lock can panic");
        state.elapsed += time;
        state.waits.push(time);
        Box::pin(std::future::ready(()))
    }
}
