//! What a rehearsal came to: calls, who gains, who loses, what is adopted, and what waits for a person.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::super::attempt::Attempt;
use super::super::forecast::Forecast;
use super::super::plan::Action;
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::id::fold;
use crate::store::{Binding, BindingId, Field, Kind, Ownership, QueueClass, Role, Snapshot, StoreError, Trouble};

/// Somebody who gets something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gain {
    /// `User` or `Group`.
    pub kind: &'static str,
    /// userName or displayName.
    pub name: String,
    /// The object is made.
    pub created: bool,
    /// The userName of the account that this one takes the place of (rule C5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The account is active again.
    pub reactivated: bool,
    /// Groups that it becomes a member of.
    pub groups: Vec<String>,
}

/// Somebody who loses something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// `User` or `Group`.
    pub kind: &'static str,
    /// userName or displayName.
    pub name: String,
    /// The account is deactivated.
    pub deactivated: bool,
    /// The object is deleted.
    pub deleted: bool,
    /// Direct entitlements and roles are taken away, if there are any.
    pub stripped: bool,
    /// Groups that it is a member of no longer.
    pub groups: Vec<String>,
}

/// Something at the target that is taken over (rule C3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// `User` or `Group`.
    pub kind: &'static str,
    /// userName or displayName.
    pub name: String,
    /// Its id at the target.
    pub upstream_id: String,
}

/// A resource that waits for a person, or whose changes Databricks refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// `User` or `Group`.
    pub kind: &'static str,
    /// userName or displayName.
    pub name: String,
    /// The SCIM id.
    pub id: String,
    /// Why, and what ends it.
    pub why: String,
    /// The command that ends it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A class of changes that the guard holds (rule E6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guarded {
    /// `deactivations`, `deletes`, `members losing a group`, `renames` or `roles removed`.
    pub class: &'static str,
    /// How many people it is about.
    pub people: u64,
    /// The command that lets them pass.
    pub command: &'static str,
}

/// A call, in the order in which they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedCall {
    /// Seconds after the start.
    pub after: u64,
    /// The rate class: `write`, `group-patch` or `read`.
    pub class: &'static str,
    /// What it does.
    pub call: String,
}

/// Calls by kind. Members of groups are counted apart from the calls that carry them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// POST of a user.
    pub create_users: u64,
    /// POST of a group.
    pub create_groups: u64,
    /// PATCH of a user that changes attributes.
    pub change_users: u64,
    /// PATCH of a user that makes it active again.
    pub reactivate_users: u64,
    /// PATCH of a user that makes it inactive.
    pub deactivate_users: u64,
    /// PATCH of a user that takes entitlements and roles.
    pub strip_users: u64,
    /// PATCH of a group that gives it entitlements.
    pub entitle_groups: u64,
    /// PUT that assigns a group to a workspace.
    pub assign_groups: u64,
    /// PUT that takes a group out of a workspace.
    pub unassign_groups: u64,
    /// DELETE of a user.
    pub delete_users: u64,
    /// PATCH of a group's name.
    pub rename_groups: u64,
    /// DELETE of a group.
    pub delete_groups: u64,
    /// PATCH of a group that adds members.
    pub add_members: u64,
    /// PATCH of a group that removes members.
    pub remove_members: u64,
    /// GET, those that only verify left out.
    pub reads: u64,
    /// Memberships that are made.
    pub members_added: u64,
    /// Memberships that end.
    pub members_removed: u64,
}

impl Counts {
    /// All calls that change something.
    pub const fn writes(&self) -> u64 {
        self.create_users
            + self.create_groups
            + self.change_users
            + self.reactivate_users
            + self.deactivate_users
            + self.strip_users
            + self.entitle_groups
            + self.assign_groups
            + self.unassign_groups
            + self.delete_users
            + self.rename_groups
            + self.delete_groups
            + self.add_members
            + self.remove_members
    }
}

