//! From a seed to a world and what happens in it. Pure: the same seed gives the same acts.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};

use super::act::{Act, Edit, Foreign, Kill, Person, Team};
use super::drive::TIME_FACTOR;
use super::wanted::Wanted;
use super::weather::{self, Weather};

/// One world.
#[derive(Debug, Clone)]
pub struct World {
    pub seed: u64,
    /// How long the bridge's answers wait for the outcome.
    pub acknowledge: &'static str,
    /// How long the shells of deleted groups stay.
    pub grace: &'static str,
    /// Somebody changes Databricks by hand, and the bridge repairs it, also where that gives access back.
    pub repairs: bool,
    /// Nothing goes wrong by itself, and no name waits for a person.
    pub calm: bool,
    pub acts: Vec<Act>,
}

/// The world of a seed.
pub fn world(seed: u64) -> World {
    let mut rng = StdRng::seed_from_u64(seed);
    let risks = Risks::draw(&mut rng);
    play(seed, rng, risks)
}

/// A world of this seed in which nothing goes wrong by itself.
pub fn calm_world(seed: u64) -> World {
    let risks = Risks {
        fault: 0.0,
        outage: 0.0,
        kill: 0.0,
        foreign: 0.0,
        reuse: 0.0,
        regroup: 0.0,
    };
    play(seed, StdRng::seed_from_u64(seed), risks)
}

fn play(seed: u64, mut rng: StdRng, risks: Risks) -> World {
    let acknowledge = ["0s", "0s", "30ms", "300ms"].choose(&mut rng).copied().unwrap_or("0s");
    let grace = ["30d", "30d", "60s"].choose(&mut rng).copied().unwrap_or("30d");
    let mut acts = Acts::new(rng, risks);
    acts.keeps_shells = grace == "30d";
    acts.make();
    World {
        seed,
        acknowledge,
        grace,
        repairs: risks.foreign > 0.0,
        calm: risks.fault + risks.outage + risks.kill + risks.foreign + risks.reuse + risks.regroup == 0.0,
        acts: acts.made,
    }
}

/// How likely something happens beside an edit; 0 = never in this world.
#[derive(Debug, Clone, Copy)]
struct Risks {
    fault: f64,
    outage: f64,
    kill: f64,
    foreign: f64,
    /// Names of users that belonged to somebody else.
    reuse: f64,
    /// Names of groups that belonged to another. Nobody is renamed in such a world: a group that is held keeps the account
    /// under the old name.
    regroup: f64,
}

impl Risks {
    fn draw(rng: &mut StdRng) -> Self {
        let mut risk = |worlds: f64, each: f64| if rng.random_bool(worlds) { each } else { 0.0 };
        Self {
            fault: risk(0.6, 0.25),
            outage: risk(0.2, 0.2),
            kill: risk(0.3, 0.15),
            foreign: risk(0.25, 0.25),
            reuse: risk(0.15, 0.4),
            regroup: risk(0.1, 0.4),
        }
    }
}

struct Acts {
    rng: StdRng,
    wanted: Wanted,
    people: Person,
    teams: Team,
    names: usize,
    /// People and groups who were deleted, and may come back as who they were.
    gone: Vec<(String, String, String)>,
    closed: Vec<(String, String)>,
    risks: Risks,
    /// Shells of deleted groups stay for longer than the world lasts.
    keeps_shells: bool,
    /// Nothing gets through before it is lifted.
    is_out: bool,
    /// Names that somebody had before.
    former: BTreeMap<Person, Vec<String>>,
    /// Where a foreign hand has been.
    touched: BTreeSet<(Person, Option<Team>)>,
    made: Vec<Act>,
}

impl Acts {
    fn new(rng: StdRng, risks: Risks) -> Self {
        Self {
            risks,
            keeps_shells: true,
            is_out: false,
            former: BTreeMap::new(),
            touched: BTreeSet::new(),
            rng,
            wanted: Wanted::default(),
            people: 0,
            teams: 0,
            names: 0,
            gone: Vec::new(),
            closed: Vec::new(),
            made: Vec::new(),
        }
    }

