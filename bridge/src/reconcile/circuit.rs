//! One open circuit for a target that is out as a whole (rule D5). Pure.
//!
//! While it is open nothing is tried object by object; one read probes the target. After
//! a good probe one call at a time goes through, until a definite answer closes it.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::BindingId;

/// Objects that fail in a row, which opens the circuit when none of the failures is proof by itself.
const SUSPICIOUS: usize = 3;

/// How often an open circuit is probed.
#[derive(Debug, Clone, Copy)]
pub struct Probing {
    /// At first.
    pub first: Duration,
    /// After several failures.
    pub longest: Duration,
}

impl Default for Probing {
    /// Every 15 s, stepped up to 30 s.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(15),
            longest: Duration::from_secs(30),
        }
    }
}

/// What a call told about the target as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A definite answer to this very request: the target works.
    Works,
    /// Slower, please: the target works.
    Throttled,
    /// Nothing definite, about this object: several in a row, each on another, mean that the target is out.
    Suspicious(Option<BindingId>),
    /// The target is out.
    Out,
}

/// The state of the circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Calls go through.
    Closed,
    /// Nothing goes through but a probe at `probe_at`.
    Open {
        /// One word.
        cause: &'static str,
        /// A sentence.
        detail: String,
        /// Since when.
        since: Timestamp,
        /// When to probe.
        probe_at: Timestamp,
        /// Failed probes.
        failed: u32,
    },
    /// A probe succeeded: one call at a time.
    Trial {
        /// One word for why it was out.
        cause: &'static str,
        /// The same in a sentence.
        detail: String,
        /// Since when the target was out.
        since: Timestamp,
    },
}

/// A circuit.
#[derive(Debug, Clone)]
pub struct Circuit {
    state: State,
    suspects: Vec<Option<BindingId>>,
    /// One object fails again and again: a probe tells whether it is the object's own trouble.
    doubt: bool,
    probing: Probing,
}

impl Circuit {
    /// A circuit that starts open and is probed at once: nothing is written before the target has answered.
    pub fn starting(probing: Probing, now: Timestamp) -> Self {
        Self {
            state: State::Open {
                cause: "starting",
                detail: "the target has not answered yet".to_owned(),
                since: now,
                probe_at: now,
                failed: 0,
            },
            suspects: Vec::new(),
            doubt: false,
            probing,
        }
    }

    /// Its state.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// How many calls may be in flight.
    pub const fn admits(&self) -> u32 {
        match self.state {
            State::Closed => u32::MAX,
            State::Trial { .. } => 1,
            State::Open { .. } => 0,
        }
    }

    /// Whether a probe is wanted although the circuit is closed.
    pub const fn doubts(&self) -> bool {
        self.doubt && matches!(self.state, State::Closed)
    }

    /// Whether a probe succeeded and no call has said the same yet.
    pub const fn on_trial(&self) -> bool {
        matches!(self.state, State::Trial { .. })
    }

    /// Nothing is to be tried: the probe's answer is as good as any.
    pub fn rest(&mut self) -> bool {
        let trial = self.on_trial();
        if trial {
            self.state = State::Closed;
        }
        trial
    }