/// What the bridge would do now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rehearsal {
    /// `live`, `dry-run` or `held` (after a restore, rule D3): whether any of it is done at present.
    pub mode: &'static str,
    /// What keeps the target as a whole from being written now.
    pub obstacles: Vec<String>,
    /// When the target was scanned, RFC 3339.
    pub scanned_at: String,
    /// Calls by kind.
    pub counts: Counts,
    /// How long they take at the configured pace; `null` = there are none.
    pub forecast: Option<Forecast>,
    /// Seconds to the last call that changes something, waits for proofs included.
    pub seconds: u64,
    /// Who gains.
    pub gains: Vec<Gain>,
    /// Who loses.
    pub losses: Vec<Loss>,
    /// What is taken over.
    pub adopted: Vec<Adopted>,
    /// What waits for a person.
    pub held: Vec<Unresolved>,
    /// What Databricks refused so far. The rehearsal takes it that it will not again.
    pub failing: Vec<Unresolved>,
    /// What the guard holds.
    pub guard: Vec<Guarded>,
    /// Each call.
    pub calls: Vec<PlannedCall>,
}

/// Collects while the calls are made.
pub(super) struct Tally {
    began: Timestamp,
    counts: Counts,
    by_verb: [u64; 3],
    all: u64,
    gains: BTreeMap<(String, Kind), Gain>,
    losses: BTreeMap<(String, Kind), Loss>,
    adopted: BTreeMap<(String, Kind), Adopted>,
    calls: Vec<PlannedCall>,
}

fn key(binding: &Binding) -> (String, Kind) {
    (fold(&binding.name), binding.kind)
}

impl Tally {
    pub(super) fn new(began: Timestamp) -> Self {
        Self {
            began,
            counts: Counts::default(),
            by_verb: [0; 3],
            all: 0,
            gains: BTreeMap::new(),
            losses: BTreeMap::new(),
            adopted: BTreeMap::new(),
            calls: Vec::new(),
        }
    }

    /// All calls so far, also those that only verify.
    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    /// Calls by rate class, in the order of [`Verb::ALL`], without those that only verify.
    pub(super) const fn by_verb(&self) -> [u64; 3] {
        self.by_verb
    }

    fn gain(&mut self, binding: &Binding) -> &mut Gain {
        self.gains.entry(key(binding)).or_insert_with(|| Gain {
            kind: binding.kind.as_str(),
            name: binding.name.clone(),
            created: false,
            replaces: None,
            reactivated: false,
            groups: Vec::new(),
        })
    }

    fn loss(&mut self, binding: &Binding) -> &mut Loss {
        self.losses.entry(key(binding)).or_insert_with(|| Loss {
            kind: binding.kind.as_str(),
            name: binding.name.clone(),
            deactivated: false,
            deleted: false,
            stripped: false,
            groups: Vec::new(),
        })
    }

    fn joins(&mut self, store: &Snapshot<'_>, member: BindingId, group: &Binding) -> Result<(), StoreError> {
        self.counts.members_added += 1;
        if let Some(member) = store.binding(member)? {
            self.gain(&member).groups.push(group.name.clone());
        }
        Ok(())
    }

    fn leaves(&mut self, store: &Snapshot<'_>, member: BindingId, group: &Binding) -> Result<(), StoreError> {
        self.counts.members_removed += 1;
        if let Some(member) = store.binding(member)? {
            self.loss(&member).groups.push(group.name.clone());
        }
        Ok(())
    }

