//! Why a user, a group or a membership is as it is: what is desired, applied and observed (rule B1), and what
//! it waits for since when.

mod find;
mod lines;
mod member;

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::policy::Policy;
use super::rehearse::{command, is_dry_run, known, obstacles, quoted};
use super::view::Knowledge;
use super::wanted::{WantedGroup, WantedUser};
use super::worker::WorkerOptions;
use crate::clock::Timestamp;
use crate::id::ScimId;
use crate::store::{Binding, Existence, Field, Kind, LogQuery, Snapshot, StepEntry, StoreError, Stored, Tracked};

pub use find::{Found, find, near};
pub use member::{Membership, membership};

/// A moment: RFC 3339 and how far it is from now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// RFC 3339.
    pub at: String,
    /// Seconds from now; negative = ago.
    pub seconds: i64,
}

/// One attribute of an account or group at the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldState {
    /// As Databricks calls it.
    pub field: &'static str,
    /// What is wanted; `null` = left as it is.
    pub desired: Option<String>,
    /// The last confirmed value.
    pub applied: Option<String>,
    /// The last value that a read showed, where it differs from the confirmed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// What follows.
    pub state: String,
}

/// An object at the target that the resource has, had or is getting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name there, or the one it is to get.
    pub name: String,
    /// Its id, once known.
    pub upstream_id: Option<String>,
    /// `current`, `retiring` or `tombstone`.
    pub role: &'static str,
    /// Counts the objects of the resource.
    pub generation: i64,
    /// `ours`, `adopted` or `foreign`, once known.
    pub ownership: Option<&'static str>,
    /// `unknown`, `absent`, `present` or `maybe`.
    pub existence: &'static str,
    /// Its attributes.
    pub fields: Vec<FieldState>,
}

/// Something that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// What.
    pub what: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// When it is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// The command that ends it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// All that is to be said about a user or group.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// `User` or `Group`.
    pub kind: &'static str,
    /// userName or displayName.
    pub name: String,
    /// The SCIM id.
    pub id: String,
    /// The client's own id.
    pub external_id: Option<String>,
    /// When it was deleted, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Moment>,
    /// Users: whether the account is to be usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// The objects at the target.
    pub accounts: Vec<Account>,
    /// Memberships: of a user, the groups; of a group, the members.
    pub memberships: Vec<Membership>,
    /// What is waited for; empty = nothing.
    pub waits: Vec<Wait>,
    /// The newest calls made for it.
    pub calls: Vec<StepEntry>,
}

/// Calls that are told.
const CALLS: usize = 5;

/// What is common to explanations.
pub struct Explaining<'a> {
    store: &'a Snapshot<'a>,
    policy: &'a Policy,
    knowledge: Knowledge,
    dry_run: bool,
    now: Timestamp,
}