    /// When a probe is due, if the circuit is open.
    pub const fn probe_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Open { probe_at, .. } => Some(probe_at),
            State::Closed | State::Trial { .. } => None,
        }
    }

    /// Takes in the sign of a call; true if the circuit changed between working and not working.
    pub fn note(&mut self, sign: Sign, cause: &'static str, detail: &str, now: Timestamp) -> bool {
        match sign {
            Sign::Works | Sign::Throttled => {
                self.suspects.clear();
                self.doubt = false;
                let changed = !matches!(self.state, State::Closed);
                // Stragglers that were sent before it opened close nothing.
                if matches!(self.state, State::Trial { .. }) {
                    self.state = State::Closed;
                    return true;
                }
                changed && matches!(self.state, State::Closed)
            }
            Sign::Suspicious(object) => {
                // One object that fails again and again is its own trouble.
                if object.is_none() || !self.suspects.contains(&object) {
                    self.suspects.push(object);
                } else {
                    self.doubt = true;
                }
                let enough = self.suspects.len() >= SUSPICIOUS || matches!(self.state, State::Trial { .. });
                enough && self.open(cause, detail, now)
            }
            Sign::Out => self.open(cause, detail, now),
        }
    }

    /// The credential is another: nothing goes through before the target has answered to it.
    pub fn start_again(&mut self, now: Timestamp) {
        *self = Self::starting(self.probing, now);
    }

    /// A probe succeeded.
    pub fn probe_succeeded(&mut self) {
        self.doubt = false;
        if let State::Open {
            cause, detail, since, ..
        } = &self.state
        {
            self.suspects.clear();
            self.state = State::Trial {
                cause,
                detail: detail.clone(),
                since: *since,
            };
        }
    }

    /// A probe failed.
    pub fn probe_failed(&mut self, cause: &'static str, detail: &str, now: Timestamp) {
        self.open(cause, detail, now);
    }

    fn open(&mut self, cause: &'static str, detail: &str, now: Timestamp) -> bool {
        self.doubt = false;
        let (since, failed, was_open) = match &self.state {
            State::Open { since, failed, .. } => (*since, failed + 1, true),
            State::Trial { since, .. } => (*since, 1, true),
            State::Closed => (now, 0, false),
        };
        let wait = self
            .probing
            .first
            .saturating_mul(failed.max(1))
            .min(self.probing.longest);
        let probe_at = match &self.state {
            // A straggler's failure does not put off the probe that is due.
            State::Open { probe_at, .. } if *probe_at > now => *probe_at,
            _ => now.plus(wait),
        };
        self.state = State::Open {
            cause,
            detail: detail.to_owned(),
            since,
            probe_at,
            failed,
        };
        !was_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn closed() -> Circuit {
        let mut circuit = Circuit::starting(Probing::default(), at(0));
        circuit.probe_succeeded();
        circuit.note(Sign::Works, "", "", at(0));
        circuit
    }

    #[test]
    fn nothing_goes_through_before_the_first_answer() {
        let mut circuit = Circuit::starting(Probing::default(), at(0));
        assert_eq!((circuit.admits(), circuit.probe_at()), (0, Some(at(0))));
        circuit.probe_succeeded();
        assert_eq!(circuit.admits(), 1);
        assert!(circuit.note(Sign::Works, "", "", at(1)));
        assert_eq!(circuit.admits(), u32::MAX);
    }

    #[test]
    fn an_outage_is_probed_every_fifteen_seconds_and_then_every_thirty() {
        let mut circuit = closed();
        assert!(circuit.note(Sign::Out, "private-link", "closed", at(10)));
        assert!(
            !circuit.note(Sign::Out, "private-link", "closed", at(11)),
            "already open"
        );
        assert_eq!(circuit.probe_at(), Some(at(25)));
        for (failed_at, next) in [(25, 55), (55, 85), (85, 115)] {
            circuit.probe_failed("private-link", "closed", at(failed_at));
            assert!(circuit.probe_at().unwrap() <= at(next), "{failed_at}");
        }
    }

    fn failing(object: i64) -> Sign {
        Sign::Suspicious(Some(BindingId::for_test(object)))
    }

    #[test]
    fn one_odd_answer_opens_nothing_but_three_in_a_row_do() {
        let mut circuit = closed();
        assert!(!circuit.note(failing(1), "server-error", "503", at(1)));
        assert!(!circuit.note(failing(2), "server-error", "503", at(2)));
        circuit.note(Sign::Works, "", "", at(3));
        assert!(!circuit.note(failing(1), "server-error", "503", at(4)));
        assert!(!circuit.note(failing(2), "server-error", "503", at(5)));
        assert!(circuit.note(failing(3), "server-error", "503", at(6)));
    }

    #[test]
    fn one_object_that_fails_again_and_again_opens_nothing() {
        let mut circuit = closed();
        for second in 1..9 {
            assert!(!circuit.note(failing(1), "timed-out", "no answer", at(second)));
        }
        for second in 11..13 {
            assert!(!circuit.note(Sign::Throttled, "rate-limited", "429", at(second)));
        }
        // A list has no object: each failure counts.
        assert!(!circuit.note(Sign::Suspicious(None), "server-error", "503", at(14)));
        assert!(!circuit.note(Sign::Suspicious(None), "server-error", "503", at(15)));
        assert!(circuit.note(Sign::Suspicious(None), "server-error", "503", at(16)));
    }

    #[test]
    fn one_object_that_fails_again_and_again_raises_a_doubt_that_a_probe_settles() {
        let mut circuit = closed();
        circuit.note(failing(1), "server-error", "503", at(1));
        assert!(!circuit.doubts());
        circuit.note(failing(1), "server-error", "503", at(2));
        assert!(circuit.doubts());
        circuit.probe_succeeded();
        assert!(
            !circuit.doubts() && circuit.admits() == u32::MAX,
            "the object's own trouble"
        );
        circuit.note(failing(1), "server-error", "503", at(4));
        assert!(circuit.doubts());
        circuit.probe_failed("server-error", "503", at(4));
        assert!(!circuit.doubts() && circuit.admits() == 0, "the target is out");
    }

    #[test]
    fn with_nothing_to_try_a_good_probe_is_enough() {
        let mut circuit = closed();
        circuit.note(Sign::Out, "unreachable", "refused", at(10));
        assert!(!circuit.rest());
        circuit.probe_succeeded();
        assert!(circuit.rest() && circuit.admits() == u32::MAX);
    }

    #[test]
    fn a_failed_trial_opens_it_again_and_keeps_its_beginning() {
        let mut circuit = closed();
        circuit.note(Sign::Out, "unreachable", "refused", at(10));
        circuit.probe_succeeded();
        circuit.note(failing(1), "timed-out", "no answer", at(26));
        assert!(matches!(circuit.state(), State::Open { since, .. } if *since == at(10)));
    }
}
