//! Safety over the whole history: nobody gets access whom nobody wants to have it, and nobody loses it
//! who should keep it.
//!
//! A request is held against what Entra wanted when it was planned. That moment is not on the wire, but calls on
//! one object are one after another (rule B7): whatever was planned before an edit was acknowledged is the first request on
//! that object after it, and comes soon. So each request may rest on any version that was still the newest when the request
//! before it arrived, or that was replaced a moment ago.

use std::collections::{BTreeMap, BTreeSet};

use conformance::stack::control::Received;
use serde_json::Value;

use crate::drive::{Drive, Version};
use crate::holds;
use crate::wanted::Wanted;

/// How long after an acknowledgement a call planned before it may arrive, in milliseconds.
const IN_FLIGHT_MS: u64 = 1000;

/// Grants without a wish, and losses without one.
pub fn problems(drive: &Drive, received: &[Received]) -> Vec<String> {
    let names = Names::of(drive, received);
    let (mut lanes, mut grants) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
    let mut problems = Vec::new();
    for one in received {
        let before = lanes.insert(lane(one), one.seq).unwrap_or(0);
        for change in changes(one, &names) {
            let basis = if change.is_a_grant() {
                grants.insert(change.place(), one.seq);
                Basis::of_grant(drive, one, before)
            } else {
                Basis::of_loss(drive, one, grants.get(&change.place()).copied().unwrap_or(0))
            };
            if let Some(what) = basis.objects_to(&change) {
                problems.push(format!("request {}: {what} (rule B4)", one.seq));
            }
        }
    }
    problems
}

/// Calls on one object follow each other.
fn lane(one: &Received) -> String {
    let name = one.body.get("userName").or_else(|| one.body.get("displayName"));
    match (one.method.as_str(), name.and_then(Value::as_str)) {
        ("POST", Some(name)) => format!("{} {}", one.resource(), name.to_lowercase()),
        _ => one.resource().to_owned(),
    }
}

/// The names behind the ids, as far as any look at Databricks has shown them.
struct Names {
    users: BTreeMap<String, String>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    fn of(drive: &Drive, received: &[Received]) -> Self {
        let (mut users, mut groups) = (BTreeMap::new(), BTreeMap::<String, BTreeSet<String>>::new());
        for state in &drive.states {
            for user in &state.users {
                users.insert(user.id.clone(), user.user_name.clone());
            }
            for group in &state.groups {
                groups
                    .entry(group.id.clone())
                    .or_default()
                    .insert(group.display_name.clone());
            }
        }
        // A name may come and go between two looks.
        for one in received {
            let id = one.resource().strip_prefix("/Groups/").map(str::to_owned);
            for operation in one.body["Operations"].as_array().into_iter().flatten() {
                if let (Some(id), Some("displayName"), Some(name)) =
                    (&id, operation["path"].as_str(), operation["value"].as_str())
                {
                    groups.entry(id.clone()).or_default().insert(name.to_owned());
                }
            }
        }
        Self { users, groups }
    }
}

/// One thing that a request does.
#[derive(Debug)]
enum Change {
    Joins { groups: BTreeSet<String>, user: String },
    Leaves { groups: BTreeSet<String>, user: String },
    Activated { user: String },
    Deactivated { user: String },
}

impl Change {
    const fn is_a_grant(&self) -> bool {
        match self {
            Self::Joins { .. } | Self::Activated { .. } => true,
            Self::Leaves { .. } | Self::Deactivated { .. } => false,
        }
    }

    /// What is given or taken.
    fn place(&self) -> String {
        match self {
            Self::Joins { groups, user } | Self::Leaves { groups, user } => format!("{user} in {groups:?}"),
            Self::Activated { user } | Self::Deactivated { user } => user.clone(),
        }
    }
}

fn changes(one: &Received, names: &Names) -> Vec<Change> {
    let resource = one.resource();
    let user_of = |id: &Value| id.as_str().and_then(|id| names.users.get(id)).cloned();
    match (one.method.as_str(), resource) {
        ("POST", "/Users") if one.body["active"] != false => {
            let user = one.body["userName"].as_str().unwrap_or_default().to_lowercase();
            vec![Change::Activated { user }]
        }
        ("POST", "/Groups") => {
            let groups = BTreeSet::from([one.body["displayName"].as_str().unwrap_or_default().to_owned()]);
            let members = one.body["members"].as_array().into_iter().flatten();
            let users = members.filter_map(|member| user_of(&member["value"]));
            users
                .map(|user| Change::Joins {
                    groups: groups.clone(),
                    user,
                })
                .collect()
        }
        ("PATCH" | "PUT", _) => {
            let operations = one.body["Operations"].as_array().into_iter().flatten();
            if let Some(id) = resource.strip_prefix("/Users/") {
                let Some(user) = names.users.get(id) else {
                    return Vec::new();
                };
                operations.filter_map(|operation| switched(operation, user)).collect()
            } else {
                let id = resource.strip_prefix("/Groups/").unwrap_or_default();
                let Some(groups) = names.groups.get(id) else {
                    return Vec::new();
                };
                operations
                    .flat_map(|operation| moved(operation, groups, names))
                    .collect()
            }
        }
        _ => Vec::new(),
    }
}

fn switched(operation: &Value, user: &str) -> Option<Change> {
    if operation["path"] != "active" {
        return None;
    }
    let value = match &operation["value"] {
        Value::Array(items) => items.first()?.get("value")?.clone(),
        other => other.clone(),
    };
    let user = user.to_owned();
    let off = value == false || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"));
    Some(if off {
        Change::Deactivated { user }
    } else {
        Change::Activated { user }
    })
}

