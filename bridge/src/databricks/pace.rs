//! How fast Databricks may be asked (rule E3): a bucket a verb class and a concurrency
//! cap, lowered on throttling and raised slowly; a slot and a token of each class are
//! kept for revocations.
//!
//! Pure: time comes in as an argument.

use std::time::Duration;

use super::level::Level;
use crate::clock::Timestamp;

/// The rate classes of the SCIM API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// POST, PUT, DELETE, and at workspace level PATCH of a user \[inferred\].
    Write,
    /// PATCH of a group; at account level any PATCH.
    GroupPatch,
    /// GET.
    Read,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Write, Self::GroupPatch, Self::Read];

    /// The number that the queue keeps for it; zero is nobody's.
    pub const fn number(self) -> i64 {
        match self {
            Self::Write => 1,
            Self::GroupPatch => 2,
            Self::Read => 3,
        }
    }

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::GroupPatch => "group-patch",
            Self::Read => "read",
        }
    }

    /// The class that the PATCH of a user counts in.
    pub const fn of_user_patch(level: Level) -> Self {
        match level {
            Level::Workspace => Self::Write,
            Level::Account | Level::AccountThroughWorkspace => Self::GroupPatch,
        }
    }

    /// Requests a minute that Databricks publishes for a level (limits of the SCIM API, by level).
    const fn published(self, level: Level) -> f64 {
        match (level, self) {
            (Level::Workspace, Self::Write) => 35.0,
            (Level::Workspace, Self::GroupPatch) => 10.0,
            (Level::Workspace, Self::Read) => 255.0,
            (Level::Account | Level::AccountThroughWorkspace, Self::Write) => 5.0 * 60.0,
            (Level::Account | Level::AccountThroughWorkspace, Self::GroupPatch) => 2.0 * 60.0,
            (Level::Account | Level::AccountThroughWorkspace, Self::Read) => 20.0 * 60.0,
        }
    }
}

/// Pages of lists a minute, where they have a limit of their own.
const fn published_pages(level: Level) -> Option<f64> {
    match level {
        Level::Workspace => None,
        Level::Account | Level::AccountThroughWorkspace => Some(240.0),
    }
}

/// The configured speed: the key `[target] pace`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Speed {
    /// As published.
    #[default]
    Published,
    /// So many times faster, for rehearsals.
    Times(f64),
    /// No rate limit; the concurrency cap stays.
    Off,
}

impl Speed {
    /// Requests of a class that a minute admits at a level; `None` = no limit.
    pub const fn per_minute(self, level: Level, verb: Verb) -> Option<f64> {
        match self.times() {
            Some(times) => Some(verb.published(level) * times),
            None => None,
        }
    }

    /// How many times the published rates; `None` = no limit.
    const fn times(self) -> Option<f64> {
        match self {
            Self::Published => Some(1.0),
            Self::Times(factor) => Some(factor),
            Self::Off => None,
        }
    }
}

impl std::str::FromStr for Speed {
    type Err = String;

    /// `published`, `off` or `xN`.
    fn from_str(text: &str) -> Result<Self, String> {
        let factor = text.strip_prefix('x').and_then(|factor| factor.parse::<f64>().ok());
        match (text, factor) {
            ("published", _) => Ok(Self::Published),
            ("off", _) => Ok(Self::Off),
            (_, Some(factor)) if factor.is_finite() && factor > 0.0 => Ok(Self::Times(factor)),
            _ => Err(format!(
                "\"{text}\" is not a pace; write \"published\", \"off\" or \"xN\" such as \"x60\""
            )),
        }
    }
}

/// Requests in flight at once that Databricks admits a workspace.
pub const CONCURRENCY: u32 = 4;
/// Share of the published rate that is used: keeps a minute's count under the limit whatever window it is counted in.
const SHARE: f64 = 0.97;
/// Tokens that pile up while nothing is to do; the last one is for revocations.
const BURST: f64 = 2.0;
/// What a throttled answer leaves of the rate, and what a good answer gives back.
const LOWERED: f64 = 0.7;
const RAISED: f64 = 0.005;
const LOWEST: f64 = 0.05;
/// Share of a class that objects may use together whose own requests are refused (rule B10).
const FAILING: f64 = 0.05;