impl<'a> Explaining<'a> {
    /// Explains from this snapshot.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn new(store: &'a Snapshot<'a>, options: &'a WorkerOptions, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            store,
            policy: &options.policy,
            knowledge: known(store, &options.target)?,
            dry_run: is_dry_run(store, options.dry_run)?,
            now,
        })
    }

    fn target(&self) -> &str {
        &self.knowledge.target
    }

    fn moment(&self, at: Timestamp) -> Moment {
        let micros = at.as_micros().saturating_sub(self.now.as_micros());
        Moment {
            at: at.to_rfc3339(),
            seconds: micros.div_euclid(1_000_000),
        }
    }

    /// Everything about one resource, live or deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn explain(&self, found: &Found) -> Result<Explanation, StoreError> {
        let (store, id) = (self.store, &found.id);
        let stored = store.resource(id.as_str())?;
        let tombstone = store.tombstone(id.as_str())?;
        let bindings = store.bindings(self.target(), id)?;
        let (name, external_id) = match (&stored, &tombstone) {
            (Some(stored), _) => (stored.name.clone(), stored.external_id.clone()),
            (None, Some(gone)) => (gone.name.clone(), gone.external_id.clone()),
            (None, None) => (bindings.first().map_or_else(String::new, |one| one.name.clone()), None),
        };
        let accounts = bindings.iter().map(|binding| self.account(binding, stored.as_ref()));
        let accounts = accounts.collect::<Result<_, _>>()?;
        let memberships = match found.kind {
            Kind::User => member::of_user(self, stored.as_ref(), &bindings)?,
            Kind::Group => member::of_group(self, stored.as_ref(), &bindings)?,
        };
        Ok(Explanation {
            kind: found.kind.as_str(),
            id: id.to_string(),
            external_id,
            deleted: match &stored {
                Some(_) => None,
                None => tombstone.map(|gone| self.moment(gone.deleted_at)),
            },
            active: stored
                .as_ref()
                .filter(|_| found.kind == Kind::User)
                .map(|stored| stored.active),
            waits: self.waits(found, &name, stored.as_ref(), &bindings)?,
            calls: self.calls(found)?,
            accounts,
            memberships,
            name,
        })
    }

    fn account(&self, binding: &Binding, stored: Option<&Stored>) -> Result<Account, StoreError> {
        let fields = self.store.fields(binding.id)?;
        let mut wanted: Vec<(Field, Option<String>)> = Vec::new();
        let is_current = binding.role == crate::store::Role::Current;
        match (binding.kind, stored.filter(|_| is_current)) {
            (Kind::User, Some(stored)) => {
                let user = WantedUser::of(stored);
                wanted.extend(user.fields.into_iter().map(|(field, value)| (field, Some(value))));
                wanted.push((Field::Active, Some(user.active.to_string())));
            }
            (Kind::User, None) => {
                let out = stored.is_none_or(|stored| !stored.active) || binding.role == crate::store::Role::Tombstone;
                wanted.push((Field::Active, out.then(|| "false".to_owned())));
            }
            (Kind::Group, Some(stored)) => {
                wanted.push((Field::DisplayName, Some(WantedGroup::of(stored).display_name)));
            }
            (Kind::Group, None) => {}
        }
        for field in fields.keys() {
            if !wanted.iter().any(|(other, _)| other == field) {
                wanted.push((*field, None));
            }
        }
        let fields = wanted
            .into_iter()
            .map(|(field, desired)| self.field(field, desired, fields.get(&field)))
            .collect();
        Ok(Account {
            name: binding.name.clone(),
            upstream_id: binding.upstream_id.as_ref().map(ToString::to_string),
            role: binding.role.as_str(),
            generation: binding.generation,
            ownership: binding.ownership.map(crate::store::Ownership::as_str),
            existence: binding.existence.as_str(),
            fields,
        })
    }

    fn field(&self, field: Field, desired: Option<String>, tracked: Option<&Tracked<Option<String>>>) -> FieldState {
        let Some(tracked) = tracked else {
            let state = if desired.is_some() { "not sent yet" } else { "not known" };
            return FieldState {
                field: field.as_str(),
                desired,
                applied: None,
                observed: None,
                state: state.to_owned(),
            };
        };
        let observed = tracked.observed.clone().filter(|seen| *seen != tracked.applied);
        let check = tracked.check_at(self.policy.proof).map(|at| self.comes(at));
        let state = match (&desired, &observed, check) {
            (_, _, Some(check)) if tracked.maybe => {
                format!("an attempt had no answer; what it came to is read {check}")
            }
            (Some(_), _, _) if tracked.needs_sending(&desired) => "to be sent".to_owned(),
            (_, Some(_), None) => "drift: somebody else changed it".to_owned(),
            (_, _, Some(check)) if tracked.unknown_at.is_some() => {
                format!("confirmed; an earlier attempt may still take effect, which is read {check}")
            }
            (_, _, Some(check)) => format!("confirmed; verified by a read {check}"),
            (Some(_), _, None) => "as wanted".to_owned(),
            (None, _, None) => "left as it is".to_owned(),
        };
        FieldState {
            field: field.as_str(),
            desired,
            applied: tracked.applied.clone(),
            observed: observed.map(|seen| seen.unwrap_or_else(|| "nothing".to_owned())),
            state,
        }
    }

    fn comes(&self, at: Timestamp) -> String {
        lines::comes(&self.moment(at))
    }

    fn waits(
        &self,
        found: &Found,
        name: &str,
        stored: Option<&Stored>,
        bindings: &[Binding],
    ) -> Result<Vec<Wait>, StoreError> {
        let mut waits = Vec::new();
        let (store, target, id) = (self.store, self.target(), &found.id);
        let plain = |what: String| Wait {
            what,
            since: None,
            until: None,
            command: None,
        };
        let queued = store.queued(target, id)?;
        if let Some(row) = &queued {
            waits.extend(self.whole_target()?);
            let mut what = format!("queued as a {}", row.class.as_str());
            if row.attempts > 0 {
                let plural = if row.attempts == 1 { "" } else { "s" };
                let _ = write!(what, ", after {} failure{plural} in a row", row.attempts);
            }
            if let Some(reason) = store.queue_reason(target, id)? {
                let _ = write!(what, ": {reason}");
            }
            waits.push(Wait {
                since: Some(self.moment(row.queued_at)),
                until: Some(self.moment(row.due_at)),
                ..plain(what)
            });
        }
        if let Some(why) = self.protected(found.kind, bindings, stored) {
            waits.push(plain(why));
        }
        if stored.is_some() && store.awaits_client(id)? {
            waits.push(plain(
                "Entra has not written it since the import or the restore: nothing is given before it does".to_owned(),
            ));
        }
        let held_at = bindings
            .iter()
            .find_map(|binding| binding.held_at.filter(|_| binding.hold.is_some()));
        if let Some(why) = store.hold_of(target, id)? {
            let quoted = quoted(name);
            waits.push(Wait {
                since: held_at.map(|at| self.moment(at)),
                command: command(&why).map(|command| command.replace("NAME", &quoted)),
                ..plain(format!("held: {}", why.replace(" NAME", &format!(" {quoted}"))))
            });
        }
        for binding in bindings {
            if binding.existence == Existence::Maybe {
                waits.push(Wait {
                    since: binding.unknown_at.map(|at| self.moment(at)),
                    until: binding.unknown_at.map(|at| self.moment(at.plus(self.policy.proof))),
                    ..plain(format!(
                        "whether {} is there at the target has to be proven by reads",
                        binding.name
                    ))
                });
            }
        }
        Ok(waits)
    }

    /// What keeps everything from being written.
    fn whole_target(&self) -> Result<Vec<Wait>, StoreError> {
        let mut waits = Vec::new();
        let wait = |what: &str, command: Option<&str>| Wait {
            what: what.to_owned(),
            since: None,
            until: None,
            command: command.map(str::to_owned),
        };
        if self.store.held()?.is_some() {
            let command = Some("scim-bridge resume --after-restore");
            waits.push(wait(
                "the store was restored: nothing is written to the target",
                command,
            ));
        } else if self.dry_run {
            waits.push(wait(
                "dry-run: nothing is written to the target",
                Some("scim-bridge go-live"),
            ));
        }
        if self.knowledge.scanned_at.is_none() {
            waits.push(wait("the target has not been scanned yet", None));
        }
        for obstacle in obstacles(self.store)? {
            waits.push(wait(&obstacle, None));
        }
        Ok(waits)
    }

    fn protected(&self, kind: Kind, bindings: &[Binding], stored: Option<&Stored>) -> Option<String> {
        let wanted = stored.map(|stored| (crate::id::fold(&stored.name), None));
        let bound = bindings
            .iter()
            .map(|one| (one.name_key.clone(), one.upstream_id.clone()));
        wanted.into_iter().chain(bound).find_map(|(name, upstream)| match kind {
            Kind::User => self.knowledge.protects_user(self.policy, &name, upstream.as_ref()),
            Kind::Group => Knowledge::protects_group(self.policy, &name),
        })
    }

    fn calls(&self, found: &Found) -> Result<Vec<StepEntry>, StoreError> {
        let entries = self.store.log(&LogQuery {
            groups: Some(vec![found.id.clone()]),
            limit: CALLS,
            ..LogQuery::default()
        })?;
        let mut steps: Vec<StepEntry> = entries.into_iter().flat_map(|entry| entry.steps).collect();
        steps.drain(..steps.len().saturating_sub(CALLS));
        Ok(steps)
    }

    fn name_of(&self, id: &ScimId) -> Result<String, StoreError> {
        if let Some(stored) = self.store.resource(id.as_str())? {
            return Ok(stored.name);
        }
        let gone = self.store.tombstone(id.as_str())?;
        Ok(gone.map_or_else(|| id.to_string(), |gone| gone.name))
    }

    const fn proof(&self) -> Duration {
        self.policy.proof
    }
}
