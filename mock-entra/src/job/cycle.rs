//! A cycle from the probe to the watermark (reference §13.1).
//!
//! Users, then groups, then managers, then memberships: a reference can only be sent when both
//! ends exist. That order also gives the sequence of a lost assignment (§9): the user is disabled
//! before the group loses the member.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    context::Context,
    failure::{ErrorCode, Failure, Fault, ObjectKind},
    fingerprint, groups, managers, members,
    options::Options,
    probe::{self, Verdict},
    report::{Action, Cycle, CycleReport, Phase, Progress, Quarantine},
    rounds::{self, Settled},
    state::{Escrowed, State},
    users,
};
use crate::{
    client::ScimClient,
    directory::{Directory, ObjectId, User},
    mapping::{AttributeMapping, Source},
    scope::Scope,
    wire::Dialect,
};

/// Everything a cycle works with.
pub(crate) struct Run<'a, P> {
    pub(crate) client: &'a ScimClient,
    pub(crate) options: &'a Options,
    pub(crate) dialect: Dialect,
    pub(crate) directory: &'a Directory,
    pub(crate) state: &'a mut State,
    pub(crate) progress: P,
}

/// What a cycle has learned so far.
struct Course<'a> {
    directory: &'a Directory,
    scope: Scope,
    cycle: Cycle,
    report: CycleReport,
    /// Objects worked on and what failed of them.
    outcome: BTreeMap<ObjectId, Option<ErrorCode>>,
    /// The manager that the target showed for each user worked on.
    shown_managers: HashMap<ObjectId, Option<String>>,
    /// Groups made in this cycle.
    fresh: BTreeSet<ObjectId>,
    /// Objects that refer to one whose link broke.
    look_again: BTreeSet<ObjectId>,
}