#[derive(Debug, Clone)]
struct Bucket {
    per_second: f64,
    factor: f64,
    tokens: f64,
    filled_at: Timestamp,
    not_before: Timestamp,
}

impl Bucket {
    fn fill(&mut self, now: Timestamp) {
        let gained = now.since(self.filled_at).as_secs_f64() * self.per_second * self.factor;
        self.tokens = (self.tokens + gained).min(BURST);
        self.filled_at = now;
    }

    /// When `wanted` tokens are there.
    fn ready_at(&self, now: Timestamp, wanted: f64) -> Timestamp {
        let missing = (wanted - self.tokens).max(0.0);
        let wait = Duration::from_secs_f64((missing / (self.per_second * self.factor)).min(600.0));
        now.plus(wait).max(self.not_before)
    }
}

/// The pace towards one upstream host with one credential.
#[derive(Debug, Clone)]
pub struct Pace {
    buckets: Option<[Bucket; 3]>,
    /// What objects may use whose own requests are refused.
    failing: Option<[Bucket; 3]>,
    /// Pages of lists, which are reads too.
    pages: Option<Bucket>,
    cap: f64,
    in_flight: u32,
    first_wait: Duration,
}

/// Why a call may not start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until then.
    Until(Timestamp),
    /// Until a call in flight ends.
    ForSlot,
}

impl Pace {
    /// A fresh pace at `speed` towards a workspace.
    pub fn new(speed: Speed, now: Timestamp) -> Self {
        Self::at(Level::Workspace, speed, now)
    }

    /// A fresh pace at `speed` towards identities at `level`.
    pub fn at(level: Level, speed: Speed, now: Timestamp) -> Self {
        let times = speed.times();
        let bucket = |per_minute: f64| Bucket {
            per_second: per_minute * SHARE / 60.0,
            factor: 1.0,
            tokens: BURST,
            filled_at: now,
            not_before: now,
        };
        Self {
            buckets: times.map(|times| Verb::ALL.map(|verb| bucket(verb.published(level) * times))),
            failing: times.map(|times| {
                Verb::ALL.map(|verb| Bucket {
                    tokens: 1.0,
                    ..bucket(verb.published(level) * times * FAILING)
                })
            }),
            pages: times
                .and_then(|times| Some(published_pages(level)? * times))
                .map(bucket),
            cap: f64::from(CONCURRENCY),
            in_flight: 0,
            first_wait: Duration::from_secs_f64(1.0 / times.unwrap_or(60.0).max(1.0)),
        }
    }

    /// Takes a slot and a token for a call of this class, or says when to ask again.
    ///
    /// # Errors
    ///
    /// [`Wait`] when there is no free slot or no token.
    pub fn start(&mut self, verb: Verb, revocation: bool, now: Timestamp) -> Result<(), Wait> {
        self.check(verb, revocation, now)?;
        if let Some(buckets) = &mut self.buckets {
            buckets[index(verb)].tokens -= 1.0;
        }
        self.in_flight += 1;
        Ok(())
    }

    /// Takes a slot and a token for one page of a list, which has a limit of its own at some levels.
    ///
    /// # Errors
    ///
    /// [`Wait`] when there is no free slot or no token.
    pub fn start_page(&mut self, now: Timestamp) -> Result<(), Wait> {
        if let Some(pages) = &mut self.pages {
            pages.fill(now);
            let ready = pages.ready_at(now, 1.0);
            if ready > now {
                return Err(Wait::Until(ready));
            }
        }
        self.start(Verb::Read, false, now)?;
        if let Some(pages) = &mut self.pages {
            pages.tokens -= 1.0;
        }
        Ok(())
    }

    /// When an object whose own requests were refused may be tried again; `None` = now.
    pub fn failing_at(&mut self, verb: Verb, now: Timestamp) -> Option<Timestamp> {
        let bucket = &mut self.failing.as_mut()?[index(verb)];
        bucket.fill(now);
        Some(bucket.ready_at(now, 1.0)).filter(|ready| *ready > now)
    }

    /// Such an object was tried.
    pub fn spend_failing(&mut self, verb: Verb) {
        if let Some(buckets) = &mut self.failing {
            buckets[index(verb)].tokens -= 1.0;
        }
    }

