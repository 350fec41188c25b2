//! The limits of a workspace: calls per minute by verb class, four calls at once, sizes.
//!
//! Numbers: a third-party copy of the Azure limits page and one fixture; the cap of four comes from a recorded
//! error. Whether reads by id and lists share one bucket is inferred: they do.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Method;

use crate::api::Resource;

/// Calls at the same time per workspace (recorded); it stays under every setting.
pub(crate) const CONCURRENCY_CAP: usize = 4;

/// Users and service principals together (documented).
pub(crate) const MOST_USERS: usize = 10_000;
/// Groups (documented).
pub(crate) const MOST_GROUPS: usize = 5_000;
/// Characters of a displayName (documented).
pub(crate) const LONGEST_DISPLAY_NAME: usize = 255;
/// Characters of an externalId (documented).
pub(crate) const LONGEST_EXTERNAL_ID: usize = 64;

/// Which rate limits hold: `published`, `off`, or N times faster (`x60`).
///
/// `off` also lifts the size limits; the cap of four calls at once stays under all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limits {
    /// No rate and no size limits.
    Off,
    /// The published rates, this many times faster; 1 is the published rate itself.
    Published {
        /// A positive number: 60 turns a minute into a second.
        factor: f64,
    },
}

impl Limits {
    /// The rates as published.
    pub const PUBLISHED: Self = Self::Published { factor: 1.0 };

    /// Whether the size limits hold.
    pub(crate) fn sizes(self) -> bool {
        self != Self::Off
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::PUBLISHED
    }
}

/// A text that names no limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limits are `published`, `off`, or `x` and a positive number, as in `x60`; got `{0}`")]
pub struct ParseLimitsError(String);

impl FromStr for Limits {
    type Err = ParseLimitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseLimitsError(text.to_owned());
        match text {
            "published" => Ok(Self::PUBLISHED),
            "off" => Ok(Self::Off),
            _ => {
                let factor: f64 = text.strip_prefix('x').ok_or_else(error)?.parse().map_err(|_| error())?;
                if is_factor(factor) {
                    Ok(Self::Published { factor })
                } else {
                    Err(error())
                }
            }
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::Published { .. } if *self == Self::PUBLISHED => formatter.write_str("published"),
            Self::Published { factor } => write!(formatter, "x{factor}"),
        }
    }
}

/// Whether `factor` can speed something up or slow it down.
pub(crate) fn is_factor(factor: f64) -> bool {
    (0.000_001..=1_000_000.0).contains(&factor)
}

/// Calls that share one allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerbClass {
    /// GET by id, lists, Me.
    Get,
    /// PATCH of a group.
    GroupPatch,
    /// POST, PUT, DELETE, and (inferred) PATCH of a user.
    Write,
}

impl VerbClass {
    pub(crate) const ALL: [Self; 3] = [Self::Get, Self::GroupPatch, Self::Write];

    pub(crate) fn of(method: &Method, resource: Resource) -> Self {
        if *method == Method::GET {
            Self::Get
        } else if *method == Method::PATCH && resource == Resource::Groups {
            Self::GroupPatch
        } else {
            Self::Write
        }
    }

    /// Calls per minute (published).
    pub(crate) fn per_minute(self) -> u32 {
        match self {
            Self::Get => 255,
            Self::GroupPatch => 10,
            Self::Write => 35,
        }
    }

    /// The name in `GET /counters` and `GET /limits`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GroupPatch => "group_patch",
            Self::Write => "write",
        }
    }
}

/// How rates are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateModel {
    /// Starts full with a minute's allowance, refills steadily.
    TokenBucket,
    /// Never more than the allowance in any minute.
    SlidingWindow,
}

/// Counts calls against the rates.
#[derive(Debug)]
pub(crate) struct Pace {
    limits: Limits,
    meters: [Meter; VerbClass::ALL.len()],
}

impl Pace {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            meters: VerbClass::ALL.map(|class| Meter::new(class.per_minute())),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
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
        // Faster limits are the same limits on a faster clock.
        meter
            .take(model, now.mul_f64(factor))
            .map_err(|wait| wait.div_f64(factor))
    }
}

const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug)]
struct Meter {
    allowance: u32,
    tokens: f64,
    refilled: Duration,
    recent: VecDeque<Duration>,
}

impl Meter {
    fn new(allowance: u32) -> Self {
        Self {
            allowance,
            tokens: f64::from(allowance),
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
        let full = f64::from(self.allowance);
        let per_second = full / MINUTE.as_secs_f64();
        let passed = now.saturating_sub(self.refilled).as_secs_f64();
        self.tokens = (self.tokens + passed * per_second).min(full);
        self.refilled = self.refilled.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - self.tokens) / per_second))
        }
    }

    fn take_place(&mut self, now: Duration) -> Result<(), Duration> {
        while self
            .recent
            .front()
            .is_some_and(|oldest| now.saturating_sub(*oldest) >= MINUTE)
        {
            self.recent.pop_front();
        }
        match self.recent.front() {
            Some(oldest) if self.recent.len() >= self.allowance as usize => {
                Err(MINUTE.saturating_sub(now.saturating_sub(*oldest)))
            }
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
    fn limits_print_and_parse_back() {
        for text in ["published", "off", "x60", "x0.5"] {
            assert_eq!(text.parse::<Limits>().unwrap().to_string(), text);
        }
        for text in ["", "x", "x0", "x-1", "xNaN", "xinf", "60", "on"] {
            let error = text.parse::<Limits>().unwrap_err();
            assert!(error.to_string().ends_with(&format!("got `{text}`")));
        }
    }
}
