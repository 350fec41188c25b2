//! The reconciler against a small model of Databricks, without network and with a clock
//! that is stepped: random changes, answers that are lost before or after their effect,
//! effects that come late, calls that overlap, and a process that dies between any two
//! transactions. Afterwards Databricks must be what the directory says, nothing may have
//! been created twice, and nothing foreign may have been touched.

mod assignments;
mod cases;
mod checks;
mod edits;
mod entitlements;
mod explanations;
mod foreign;
mod guarding;
mod inherited;
mod lasting;
mod least;
mod model;
mod operations;
mod rehearsals;
mod rights;
mod search;
mod shapes;
mod unspoken;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::advance::{Admitted, Advance, advance, conclude};
use super::attempt::{Attempt, recover};
use super::call::describe;
use super::policy::Policy;
use super::view::Knowledge;
use crate::clock::{Clock, Timestamp};
use crate::databricks::{Answered, DatabricksError, Unknown};
use crate::directory::{Directory, DirectoryError, Request, Rules};
use crate::id::{ScimId, UpstreamId, fold};
use crate::store::{Kind, QueueClass, Store, StoreError};

use edits::{Edit, any_edits};
use model::{Effect, Model, ModelUser};
use rights::Flying;

const TARGET: &str = "workspace";
const ALL: Admitted = Admitted {
    revocation: [true; 3],
    other: [true; 3],
    failing: [None; 3],
};

/// How a call may go wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// 429: no effect.
    Throttled,
    /// The answer is lost, the effect is there.
    LostAfter,
    /// The request is lost.
    LostBefore,
    /// Cut off now, the effect comes so many seconds later.
    Late(u64),
}

struct World {
    runtime: tokio::runtime::Runtime,
    store: Store,
    directory: Directory,
    model: Model,
    knowledge: Knowledge,
    policy: Policy,
    rng: StdRng,
    now: Timestamp,
    users: BTreeMap<u8, ScimId>,
    groups: BTreeMap<u8, ScimId>,
    /// Every resource that there ever was.
    ever: Vec<ScimId>,
    /// The resource that each group at the target was made for.
    made_for: BTreeMap<String, ScimId>,
    flying: Vec<Flying>,
    late: Vec<(Timestamp, Flying)>,
    /// Whether each step is looked at. Not where a foreign hand is at work.
    watched: bool,
    trace: Vec<String>,
    began: Timestamp,
    faulty: bool,
}

impl World {
    fn new(seed: u64, faulty: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let store = Store::scratch();
        // 2026-01-05T08:00:00Z
        let began = Timestamp::from_micros(1_767_600_000_000_000);
        let rules = Rules {
            endpoint: "scim".to_owned(),
            targets: vec![TARGET.to_owned()],
            protected_users: BTreeSet::new(),
            protected_groups: Policy::default().protected_groups,
            settle_for: Duration::ZERO,
            settle_at_most: Duration::ZERO,
        };
        let model = Model::seeded();
        let mut world = Self {
            directory: Directory::new(store.clone(), Clock::showing(began), rules),
            knowledge: Knowledge {
                target: TARGET.to_owned(),
                me: UpstreamId::parse("1000000001").map(|id| (id, "admin@example.test".to_owned())),
                ..Knowledge::default()
            },
            policy: Policy {
                batch: 2,
                ..Policy::default()
            },
            now: began,
            rng: StdRng::seed_from_u64(seed),
            runtime,
            store,
            model,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            ever: Vec::new(),
            made_for: BTreeMap::new(),
            flying: Vec::new(),
            watched: true,
            late: Vec::new(),
            trace: Vec::new(),
            began,
            faulty,
        };
        world.set_clock();
        world.scan();
        world
    }

    /// The directory's clock follows the stepped one.
    fn set_clock(&mut self) {
        let rules = self.directory.rules().clone();
        self.directory = Directory::new(self.store.clone(), Clock::showing(self.now), rules);
    }