    fn make(&mut self) {
        if self.risks.fault > 0.0 && self.rng.random_bool(0.4) {
            let climate = weather::climate(&mut self.rng);
            self.made.push(Act::Weather(climate));
        }
        if self.risks.fault > 0.0 && self.rng.random_bool(0.15) {
            self.made.push(Act::Weather(weather::throttling(TIME_FACTOR)));
        }
        let (people, teams) = (self.rng.random_range(2..=4), self.rng.random_range(1..=2));
        for _ in 0..people {
            self.hire();
        }
        for _ in 0..teams {
            self.found();
        }
        for _ in 0..self.rng.random_range(3..=18) {
            if !self.is_out && self.rng.random_bool(0.25) {
                self.made.push(Act::Settle);
            }
            self.weather();
            self.foreign();
            self.one();
        }
        self.made.push(Act::Weather(Weather::Lift));
    }

    fn weather(&mut self) {
        if self.rng.random_bool(self.risks.fault) {
            let fault = weather::fault(&mut self.rng);
            self.made.push(Act::Weather(fault));
        }
        if self.rng.random_bool(self.risks.outage) {
            let next = if self.is_out {
                Weather::Lift
            } else {
                weather::outage(&mut self.rng)
            };
            self.is_out = !self.is_out;
            self.made.push(Act::Weather(next));
        }
    }

    /// One hand for each place: what is repaired again and again is contested, and left (rule B4).
    fn foreign(&mut self) {
        if !self.rng.random_bool(self.risks.foreign) {
            return;
        }
        let Some(person) = self.wanted.users.keys().copied().choose(&mut self.rng) else {
            return;
        };
        let team = self.team().unwrap_or_default();
        let (foreign, place) = match self.rng.random_range(0..4) {
            0 => (Foreign::Joins { team, person }, (person, Some(team))),
            1 => (Foreign::Leaves { team, person }, (person, Some(team))),
            2 => (Foreign::Deactivates { person }, (person, None)),
            _ => (Foreign::Activates { person }, (person, None)),
        };
        if self.touched.insert(place) {
            self.made.push(Act::Foreign(foreign));
        }
    }

    fn kill(&mut self) -> Option<Kill> {
        if !self.rng.random_bool(self.risks.kill) {
            return None;
        }
        let starts = if self.rng.random_bool(0.3) {
            self.rng.random_range(1..=2)
        } else {
            0
        };
        Some(Kill {
            requests: self.rng.random_range(0..4),
            within_ms: self.rng.random_range(0..60),
            starts_ms: (0..starts).map(|_| self.rng.random_range(0..40)).collect(),
        })
    }

    fn one(&mut self) {
        let kind = self.rng.random_range(0..100);
        match kind {
            0..12 => self.hire(),
            12..20 => self.of_user(|rng, person, _| Edit::Show {
                person,
                display: format!("Shown {}", rng.random_range(0..100)),
            }),
            20..36 => self.switch(),
            36..44 => self.rename(),
            44..50 => self.purge(),
            50..56 => self.found(),
            56..74 => self.join(),
            74..90 => self.part(),
            90..95 => self.call(),
            _ => self.close(),
        }
    }

    fn edit(&mut self, edit: Edit) {
        let legacy = self.rng.random_bool(0.5);
        self.wanted.apply(&edit);
        let kill = self.kill();
        self.made.push(Act::Edit { edit, legacy, kill });
    }

    fn name(&mut self) -> usize {
        self.names += 1;
        self.names
    }

    fn hire(&mut self) {
        let number = self.name();
        let back = self.rng.random_bool(0.4).then(|| self.gone.pop()).flatten();
        let back = back.filter(|(name, ..)| self.wanted.users.values().all(|user| user.name != *name));
        let back =
            back.map(|(name, external, display)| (name, self.perhaps_another(external, self.risks.reuse), display));
        let (name, external, display) = back.unwrap_or_else(|| {
            // Letter case is Entra's own; Databricks folds it.
            let name = if number.is_multiple_of(3) {
                format!("P{number}@Contoso.test")
            } else {
                format!("p{number}@contoso.test")
            };
            (name, format!("x{number}"), format!("Person {number}"))
        });
        let person = self.people;
        self.people += 1;
        let active = self.rng.random_bool(0.95);
        self.edit(Edit::Hire {
            person,
            name,
            external,
            display,
            active,
        });
    }

    fn of_user(&mut self, edit: impl FnOnce(&mut StdRng, Person, bool) -> Edit) {
        let Some((person, active)) = self
            .wanted
            .users
            .iter()
            .map(|(id, user)| (*id, user.active))
            .choose(&mut self.rng)
        else {
            return;
        };
        let edit = edit(&mut self.rng, person, active);
        self.edit(edit);
    }

