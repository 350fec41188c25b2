//! What goes and what stays. Pure.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::Kept;

/// How much of the record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long an entry stays after the last that happened to it.
    pub keep_for: Duration,
    /// Bytes beyond which the oldest entries go.
    pub max_size: u64,
    /// How far the clock may be from the newest entry while anything is removed (rule D4).
    pub clock_within: Duration,
}

/// What is to become of some of the oldest entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Revisions to remove.
    pub(super) remove: Vec<i64>,
    /// About how many bytes are left in the whole record then.
    pub(super) left: u64,
    /// Whether younger entries are to be looked at too.
    pub(super) go_on: bool,
    /// When the youngest was accepted that goes for the sake of size.
    pub(super) crowded_out: Option<Timestamp>,
}

impl Bounds {
    /// Whether the clock can be believed: it agrees with the newest entry. An idle record is not
    /// cut either, and does not grow.
    pub(super) fn clock_agrees(&self, newest: Option<Timestamp>, now: Timestamp) -> bool {
        newest.is_some_and(|newest| now.since(newest).max(newest.since(now)) <= self.clock_within)
    }

    /// Before when an entry is too old.
    pub(super) fn too_old(&self, now: Timestamp) -> Timestamp {
        let span = i64::try_from(self.keep_for.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(now.as_micros().saturating_sub(span))
    }

    /// Decides on `entries`, oldest first, of a record of `size` bytes.
    pub(super) fn decide(&self, entries: &[Kept], size: u64, now: Timestamp) -> Verdict {
        let too_old = self.too_old(now);
        let mut verdict = Verdict {
            left: size,
            ..Verdict::default()
        };
        for entry in entries.iter().filter(|entry| !entry.exempt) {
            let old = entry.last_at < too_old;
            let crowded = verdict.left > self.max_size;
            if !old && !crowded {
                continue;
            }
            verdict.remove.push(entry.revision);
            verdict.left = verdict.left.saturating_sub(entry.bytes);
            if !old {
                verdict.crowded_out = Some(entry.at);
            }
        }
        // Later entries were accepted later: none of them can be too old once one was not accepted before that.
        verdict.go_on = entries
            .last()
            .is_some_and(|last| last.at < too_old || verdict.left > self.max_size);
        verdict
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(days: i64) -> Timestamp {
        Timestamp::from_micros(days * 86_400_000_000)
    }

    fn entry(revision: i64, day: i64) -> Kept {
        Kept {
            revision,
            at: days(day),
            last_at: days(day),
            exempt: false,
            bytes: 100,
        }
    }

    fn bounds(keep_days: u64, max_size: u64) -> Bounds {
        Bounds {
            keep_for: Duration::from_hours(24 * keep_days),
            max_size,
            clock_within: Duration::from_hours(1),
        }
    }

    #[test]
    fn what_is_too_old_goes_and_an_open_revocation_stays() {
        let mut entries = vec![entry(1, 0), entry(2, 1), entry(3, 2), entry(4, 9)];
        entries[1].exempt = true;
        entries[2].last_at = days(9);
        let verdict = bounds(5, 10_000).decide(&entries, 400, days(10));
        assert_eq!((verdict.remove, verdict.left, verdict.go_on), (vec![1], 300, false));
    }

    #[test]
    fn what_is_too_much_goes_from_the_old_end_and_an_open_revocation_stays() {
        let mut entries = vec![entry(1, 0), entry(2, 1), entry(3, 2), entry(4, 3)];
        entries[0].exempt = true;
        let verdict = bounds(50, 150).decide(&entries, 400, days(10));
        assert_eq!((verdict.remove, verdict.left), (vec![2, 3, 4], 100));
        assert_eq!(verdict.crowded_out, Some(days(3)));
        let verdict = bounds(50, 350).decide(&entries, 400, days(10));
        assert_eq!((verdict.remove, verdict.go_on), (vec![2], false));
        assert!(bounds(50, 10).decide(&entries[..1], 400, days(10)).go_on);
    }

    #[test]
    fn a_clock_that_disagrees_with_the_newest_entry_is_not_believed() {
        let bounds = bounds(5, 100);
        let hour = Duration::from_hours(1);
        for (newest, now, agrees) in [
            (Some(days(9)), days(9).plus(hour), true),
            (Some(days(9)), days(9).plus(hour * 2), false),
            (Some(days(9).plus(hour * 2)), days(9), false),
            (None, days(9), false),
        ] {
            assert_eq!(bounds.clock_agrees(newest, now), agrees, "{newest:?} {now:?}");
        }
    }

    fn any_entry() -> impl Strategy<Value = Kept> {
        (0_i64..40, 0_i64..40, any::<bool>(), 1_u64..500).prop_map(|(at, later, exempt, bytes)| Kept {
            revision: 0,
            at: days(at),
            last_at: days(at + later),
            exempt,
            bytes,
        })
    }

    proptest! {
        /// However the record is cut into batches, the same goes.
        #[test]
        fn batches_change_nothing(
            mut entries in prop::collection::vec(any_entry(), 0..30),
            batch in 1_usize..7,
            keep in 1_u64..40,
            max_size in 0_u64..4000,
        ) {
            entries.sort_by_key(|entry| entry.at);
            for (revision, entry) in (1..).zip(&mut entries) {
                entry.revision = revision;
            }
            let bounds = bounds(keep, max_size);
            let size: u64 = entries.iter().map(|entry| entry.bytes).sum();
            let whole = bounds.decide(&entries, size, days(40));
            let (mut removed, mut left) = (Vec::new(), size);
            for part in entries.chunks(batch) {
                let verdict = bounds.decide(part, left, days(40));
                left = verdict.left;
                removed.extend(verdict.remove);
                if !verdict.go_on {
                    break;
                }
            }
            prop_assert_eq!((removed, left), (whole.remove.clone(), whole.left));
            for entry in &entries {
                let goes = whole.remove.contains(&entry.revision);
                prop_assert!(!(goes && entry.exempt));
                prop_assert!(goes || entry.exempt || entry.last_at >= bounds.too_old(days(40)));
            }
        }
    }
}