    fn scan(&mut self) {
        let users: Vec<_> = self.model.listed_users().into_iter().map(|user| user.entry).collect();
        let groups = self.model.listed_groups();
        let now = self.now;
        self.write(move |tx| super::scan::store(tx, TARGET, &users, &groups, now));
        self.knowledge.scanned_at = Some(self.now);
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crate::store::Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.write(work)).unwrap()
    }

    /// Plans the most urgent rows up to the first call that begins, as the worker does; false if nothing is due.
    fn start_one(&mut self) -> bool {
        if self.flying.len() >= 3 {
            return false;
        }
        let now = self.now;
        let busy: Vec<ScimId> = self
            .flying
            .iter()
            .map(|attempt| attempt.binding.resource_id.clone())
            .collect();
        for class in [QueueClass::Revocation, QueueClass::Grant, QueueClass::Verification] {
            for verb in 0..4 {
                let rows = self
                    .store
                    .read(|snapshot| snapshot.due(TARGET, class, verb, now, 100))
                    .unwrap();
                let rows: Vec<_> = rows
                    .into_iter()
                    .filter(|row| !busy.contains(&row.resource_id))
                    .collect();
                if rows.is_empty() {
                    continue;
                }
                for row in rows {
                    let (knowledge, policy) = (self.knowledge.clone(), self.policy.clone());
                    let next = self.write(move |tx| advance(tx, &knowledge, &policy, ALL, &row.resource_id, now));
                    if let Advance::Begun(attempt) = next {
                        self.send(*attempt);
                        break;
                    }
                }
                return true;
            }
        }
        false
    }

    fn send(&mut self, attempt: Attempt) {
        let binding = attempt.call.binding;
        assert!(self.knowledge.busy.insert(binding), "two calls on one object");
        self.note(format_args!(
            "call {}",
            describe(attempt.binding.kind, &attempt.call.action)
        ));
        let wanted = if self.watched {
            self.check_begin(&attempt)
        } else {
            BTreeSet::new()
        };
        self.flying.push(Flying { attempt, wanted });
    }

    /// What happened, one line each; printed when a case fails.
    fn note(&mut self, text: impl std::fmt::Display) {
        let seconds = self.now.since(self.began).as_secs_f64();
        self.trace.push(format!("{seconds:8.1} {text}"));
    }

    fn queue(&self) -> Vec<crate::store::QueueRow> {
        let far = self.now.plus(Duration::from_secs(1_000_000));
        let mut rows = Vec::new();
        for class in [QueueClass::Revocation, QueueClass::Grant, QueueClass::Verification] {
            for verb in 0..4 {
                rows.extend(
                    self.store
                        .read(|snapshot| snapshot.due(TARGET, class, verb, far, 100))
                        .unwrap(),
                );
            }
        }
        rows
    }

    fn fault(&mut self) -> Fault {
        if !self.faulty {
            return Fault::None;
        }
        match self.rng.random_range(0..10) {
            0 => Fault::Throttled,
            1 => Fault::LostAfter,
            2 => Fault::LostBefore,
            3 => Fault::Late(self.rng.random_range(1..60)),
            _ => Fault::None,
        }
    }

    /// Ends one call in flight.
    fn finish_one(&mut self) {
        if self.flying.is_empty() {
            return;
        }
        let index = self.rng.random_range(0..self.flying.len());
        let fault = self.fault();
        self.finish(index, fault);
    }

    /// Ends a call in flight in this way.
    fn finish(&mut self, index: usize, fault: Fault) {
        let attempt = self.flying.swap_remove(index);
        let cut = || Err(DatabricksError::OutcomeUnknown(Unknown::Cut));
        let writes = attempt.call.action.writes();
        self.note(format_args!(
            "  ends {} {fault:?}",
            describe(attempt.binding.kind, &attempt.call.action)
        ));
        let result = match fault {
            Fault::Throttled => Err(DatabricksError::RateLimited {
                retry_after: None,
                concurrency: false,
                status: 429,
            }),
            Fault::LostAfter => {
                let _ = self.take_effect(&attempt);
                cut()
            }
            Fault::LostBefore => cut(),
            Fault::Late(seconds) if writes => {
                self.late
                    .push((self.now.plus(Duration::from_secs(seconds)), attempt.clone()));
                cut()
            }
            Fault::Late(_) | Fault::None => self.take_effect(&attempt),
        };
        self.end(attempt.attempt, result);
    }

    /// Ends the one call in flight with this answer.
    fn answer(&mut self, result: Effect) {
        assert_eq!(self.flying.len(), 1, "one call is in flight");
        let flying = self.flying.remove(0);
        self.end(flying.attempt, result);
    }

    /// Ends the one call in flight as the model has it.
    fn answer_truly(&mut self) {
        let flying = self.flying[0].clone();
        let result = self.take_effect(&flying);
        self.answer(result);
    }

    fn end(&mut self, attempt: Attempt, result: Effect) {
        let result = result.map(|value| Answered { status: 200, value });
        self.knowledge.busy.remove(&attempt.call.binding);
        let (knowledge, policy, now) = (self.knowledge.clone(), self.policy.clone(), self.now);
        let then = self.write(move |tx| conclude(tx, &knowledge, &policy, &attempt, &result, now));
        self.note(format_args!("    then {then:?}"));
    }

    /// Starts the next call and tells what it is.
    fn next_call(&mut self) -> String {
        let before = self.flying.len();
        while self.start_one() && self.flying.len() == before {}
        self.flying.get(before).map_or_else(String::new, |attempt| {
            describe(attempt.binding.kind, &attempt.call.action)
        })
    }

    /// The process dies with its calls in flight, some of which take effect, and starts again.
    fn crash(&mut self) {
        for attempt in std::mem::take(&mut self.flying) {
            if self.rng.random_bool(0.5) {
                let _ = self.take_effect(&attempt);
            }
        }
        self.knowledge.busy.clear();
        let now = self.now;
        self.write(move |tx| recover(tx, TARGET, now));
        self.scan();
    }

    fn step_time(&mut self, by: Duration) {
        self.now = self.now.plus(by);
        self.set_clock();
        let due: Vec<_> = self.late.iter().filter(|(at, _)| *at <= self.now).cloned().collect();
        self.late.retain(|(at, _)| *at > self.now);
        for (_, attempt) in due {
            let _ = self.take_effect(&attempt);
        }
    }

    /// Lets everything come to rest; panics when it does not.
    fn settle(&mut self) {
        self.faulty = false;
        for _ in 0..3_000 {
            let mut started = 0;
            while self.start_one() {
                started += 1;
                assert!(started < 1000, "planning goes round in circles: {:?}", self.queue());
            }
            if self.flying.is_empty() {
                let now = self.now;
                match self.store.read(|snapshot| snapshot.next_due(TARGET, now)).unwrap() {
                    // Shells wait for their grace: far beyond everything else.
                    Some(next) if next.after(now) < Duration::from_hours(24) => {
                        self.step_time(next.after(now).max(Duration::from_millis(1)));
                    }
                    _ if !self.late.is_empty() => self.step_time(Duration::from_mins(1)),
                    _ => return,
                }
            }
            self.finish_one();
        }
        let last = self.trace.len().saturating_sub(60);
        panic!("no end:\n{}\nqueue {:?}", self.trace[last..].join("\n"), self.queue());
    }
}