impl<P: Fn(Progress)> Run<'_, P> {
    pub(crate) async fn run(mut self, cycle: Cycle) -> CycleReport {
        let clock = self.options.clock.clone();
        let (started, before) = (clock.elapsed(), self.client.log().counts());
        let cycle = if self.state.watermark.is_none() {
            Cycle::Initial
        } else {
            cycle
        };
        let mut course = Course {
            directory: self.directory,
            scope: Scope::of(self.directory),
            cycle,
            report: CycleReport::new(cycle),
            outcome: BTreeMap::new(),
            shown_managers: HashMap::new(),
            fresh: BTreeSet::new(),
            look_again: BTreeSet::new(),
        };
        if self.phases(&mut course).await {
            self.finish(&course);
        }
        let mut report = course.report;
        report.total_up();
        report.requests = difference(&before, &self.client.log().counts());
        let took = clock.elapsed().saturating_sub(started);
        report.milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        report
    }

    /// Answers false if the job went to quarantine.
    async fn phases(&mut self, course: &mut Course<'_>) -> bool {
        (self.progress)(Progress {
            phase: Phase::Probe,
            done: 0,
            total: 1,
        });
        if let Verdict::Failed(failure) = probe::test(self.client, self.options).await {
            course.report.quarantine = Some(Quarantine {
                code: failure.code,
                status: failure.status,
                detail: failure.message,
            });
            return false;
        }
        (self.progress)(Progress {
            phase: Phase::Probe,
            done: 1,
            total: 1,
        });
        let claims = claims(self.state);
        let context = Context::new(self.client, self.options, self.dialect, claims);
        self.users(&context, course).await
            && self.groups(&context, course).await
            && self.managers(&context, course).await
            && self.members(&context, course).await
    }

    async fn users(&mut self, context: &Context<'_>, course: &mut Course<'_>) -> bool {
        let work = course.user_work(self.state);
        let (total, mut done) = (work.len(), 0);
        let progress = &self.progress;
        progress(Progress {
            phase: Phase::Users,
            done,
            total,
        });
        let state = &mut *self.state;
        rounds::run(
            self.options,
            work,
            |work| Box::pin(users::run(context, work)),
            |result: users::Done, last| {
                let users::Done {
                    work,
                    action,
                    step,
                    shown_manager,
                    fault,
                } = result;
                course.report.users.count(action);
                match &work.link {
                    Some(link) => {
                        state.users.insert(work.id.clone(), link.clone());
                    }
                    None => course.forget_user(state, &work.id),
                }
                let settled = course.settle(ObjectKind::User, &work.id, step, fault, last);
                if matches!(settled, Settled::Done(())) {
                    course.shown_managers.insert(work.id.clone(), shown_manager);
                    done += 1;
                    progress(Progress {
                        phase: Phase::Users,
                        done,
                        total,
                    });
                }
                settled.with(work)
            },
        )
        .await
    }

    async fn groups(&mut self, context: &Context<'_>, course: &mut Course<'_>) -> bool {
        if self.options.mappings.groups.is_empty() {
            return true;
        }
        let work = course.group_work(self.state);
        let (total, mut done) = (work.len(), 0);
        let progress = &self.progress;
        progress(Progress {
            phase: Phase::Groups,
            done,
            total,
        });
        let state = &mut *self.state;
        rounds::run(
            self.options,
            work,
            |work| Box::pin(groups::run(context, work)),
            |result: groups::Done, last| {
                let groups::Done {
                    work,
                    action,
                    step,
                    fault,
                } = result;
                course.report.groups.count(action);
                if action == Action::Created {
                    course.fresh.insert(work.id.clone());
                }
                match &work.link {
                    Some(link) => state.groups.insert(work.id.clone(), link.clone()),
                    None => state.groups.remove(&work.id),
                };
                let settled = course.settle(ObjectKind::Group, &work.id, step, fault, last);
                if matches!(settled, Settled::Done(())) {
                    done += 1;
                    progress(Progress {
                        phase: Phase::Groups,
                        done,
                        total,
                    });
                }
                settled.with(work)
            },
        )
        .await
    }

    async fn managers(&mut self, context: &Context<'_>, course: &mut Course<'_>) -> bool {
        if !maps(&self.options.mappings.users, "manager") {
            return true;
        }
        let work = course.manager_work(self.state);
        let (total, mut done) = (work.len(), 0);
        let progress = &self.progress;
        progress(Progress {
            phase: Phase::Managers,
            done,
            total,
        });
        let state = &mut *self.state;
        rounds::run(
            self.options,
            work,
            |work| Box::pin(managers::run(context, work)),
            |result: managers::Done, last| {
                let managers::Done { work, effect, fault } = result;
                match effect {
                    managers::Effect::Set => course.report.managers_set += 1,
                    managers::Effect::Cleared => course.report.managers_cleared += 1,
                    managers::Effect::None => {}
                }
                if let (None, Some(link)) = (&fault, state.users.get_mut(&work.id)) {
                    link.manager.clone_from(&work.wanted);
                }
                let step = "EntryExportUpdate";
                let settled = course.settle(ObjectKind::User, &work.id, step, fault, last);
                course.forget_stale(state, &work.id);
                if matches!(settled, Settled::Done(())) {
                    done += 1;
                    progress(Progress {
                        phase: Phase::Managers,
                        done,
                        total,
                    });
                }
                settled.with(work)
            },
        )
        .await
    }

    async fn members(&mut self, context: &Context<'_>, course: &mut Course<'_>) -> bool {
        if !maps(&self.options.mappings.groups, "members") {
            return true;
        }
        let work = course.member_work(self.state);
        let (total, mut done) = (work.len(), 0);
        let progress = &self.progress;
        progress(Progress {
            phase: Phase::Members,
            done,
            total,
        });
        let state = &mut *self.state;
        rounds::run(
            self.options,
            work,
            |work| Box::pin(members::run(context, work)),
            |result: members::Done, last| {
                let members::Done {
                    mut work,
                    present,
                    added,
                    removed,
                    fault,
                } = result;
                course.report.members_added += added;
                course.report.members_removed += removed.len() as u64;
                if let Some(link) = state.groups.get_mut(&work.id) {
                    link.members.extend(present.iter().cloned());
                    link.members.retain(|id, _| !removed.contains(id));
                }
                work.add.retain(|member| !present.contains(member));
                work.remove.retain(|(id, _)| !removed.contains(id));
                let step = "EntryExportUpdate";
                let settled = course.settle(ObjectKind::Group, &work.id, step, fault, last);
                course.forget_stale(state, &work.id);
                if matches!(settled, Settled::Done(())) {
                    done += 1;
                    progress(Progress {
                        phase: Phase::Members,
                        done,
                        total,
                    });
                }
                settled.with(work)
            },
        )
        .await
    }

    /// Moves the watermark and the escrow. Only a cycle that came to its end does so.
    fn finish(&mut self, course: &Course<'_>) {
        let state = &mut *self.state;
        for (id, failed) in &course.outcome {
            match failed {
                None => {
                    state.escrow.remove(id);
                }
                Some(code) => {
                    let attempts = state.escrow.get(id).map_or(0, |entry| entry.attempts);
                    let entry = Escrowed {
                        attempts: attempts.saturating_add(1),
                        code: *code,
                    };
                    state.escrow.insert(id.clone(), entry);
                }
            }
        }
        for id in &course.look_again {
            let entry = Escrowed {
                attempts: 0,
                code: ErrorCode::InvalidAnchor,
            };
            state.escrow.entry(id.clone()).or_insert(entry);
        }
        let known = |id: &ObjectId| {
            let in_directory = self.directory.user(id).is_some() || self.directory.group(id).is_some();
            in_directory || state.users.contains_key(id) || state.groups.contains_key(id)
        };
        let forgotten: Vec<_> = state.escrow.keys().filter(|id| !known(id)).cloned().collect();
        state.escrow.retain(|id, _| !forgotten.contains(id));
        state.watermark = Some(self.directory.change());
        state.seen = fingerprint::all(self.directory, &course.scope).collect();
    }
}

