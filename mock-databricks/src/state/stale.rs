//! Reads that lag behind writes (eventual consistency; off by default).
//!
//! Two forms: the first read of an object after a write shows it as it was before [inferred from a fake server of the vendor], or
//! every read for a while may, so that an object appears, vanishes and appears again [fixture UCX].

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Id, Level};
use crate::chance::Chance;

/// A lag never outlives this [documented: internal caches last up to 60 s].
const LONGEST_LAG: Duration = Duration::from_mins(1);

/// Which list an object is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    Users,
    ServicePrincipals,
    Groups,
}

/// An object as it was; `None`: it was not there.
pub(crate) type Shown = Option<Map<String, Value>>;

/// When to ask, and how lags run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Since the start of the mock.
    pub(crate) now: Duration,
    /// Divides the longest lag.
    pub(crate) time_factor: f64,
}

/// What reads may show instead of the truth.
#[derive(Debug)]
pub(crate) struct StaleReads {
    before: BTreeMap<(Id, Level), Before>,
    chance: Chance,
}

#[derive(Debug)]
struct Before {
    listing: Listing,
    written: Duration,
    shown: Shown,
}

impl StaleReads {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            before: BTreeMap::new(),
            chance: Chance::new(seed, 9),
        }
    }

    /// Forgets all lags.
    pub(crate) fn clear(&mut self) {
        self.before.clear();
    }

    /// Remembers how an object looked at one level before the write at `now`.
    pub(crate) fn remember(&mut self, what: (Id, Level), listing: Listing, now: Duration, shown: Shown) {
        let before = Before {
            listing,
            written: now,
            shown,
        };
        self.before.insert(what, before);
    }

    /// What a read shows, if it is the first after a write and the lag is not over.
    pub(crate) fn take(&mut self, what: (Id, Level), listing: Listing, moment: Moment) -> Option<Shown> {
        self.before.get(&what).filter(|before| before.listing == listing)?;
        let before = self.before.remove(&what)?;
        before.lags(moment).then_some(before.shown)
    }

    /// What a read shows, if chance will have it and the lag is not over.
    pub(crate) fn flip(&mut self, what: (Id, Level), listing: Listing, moment: Moment, percent: u64) -> Option<Shown> {
        let before = self.before.get(&what);
        let before = before.filter(|before| before.listing == listing && before.lags(moment))?;
        (self.chance.below(100) < percent).then(|| before.shown.clone())
    }

    /// The objects of one list that it shows as they were, as chance will have it.
    pub(crate) fn flipped(&mut self, listing: Listing, level: Level, moment: Moment, percent: u64) -> Vec<(Id, Shown)> {
        self.before.retain(|_, before| before.lags(moment));
        let here = self
            .before
            .iter()
            .filter(|((_, at), before)| *at == level && before.listing == listing);
        here.filter(|_| self.chance.below(100) < percent)
            .map(|((id, _), before)| (*id, before.shown.clone()))
            .collect()
    }
}

impl Before {
    fn lags(&self, moment: Moment) -> bool {
        moment.now.saturating_sub(self.written) <= LONGEST_LAG.div_f64(moment.time_factor)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Id, Level, Listing, Moment, StaleReads};

    fn at(seconds: u64, time_factor: f64) -> Moment {
        Moment {
            now: Duration::from_secs(seconds),
            time_factor,
        }
    }

    fn stale() -> (StaleReads, (Id, Level)) {
        let what = (Id::parse("1").expect("digits"), Level::Workspace);
        let mut stale = StaleReads::new(1);
        stale.remember(what, Listing::Users, Duration::from_secs(10), None);
        (stale, what)
    }

    #[test]
    fn a_lag_shows_once_and_ends_by_itself() {
        let (mut reads, what) = stale();
        assert_eq!(reads.take(what, Listing::Users, at(11, 1.0)), Some(None));
        assert_eq!(reads.take(what, Listing::Users, at(11, 1.0)), None);
        let (mut reads, what) = stale();
        assert_eq!(reads.take(what, Listing::Users, at(13, 60.0)), None);
        let (mut reads, what) = stale();
        assert_eq!(reads.take(what, Listing::Groups, at(11, 1.0)), None);
        assert_eq!(reads.take(what, Listing::Users, at(11, 1.0)), Some(None));
    }

    #[test]
    fn a_flipping_object_comes_and_goes_until_the_lag_is_over() {
        let (mut reads, what) = stale();
        let shown: Vec<bool> = (0..40)
            .map(|_| reads.flip(what, Listing::Users, at(60, 1.0), 50).is_some())
            .collect();
        assert!(shown.contains(&true) && shown.contains(&false));
        assert_eq!(reads.flip(what, Listing::Users, at(60, 1.0), 0), None);
        assert_eq!(reads.flip(what, Listing::Users, at(60, 1.0), 100), Some(None));
        assert_eq!(reads.flip(what, Listing::Groups, at(60, 1.0), 100), None);
        assert_eq!(
            reads.flipped(Listing::Users, Level::Workspace, at(70, 1.0), 100).len(),
            1
        );
        assert!(
            reads
                .flipped(Listing::Groups, Level::Workspace, at(70, 1.0), 100)
                .is_empty()
        );
        assert!(
            reads
                .flipped(Listing::Users, Level::Account, at(70, 1.0), 100)
                .is_empty()
        );
        assert!(
            reads
                .flipped(Listing::Users, Level::Workspace, at(71, 1.0), 100)
                .is_empty()
        );
        assert_eq!(reads.flip(what, Listing::Users, at(71, 1.0), 100), None);
    }
}
