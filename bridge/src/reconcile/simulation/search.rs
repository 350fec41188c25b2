//! Every way that a few changes of two people and two groups can go: any change at any moment, any
//! order of the calls, and each call ending in each way, as far as the bounds go. States that
//! planning cannot tell apart, to the second, are gone on from once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::rights::Flying;
use super::*;
use crate::store::Enqueue;

/// Calls in flight at once. Two are enough to overlap.
const MOST_IN_FLIGHT: usize = 2;

/// What a search goes through.
struct Search<'a> {
    alphabet: &'a [Edit],
    faults: &'a [Fault],
    seen: HashSet<u64>,
    steps: usize,
    ends: usize,
}

/// How a world is, besides its store.
pub(super) struct Saved {
    model: Model,
    knowledge: Knowledge,
    now: Timestamp,
    users: BTreeMap<u8, ScimId>,
    groups: BTreeMap<u8, ScimId>,
    ever: Vec<ScimId>,
    flying: Vec<Flying>,
    late: Vec<(Timestamp, Flying)>,
    trace: usize,
}

impl World {
    pub(super) fn save(&self) -> Saved {
        self.store.on_scratch(crate::store::Scratch::mark);
        Saved {
            model: self.model.clone(),
            knowledge: self.knowledge.clone(),
            now: self.now,
            users: self.users.clone(),
            groups: self.groups.clone(),
            ever: self.ever.clone(),
            flying: self.flying.clone(),
            late: self.late.clone(),
            trace: self.trace.len(),
        }
    }

    pub(super) fn back_to(&mut self, saved: Saved) {
        self.store.on_scratch(crate::store::Scratch::back);
        self.model = saved.model;
        self.knowledge = saved.knowledge;
        self.now = saved.now;
        self.users = saved.users;
        self.groups = saved.groups;
        self.ever = saved.ever;
        self.flying = saved.flying;
        self.late = saved.late;
        self.trace.truncate(saved.trace);
        self.set_clock();
    }