impl Course<'_> {
    /// Whether an object of the directory belongs into this cycle.
    fn selects(&self, state: &State, id: &ObjectId) -> bool {
        let watermark = state.watermark.unwrap_or_default();
        self.cycle == Cycle::Initial
            || self.directory.changed(id).is_some_and(|changed| changed > watermark)
            || state.escrow.contains_key(id)
    }

    fn should_exist(&self, user: &User) -> bool {
        user.account_enabled && !self.directory.is_soft_deleted(&user.id) && self.scope.has_user(&user.id)
    }

    fn user_work(&self, state: &State) -> Vec<users::Work> {
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

    fn group_work(&self, state: &State) -> Vec<groups::Work> {
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

    fn manager_work(&mut self, state: &State) -> Vec<managers::Work> {
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

    fn member_work(&mut self, state: &State) -> Vec<members::Work> {
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

    /// A reference that cannot be sent: silent if its object is not meant to exist, otherwise the
    /// referring object is tried again.
    fn unresolved(&mut self, kind: ObjectKind, id: &ObjectId, expected: bool, detail: &str) {
        if !expected {
            self.report.references_skipped += 1;
            return;
        }
        let code = ErrorCode::UnableToResolveReferenceAttributeValue;
        // Memberships that can be sent still are, so the outcome is noted for the escrow only.
        self.look_again.insert(id.clone());
        let failure = self.failure(kind, id, "EntryExportUpdate", code, None, detail.to_owned());
        if !self.report.failures.contains(&failure) {
            self.report.failures.push(failure);
        }
    }

    /// Notes what became of one object and says what follows.
    fn settle(&mut self, kind: ObjectKind, id: &ObjectId, step: &str, fault: Option<Fault>, last: bool) -> Settled<()> {
        let (code, status, detail) = match fault {
            None => {
                self.outcome.entry(id.clone()).or_insert(None);
                return Settled::Done(());
            }
            Some(Fault::Again { after, .. }) if !last => return Settled::Again((), after),
            Some(Fault::Quarantine { code, status, detail }) => {
                self.report.quarantine = Some(Quarantine { code, status, detail });
                return Settled::Stop;
            }
            Some(
                Fault::Again {
                    code, status, detail, ..
                }
                | Fault::Object { code, status, detail },
            ) => (code, status, detail),
        };
        self.outcome.insert(id.clone(), Some(code));
        let failure = self.failure(kind, id, step, code, status, detail);
        self.report.failures.push(failure);
        Settled::Done(())
    }

    fn failure(
        &self,
        kind: ObjectKind,
        id: &ObjectId,
        step: &str,
        code: ErrorCode,
        status: Option<u16>,
        detail: String,
    ) -> Failure {
        let user = self.directory.user(id).map(|user| user.user_principal_name.clone());
        let group = self.directory.group(id).map(|group| group.display_name.clone());
        let name = user.or(group).unwrap_or_default();
        Failure {
            kind,
            id: id.clone(),
            name,
            step: step.to_owned(),
            code,
            status,
            detail,
        }
    }

    /// A user's link is gone: whoever refers to the old target object is looked at again.
    fn forget_user(&mut self, state: &mut State, id: &ObjectId) {
        let Some(link) = state.users.get(id) else { return };
        let in_groups = state.groups.iter().filter(|(_, group)| group.members.contains_key(id));
        let reports = state
            .users
            .iter()
            .filter(|(_, user)| user.manager.as_deref() == Some(&link.target))
            .map(|(id, _)| id);
        let referring: Vec<_> = in_groups.map(|(id, _)| id).chain(reports).cloned().collect();
        if !self.directory.is_purged(id) {
            self.look_again.extend(referring);
        }
        state.forget_user(id);
    }

    /// A reference was sent to a target id that answered 404: the link is as stale as in any
    /// other phase.
    fn forget_stale(&mut self, state: &mut State, id: &ObjectId) {
        if self.outcome.get(id) != Some(&Some(ErrorCode::InvalidAnchor)) {
            return;
        }
        if state.groups.remove(id).is_none() {
            self.forget_user(state, id);
        }
    }
}

fn maps(mappings: &[AttributeMapping], reference: &'static str) -> bool {
    mappings
        .iter()
        .any(|mapping| mapping.source == Source::Reference(reference))
}

fn claims(state: &State) -> HashMap<(ObjectKind, String), ObjectId> {
    let users = state
        .users
        .iter()
        .map(|(id, link)| (ObjectKind::User, &link.target, id));
    let groups = state
        .groups
        .iter()
        .map(|(id, link)| (ObjectKind::Group, &link.target, id));
    users
        .chain(groups)
        .map(|(kind, target, id)| ((kind, target.clone()), id.clone()))
        .collect()
}

fn difference(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let since = |method: &String, count: &u64| count - before.get(method).copied().unwrap_or(0);
    after
        .iter()
        .map(|(method, count)| (method.clone(), since(method, count)))
        .filter(|(_, count)| *count > 0)
        .collect()
}