    /// A probe of a target that is out begins, whatever else is under way.
    pub const fn start_probe(&mut self) {
        self.in_flight += 1;
    }

    /// Whether a call of this class could start now.
    ///
    /// # Errors
    ///
    /// [`Wait`] when there is no free slot or no token.
    pub fn check(&mut self, verb: Verb, revocation: bool, now: Timestamp) -> Result<(), Wait> {
        // The last slot is a revocation's, but one call can always be made.
        let reserved = if revocation { 0.0 } else { 1.0 };
        let slots = (self.cap.floor() - reserved).max(1.0);
        if f64::from(self.in_flight) >= slots {
            return Err(Wait::ForSlot);
        }
        let Some(buckets) = &mut self.buckets else {
            return Ok(());
        };
        let bucket = &mut buckets[index(verb)];
        bucket.fill(now);
        let wanted = if revocation { 1.0 } else { BURST };
        let ready = bucket.ready_at(now, wanted);
        if ready > now { Err(Wait::Until(ready)) } else { Ok(()) }
    }

    /// A call ended with an answer that was not a throttling.
    pub fn ended(&mut self, verb: Verb) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.cap = (self.cap + RAISED).min(f64::from(CONCURRENCY));
        if let Some(buckets) = &mut self.buckets {
            let bucket = &mut buckets[index(verb)];
            bucket.factor = (bucket.factor + RAISED).min(1.0);
        }
    }

    /// A call was throttled: slower from now on, and nothing of its class before `retry_after`.
    pub fn throttled(&mut self, verb: Verb, concurrency: bool, retry_after: Option<Duration>, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if concurrency {
            self.cap = (self.cap - 1.0).max(1.0);
        }
        let wait = retry_after.unwrap_or(self.first_wait);
        if concurrency {
            if let Some(buckets) = &mut self.buckets {
                buckets[index(verb)].not_before = now.plus(wait);
            }
            return;
        }
        if let Some(buckets) = &mut self.buckets {
            let bucket = &mut buckets[index(verb)];
            bucket.fill(now);
            bucket.factor = (bucket.factor * LOWERED).max(LOWEST);
            bucket.tokens = bucket.tokens.min(1.0);
            bucket.not_before = bucket.not_before.max(now.plus(wait));
        }
    }

    /// Calls in flight.
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// How long `calls` more calls of this class take at the present rate (rule A2's forecast).
    pub fn forecast(&self, verb: Verb, calls: u64) -> Duration {
        let Some(buckets) = &self.buckets else {
            return Duration::ZERO;
        };
        let bucket = &buckets[index(verb)];
        #[expect(
            clippy::cast_precision_loss,
            reason = "a forecast of seconds needs no more than 52 bits"
        )]
        let seconds = calls as f64 / (bucket.per_second * bucket.factor);
        Duration::from_secs_f64(seconds.min(1e9))
    }
}