/// Prints the trace of a case that fails.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.trace.join("\n"));
        }
    }
}

fn run(seed: u64, edits: &[(Edit, u8)], faulty: bool, crashes: bool) -> World {
    let mut world = World::new(seed, faulty);
    world.model.strict = world.rng.random_bool(0.5);
    for (edit, pause) in edits {
        world.edit(*edit);
        for _ in 0..*pause {
            world.start_one();
            if world.rng.random_bool(0.5) {
                world.finish_one();
            }
        }
        let seconds = world.rng.random_range(0..20);
        world.step_time(Duration::from_secs(seconds));
        if crashes && world.rng.random_range(0..8) == 0 {
            world.crash();
        }
    }
    world.settle();
    world.check();
    // A second look finds nothing to do.
    let writes = world.model.writes;
    world.settle();
    assert_eq!(world.model.writes, writes, "the second plan is not empty");
    world
}

/// 128 cases of a fixed seed; `SIMULATION_CASES` and `SIMULATION_SEED` ask for others.
fn cases() -> ProptestConfig {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: setting("SIMULATION_CASES").map_or(128, |cases: u64| u32::try_from(cases).unwrap_or(u32::MAX)),
        max_shrink_iters: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(setting("SIMULATION_SEED").unwrap_or(20_261_123)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn databricks_becomes_what_the_directory_says(seed: u64, edits in any_edits()) {
        run(seed, &edits, false, false);
    }

    #[test]
    fn whatever_gets_lost_or_comes_late_it_converges(seed: u64, edits in any_edits()) {
        run(seed, &edits, true, false);
    }

    #[test]
    fn a_crash_between_any_two_transactions_loses_nothing(seed: u64, edits in any_edits()) {
        run(seed, &edits, true, true);
    }
}