fn moved(operation: &Value, groups: &BTreeSet<String>, names: &Names) -> Vec<Change> {
    let path = operation["path"].as_str().unwrap_or_default();
    let user = |id: &str| names.users.get(id).cloned();
    if operation["op"] == "add" && path == "members" {
        let members = operation["value"].as_array().into_iter().flatten();
        let users = members.filter_map(|member| user(member["value"].as_str()?));
        return users
            .map(|user| Change::Joins {
                groups: groups.clone(),
                user,
            })
            .collect();
    }
    let filter = path
        .strip_prefix("members[value eq \"")
        .and_then(|rest| rest.strip_suffix("\"]"));
    let gone = filter.filter(|_| operation["op"] == "remove").and_then(user);
    gone.map(|user| Change::Leaves {
        groups: groups.clone(),
        user,
    })
    .into_iter()
    .collect()
}

/// The versions that a request may rest on, and all that there ever were.
struct Basis<'a> {
    recent: Vec<&'a Wanted>,
    ever: Vec<&'a Wanted>,
}

impl<'a> Basis<'a> {
    fn of_grant(drive: &'a Drive, one: &Received, before: u64) -> Self {
        let replaced = |next: &Version| next.acknowledged < before || next.acknowledged_ms + IN_FLIGHT_MS < one.at_ms;
        Self::of(drive, one, replaced)
    }

    /// Whoever was once to lose something loses it, even if it is wanted again before that is carried out: safe comes first (rule
    /// B6). Each grant begins anew.
    fn of_loss(drive: &'a Drive, one: &Received, granted: u64) -> Self {
        Self::of(drive, one, |next| next.acknowledged < granted)
    }

    fn of(drive: &'a Drive, one: &Received, replaced: impl Fn(&Version) -> bool) -> Self {
        let versions = &drive.timeline;
        let counts = |(index, version): &(usize, &Version)| {
            version.sent <= one.seq && versions.get(index + 1).is_none_or(|next| !replaced(next))
        };
        Self {
            recent: versions
                .iter()
                .enumerate()
                .filter(counts)
                .map(|(_, version)| &version.wanted)
                .collect(),
            ever: versions.iter().map(|version| &version.wanted).collect(),
        }
    }

    /// Why this change rests on nothing that Entra wanted.
    fn objects_to(&self, change: &Change) -> Option<String> {
        match change {
            Change::Activated { user } if !self.recent.iter().any(|wanted| self.has_access(wanted, user)) => {
                Some(format!("{user} gets access, wanted by nobody"))
            }
            Change::Deactivated { user } if self.recent.iter().all(|wanted| wanted.wants_active(user)) => {
                Some(format!("{user} loses access, and is wanted"))
            }
            Change::Joins { groups, user } if !self.recent.iter().any(|wanted| self.member(wanted, groups, user)) => {
                Some(format!("{user} joins {groups:?}, wanted by nobody"))
            }
            // Which of several groups of one name is meant is not on the wire.
            Change::Leaves { groups, user }
                if self.teams(groups).len() == 1
                    && self
                        .recent
                        .iter()
                        .all(|wanted| self.member_by_this_name(wanted, groups, user)) =>
            {
                Some(format!("{user} leaves {groups:?}, and is wanted"))
            }
            Change::Activated { .. } | Change::Deactivated { .. } | Change::Joins { .. } | Change::Leaves { .. } => {
                None
            }
        }
    }

    /// Whether somebody of this name is wanted and active; while a rename waits for a person, the old name counts.
    fn has_access(&self, wanted: &Wanted, user: &str) -> bool {
        if !holds::allowances(&self.ever).users.contains_key(user) {
            return wanted.wants_active(user);
        }
        let bearers: BTreeSet<usize> = self.people(user);
        wanted
            .users
            .iter()
            .any(|(person, held)| held.active && bearers.contains(person))
    }

    /// Everybody who ever had this name.
    fn people(&self, user: &str) -> BTreeSet<usize> {
        let users = self.ever.iter().flat_map(|wanted| &wanted.users);
        users
            .filter(|(_, held)| held.name.to_lowercase() == user)
            .map(|(person, _)| *person)
            .collect()
    }

    /// Groups that ever had one of these names.
    fn teams(&self, names: &BTreeSet<String>) -> BTreeSet<usize> {
        let groups = self.ever.iter().flat_map(|wanted| &wanted.groups);
        groups
            .filter(|(_, group)| names.contains(&group.name))
            .map(|(team, _)| *team)
            .collect()
    }

    /// Whether somebody who ever had this name is a member.
    fn member(&self, wanted: &Wanted, groups: &BTreeSet<String>, user: &str) -> bool {
        let people = self.people(user);
        let teams = self.teams(groups);
        let mut wanted = wanted.groups.iter().filter(|(team, _)| teams.contains(team));
        wanted.any(|(_, group)| !group.members.is_disjoint(&people))
    }

    /// Whether somebody who has this name now is a member.
    fn member_by_this_name(&self, wanted: &Wanted, groups: &BTreeSet<String>, user: &str) -> bool {
        let teams = self.teams(groups);
        let mut members = wanted
            .groups
            .iter()
            .filter(|(team, _)| teams.contains(team))
            .flat_map(|(_, group)| &group.members);
        members.any(|person| {
            wanted
                .users
                .get(person)
                .is_some_and(|held| held.name.to_lowercase() == user)
        })
    }
}
