//! What must hold at every step, whatever happens: each call that begins and each effect at the target
//! is looked at (rules B6 to B9, C2, C8).
//!
//! What a call gives is not taken from the call: it is tried on a copy of the model, and the difference
//! is what it gives.

use std::ops::Deref;

use super::super::call::forms;
use super::super::guard::Closed;
use super::super::plan::{Action, Call};
use super::*;
use crate::store::{Existence, Field, GuardClass, Role, Snapshot};

/// Something that the target lets somebody do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Right {
    /// An active account of this name.
    Active(String),
    /// A membership, by the ids at the target; of a group that is being made, by its folded name.
    Member(String, String),
}

/// A call in flight, or one whose effect is still to come, and what was wanted at some time since it was sent.
#[derive(Debug, Clone)]
pub(super) struct Flying {
    pub(super) attempt: Attempt,
    pub(super) wanted: BTreeSet<Right>,
}

impl Deref for Flying {
    type Target = Attempt;

    fn deref(&self) -> &Attempt {
        &self.attempt
    }
}

/// What `after` gives that `before` did not.
fn given(before: &Model, after: &Model) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for (id, user) in after.users.iter().filter(|(_, user)| user.active) {
        if !before.users.get(id).is_some_and(|before| before.active) {
            rights.insert(Right::Active(user.name.clone()));
        }
    }
    for (id, group) in &after.groups {
        let (known, had) = match before.groups.get(id) {
            Some(before) => (id.clone(), before.members.clone()),
            None => (fold(&group.name), BTreeSet::new()),
        };
        for member in group.members.difference(&had) {
            rights.insert(Right::Member(known.clone(), member.clone()));
        }
    }
    rights
}

fn deactivates(call: &Call) -> bool {
    call.action.deactivates().is_some()
}

fn takes_away(call: &Call) -> bool {
    matches!(
        call.action,
        Action::RemoveMembers { .. } | Action::Strip { .. } | Action::Unassign { .. } | Action::Delete { .. }
    ) || deactivates(call)
}

fn upstream_of(action: &Action) -> Option<&UpstreamId> {
    match action {
        Action::Patch { upstream, .. }
        | Action::AddMembers { upstream, .. }
        | Action::RemoveMembers { upstream, .. }
        | Action::Strip { upstream, .. }
        | Action::Entitle { upstream, .. }
        | Action::Assign { upstream, .. }
        | Action::Unassign { upstream, .. }
        | Action::LookAtAssignment { upstream, .. }
        | Action::Delete { upstream }
        | Action::Read { upstream, .. } => Some(upstream),
        Action::Create { .. } | Action::LookUp => None,
    }
}