    /// A call is made; the store knows nothing of its outcome yet.
    pub(super) fn note(
        &mut self,
        store: &Snapshot<'_>,
        target: &str,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.all += 1;
        if attempt.call.class == QueueClass::Verification {
            return Ok(());
        }
        let (binding, verb) = (&attempt.binding, attempt.call.verb);
        self.by_verb[Verb::ALL.iter().position(|other| *other == verb).unwrap_or(0)] += 1;
        self.calls.push(PlannedCall {
            after: now.since(self.began).as_secs(),
            class: verb.as_str(),
            call: describe(binding, &attempt.call.action),
        });
        match &attempt.call.action {
            Action::Create { fields, members } => {
                match binding.kind {
                    Kind::User => self.counts.create_users += 1,
                    Kind::Group => self.counts.create_groups += 1,
                }
                let replaces = replaced(store, target, binding)?;
                if !fields.contains(&(Field::Active, Some("false".to_owned()))) {
                    let gain = self.gain(binding);
                    gain.created = true;
                    gain.replaces = replaces;
                }
                for (member, _) in members {
                    self.joins(store, *member, binding)?;
                }
            }
            Action::Patch { fields, .. } => self.note_fields(binding, fields),
            Action::AddMembers { members, .. } => {
                self.counts.add_members += 1;
                for (member, _) in members {
                    self.joins(store, *member, binding)?;
                }
            }
            Action::RemoveMembers { members, .. } => {
                self.counts.remove_members += 1;
                for (member, _) in members {
                    self.leaves(store, *member, binding)?;
                }
            }
            Action::Strip { .. } => {
                self.counts.strip_users += 1;
                self.loss(binding).stripped = true;
            }
            Action::Entitle { .. } => self.counts.entitle_groups += 1,
            Action::Assign { .. } => self.counts.assign_groups += 1,
            Action::Unassign { .. } => self.counts.unassign_groups += 1,
            Action::Delete { .. } => {
                match binding.kind {
                    Kind::User => self.counts.delete_users += 1,
                    Kind::Group => self.counts.delete_groups += 1,
                }
                self.loss(binding).deleted = true;
                // Whoever is still in a group that is deleted leaves with it.
                for (edge, _) in store.edges_of_group(binding.id)? {
                    if edge.tracked.applied {
                        self.leaves(store, edge.member, binding)?;
                    }
                }
            }
            Action::LookUp | Action::LookAtAssignment { .. } | Action::Read { .. } => self.counts.reads += 1,
        }
        Ok(())
    }

    fn note_fields(&mut self, binding: &Binding, fields: &[(Field, Option<String>)]) {
        let active = fields.iter().find(|(field, _)| *field == Field::Active);
        match (binding.kind, active.and_then(|(_, value)| value.as_deref())) {
            (Kind::Group, _) => self.counts.rename_groups += 1,
            (Kind::User, None) => self.counts.change_users += 1,
            (Kind::User, Some("false")) => {
                self.counts.deactivate_users += 1;
                self.loss(binding).deactivated = true;
            }
            (Kind::User, Some(_)) => {
                self.counts.reactivate_users += 1;
                self.gain(binding).reactivated = true;
            }
        }
    }

    /// After the outcome of a call was recorded: whether it took over what was found.
    pub(super) fn note_adoption(&mut self, store: &Snapshot<'_>, attempt: &Attempt) -> Result<(), StoreError> {
        if attempt.binding.ownership.is_some() {
            return Ok(());
        }
        let now = store.binding(attempt.binding.id)?;
        let Some(now) = now.filter(|now| now.ownership == Some(Ownership::Adopted)) else {
            return Ok(());
        };
        if let Some(upstream) = &now.upstream_id {
            let adopted = Adopted {
                kind: now.kind.as_str(),
                name: now.name.clone(),
                upstream_id: upstream.to_string(),
            };
            self.adopted.insert(key(&now), adopted);
        }
        Ok(())
    }

    /// What comes and goes again, or goes and comes back, is neither gained nor lost in the end.
    fn settle_up(&mut self) {
        for (who, gain) in &mut self.gains {
            let Some(loss) = self.losses.get_mut(who) else { continue };
            let both: Vec<String> = gain
                .groups
                .iter()
                .filter(|group| loss.groups.contains(group))
                .cloned()
                .collect();
            gain.groups.retain(|group| !both.contains(group));
            loss.groups.retain(|group| !both.contains(group));
            if gain.reactivated && loss.deactivated {
                (gain.reactivated, loss.deactivated) = (false, false);
            }
        }
        self.gains
            .retain(|_, gain| gain.created || gain.reactivated || !gain.groups.is_empty());
        self.losses
            .retain(|_, loss| loss.deactivated || loss.deleted || loss.stripped || !loss.groups.is_empty());
    }

