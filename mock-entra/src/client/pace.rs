//! The rate knob: requests are spread evenly, whoever sends them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::clock::Clock;

#[derive(Debug)]
pub(super) struct Pace {
    clock: Arc<dyn Clock>,
    interval: Option<Duration>,
    next: Mutex<Duration>,
}

impl Pace {
    pub(super) fn new(clock: Arc<dyn Clock>, per_second: Option<f64>) -> Self {
        let interval = per_second
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .map(|rate| Duration::from_secs_f64((1.0 / rate).min(3600.0)));
        Self {
            clock,
            interval,
            next: Mutex::default(),
        }
    }

    /// Waits for this request's turn.
    pub(super) async fn turn(&self) {
        let Some(interval) = self.interval else { return };
        let wait = {
            let mut next = self.next.lock().expect("no holder of this lock can panic");
            let now = self.clock.elapsed();
            let turn = (*next).max(now);
            *next = turn + interval;
            turn.saturating_sub(now)
        };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SteppedClock;

    #[tokio::test]
    async fn requests_are_spread_evenly() {
        let clock = Arc::new(SteppedClock::at(jiff::Timestamp::UNIX_EPOCH));
        let pace = Pace::new(clock.clone(), Some(4.0));
        for _ in 0..3 {
            pace.turn().await;
        }
        assert_eq!(clock.waits(), [Duration::from_millis(250); 2]);
    }
}