impl World {
    /// What the directory wants now.
    pub(super) fn wanted(&self) -> BTreeSet<Right> {
        let wanted = |snapshot: &Snapshot<'_>| {
            let mut rights = BTreeSet::new();
            snapshot.each("scim", Kind::User, None, |user| {
                if user.active {
                    rights.insert(Right::Active(fold(&user.name)));
                }
                Ok(())
            })?;
            let upstream = |id: &ScimId| -> Result<Option<String>, StoreError> {
                let bound = snapshot.bindings(TARGET, id)?;
                let current = bound.into_iter().find(|binding| binding.role == Role::Current);
                Ok(current.and_then(|binding| binding.upstream_id).map(|id| id.to_string()))
            };
            let mut groups = Vec::new();
            snapshot.each("scim", Kind::Group, None, |group| {
                groups.push(group);
                Ok(())
            })?;
            for group in groups {
                let at = upstream(&group.id)?;
                for member in snapshot.members(group.pk)? {
                    let Some(member) = upstream(&member.id)? else { continue };
                    rights.insert(Right::Member(fold(&group.name), member.clone()));
                    if let Some(at) = &at {
                        rights.insert(Right::Member(at.clone(), member));
                    }
                }
            }
            Ok::<_, StoreError>(rights)
        };
        self.store.read(wanted).unwrap()
    }

    /// The directory has changed: what is wanted now may come from any call that is under way.
    pub(super) fn note_wanted(&mut self) {
        if self.flying.is_empty() && self.late.is_empty() {
            return;
        }
        let wanted = self.wanted();
        let late = self.late.iter_mut().map(|(_, flying)| flying);
        for flying in self.flying.iter_mut().chain(late) {
            flying.wanted.extend(wanted.iter().cloned());
        }
    }

    /// A call begins.
    pub(super) fn check_begin(&self, attempt: &Attempt) -> BTreeSet<Right> {
        let wanted = self.wanted();
        let call = &attempt.call;
        let what = describe(attempt.binding.kind, &call.action);
        forms::check(&attempt.binding, &call.action, self.policy.batch);
        let mut trial = self.model.clone();
        let _ = trial.carry_out(attempt);
        let given = given(&self.model, &trial);
        assert!(given.is_subset(&wanted), "{what} gives what nobody wants: {given:?}");
        if call.action.writes() {
            self.check_order(attempt, &what);
        }
        if let Some(upstream) = upstream_of(&call.action).filter(|_| call.action.writes()) {
            let seeded = Model::seeded();
            let foreign = seeded.users.contains_key(upstream.as_str()) || seeded.groups.contains_key(upstream.as_str());
            assert!(!foreign, "{what} is about somebody else's object");
        }
        for other in &self.flying {
            let same_name =
                (other.binding.kind, &other.binding.name_key) == (attempt.binding.kind, &attempt.binding.name_key);
            let same_object =
                upstream_of(&call.action).is_some() && upstream_of(&call.action) == upstream_of(&other.call.action);
            assert!(
                !same_name && !same_object,
                "{what} overlaps another call on the same object"
            );
        }
        if let Action::Patch { upstream, fields } = &call.action
            && fields.contains(&(Field::Active, Some("true".to_owned())))
        {
            self.check_last(upstream.as_str(), &wanted, &what);
        }
        wanted
    }

    /// What takes away is sent as such, and before whatever gives (rule B6).
    fn check_order(&self, attempt: &Attempt, what: &str) {
        if takes_away(&attempt.call) {
            let shell = matches!(attempt.call.action, Action::Delete { .. }) && attempt.binding.kind == Kind::Group;
            assert!(
                shell || attempt.call.class == QueueClass::Revocation,
                "{what} is not urgent"
            );
            return;
        }
        let pending = self.revocations_that_could_go();
        assert_eq!(pending, Vec::<String>::new(), "{what} goes before what takes away");
    }

    /// Whatever takes away, is due and is not under way.
    fn revocations_that_could_go(&self) -> Vec<String> {
        let now = self.now;
        let waiting = |id: &ScimId| {
            let row = self.store.read(|snapshot| snapshot.queued(TARGET, id)).unwrap();
            let under_way = self.flying.iter().any(|other| other.binding.resource_id == *id);
            !under_way && row.is_none_or(|row| row.due_at <= now)
        };
        let mut pending = Vec::new();
        for id in self.ever.iter().filter(|id| waiting(id)) {
            let of_one = |snapshot: &Snapshot<'_>| {
                let stored = snapshot.resource(id.as_str())?;
                let guard = Closed::load(snapshot, TARGET)?;
                let held = |class, upstream: &UpstreamId| guard.holds(class, upstream.as_str());
                for binding in snapshot.bindings(TARGET, id)? {
                    let Some(upstream) = binding
                        .upstream_id
                        .as_ref()
                        .filter(|_| binding.existence != Existence::Maybe)
                    else {
                        continue;
                    };
                    match binding.kind {
                        Kind::User => {
                            let out = match binding.role {
                                Role::Current | Role::Retiring => stored.as_ref().is_none_or(|stored| !stored.active),
                                Role::Tombstone => true,
                                Role::Gone => false,
                            };
                            let fields = snapshot.fields(binding.id)?;
                            let active = fields.get(&Field::Active);
                            let off = Some("false".to_owned());
                            let sends = active.is_none_or(|active| active.needs_sending(&off));
                            if out && sends && !held(GuardClass::Deactivations, upstream) {
                                pending.push(format!("{} is to be deactivated", binding.name));
                            }
                        }
                        Kind::Group => {
                            let members = match &stored {
                                Some(stored) => snapshot.members(stored.pk)?,
                                None => Vec::new(),
                            };
                            for (edge, _) in snapshot.edges_of_group(binding.id)? {
                                let parked = edge.parked_until.is_some_and(|until| until > now);
                                let there = edge.tracked.applied || edge.tracked.maybe;
                                let Some(member) = snapshot.binding(edge.member)?.filter(|_| there && !parked) else {
                                    continue;
                                };
                                let kept = matches!(member.role, Role::Current | Role::Retiring)
                                    && members.iter().any(|wanted| wanted.id == member.resource_id);
                                let Some(out) = member.upstream_id.as_ref().filter(|_| !kept && !edge.inherited) else {
                                    continue;
                                };
                                if member.role != Role::Gone && !held(GuardClass::Memberships, out) {
                                    pending.push(format!("{} is to leave {}", member.name, binding.name));
                                }
                            }
                        }
                    }
                }
                Ok::<_, StoreError>(())
            };
            self.store.read(of_one).unwrap();
        }
        pending
    }

    /// Re-activation comes after everything that takes a membership away, and after late effects (rule B9).
    fn check_last(&self, upstream: &str, wanted: &BTreeSet<Right>, what: &str) {
        let seeded = Model::seeded();
        for (id, group) in &self.model.groups {
            // A group whose create had no answer is known by what it was made for.
            let resource = self.made_for.get(id).map(ScimId::as_str);
            let stored = resource.map(|id| self.store.read(|snapshot| snapshot.resource(id)).unwrap());
            let name = stored.flatten().map(|stored| fold(&stored.name));
            let is_wanted = [Some(id.clone()), name]
                .into_iter()
                .flatten()
                .any(|group| wanted.contains(&Right::Member(group, upstream.to_owned())));
            let still_in = group.members.contains(upstream) && !seeded.groups.contains_key(id);
            assert!(
                !still_in || is_wanted,
                "{what} comes before the removal from {}",
                group.name
            );
        }
        let late = self.late.iter().map(|(_, flying)| flying);
        for flying in self.flying.iter().chain(late) {
            if let Action::AddMembers {
                upstream: group,
                members,
            } = &flying.call.action
                && members.iter().any(|(_, id)| id.as_str() == upstream)
            {
                let right = Right::Member(group.to_string(), upstream.to_owned());
                assert!(
                    wanted.contains(&right),
                    "{what} comes before an addition that may still take effect"
                );
            }
        }
    }

    /// A call takes effect at the target.
    pub(super) fn take_effect(&mut self, flying: &Flying) -> Effect {
        let before = self.model.clone();
        let effect = self.model.carry_out(&flying.attempt);
        let given = given(&before, &self.model);
        for id in self.model.groups.keys().filter(|id| !before.groups.contains_key(*id)) {
            self.made_for.insert(id.clone(), flying.binding.resource_id.clone());
        }
        if self.watched {
            let what = describe(flying.binding.kind, &flying.call.action);
            assert!(
                given.is_subset(&flying.wanted),
                "{what} gave what was not wanted since it was sent: {given:?}"
            );
            self.check_foreign();
        }
        effect
    }
}
