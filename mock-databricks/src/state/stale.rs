//! Reads that lag behind writes (eventual consistency; off by default, inferred from a fake server of the vendor).
//!
//! With the switch on, the first read of an object after a write shows it as it was before:
//! a new one is not found once.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Id, Level};

/// A lag never outlives this (documented: internal caches last up to 60 s).
const LONGEST_LAG: Duration = Duration::from_mins(1);

/// What the next read of an object shows instead of the truth.
#[derive(Debug, Default)]
pub(crate) struct StaleReads {
    before: HashMap<(Id, Level), Before>,
}

/// When the write was, and what it changed; `None`: the object was not there.
type Before = (Duration, Option<Map<String, Value>>);

impl StaleReads {
    /// Remembers how an object looked at one level before the write at `now`.
    pub(crate) fn remember(&mut self, what: (Id, Level), now: Duration, before: Option<Map<String, Value>>) {
        self.before.insert(what, (now, before));
    }

    /// What a read at `now` shows, if it lags: once, and not after the longest lag ÷ `time_factor`.
    #[expect(
        clippy::option_option,
        reason = "the outer says whether the read lags, the inner whether the object was there"
    )]
    pub(crate) fn take(
        &mut self,
        what: (Id, Level),
        now: Duration,
        time_factor: f64,
    ) -> Option<Option<Map<String, Value>>> {
        let (written, before) = self.before.remove(&what)?;
        let lag = now.saturating_sub(written);
        (lag <= LONGEST_LAG.div_f64(time_factor)).then_some(before)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Id, Level, StaleReads};

    #[test]
    fn a_lag_shows_once_and_ends_by_itself() {
        let id = (Id::parse("1").expect("digits"), Level::Workspace);
        let mut stale = StaleReads::default();
        stale.remember(id, Duration::from_secs(10), None);
        assert_eq!(stale.take(id, Duration::from_secs(11), 1.0), Some(None));
        assert_eq!(stale.take(id, Duration::from_secs(11), 1.0), None);
        stale.remember(id, Duration::from_secs(10), None);
        assert_eq!(stale.take(id, Duration::from_secs(13), 60.0), None);
    }
}
