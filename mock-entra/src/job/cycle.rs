//! A cycle from the probe to the watermark (reference §13.1).
//!
//! Users, then groups, then managers, then memberships: a reference can only be sent when both
//! ends exist. That order also gives the sequence of a lost assignment (§9): the user is disabled
//! before the group loses the member.

use std::collections::{BTreeMap, HashMap};

use super::{
    context::Context,
    course::Course,
    failure::{ErrorCode, ObjectKind},
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
    directory::{Directory, ObjectId},
    mapping::{AttributeMapping, Source},
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

impl<P: Fn(Progress)> Run<'_, P> {
    pub(crate) async fn run(mut self, cycle: Cycle) -> CycleReport {
        let clock = self.options.clock.clone();
        let (started, before) = (clock.elapsed(), self.client.log().counts());
        let cycle = if self.state.watermark.is_none() {
            Cycle::Initial
        } else {
            cycle
        };
        let mut course = Course::new(self.directory, cycle);
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
