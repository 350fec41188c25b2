//! What there is to do in each phase of a cycle: which objects, and what the source says of them.

use super::{course::Course, failure::ObjectKind, groups, managers, members, report::Cycle, state::State, users};
use crate::directory::{ObjectId, User};

impl Course<'_> {
    /// Whether an object of the directory belongs into this cycle.
    fn selects(&self, state: &State, id: &ObjectId) -> bool {
        let watermark = state.watermark.unwrap_or_default();
        self.cycle == Cycle::Initial
            || self.directory.changed(id).is_some_and(|changed| changed > watermark)
            || state.escrow.contains_key(id)
    }

    pub(super) fn should_exist(&self, user: &User) -> bool {
        user.account_enabled && !self.directory.is_soft_deleted(&user.id) && self.scope.has_user(&user.id)
    }

    pub(super) fn user_work(&self, state: &State) -> Vec<users::Work> {
        let link = |id: &ObjectId| state.users.get(id).cloned();
        let known = self.directory.users().filter(|user| self.selects(state, &user.id));
        let known = known.map(|user| {
            let source = if self.should_exist(user) {
                users::Source::Active(user.clone())
            } else if user.account_enabled && !self.directory.is_soft_deleted(&user.id) {
                users::Source::OutOfScope
            } else {
                users::Source::Inactive
            };
            users::Work {
                id: user.id.clone(),
                source,
                link: link(&user.id),
            }
        });
        // Purged ones, and ones missing in a directory file that a stored job is started with.
        let gone = state.users.iter().filter(|(id, _)| self.directory.user(id).is_none());
        let gone = gone.filter_map(|(id, stored)| {
            let source = if self.directory.is_purged(id) {
                users::Source::Purged
            } else if stored.active || self.selects(state, id) {
                users::Source::Inactive
            } else {
                return None;
            };
            Some(users::Work {
                id: id.clone(),
                source,
                link: Some(stored.clone()),
            })
        });
        known.chain(gone).collect()
    }

    pub(super) fn group_work(&self, state: &State) -> Vec<groups::Work> {
        let known = self
            .directory
            .shared_groups()
            .filter(|group| self.selects(state, &group.id));
        let known = known.map(|group| groups::Work {
            id: group.id.clone(),
            source: self.scope.has_group(&group.id).then(|| group.clone()),
            link: state.groups.get(&group.id).cloned(),
        });
        let gone = state.groups.iter().filter(|(id, _)| self.directory.group(id).is_none());
        let gone = gone.map(|(id, link)| groups::Work {
            id: id.clone(),
            source: None,
            link: Some(link.clone()),
        });
        known.chain(gone).collect()
    }

    pub(super) fn manager_work(&mut self, state: &State) -> Vec<managers::Work> {
        let mut work = Vec::new();
        let mut unresolved = Vec::new();
        for (id, shown) in &self.shown_managers {
            let Some(user) = self.directory.user(id) else { continue };
            let (Some(link), true, Some(None)) = (state.users.get(id), self.should_exist(user), self.outcome.get(id))
            else {
                continue;
            };
            let manager = self.directory.manager_of(user);
            let wanted = manager
                .and_then(|id| state.users.get(id))
                .map(|link| link.target.clone());
            let before = link.manager.clone().or_else(|| shown.clone());
            match (manager, &wanted) {
                (Some(manager), None) => {
                    let expected = self.directory.user(manager).is_some_and(|user| self.should_exist(user));
                    unresolved.push((id.clone(), expected));
                    continue;
                }
                // Nothing of ours to take away.
                (None, _) if link.manager.is_none() => continue,
                _ => {}
            }
            work.push(managers::Work {
                id: id.clone(),
                target: link.target.clone(),
                wanted,
                before,
            });
        }
        for (id, expected) in unresolved {
            self.unresolved(ObjectKind::User, &id, expected, "the manager is not provisioned");
        }
        work.sort_by(|one, other| one.id.cmp(&other.id));
        work
    }

    pub(super) fn member_work(&mut self, state: &State) -> Vec<members::Work> {
        let mut work = Vec::new();
        let worked_on: Vec<_> = self.outcome.keys().cloned().collect();
        for id in worked_on {
            let (Some(group), Some(link)) = (self.directory.group(&id), state.groups.get(&id)) else {
                continue;
            };
            if !self.scope.has_group(&id) || self.outcome.get(&id) != Some(&None) {
                continue;
            }
            let mut current = Vec::new();
            for member in &group.members {
                // Nested groups are not users; they are left out without a word.
                let Some(user) = self.directory.user(member) else {
                    continue;
                };
                if let Some(link) = state.users.get(member) {
                    current.push((member.clone(), link.target.clone()));
                } else {
                    let expected = self.should_exist(user);
                    self.unresolved(ObjectKind::Group, &id, expected, "a member is not provisioned");
                }
            }
            let is_exported = |(id, target): &members::Member| link.members.get(id) == Some(target);
            let add = current
                .iter()
                .filter(|member| self.cycle == Cycle::Initial || !is_exported(member));
            let gone = link
                .members
                .iter()
                .filter(|(id, _)| !current.iter().any(|(member, _)| member == *id));
            let one = members::Work {
                id: id.clone(),
                target: link.target.clone(),
                add: add.cloned().collect(),
                remove: gone.map(|(id, target)| (id.clone(), target.clone())).collect(),
                fresh: self.fresh.contains(&id),
            };
            if !one.add.is_empty() || !one.remove.is_empty() {
                work.push(one);
            }
        }
        work
    }
}