    /// Adds what waits for a person.
    #[expect(
        clippy::too_many_arguments,
        reason = "the end brings together all that a rehearsal knows"
    )]
    pub(super) fn end(
        mut self,
        store: &Snapshot<'_>,
        target: &str,
        dry_run: bool,
        scanned_at: Timestamp,
        before: Vec<Trouble>,
        forecast: Option<Forecast>,
        took: Duration,
    ) -> Result<Rehearsal, StoreError> {
        self.settle_up();
        let troubles = store.troubles(target, usize::MAX)?;
        let held = troubles.into_iter().filter(|trouble| trouble.why.starts_with("held: "));
        // What the guard holds is told by class.
        let held = held.filter(|trouble| !trouble.why.starts_with("held: guard: "));
        let failing = before.into_iter().filter(|trouble| trouble.why.starts_with("failing"));
        let holds = store.guard_holds(target)?;
        Ok(Rehearsal {
            mode: match (store.held()?, super::is_dry_run(store, dry_run)?) {
                (Some(_), _) => "held",
                (None, true) => "dry-run",
                (None, false) => "live",
            },
            obstacles: super::obstacles(store)?,
            scanned_at: scanned_at.to_rfc3339(),
            counts: self.counts,
            forecast,
            seconds: took.as_secs(),
            gains: self.gains.into_values().collect(),
            losses: self.losses.into_values().collect(),
            adopted: self.adopted.into_values().collect(),
            held: by_name(held.map(Unresolved::of)),
            failing: by_name(failing.map(Unresolved::of)),
            guard: holds
                .into_iter()
                .map(|hold| Guarded {
                    class: hold.class.as_str(),
                    people: hold.number,
                    command: "scim-bridge resume",
                })
                .collect(),
            calls: self.calls,
        })
    }
}

impl Unresolved {
    fn of(trouble: Trouble) -> Self {
        let why = trouble.why.strip_prefix("held: ").unwrap_or(&trouble.why);
        let quoted = quoted(&trouble.name);
        Self {
            kind: trouble.kind.as_str(),
            id: trouble.resource_id,
            command: command(why).map(|command| command.replace("NAME", &quoted)),
            why: why.replace(" NAME", &format!(" {quoted}")),
            name: trouble.name,
        }
    }
}

fn by_name(unresolved: impl Iterator<Item = Unresolved>) -> Vec<Unresolved> {
    let mut all: Vec<_> = unresolved.collect();
    all.sort_by(|one, other| (one.kind, &one.name, &one.id).cmp(&(other.kind, &other.name, &other.id)));
    all
}

/// A name as it is written on a command line.
pub fn quoted(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '@' | '.' | '-' | '_' | '+');
    if name.chars().all(plain) && !name.is_empty() {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

/// The command that a reason names.
pub fn command(why: &str) -> Option<String> {
    let from = why.find("scim-bridge ")?;
    let to = why[from..].find(" NAME").map(|at| from + at + " NAME".len())?;
    Some(why[from..to].to_owned())
}

/// The userName of the account that this one takes the place of, if it does.
fn replaced(store: &Snapshot<'_>, target: &str, binding: &Binding) -> Result<Option<String>, StoreError> {
    let older = store.bindings(target, &binding.resource_id)?;
    Ok(older
        .into_iter()
        .find(|older| older.role == Role::Retiring)
        .map(|older| older.name))
}

/// What a call does, in names; ids at the target are not known before.
fn describe(binding: &Binding, action: &Action) -> String {
    let (kind, name) = (binding.kind, &binding.name);
    let path = match kind {
        Kind::User => "/Users",
        Kind::Group => "/Groups",
    };
    match action {
        Action::Create { members, .. } if members.is_empty() => format!("POST {path} {name}"),
        Action::Create { members, .. } => format!("POST {path} {name} with {} members", members.len()),
        Action::Patch { fields, .. } => {
            let each = fields.iter().map(|(field, value)| match field {
                Field::Active => format!("active={}", value.as_deref().unwrap_or_default()),
                other => other.as_str().to_owned(),
            });
            format!("PATCH {path} {name} {}", each.collect::<Vec<_>>().join(","))
        }
        Action::AddMembers { members, .. } => format!("PATCH {path} {name} add {} members", members.len()),
        Action::RemoveMembers { members, .. } => format!("PATCH {path} {name} remove {} members", members.len()),
        Action::Strip { .. } => format!("PATCH {path} {name} strip entitlements and roles"),
        Action::Entitle { missing, .. } => format!("PATCH {path} {name} add entitlements {}", missing.join(",")),
        Action::Assign { permission, .. } => format!("PUT permission assignment of {name} {}", permission.as_str()),
        Action::Unassign { .. } => format!("PUT permission assignment of {name} none"),
        Action::LookAtAssignment { .. } => format!("GET permission assignments of {name}"),
        Action::Delete { .. } => format!("DELETE {path} {name}"),
        Action::LookUp => format!("GET {path} {name} by name"),
        Action::Read { .. } => format!("GET {path} {name}"),
    }
}
