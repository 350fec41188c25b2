//! How many calls ended within the last minute. Pure.

use crate::clock::Timestamp;
use crate::databricks::pace::Verb;

const SECONDS: usize = 60;

/// One count a second and rate class, for a minute.
#[derive(Debug, Clone)]
pub(super) struct Minute {
    counts: [[u32; SECONDS]; 3],
    newest: i64,
}

impl Default for Minute {
    fn default() -> Self {
        Self {
            counts: [[0; SECONDS]; 3],
            newest: 0,
        }
    }
}

impl Minute {
    pub(super) fn count(&mut self, verb: Verb, now: Timestamp) {
        let second = second(now).max(self.newest);
        // What lies a minute back makes room.
        let passed = usize::try_from(second - self.newest).map_or(SECONDS, |passed| passed.min(SECONDS));
        for back in 0..passed {
            let old = slot(second - i64::try_from(back).unwrap_or(0));
            for counts in &mut self.counts {
                counts[old] = 0;
            }
        }
        self.newest = second;
        self.counts[row(verb)][slot(second)] += 1;
    }

    pub(super) fn counted(&self, verb: Verb, now: Timestamp) -> u32 {
        let oldest = second(now) - 59;
        (0..60)
            .map(|back| self.newest - back)
            .filter(|counted| *counted >= oldest)
            .map(|counted| self.counts[row(verb)][slot(counted)])
            .sum()
    }
}

const fn second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

fn slot(second: i64) -> usize {
    usize::try_from(second.rem_euclid(60)).unwrap_or(0)
}

const fn row(verb: Verb) -> usize {
    match verb {
        Verb::Write => 0,
        Verb::GroupPatch => 1,
        Verb::Read => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_call_counts_for_a_minute() {
        let mut minute = Minute::default();
        for second in [1000, 1000, 1030] {
            minute.count(Verb::Write, at(second));
        }
        minute.count(Verb::Read, at(1030));
        for (second, counted) in [(1030, 3), (1059, 3), (1060, 1), (1089, 1), (1090, 0), (9000, 0)] {
            assert_eq!(minute.counted(Verb::Write, at(second)), counted, "{second}");
        }
        minute.count(Verb::Write, at(1075));
        assert_eq!(minute.counted(Verb::Write, at(1080)), 2);
        minute.count(Verb::Write, at(5000));
        assert_eq!(
            (
                minute.counted(Verb::Write, at(5000)),
                minute.counted(Verb::Read, at(5000))
            ),
            (1, 0)
        );
    }
}