    /// Two states of the same print go on in the same way.
    fn print(&self, edits: usize, faults: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        (edits, faults).hash(&mut hasher);
        self.store
            .on_scratch(|scratch| scratch.print(self.now))
            .hash(&mut hasher);
        format!("{:?}", self.model.users).hash(&mut hasher);
        format!("{:?}", self.model.groups).hash(&mut hasher);
        (self.model.next, &self.users, &self.groups).hash(&mut hasher);
        let seconds = |at: Timestamp| {
            (at.as_micros() - self.now.as_micros() + 500_000)
                .div_euclid(1_000_000)
                .max(-200)
        };
        let mut under_way = |flying: &Flying| {
            let row = self
                .store
                .read(|snapshot| snapshot.queued(TARGET, &flying.binding.resource_id))
                .unwrap();
            (row.is_some_and(|row| row.ticket == flying.ticket), &flying.wanted).hash(&mut hasher);
            format!("{:?}", flying.call).hash(&mut hasher);
            for (field, before) in &flying.fields {
                let times = before.as_ref().map(|before| {
                    (
                        before.maybe,
                        &before.applied,
                        before.unknown_at.map(seconds),
                        before.verify_at.map(seconds),
                    )
                });
                (field, times).hash(&mut hasher);
            }
            for (member, before) in &flying.edges {
                let times = before.as_ref().map(|before| {
                    (
                        before.tracked.maybe,
                        before.tracked.applied,
                        before.tracked.unknown_at.map(seconds),
                    )
                });
                (member, times).hash(&mut hasher);
            }
            format!(
                "{:?} {:?}",
                flying.binding.existence,
                flying.binding.unknown_at.map(seconds)
            )
            .hash(&mut hasher);
        };
        for flying in &self.flying {
            under_way(flying);
        }
        for (_, flying) in &self.late {
            under_way(flying);
        }
        for (at, _) in &self.late {
            seconds(*at).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Begins the next call, if there is one.
    fn begin_next(&mut self) -> bool {
        let before = self.flying.len();
        let mut planned = 0;
        while self.flying.len() == before && self.start_one() {
            planned += 1;
            assert!(planned < 100, "planning goes round in circles: {:?}", self.queue());
        }
        self.flying.len() > before
    }

    /// Goes on to the next moment at which something is due; false if there is none.
    fn wait(&mut self) -> bool {
        let now = self.now;
        let due = self.store.read(|snapshot| snapshot.next_due(TARGET, now)).unwrap();
        let late = self.late.iter().map(|(at, _)| *at).min();
        let next = due.into_iter().chain(late).min();
        // Shells wait for their grace: far beyond everything else.
        let Some(next) = next.filter(|next| next.after(now) < Duration::from_hours(24)) else {
            return false;
        };
        self.step_time(next.after(now).max(Duration::from_millis(1)));
        true
    }

    /// Everything is looked at again: nothing is to be done.
    fn check_rest(&mut self) {
        self.check();
        let (ever, now) = (self.ever.clone(), self.now);
        self.write(move |tx| {
            for id in ever {
                let kind = if id.as_str().starts_with("user") {
                    Kind::User
                } else {
                    Kind::Group
                };
                tx.enqueue(TARGET, &id, kind, Enqueue::at_once(QueueClass::Grant, now))?;
            }
            Ok(())
        });
        assert!(!self.begin_next(), "the second plan is not empty");
    }
}

impl Search<'_> {
    fn go(&mut self, world: &mut World, edits: usize, faults: usize) {
        if !self.seen.insert(world.print(edits, faults)) {
            return;
        }
        if edits > 0 {
            for edit in self.alphabet {
                self.branch(world, edits - 1, faults, |world| {
                    world.edit(*edit);
                    true
                });
            }
        }
        for index in 0..world.flying.len() {
            self.branch(world, edits, faults, |world| {
                world.finish(index, Fault::None);
                true
            });
            if faults == 0 {
                continue;
            }
            for fault in self.faults {
                self.branch(world, edits, faults - 1, |world| {
                    world.finish(index, *fault);
                    true
                });
            }
        }
        if world.flying.len() < MOST_IN_FLIGHT {
            // Time goes on when nothing can begin and nothing is under way.
            let goes_on = self.branch(world, edits, faults, |world| {
                world.begin_next() || (world.flying.is_empty() && world.wait())
            });
            if !goes_on && world.flying.is_empty() {
                self.ends += 1;
                let saved = world.save();
                world.begin_next();
                world.check_rest();
                world.back_to(saved);
            }
        }
    }

    /// Goes on with `step` and comes back; false if there was nothing to do.
    fn branch(
        &mut self,
        world: &mut World,
        edits: usize,
        faults: usize,
        step: impl FnOnce(&mut World) -> bool,
    ) -> bool {
        let saved = world.save();
        self.steps += 1;
        let done = step(world);
        if done {
            self.go(world, edits, faults);
        }
        world.back_to(saved);
        done
    }
}

/// Users 0 and 1, each in a group of their own.
pub(super) fn small_office() -> World {
    let mut world = World::new(1, false);
    for edit in [
        Edit::CreateUser(0),
        Edit::Rename(0, 0),
        Edit::CreateUser(1),
        Edit::CreateGroup(0),
        Edit::CreateGroup(1),
        Edit::AddMember(0, 0),
        Edit::AddMember(1, 1),
    ] {
        world.edit(edit);
    }
    world.settle();
    world
}

/// Every kind of change.
const ALL_KINDS: [Edit; 14] = [
    Edit::SetActive(0, false),
    Edit::SetActive(0, true),
    Edit::Show(0, 1),
    Edit::Rename(0, 1),
    Edit::Rename(0, 0),
    Edit::AddMember(1, 0),
    Edit::RemoveMember(0, 0),
    Edit::AddMember(0, 0),
    Edit::DeleteUser(1),
    Edit::CreateUser(1),
    Edit::AddMember(0, 1),
    Edit::RenameGroup(0, 1),
    Edit::DeleteGroup(0),
    Edit::CreateGroup(0),
];

/// What one person can go through, there and back.
const ONE_PERSON: [Edit; 6] = [
    Edit::SetActive(0, false),
    Edit::SetActive(0, true),
    Edit::Rename(0, 1),
    Edit::Rename(0, 0),
    Edit::RemoveMember(0, 0),
    Edit::AddMember(0, 0),
];

/// Whoever leaves and comes back, and a group that does.
const COME_BACK: [Edit; 6] = [
    Edit::DeleteUser(1),
    Edit::CreateUser(1),
    Edit::AddMember(1, 1),
    Edit::DeleteGroup(1),
    Edit::CreateGroup(1),
    Edit::AddMember(1, 0),
];

const FAULTS: [Fault; 4] = [Fault::LostAfter, Fault::LostBefore, Fault::Late(60), Fault::Throttled];

/// What teaches most: an answer that is lost, and an effect that comes when nobody expects it.
const WORST_FAULTS: [Fault; 2] = [Fault::LostAfter, Fault::Late(60)];

fn search(alphabet: &[Edit], edits: usize, kinds: &[Fault], faults: usize) {
    search_from(small_office(), alphabet, edits, kinds, faults);
}

fn search_from(mut world: World, alphabet: &[Edit], edits: usize, kinds: &[Fault], faults: usize) {
    let mut search = Search {
        alphabet,
        faults: kinds,
        seen: HashSet::new(),
        steps: 0,
        ends: 0,
    };
    search.go(&mut world, edits, faults);
    let (states, steps, ends) = (search.seen.len(), search.steps, search.ends);
    eprintln!("{edits} changes, {faults} faults: {states} states, {steps} steps, {ends} ends");
    assert!(ends > 10, "the search ends early");
}

#[test]
fn any_change_with_two_faults() {
    search(&ALL_KINDS, 1, &FAULTS, 2);
}

#[test]
fn any_two_changes() {
    search(&ALL_KINDS, 2, &[], 0);
}

#[test]
fn two_changes_of_one_person_with_a_fault() {
    search(&ONE_PERSON, 2, &WORST_FAULTS, 1);
}

#[test]
fn two_changes_of_what_comes_back_with_a_fault() {
    search(&COME_BACK, 2, &FAULTS, 1);
}

/// An addition that comes late must not find its user active again (rule B9).
#[test]
fn three_changes_of_somebody_who_is_out_with_a_fault() {
    let mut world = small_office();
    world.edit(Edit::SetActive(0, false));
    world.settle();
    let alphabet = [
        Edit::AddMember(1, 0),
        Edit::RemoveMember(1, 0),
        Edit::SetActive(0, true),
    ];
    search_from(world, &alphabet, 3, &WORST_FAULTS, 1);
}

#[test]
fn three_changes_of_one_person() {
    search(&ONE_PERSON, 3, &[], 0);
}

#[test]
fn three_changes_of_what_comes_back() {
    search(&COME_BACK, 3, &[], 0);
}

/// `SEARCH_CHANGES` and `SEARCH_FAULTS` ask for a search of all kinds of changes that goes further than a test may.
#[test]
fn as_far_as_asked() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    if let (Some(changes), Some(faults)) = (setting("SEARCH_CHANGES"), setting("SEARCH_FAULTS")) {
        search(&ALL_KINDS, changes, &FAULTS, faults);
    }
}
