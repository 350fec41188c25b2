//! The reconciler against a small model of Databricks, without network and with a clock
//! that is stepped: random changes, answers that are lost before or after their effect,
//! effects that come late, calls that overlap, and a process that dies between any two
//! transactions. Afterwards Databricks must be what the directory says, nothing may have
//! been created twice, and nothing foreign may have been touched.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::advance::{Admitted, Advance, advance, follow};
use super::attempt::Attempt;
use super::call::{Reply, create_body, describe};
use super::outcome;
use super::plan::{Action, Seen};
use super::policy::Policy;
use super::view::Knowledge;
use crate::clock::{Clock, Timestamp};
use crate::databricks::wire::{WireGroup, WireUser};
use crate::databricks::{Answered, DatabricksError, Unknown};
use crate::directory::{Directory, DirectoryError, Request, Rules};
use crate::id::{ScimId, UpstreamId, fold};
use crate::store::{Field, InventoryEntry, Kind, QueueClass, Store, StoreError};

const TARGET: &str = "workspace";
const ALL: Admitted = Admitted {
    revocation: [true; 3],
    other: [true; 3],
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ModelUser {
    name: String,
    display: Option<String>,
    external: Option<String>,
    active: bool,
    entitlements: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ModelGroup {
    name: String,
    members: BTreeSet<String>,
}

/// Databricks, as small as it can be and still be wrong.
#[derive(Debug, Clone, Default)]
struct Model {
    next: u64,
    users: BTreeMap<String, ModelUser>,
    groups: BTreeMap<String, ModelGroup>,
    created: Vec<String>,
    writes: usize,
    /// Adding a member who is one, or removing one who is none, answers 404 and changes nothing.
    strict: bool,
}

/// What the model makes of a call.
type Effect = Result<Reply, DatabricksError>;

impl Model {
    fn id(&mut self) -> String {
        self.next += 1;
        format!("10{:08}", self.next)
    }

    fn seeded() -> Self {
        let mut model = Self::default();
        for name in ["admin@example.test", "foreign@example.test"] {
            let id = model.id();
            let user = ModelUser {
                name: name.to_owned(),
                active: true,
                ..ModelUser::default()
            };
            model.users.insert(id, user);
        }
        for name in ["admins", "users", "theirs"] {
            let id = model.id();
            let group = ModelGroup {
                name: name.to_owned(),
                members: BTreeSet::from(["1000000001".to_owned()]),
            };
            model.groups.insert(id, group);
        }
        model
    }

    fn refuse(status: u16, detail: &str) -> DatabricksError {
        match status {
            404 => DatabricksError::NotFound {
                status,
                detail: detail.to_owned(),
            },
            409 => DatabricksError::AlreadyExists {
                status,
                detail: detail.to_owned(),
            },
            _ => DatabricksError::Refused {
                status,
                detail: detail.to_owned(),
            },
        }
    }

    fn carry_out(&mut self, attempt: &Attempt) -> Effect {
        let (binding, kind) = (&attempt.binding, attempt.binding.kind);
        if attempt.call.action.writes() {
            self.writes += 1;
        }
        match &attempt.call.action {
            Action::Create { fields, members } => {
                let ids: Vec<&str> = members.iter().map(|(_, id)| id.as_str()).collect();
                let body = create_body(binding, fields, &ids);
                self.create(kind, &body)
            }
            Action::Patch { upstream, fields } => self.patch(kind, upstream.as_str(), fields),
            Action::AddMembers { upstream, members } => {
                let group = self
                    .groups
                    .get_mut(upstream.as_str())
                    .ok_or_else(|| Self::refuse(404, "no group"))?;
                if self.strict && members.iter().any(|(_, id)| group.members.contains(id.as_str())) {
                    return Err(Self::refuse(404, "a member already"));
                }
                group
                    .members
                    .extend(members.iter().map(|(_, id)| id.as_str().to_owned()));
                Ok(Reply::Done)
            }
            Action::RemoveMembers { upstream, members } => {
                let group = self
                    .groups
                    .get_mut(upstream.as_str())
                    .ok_or_else(|| Self::refuse(404, "no group"))?;
                if self.strict && members.iter().any(|(_, id)| !group.members.contains(id.as_str())) {
                    return Err(Self::refuse(404, "no such member"));
                }
                for (_, id) in members {
                    group.members.remove(id.as_str());
                }
                Ok(Reply::Done)
            }
            Action::Strip { upstream, .. } => {
                let user = self
                    .users
                    .get_mut(upstream.as_str())
                    .ok_or_else(|| Self::refuse(404, "no user"))?;
                user.entitlements.clear();
                Ok(Reply::Done)
            }
            Action::Delete { upstream } => match kind {
                Kind::User => self.users.remove(upstream.as_str()).map(|_| Reply::Done),
                Kind::Group => self.groups.remove(upstream.as_str()).map(|_| Reply::Done),
            }
            .ok_or_else(|| Self::refuse(404, "gone")),
            Action::LookUp => Ok(Reply::Found(self.look_up(kind, &binding.name_key))),
            Action::Read { upstream, .. } => match kind {
                Kind::User => {
                    let user = self
                        .users
                        .get(upstream.as_str())
                        .ok_or_else(|| Self::refuse(404, "no user"))?;
                    Ok(Reply::User(Box::new(self.wire_user(upstream.as_str(), user))))
                }
                Kind::Group => {
                    let group = self
                        .groups
                        .get(upstream.as_str())
                        .ok_or_else(|| Self::refuse(404, "no group"))?;
                    Ok(Reply::Group(wire_group(upstream.as_str(), group)))
                }
            },
        }
    }

    fn create(&mut self, kind: Kind, body: &Value) -> Effect {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = text(if kind == Kind::User { "userName" } else { "displayName" }).unwrap_or_default();
        let taken = match kind {
            Kind::User => self.users.values().any(|user| user.name == fold(&name)),
            Kind::Group => self.groups.values().any(|group| fold(&group.name) == fold(&name)),
        };
        if taken {
            return Err(Self::refuse(409, "already exists"));
        }
        let id = self.id();
        self.created.push(format!("{kind} {}", fold(&name)));
        match kind {
            Kind::User => {
                let user = ModelUser {
                    name: fold(&name),
                    display: text("displayName"),
                    external: text("externalId"),
                    active: body.get("active").and_then(Value::as_bool).unwrap_or(true),
                    entitlements: BTreeSet::from(["workspace-access".to_owned()]),
                };
                self.users.insert(id.clone(), user);
            }
            Kind::Group => {
                let members = body.get("members").and_then(Value::as_array).into_iter().flatten();
                let members = members.filter_map(|member| member["value"].as_str()).map(str::to_owned);
                let members = members.collect();
                self.groups.insert(id.clone(), ModelGroup { name, members });
            }
        }
        Ok(Reply::Created(UpstreamId::parse(&id)))
    }

    fn patch(&mut self, kind: Kind, id: &str, fields: &[(Field, Option<String>)]) -> Effect {
        for (field, value) in fields {
            match (kind, field) {
                (Kind::Group, Field::DisplayName) => {
                    let name = value.clone().unwrap_or_default();
                    let taken = self
                        .groups
                        .iter()
                        .any(|(other, group)| other != id && fold(&group.name) == fold(&name));
                    if taken {
                        return Err(Self::refuse(409, "already exists"));
                    }
                    let group = self.groups.get_mut(id).ok_or_else(|| Self::refuse(404, "no group"))?;
                    group.name = name;
                }
                (Kind::User, field) => {
                    let user = self.users.get_mut(id).ok_or_else(|| Self::refuse(404, "no user"))?;
                    match field {
                        Field::DisplayName => user.display.clone_from(value),
                        Field::ExternalId => user.external.clone_from(value),
                        Field::Active => user.active = value.as_deref() == Some("true"),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Ok(Reply::Done)
    }

    fn look_up(&self, kind: Kind, key: &str) -> Vec<Seen> {
        let seen = |id: &String, active, display: Option<String>, external| Seen {
            upstream: UpstreamId::parse(id).unwrap(),
            active,
            display_name: display,
            external_id: external,
            owned_by_another: false,
            protected: None,
        };
        match kind {
            Kind::User => self
                .users
                .iter()
                .filter(|(_, user)| user.name == key)
                .map(|(id, user)| seen(id, user.active, user.display.clone(), user.external.clone()))
                .collect(),
            Kind::Group => self
                .groups
                .iter()
                .filter(|(_, group)| fold(&group.name) == key)
                .map(|(id, group)| seen(id, true, Some(group.name.clone()), None))
                .collect(),
        }
    }

    fn wire_user(&self, id: &str, user: &ModelUser) -> WireUser {
        let groups: Vec<Value> = self
            .groups
            .iter()
            .filter(|(_, group)| group.members.contains(id))
            .map(|(group, _)| json!({ "value": group }))
            .collect();
        let entitlements: Vec<Value> = user
            .entitlements
            .iter()
            .map(|value| json!({ "value": value }))
            .collect();
        serde_json::from_value(json!({
            "id": id, "userName": user.name, "displayName": user.display, "externalId": user.external,
            "active": user.active, "groups": groups, "entitlements": entitlements,
        }))
        .unwrap()
    }
}

fn wire_group(id: &str, group: &ModelGroup) -> WireGroup {
    let members: Vec<Value> = group.members.iter().map(|member| json!({ "value": member })).collect();
    serde_json::from_value(json!({ "id": id, "displayName": group.name, "members": members })).unwrap()
}

/// One change of the directory, by small numbers.
#[derive(Debug, Clone, Copy)]
enum Edit {
    CreateUser(u8),
    SetActive(u8, bool),
    Show(u8, u8),
    Rename(u8, u8),
    DeleteUser(u8),
    CreateGroup(u8),
    AddMember(u8, u8),
    RemoveMember(u8, u8),
    RenameGroup(u8, u8),
    DeleteGroup(u8),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let (user, group) = (0_u8..4, 0_u8..2);
    prop_oneof![
        2 => user.clone().prop_map(Edit::CreateUser),
        3 => (user.clone(), any::<bool>()).prop_map(|(user, active)| Edit::SetActive(user, active)),
        1 => (user.clone(), 0_u8..4).prop_map(|(user, shown)| Edit::Show(user, shown)),
        1 => (user.clone(), 0_u8..3).prop_map(|(user, name)| Edit::Rename(user, name)),
        2 => user.clone().prop_map(Edit::DeleteUser),
        1 => group.clone().prop_map(Edit::CreateGroup),
        4 => (group.clone(), user.clone()).prop_map(|(group, user)| Edit::AddMember(group, user)),
        3 => (group.clone(), user).prop_map(|(group, user)| Edit::RemoveMember(group, user)),
        1 => (group.clone(), 0_u8..2).prop_map(|(group, name)| Edit::RenameGroup(group, name)),
        1 => group.prop_map(Edit::DeleteGroup),
    ]
}

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
    flying: Vec<Attempt>,
    late: Vec<(Timestamp, Attempt)>,
    trace: Vec<String>,
    began: Timestamp,
    faulty: bool,
    _folder: tempfile::TempDir,
}

impl World {
    fn new(seed: u64, faulty: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        let clock = Clock::system();
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
            directory: Directory::new(store.clone(), clock, rules),
            knowledge: Knowledge {
                target: TARGET.to_owned(),
                me: UpstreamId::parse("1000000001").map(|id| (id, "admin@example.test".to_owned())),
                ..Knowledge::default()
            },
            policy: Policy {
                batch: 2,
                ..Policy::default()
            },
            now: clock.now().plus(Duration::from_hours(1)),
            rng: StdRng::seed_from_u64(seed),
            runtime,
            store,
            model,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            flying: Vec::new(),
            late: Vec::new(),
            trace: Vec::new(),
            began: clock.now().plus(Duration::from_hours(1)),
            faulty,
            _folder: folder,
        };
        world.scan();
        world
    }

    fn scan(&mut self) {
        let entry = |kind, id: &str, name: &str, active| InventoryEntry {
            kind,
            upstream_id: UpstreamId::parse(id).unwrap(),
            name: name.to_owned(),
            name_key: fold(name),
            active,
        };
        let users: Vec<_> = self
            .model
            .users
            .iter()
            .map(|(id, user)| entry(Kind::User, id, &user.name, user.active))
            .collect();
        let groups: Vec<_> = self
            .model
            .groups
            .iter()
            .map(|(id, group)| entry(Kind::Group, id, &group.name, true))
            .collect();
        self.write(move |tx| {
            tx.replace_inventory(TARGET, Kind::User, &users)?;
            tx.replace_inventory(TARGET, Kind::Group, &groups)
        });
        self.knowledge.scanned_at = Some(self.now);
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crate::store::Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.write(work)).unwrap()
    }

    fn edit(&mut self, edit: Edit) {
        self.note(format_args!("{edit:?}"));
        let request = Request {
            id: "test".to_owned(),
            ..Request::default()
        };
        let directory = self.directory.clone();
        let (users, groups) = (self.users.clone(), self.groups.clone());
        let user = |number: u8| users.get(&number).cloned();
        let group = |number: u8| groups.get(&number).cloned();
        let patch = |operation: Value| json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
        let result: Result<(), DirectoryError> = self.runtime.block_on(async {
            match edit {
                Edit::CreateUser(number) if user(number).is_none() => {
                    let id = ScimId::random();
                    let name = format!("user{number}@example.test");
                    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
                        "displayName": format!("User {number}"), "externalId": format!("user{number}") });
                    let made = directory.create_user(&request, id.clone(), body).await;
                    if made.is_ok() {
                        self.users.insert(number, id);
                    }
                    made.map(|_| ())
                }
                Edit::SetActive(number, active) => match user(number) {
                    Some(id) => {
                        let body = patch(json!({ "op": "replace", "path": "active", "value": active }));
                        directory.patch_user(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::Show(number, shown) => match user(number) {
                    Some(id) => {
                        let body = patch(json!({ "op": "replace", "path": "displayName", "value": format!("Shown {shown}") }));
                        directory.patch_user(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::Rename(number, name) => match user(number) {
                    Some(id) => {
                        let name = format!("user{number}.{name}@example.test");
                        let body = patch(json!({ "op": "replace", "path": "userName", "value": name }));
                        directory.patch_user(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::DeleteUser(number) => match self.users.remove(&number) {
                    Some(id) => directory.delete_user(&request, id.as_str()).await.map(|_| ()),
                    None => Ok(()),
                },
                Edit::CreateGroup(number) if group(number).is_none() => {
                    let id = ScimId::random();
                    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                        "displayName": format!("Group {number}"), "externalId": format!("group{number}") });
                    let made = directory.create_group(&request, id.clone(), body).await;
                    if made.is_ok() {
                        self.groups.insert(number, id);
                    }
                    made.map(|_| ())
                }
                Edit::AddMember(one, other) => match (group(one), user(other)) {
                    (Some(group), Some(user)) => {
                        let body = patch(json!({ "op": "Add", "path": "members", "value": [{ "value": user.as_str() }] }));
                        directory.patch_group(&request, group.as_str(), body).await.map(|_| ())
                    }
                    _ => Ok(()),
                },
                Edit::RemoveMember(one, other) => match (group(one), user(other)) {
                    (Some(group), Some(user)) => {
                        let body = patch(json!({ "op": "Remove", "path": "members", "value": [{ "value": user.as_str() }] }));
                        directory.patch_group(&request, group.as_str(), body).await.map(|_| ())
                    }
                    _ => Ok(()),
                },
                Edit::RenameGroup(number, name) => match group(number) {
                    Some(id) => {
                        let body = patch(json!({ "op": "replace", "path": "displayName", "value": format!("Group {number}.{name}") }));
                        directory.patch_group(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::DeleteGroup(number) => match self.groups.remove(&number) {
                    Some(id) => directory.delete_group(&request, id.as_str()).await.map(|_| ()),
                    None => Ok(()),
                },
                Edit::CreateUser(_) | Edit::CreateGroup(_) => Ok(()),
            }
        });
        match result {
            Ok(()) | Err(DirectoryError::Refused(_)) => {}
            Err(DirectoryError::Store(error)) => panic!("{error}"),
        }
    }

    /// Starts one queued call, if there is one that may start.
    fn start_one(&mut self) -> bool {
        if self.flying.len() >= 3 {
            return false;
        }
        // Directory writes stamp the real clock, which is behind the stepped one.
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
                for row in rows.into_iter().filter(|row| !busy.contains(&row.resource_id)) {
                    let (knowledge, policy) = (self.knowledge.clone(), self.policy.clone());
                    match self.write(move |tx| advance(tx, &knowledge, &policy, ALL, &row.resource_id, now)) {
                        Advance::Begun(attempt) => {
                            assert!(
                                !self.knowledge.busy.contains(&attempt.call.binding),
                                "two calls on one object"
                            );
                            self.knowledge.busy.insert(attempt.call.binding);
                            self.note(format_args!(
                                "call {}",
                                describe(attempt.binding.kind, &attempt.call.action)
                            ));
                            self.flying.push(*attempt);
                            return true;
                        }
                        Advance::Settled(_) => return true,
                        Advance::Later => {}
                    }
                }
            }
        }
        false
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
        let attempt = self.flying.swap_remove(index);
        let cut = || Err(DatabricksError::OutcomeUnknown(Unknown::Cut));
        let writes = attempt.call.action.writes();
        let fault = self.fault();
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
                let _ = self.model.carry_out(&attempt);
                cut()
            }
            Fault::LostBefore => cut(),
            Fault::Late(seconds) if writes => {
                self.late
                    .push((self.now.plus(Duration::from_secs(seconds)), attempt.clone()));
                cut()
            }
            Fault::Late(_) | Fault::None => self.model.carry_out(&attempt),
        };
        self.end(attempt, result);
    }

    /// Ends the one call in flight with this answer.
    fn answer(&mut self, result: Effect) {
        assert_eq!(self.flying.len(), 1, "one call is in flight");
        let attempt = self.flying.remove(0);
        self.end(attempt, result);
    }

    /// Ends the one call in flight as the model has it.
    fn answer_truly(&mut self) {
        let result = self.model.carry_out(&self.flying[0]);
        self.answer(result);
    }

    fn end(&mut self, attempt: Attempt, result: Effect) {
        let result = result.map(|value| Answered { status: 200, value });
        self.knowledge.busy.remove(&attempt.call.binding);
        let (knowledge, policy, now) = (self.knowledge.clone(), self.policy.clone(), self.now);
        let then = self.write(move |tx| {
            let row = tx.queued(TARGET, &attempt.binding.resource_id)?;
            let attempts = row.map_or(0, |row| row.attempts);
            let then = outcome::record(tx, &knowledge, &policy, &attempt, &result, attempts, now)?;
            follow(tx, &knowledge, &policy, &attempt, &then, 1.0, now)?;
            Ok(then)
        });
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
                let _ = self.model.carry_out(&attempt);
            }
        }
        self.knowledge.busy.clear();
        let now = self.now;
        self.write(move |tx| {
            for intent in tx.open_intents(TARGET)? {
                tx.interrupt(intent.binding, now)?;
                tx.close_intent(intent.id)?;
            }
            Ok(())
        });
        self.scan();
    }

    fn step_time(&mut self, by: Duration) {
        self.now = self.now.plus(by);
        let due: Vec<_> = self.late.iter().filter(|(at, _)| *at <= self.now).cloned().collect();
        self.late.retain(|(at, _)| *at > self.now);
        for (_, attempt) in due {
            let _ = self.model.carry_out(&attempt);
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

    /// What the directory wants, as far as nothing is held for a person.
    fn check(&self) {
        let held: Vec<String> = self
            .store
            .read(|snapshot| {
                snapshot.log(&crate::store::LogQuery {
                    limit: 1000,
                    ..Default::default()
                })
            })
            .unwrap()
            .into_iter()
            .filter(|entry| entry.outcome.starts_with("held"))
            .map(|entry| entry.resource_id)
            .collect();
        let mut wanted_active = BTreeSet::new();
        let mut upstream_of = BTreeMap::new();
        self.store
            .read::<_, StoreError, _>(|snapshot| {
                snapshot.each("scim", Kind::User, None, |user| {
                    let bound = snapshot.bindings(TARGET, &user.id)?;
                    let current = bound.iter().find(|binding| binding.role == crate::store::Role::Current);
                    let upstream = current.and_then(|binding| binding.upstream_id.clone());
                    if held.contains(&user.id.to_string()) {
                        return Ok(());
                    }
                    let id = upstream.unwrap_or_else(|| panic!("{} has no account: {bound:?}", user.name));
                    let model = &self.model.users[id.as_str()];
                    assert_eq!(model.active, user.active, "{}", user.name);
                    if user.active {
                        assert_eq!(model.name, fold(&user.name));
                        wanted_active.insert(id.as_str().to_owned());
                    }
                    let shown = user.document.get("displayName").and_then(Value::as_str);
                    assert_eq!(model.display.as_deref(), shown);
                    upstream_of.insert(user.id.to_string(), id.as_str().to_owned());
                    Ok(())
                })?;
                snapshot.each("scim", Kind::Group, None, |group| {
                    if held.contains(&group.id.to_string()) {
                        return Ok(());
                    }
                    let bound = snapshot.bindings(TARGET, &group.id)?;
                    let id = bound
                        .iter()
                        .find_map(|binding| binding.upstream_id.clone())
                        .unwrap_or_else(|| panic!("{} has no group: {bound:?}", group.name));
                    let model = &self.model.groups[id.as_str()];
                    assert_eq!(model.name, group.name);
                    let wanted: BTreeSet<String> = snapshot
                        .members(group.pk)?
                        .iter()
                        .filter_map(|member| upstream_of.get(member.id.as_str()).cloned())
                        .collect();
                    // Whoever is held keeps what he had.
                    let known: BTreeSet<&String> = upstream_of.values().collect();
                    let has: BTreeSet<String> = model
                        .members
                        .iter()
                        .filter(|id| held.is_empty() || known.contains(id))
                        .cloned()
                        .collect();
                    assert_eq!(has, wanted, "members of {}", group.name);
                    Ok(())
                })
            })
            .unwrap();
        // Nobody is active whom nobody wants, apart from those who were there before and accounts that a hold keeps.
        if held.is_empty() {
            let live: BTreeSet<&String> = upstream_of.values().collect();
            for (id, user) in &self.model.users {
                let foreign = user.name == "admin@example.test" || user.name == "foreign@example.test";
                assert!(foreign || user.active == wanted_active.contains(id), "{user:?}");
                // An account that nobody has any more gives nothing to whoever has it next (rule C6).
                assert!(live.contains(id) || user.entitlements.is_empty(), "{user:?}");
            }
        }
        self.check_foreign();
    }

    fn check_foreign(&self) {
        let seeded = Model::seeded();
        for (id, user) in &seeded.users {
            assert_eq!(self.model.users.get(id), Some(user), "a foreign user was touched");
        }
        for (id, group) in &seeded.groups {
            assert_eq!(self.model.groups.get(id), Some(group), "a foreign group was touched");
        }
        let mut seen = BTreeMap::new();
        for (id, user) in &self.model.users {
            assert_eq!(seen.insert(user.name.clone(), id), None, "two accounts of one name");
        }
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

/// Changes of a directory that holds people and groups already.
fn any_edits() -> impl Strategy<Value = Vec<(Edit, u8)>> {
    prop::collection::vec((any_edit(), 0_u8..4), 1..30).prop_map(|edits| {
        let people = (0..4).map(Edit::CreateUser);
        let groups = (0..2).map(Edit::CreateGroup);
        let members = [(0, 0), (0, 1), (1, 1), (1, 2)].map(|(group, user)| Edit::AddMember(group, user));
        let start = people.chain(groups).chain(members).map(|edit| (edit, 1));
        start.chain(edits).collect()
    })
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

#[test]
fn an_initial_load_takes_no_more_writes_than_needed() {
    let mut edits: Vec<(Edit, u8)> = (0..5).map(|user| (Edit::CreateUser(user), 0)).collect();
    edits.push((Edit::CreateGroup(0), 0));
    edits.extend((0..5).map(|user| (Edit::AddMember(0, user), 0)));
    let world = run(1, &edits, false, false);
    // Five users; one group with two members inline, and two batches for the other three.
    assert_eq!(world.model.writes, 5 + 1 + 2);
}

#[test]
fn a_deleted_user_loses_every_membership() {
    let edits = [
        (Edit::CreateUser(0), 4),
        (Edit::CreateUser(1), 4),
        (Edit::CreateGroup(0), 4),
        (Edit::AddMember(0, 0), 4),
        (Edit::AddMember(0, 1), 8),
        (Edit::DeleteUser(0), 4),
    ];
    let world = run(1, &edits, false, false);
    let members = world
        .model
        .groups
        .values()
        .find(|group| group.name == "Group 0")
        .map(|group| group.members.len());
    assert_eq!(members, Some(1));
}

/// A world with one user, made and settled.
fn world_of_one() -> World {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    world.settle();
    world
}

#[test]
fn a_disable_that_comes_during_a_look_up_is_not_lost_with_the_hold_that_it_ends_in() {
    let mut world = world_of_one();
    world.edit(Edit::Rename(0, 1));
    assert_eq!(world.next_call(), "POST /Users");
    // Somebody made an inactive account of the new name a moment ago.
    let stranger = ModelUser {
        name: "user0.1@example.test".to_owned(),
        ..ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), stranger);
    world.answer_truly();
    assert_eq!(world.next_call(), "GET /Users by name");
    world.edit(Edit::SetActive(0, false));
    world.answer_truly();
    world.settle();
    let old = world
        .model
        .users
        .values()
        .find(|user| user.name == "user0@example.test");
    assert!(!old.unwrap().active);
}

#[test]
fn a_disable_that_comes_during_a_refused_change_is_not_put_off_with_it() {
    let mut world = world_of_one();
    world.edit(Edit::Show(0, 1));
    assert!(world.next_call().ends_with("displayName"));
    world.edit(Edit::SetActive(0, false));
    world.answer(Err(Model::refuse(400, "no such name")));
    assert!(world.next_call().ends_with("active=false"));
}

#[test]
fn a_row_that_is_not_admitted_lets_the_others_go_first() {
    let mut world = world_of_one();
    world.edit(Edit::CreateUser(1));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer_truly();
    world.edit(Edit::SetActive(0, false));
    world.edit(Edit::Show(1, 2));
    assert!(world.next_call().ends_with("active=false"));
    world.answer(Err(DatabricksError::NotAdmitted {
        status: 403,
        detail: "not yours".to_owned(),
    }));
    assert!(world.next_call().ends_with("displayName"));
    world.answer_truly();
    world.step_time(Duration::from_secs(10));
    assert!(world.next_call().ends_with("active=false"));
}

#[test]
fn an_account_disabled_long_ago_loses_its_rights_with_the_deletion() {
    let mut world = world_of_one();
    world.edit(Edit::SetActive(0, false));
    world.settle();
    world.edit(Edit::DeleteUser(0));
    world.settle();
    world.check();
}

#[test]
fn whoever_comes_back_is_active_only_after_the_old_rights_are_gone() {
    let mut world = world_of_one();
    for _ in 0..2 {
        world.edit(Edit::SetActive(0, false));
        world.settle();
        // Somebody gave a right again since the account was last stripped.
        for user in world
            .model
            .users
            .values_mut()
            .filter(|user| user.name.starts_with("user0"))
        {
            user.entitlements.insert("databricks-sql-access".to_owned());
        }
        world.edit(Edit::DeleteUser(0));
        world.edit(Edit::CreateUser(0));
        loop {
            let call = world.next_call();
            if call.is_empty() {
                break;
            }
            world.answer_truly();
            let user = world.model.users.values().find(|user| user.name.starts_with("user0"));
            let user = user.unwrap();
            assert!(!user.active || user.entitlements.is_empty(), "{user:?}");
        }
        world.settle();
        world.check();
    }
}

#[test]
fn a_member_who_is_gone_already_blocks_no_other_removal() {
    let mut world = World::new(1, false);
    for user in 0..4 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    world.edit(Edit::CreateGroup(0));
    for user in 0..4 {
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    world.model.strict = true;
    let (id, group) = world.model.groups.last_key_value().unwrap();
    let (id, gone) = (id.clone(), group.members.first().unwrap().clone());
    world.model.groups.get_mut(&id).unwrap().members.remove(&gone);
    for user in 0..4 {
        world.edit(Edit::RemoveMember(0, user));
    }
    let writes = world.model.writes;
    world.settle();
    assert!(world.model.groups[&id].members.is_empty());
    assert!(world.model.writes <= writes + 10, "{}", world.model.writes - writes);
    assert!(world.queue().is_empty(), "{:?}", world.queue());
}

#[test]
fn a_create_that_is_refused_is_tried_without_members_and_then_backs_off() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    assert_eq!(world.next_call(), "POST /Groups with 1 members");
    world.answer(Err(Model::refuse(400, "no such member, or no such name")));
    assert_eq!(world.next_call(), "POST /Groups");
    world.answer(Err(Model::refuse(400, "no such name")));
    assert_eq!(world.next_call(), "");
    world.settle();
    world.check();
}

#[test]
fn a_create_answered_404_had_no_effect() {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer(Err(Model::refuse(404, "not now")));
    world.step_time(Duration::from_secs(30));
    assert_eq!(world.next_call(), "POST /Users");
}

#[test]
fn a_name_that_is_taken_and_then_free_is_taken() {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer(Err(Model::refuse(409, "already exists")));
    for _ in 0..2 {
        assert_eq!(world.next_call(), "GET /Users by name");
        world.answer_truly();
        world.step_time(Duration::from_secs(30));
    }
    assert_eq!(world.next_call(), "POST /Users");
    // It is not asked for more often than any refused create.
    world.answer(Err(Model::refuse(409, "already exists")));
    assert_eq!(world.next_call(), "GET /Users by name");
    world.answer_truly();
    world.step_time(Duration::from_secs(30));
    assert_eq!(world.next_call(), "");
    world.settle();
    world.check();
}

#[test]
fn a_removal_that_is_refused_is_not_settled_and_tried_again() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.edit(Edit::RemoveMember(0, 0));
    let outcome = |world: &World| {
        let query = crate::store::LogQuery {
            limit: 1,
            ..Default::default()
        };
        let newest = world
            .store
            .read::<_, StoreError, _>(|snapshot| snapshot.log(&query))
            .unwrap();
        newest[0].outcome.clone()
    };
    for pause in [10, 20] {
        assert!(world.next_call().ends_with("remove 1 members"));
        world.answer(Err(Model::refuse(400, "not this one")));
        assert!(outcome(&world).starts_with("failing"), "{}", outcome(&world));
        assert_eq!(world.queue()[0].class, QueueClass::Revocation);
        // What was refused is looked at as well.
        world.step_time(Duration::from_secs(5));
        while world.next_call().starts_with("GET") {
            world.answer_truly();
        }
        world.step_time(Duration::from_secs(pause - 5));
    }
    world.settle();
    assert_eq!(outcome(&world), "applied");
    world.check();
}

#[test]
fn members_that_wait_hide_none_that_can_be_added() {
    let mut world = World::new(1, false);
    world.policy.batch = 1;
    for user in 0..5 {
        let stranger = ModelUser {
            name: format!("user{user}@example.test"),
            ..ModelUser::default()
        };
        world.model.users.insert(format!("9{user}"), stranger);
    }
    world.scan();
    for user in 0..6 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    world.edit(Edit::CreateGroup(0));
    for user in 0..6 {
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    let group = world.model.groups.values().find(|group| group.name == "Group 0");
    assert_eq!(group.map(|group| group.members.len()), Some(1));
}

#[test]
fn a_name_is_reused_by_the_external_id_that_its_owner_had_last() {
    let mut world = world_of_one();
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "externalId", "value": "somebody-else" }] });
    let (directory, id) = (world.directory.clone(), world.users[&0].clone());
    let patched = world
        .runtime
        .block_on(directory.patch_user(&Request::default(), id.as_str(), body));
    assert!(patched.is_ok());
    world.settle();
    world.edit(Edit::DeleteUser(0));
    // The externalId that the account was created with, not the last.
    world.edit(Edit::CreateUser(0));
    world.settle();
    let user = world.model.users.values().find(|user| user.name.starts_with("user0"));
    assert!(!user.unwrap().active, "held for a person");
}

impl World {
    fn rename(&mut self, number: u8, name: &str) {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "userName", "value": name }] });
        let (directory, id) = (self.directory.clone(), self.users[&number].clone());
        let request = Request::default();
        let patched = self.runtime.block_on(directory.patch_user(&request, id.as_str(), body));
        assert!(patched.is_ok());
    }

    fn called(&self, what: &str) -> bool {
        self.trace
            .iter()
            .any(|line| line.contains("call") && line.contains(what))
    }
}

#[test]
fn what_a_lost_answer_came_to_is_proven_while_a_rename_is_held() {
    let mut world = world_of_one();
    world.edit(Edit::CreateUser(1));
    world.settle();
    world.edit(Edit::Rename(1, 1));
    world.settle();
    world.edit(Edit::Show(0, 2));
    assert!(world.next_call().ends_with("displayName"));
    world.answer(Err(DatabricksError::OutcomeUnknown(Unknown::Cut)));
    world.rename(0, "user1@example.test");
    let before = world.trace.len();
    world.settle();
    world.trace.drain(..before);
    assert!(world.called("GET /Users/10"));
    assert!(!world.called("PATCH"), "held");
    assert!(world.queue().is_empty());
}

#[test]
fn one_protected_account_keeps_no_other_from_being_deactivated() {
    let mut world = world_of_one();
    world.edit(Edit::Rename(0, 1));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer_truly();
    world.policy.protected_users.insert("user0@example.test".to_owned());
    world.edit(Edit::SetActive(0, false));
    world.settle();
    let active = |name: &str| {
        world
            .model
            .users
            .values()
            .find(|user| user.name == name)
            .map(|user| user.active)
    };
    assert_eq!(active("user0@example.test"), Some(true));
    assert_eq!(active("user0.1@example.test"), Some(false));
}

#[test]
fn groups_that_exchange_their_names_are_held_and_get_their_members() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::CreateGroup(1));
    world.settle();
    for (group, name) in [(0, "Aside"), (1, "Group 0"), (0, "Group 1")] {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "displayName", "value": name }] });
        let (directory, id) = (world.directory.clone(), world.groups[&group].clone());
        let request = Request::default();
        let patched = world
            .runtime
            .block_on(directory.patch_group(&request, id.as_str(), body));
        assert!(patched.is_ok());
        world.edit(Edit::AddMember(group, 0));
    }
    while !world.next_call().is_empty() {
        world.answer_truly();
    }
    let mine = world
        .model
        .groups
        .values()
        .filter(|group| group.name.starts_with("Group"));
    assert!(
        mine.clone().all(|group| group.members.len() == 1),
        "{:?}",
        world.model.groups
    );
    let query = crate::store::LogQuery {
        outcome: Some("held: rename".to_owned()),
        limit: 9,
        ..Default::default()
    };
    let held = world
        .store
        .read::<_, StoreError, _>(|snapshot| snapshot.log(&query))
        .unwrap();
    assert!(!held.is_empty());
    // One of them gets a third name after all: both go on by themselves.
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "displayName", "value": "Aside" }] });
    let (directory, id) = (world.directory.clone(), world.groups[&0].clone());
    let patched = world
        .runtime
        .block_on(directory.patch_group(&Request::default(), id.as_str(), body));
    assert!(patched.is_ok());
    world.settle();
    world.check();
}

#[test]
fn before_the_scan_only_those_wait_who_may_be_the_last_admin() {
    let mut world = world_of_one();
    world.knowledge.scanned_at = None;
    world.edit(Edit::SetActive(0, false));
    assert_eq!(world.next_call(), "");
    world.knowledge.former_admins = Some(std::collections::HashSet::new());
    world.step_time(Duration::from_secs(5));
    assert!(world.next_call().ends_with("active=false"));
}
