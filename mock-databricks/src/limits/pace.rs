//! Counting calls against the rates.
//!
//! Faster limits are the same limits on a faster clock, and another client of the same workspace is a smaller allowance.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Limits, VerbClass};

/// How rates are counted [inferred].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateModel {
    /// Starts full with a whole allowance, refills steadily.
    TokenBucket,
    /// Never more than the allowance in any window.
    SlidingWindow,
}

/// Counts calls against the rates.
#[derive(Debug)]
pub(crate) struct Pace {
    limits: Limits,
    /// The part of every rate that another client takes, from 0 to below 1.
    other_client: f64,
    meters: [Meter; VerbClass::ALL.len()],
}

impl Pace {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::shared(limits, 0.0)
    }

    /// Beside another client that takes this part of every rate, all the time.
    pub(crate) fn shared(limits: Limits, other_client: f64) -> Self {
        Self {
            limits,
            other_client,
            meters: VerbClass::ALL.map(|class| Meter::new(class, 1.0 - other_client)),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn other_client(&self) -> f64 {
        self.other_client
    }

    /// Takes one call of `class` at `now`, a time since the start.
    ///
    /// # Errors
    ///
    /// How long until the next call of this class would pass.
    pub(crate) fn take(&mut self, class: VerbClass, model: RateModel, now: Duration) -> Result<(), Duration> {
        let Limits::Published { factor } = self.limits else {
            return Ok(());
        };
        let meter = &mut self.meters[class as usize];
        meter
            .take(model, now.mul_f64(factor))
            .map_err(|wait| wait.div_f64(factor))
    }
}

#[derive(Debug)]
struct Meter {
    /// Calls per window that are left for this client.
    allowance: f64,
    window: Duration,
    tokens: f64,
    refilled: Duration,
    recent: VecDeque<Duration>,
}

impl Meter {
    fn new(class: VerbClass, share: f64) -> Self {
        let allowance = f64::from(class.allowance()) * share;
        Self {
            allowance,
            window: class.window(),
            // Less than one call in a window would never let any pass.
            tokens: allowance.max(1.0),
            refilled: Duration::ZERO,
            recent: VecDeque::new(),
        }
    }

    fn take(&mut self, model: RateModel, now: Duration) -> Result<(), Duration> {
        match model {
            RateModel::TokenBucket => self.take_token(now),
            RateModel::SlidingWindow => self.take_place(now),
        }
    }

    fn take_token(&mut self, now: Duration) -> Result<(), Duration> {
        let per_second = self.allowance / self.window.as_secs_f64();
        let passed = now.saturating_sub(self.refilled).as_secs_f64();
        self.tokens = (self.tokens + passed * per_second).min(self.allowance.max(1.0));
        self.refilled = self.refilled.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - self.tokens) / per_second))
        }
    }

    fn take_place(&mut self, now: Duration) -> Result<(), Duration> {
        // A share of a call is a call in a longer window.
        let (calls, window) = if self.allowance >= 1.0 {
            (self.allowance.floor(), self.window)
        } else {
            (1.0, self.window.div_f64(self.allowance))
        };
        while self
            .recent
            .front()
            .is_some_and(|oldest| now.saturating_sub(*oldest) >= window)
        {
            self.recent.pop_front();
        }
        let taken = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        match self.recent.front() {
            Some(oldest) if f64::from(taken) >= calls => Err(window.saturating_sub(now.saturating_sub(*oldest))),
            _ => {
                self.recent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Limits, Pace, RateModel, VerbClass};

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn admitted(pace: &mut Pace, model: RateModel, now: Duration) -> usize {
        (0..100)
            .take_while(|_| pace.take(VerbClass::GroupPatch, model, now).is_ok())
            .count()
    }

    #[test]
    fn a_bucket_holds_one_minute_and_refills_steadily() {
        let mut pace = Pace::new(Limits::PUBLISHED);
        let model = RateModel::TokenBucket;
        assert_eq!(admitted(&mut pace, model, secs(0.0)), 10);
        let wait = pace.take(VerbClass::GroupPatch, model, secs(0.0)).unwrap_err();
        assert_eq!(wait.as_secs(), 6);
        assert_eq!(admitted(&mut pace, model, secs(5.9)), 0);
        assert_eq!(admitted(&mut pace, model, secs(12.1)), 2);
        assert!(pace.take(VerbClass::Write, model, secs(12.1)).is_ok());
    }

    #[test]
    fn a_window_never_holds_more_than_a_minutes_allowance() {
        let mut pace = Pace::new(Limits::PUBLISHED);
        let model = RateModel::SlidingWindow;
        assert_eq!(admitted(&mut pace, model, secs(0.0)), 10);
        assert_eq!(admitted(&mut pace, model, secs(59.9)), 0);
        assert_eq!(admitted(&mut pace, model, secs(60.0)), 10);
    }

    #[test]
    fn sixty_times_faster_turns_a_minute_into_a_second() {
        let mut pace = Pace::new("x60".parse().unwrap());
        let model = RateModel::TokenBucket;
        assert_eq!(admitted(&mut pace, model, secs(0.0)), 10);
        assert_eq!(admitted(&mut pace, model, secs(0.21)), 2);
        let mut off = Pace::new(Limits::Off);
        assert_eq!(admitted(&mut off, model, secs(0.0)), 100);
    }

    #[test]
    fn another_client_leaves_the_rest_in_both_models() {
        for (model, rest) in [(RateModel::TokenBucket, 4), (RateModel::SlidingWindow, 4)] {
            let mut pace = Pace::shared(Limits::PUBLISHED, 0.6);
            assert_eq!(admitted(&mut pace, model, secs(0.0)), rest);
            assert_eq!(admitted(&mut pace, model, secs(60.0)), rest);
        }
        // Even nearly nothing is a call now and then.
        for model in [RateModel::TokenBucket, RateModel::SlidingWindow] {
            let mut pace = Pace::shared(Limits::PUBLISHED, 0.95);
            assert_eq!(admitted(&mut pace, model, secs(0.0)), 1);
            assert_eq!(admitted(&mut pace, model, secs(119.0)), 0);
            assert_eq!(admitted(&mut pace, model, secs(120.1)), 1);
        }
    }

    #[test]
    fn the_account_counts_by_the_second() {
        let mut pace = Pace::new(Limits::PUBLISHED);
        let mut patches = |now| {
            let take = |_: &i32| {
                pace.take(VerbClass::AccountPatch, RateModel::TokenBucket, secs(now))
                    .is_ok()
            };
            (0..100).take_while(take).count()
        };
        assert_eq!((patches(0.0), patches(0.4), patches(10.0)), (2, 0, 2));
    }
}