    fn switch(&mut self) {
        self.of_user(|_, person, active| {
            if active {
                Edit::Disable { person }
            } else {
                Edit::Restore { person }
            }
        });
    }

    fn rename(&mut self) {
        if self.risks.regroup > 0.0 {
            return;
        }
        let number = self.name();
        let Some((person, old)) = self
            .wanted
            .users
            .iter()
            .map(|(person, user)| (*person, user.name.clone()))
            .choose(&mut self.rng)
        else {
            return;
        };
        let is_free = |name: &String| self.wanted.users.values().all(|user| user.name != *name);
        let own = self
            .former
            .get(&person)
            .and_then(|names| names.iter().rev().find(|name| is_free(name)))
            .cloned();
        let of_another = self
            .gone
            .iter()
            .map(|(name, ..)| name)
            .find(|name| is_free(name))
            .cloned();
        let of_another = of_another.filter(|_| self.rng.random_bool(self.risks.reuse));
        let own = own.filter(|_| of_another.is_none() && !self.is_out && self.rng.random_bool(0.25));
        if own.is_some() {
            // A rename that is taken back before it was begun still sends a create, which is refused.
            self.made.push(Act::Settle);
        }
        let name = of_another.or(own);
        let name = name.unwrap_or_else(|| format!("r{number}@contoso.test"));
        self.former.entry(person).or_default().push(old);
        self.edit(Edit::Rename { person, name });
    }

    /// The client's own id, or that of somebody else who gets the same name.
    fn perhaps_another(&mut self, external: String, risk: f64) -> String {
        if self.rng.random_bool(risk) {
            format!("{external}-another")
        } else {
            external
        }
    }

    fn purge(&mut self) {
        let Some((person, user)) = self.wanted.users.iter().choose(&mut self.rng) else {
            return;
        };
        self.gone
            .push((user.name.clone(), user.external.clone(), user.display.clone()));
        let person = *person;
        self.edit(Edit::Purge { person });
    }

    fn some_people(&mut self, from: &[Person]) -> Vec<Person> {
        let count = self.rng.random_range(1..=3).min(from.len());
        from.choose_multiple(&mut self.rng, count).copied().collect()
    }

    fn found(&mut self) {
        let number = self.name();
        // A group that comes back while its shell is being deleted is left for a test of its own.
        let comes_back = self.keeps_shells && self.rng.random_bool(0.4);
        let back = comes_back.then(|| self.closed.pop()).flatten();
        let back = back.map(|(name, external)| (name, self.perhaps_another(external, self.risks.regroup)));
        let (name, external) = back.unwrap_or_else(|| (format!("Team {number}"), format!("t{number}")));
        let everybody: Vec<Person> = self.wanted.users.keys().copied().collect();
        let members = if self.rng.random_bool(0.6) {
            self.some_people(&everybody)
        } else {
            Vec::new()
        };
        let team = self.teams;
        self.teams += 1;
        self.edit(Edit::Found {
            team,
            name,
            external,
            members,
        });
    }

    fn team(&mut self) -> Option<Team> {
        self.wanted.groups.keys().copied().choose(&mut self.rng)
    }

    fn join(&mut self) {
        let Some(team) = self.team() else { return };
        let members = &self.wanted.groups[&team].members;
        let others: Vec<Person> = self
            .wanted
            .users
            .keys()
            .copied()
            .filter(|person| !members.contains(person))
            .collect();
        let people = self.some_people(&others);
        if !people.is_empty() {
            self.edit(Edit::Join { team, people });
        }
    }

    fn part(&mut self) {
        let Some(team) = self.team() else { return };
        let members: Vec<Person> = self.wanted.groups[&team].members.iter().copied().collect();
        let people = self.some_people(&members);
        if !people.is_empty() {
            self.edit(Edit::Part { team, people });
        }
    }

    fn call(&mut self) {
        let number = self.name();
        if let Some(team) = self.team() {
            self.edit(Edit::Call {
                team,
                name: format!("Team {number}"),
            });
        }
    }

    fn close(&mut self) {
        let Some(team) = self.team() else { return };
        let group = &self.wanted.groups[&team];
        self.closed.push((group.name.clone(), group.external.clone()));
        self.edit(Edit::Close { team });
    }
}