const fn index(verb: Verb) -> usize {
    match verb {
        Verb::Write => 0,
        Verb::GroupPatch => 1,
        Verb::Read => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1000)
    }

    /// Calls that start in `seconds`, each ending at once.
    fn calls_in(pace: &mut Pace, verb: Verb, revocation: bool, from: i64, seconds: i64) -> usize {
        (from..from + seconds * 1000)
            .filter(|&millis| {
                let started = pace.start(verb, revocation, at(millis)).is_ok();
                if started {
                    pace.ended(verb);
                }
                started
            })
            .count()
    }

    #[test]
    fn a_backlog_uses_the_budget_and_never_more() {
        for (verb, limit) in [(Verb::Write, 35), (Verb::GroupPatch, 10), (Verb::Read, 255)] {
            let mut pace = Pace::new(Speed::Published, at(0));
            let first = calls_in(&mut pace, verb, false, 0, 60);
            assert!(first <= limit, "{verb:?}: {first} in the first minute");
            let ten = calls_in(&mut pace, verb, false, 60_000, 600);
            assert!(
                ten <= limit * 10 && ten * 100 >= limit * 10 * 95,
                "{verb:?}: {ten} in ten minutes"
            );
        }
    }

    #[test]
    fn the_account_has_rates_and_a_limit_of_pages_of_its_own() {
        for level in [Level::Account, Level::AccountThroughWorkspace] {
            for (verb, limit) in [(Verb::Write, 300), (Verb::GroupPatch, 120), (Verb::Read, 1200)] {
                let mut pace = Pace::at(level, Speed::Published, at(0));
                let ten = calls_in(&mut pace, verb, false, 0, 600);
                assert!(
                    ten <= limit * 10 && ten * 100 >= limit * 10 * 95,
                    "{level:?} {verb:?}: {ten} in ten minutes"
                );
            }
            let mut pace = Pace::at(level, Speed::Published, at(0));
            let pages = (0..60_000).filter(|&millis| {
                let started = pace.start_page(at(millis)).is_ok();
                if started {
                    pace.ended(Verb::Read);
                }
                started
            });
            let pages = pages.count();
            assert!((228..=240).contains(&pages), "{level:?}: {pages} pages a minute");
        }
        assert_eq!(Verb::of_user_patch(Level::Workspace), Verb::Write);
        assert_eq!(Verb::of_user_patch(Level::Account), Verb::GroupPatch);
    }

    #[test]
    fn a_token_and_a_slot_are_left_for_a_revocation() {
        let mut pace = Pace::new(Speed::Published, at(0));
        assert_eq!(pace.start(Verb::Write, false, at(0)), Ok(()));
        assert!(matches!(pace.start(Verb::Write, false, at(0)), Err(Wait::Until(_))));
        assert_eq!(pace.start(Verb::Write, true, at(0)), Ok(()));

        let mut pace = Pace::new(Speed::Off, at(0));
        for _ in 0..3 {
            assert_eq!(pace.start(Verb::Read, false, at(0)), Ok(()));
        }
        assert_eq!(pace.start(Verb::Read, false, at(0)), Err(Wait::ForSlot));
        assert_eq!(pace.start(Verb::Write, true, at(0)), Ok(()));
        assert_eq!(pace.start(Verb::Write, true, at(0)), Err(Wait::ForSlot));
    }

    #[test]
    fn throttling_slows_down_and_good_answers_speed_up_again() {
        let mut pace = Pace::new(Speed::Times(60.0), at(0));
        assert_eq!(pace.start(Verb::Write, false, at(0)), Ok(()));
        pace.throttled(Verb::Write, false, Some(Duration::from_secs(5)), at(0));
        assert_eq!(pace.start(Verb::Write, true, at(4_999)), Err(Wait::Until(at(5_000))));
        let slowed = calls_in(&mut pace, Verb::Write, false, 5_000, 2);
        assert!(slowed < 60, "{slowed}");
        let recovered = calls_in(&mut pace, Verb::Write, false, 20_000, 10);
        assert!(recovered > 320, "{recovered}");
    }

    #[test]
    fn the_concurrency_cap_falls_to_one_and_no_further() {
        let mut pace = Pace::new(Speed::Off, at(0));
        for _ in 0..6 {
            assert_eq!(pace.start(Verb::Read, true, at(0)), Ok(()));
            pace.throttled(Verb::Read, true, None, at(0));
        }
        assert_eq!(pace.start(Verb::Read, false, at(0)), Ok(()));
        assert_eq!(pace.start(Verb::Read, true, at(0)), Err(Wait::ForSlot));
    }

    #[test]
    fn b10_objects_that_are_refused_share_a_twentieth() {
        let mut pace = Pace::new(Speed::Published, at(0));
        let tried = (0..600_000)
            .filter(|&millis| {
                let may = pace.failing_at(Verb::Write, at(millis)).is_none();
                if may {
                    pace.spend_failing(Verb::Write);
                }
                may
            })
            .count();
        assert!((16..=18).contains(&tried), "{tried} of 350 in ten minutes");
    }

    #[test]
    fn a_pace_is_written_in_three_ways() {
        assert_eq!("published".parse(), Ok(Speed::Published));
        assert_eq!("x60".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("off".parse(), Ok(Speed::Off));
        assert!("60".parse::<Speed>().unwrap_err().contains("x60"));
        assert!("x-1".parse::<Speed>().is_err());
    }

    #[test]
    fn a_forecast_counts_at_the_present_rate() {
        let pace = Pace::new(Speed::Published, at(0));
        let forecast = pace.forecast(Verb::Write, 1000).as_secs();
        assert!((1700..1800).contains(&forecast), "{forecast}");
    }
}
