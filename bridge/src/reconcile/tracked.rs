//! How knowledge of one upstream field or membership changes (rules B1 to B3). Pure.
//!
//! The surprise: a success does not end it. While an earlier attempt of unknown
//! outcome may still take effect late, the value stays under suspicion until two
//! agreeing reads, the first one a whole proof interval after that attempt, have
//! shown it.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::Tracked;

/// The second of two agreeing reads comes this part of the proof interval after the first.
const SECOND_READ: u32 = 18;

impl<V: Clone + PartialEq> Tracked<V> {
    /// Known to be `applied`, without any attempt of ours.
    pub const fn known(applied: V) -> Self {
        Self {
            applied,
            observed: None,
            maybe: false,
            unknown_at: None,
            agreed: None,
            verify_at: None,
        }
    }

    /// Whether a call must be made for it to be `desired`.
    pub fn needs_sending(&self, desired: &V) -> bool {
        self.maybe || self.applied != *desired
    }

    /// A call on it is about to be sent.
    pub const fn attempt(&mut self) {
        self.maybe = true;
    }

    /// A definite answer proved that the call had no effect; `before` is how it stood when it was sent.
    pub const fn no_effect(&mut self, before: &Self) {
        self.maybe = before.maybe;
    }

    /// A definite answer confirmed `value` (rule B3). `verify_at` asks for a read.
    pub fn confirmed(&mut self, value: V, verify_at: Option<Timestamp>) {
        self.applied = value;
        self.maybe = false;
        self.agreed = None;
        self.verify_at = verify_at;
    }

    /// The call ended without a definite answer.
    pub fn unknown(&mut self, now: Timestamp) {
        self.maybe = true;
        self.unknown_at = Some(now);
        self.agreed = None;
    }

    /// When a read is wanted, if one is.
    pub fn check_at(&self, proof: Duration) -> Option<Timestamp> {
        match (self.unknown_at, &self.agreed, self.verify_at) {
            (Some(unknown), None, _) => Some(unknown.plus(proof)),
            (Some(unknown), Some((first, _)), _) => Some(first.plus(proof / SECOND_READ).max(unknown.plus(proof))),
            (None, _, verify) => verify,
        }
    }

    /// A read showed `seen`.
    ///
    /// Where no attempt of ours is open a difference is drift (rule B1): noted, nothing else.
    pub fn read(&mut self, seen: V, at: Timestamp, proof: Duration) {
        self.observed = Some(seen.clone());
        match self.unknown_at {
            // Too early: the attempt's effect may still come.
            Some(unknown) if at < unknown.plus(proof) => {}
            Some(_) => self.prove(seen, at),
            None if self.verify_at.is_some() => self.verify(seen, at, proof),
            None => {}
        }
    }

    /// Two agreeing reads after the proof interval settle what an unknown attempt came to.
    fn prove(&mut self, seen: V, at: Timestamp) {
        match self.agreed.take() {
            Some((_, first)) if first == seen => {
                self.applied = seen;
                self.maybe = false;
                self.unknown_at = None;
                self.verify_at = None;
            }
            _ => self.agreed = Some((at, seen)),
        }
    }

    /// A verifying read: agreement ends it. A stale read must not undo anything, so only
    /// the same disagreement a whole proof interval later counts as undone.
    fn verify(&mut self, seen: V, at: Timestamp, proof: Duration) {
        if seen == self.applied {
            self.verify_at = None;
            self.agreed = None;
            return;
        }
        match self.agreed.take() {
            Some((first, value)) if value == seen && at >= first.plus(proof) => {
                self.applied = seen;
                self.verify_at = None;
            }
            Some((first, value)) if value == seen => {
                self.verify_at = Some(first.plus(proof));
                self.agreed = Some((first, value));
            }
            _ => {
                self.verify_at = Some(at.plus(proof));
                self.agreed = Some((at, seen));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROOF: Duration = Duration::from_secs(90);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_value_differs_until_it_is_confirmed() {
        let mut edge = Tracked::known(false);
        assert!(edge.needs_sending(&true));
        edge.attempt();
        assert!(edge.needs_sending(&false), "an attempted add cannot be cancelled");
        edge.confirmed(true, None);
        assert!(!edge.needs_sending(&true));
        assert_eq!(edge.check_at(PROOF), None);
    }

    #[test]
    fn an_answer_that_proves_no_effect_leaves_things_as_they_were() {
        let mut edge = Tracked::known(false);
        let before = edge.clone();
        edge.attempt();
        edge.no_effect(&before);
        assert_eq!(edge, before);
    }

    #[test]
    fn absence_after_an_unknown_outcome_takes_two_reads_the_first_after_the_interval() {
        let mut edge = Tracked::known(false);
        edge.attempt();
        edge.unknown(at(0));
        edge.read(false, at(30), PROOF);
        assert!(edge.needs_sending(&false), "a read before the interval proves nothing");
        assert_eq!(edge.check_at(PROOF), Some(at(90)));
        edge.read(false, at(90), PROOF);
        assert!(edge.needs_sending(&false), "one read is not two");
        assert_eq!(edge.check_at(PROOF), Some(at(95)));
        edge.read(false, at(95), PROOF);
        assert!(!edge.needs_sending(&false));
        assert_eq!(edge.check_at(PROOF), None);
    }

    #[test]
    fn reads_that_flip_prove_nothing() {
        let mut edge = Tracked::known(false);
        edge.unknown(at(0));
        edge.read(false, at(90), PROOF);
        edge.read(true, at(95), PROOF);
        assert!(edge.maybe);
        edge.read(true, at(100), PROOF);
        assert!(!edge.maybe && edge.applied);
    }

    #[test]
    fn a_late_effect_after_a_confirmed_revocation_is_pending_work_again() {
        let mut edge = Tracked::known(false);
        edge.unknown(at(0)); // an add without an answer
        edge.confirmed(false, None); // the removal that follows it
        assert!(!edge.needs_sending(&false));
        assert_eq!(edge.check_at(PROOF), Some(at(90)), "it stays under suspicion");
        edge.read(true, at(91), PROOF);
        edge.read(true, at(97), PROOF);
        assert!(edge.needs_sending(&false), "the late add is our own and is taken back");
    }

    #[test]
    fn a_verifying_read_that_agrees_ends_it() {
        let mut active = Tracked::known(true);
        active.confirmed(false, Some(at(5)));
        assert_eq!(active.check_at(PROOF), Some(at(5)));
        active.read(false, at(5), PROOF);
        assert_eq!(active.check_at(PROOF), None);
    }

    #[test]
    fn a_stale_verifying_read_undoes_nothing_but_a_lasting_one_does() {
        let mut active = Tracked::known(true);
        active.confirmed(false, Some(at(5)));
        active.read(true, at(5), PROOF);
        assert!(!active.needs_sending(&false));
        assert_eq!(active.check_at(PROOF), Some(at(95)));
        active.read(true, at(95), PROOF);
        assert!(active.needs_sending(&false));
    }

    #[test]
    fn a_difference_without_an_attempt_of_ours_is_drift_and_no_work() {
        let mut edge = Tracked::known(true);
        edge.read(false, at(1000), PROOF);
        assert!(!edge.needs_sending(&true));
        assert_eq!(edge.observed, Some(false));
    }
}
