//! A small Databricks: what each call does to what it holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::assign::{Workspace, join};
use super::super::attempt::Attempt;
use super::super::call::{Reply, create_body};
use super::super::plan::{Action, Seen};
use super::super::scan::SeenUser;
use crate::databricks::DatabricksError;
use crate::databricks::wire::{WireGroup, WireUser};
use crate::id::{UpstreamId, fold};
use crate::store::{Field, InventoryEntry, Kind};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModelUser {
    pub(super) name: String,
    pub(super) display: Option<String>,
    pub(super) external: Option<String>,
    pub(super) active: bool,
    pub(super) entitlements: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModelGroup {
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
    pub(super) entitlements: BTreeSet<String>,
}

/// Databricks, as small as it can be and still be wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) next: u64,
    pub(super) users: BTreeMap<String, ModelUser>,
    pub(super) groups: BTreeMap<String, ModelGroup>,
    /// Which groups are in which workspaces, and as what.
    pub(super) assigned: BTreeMap<(String, Workspace), String>,
    pub(super) created: Vec<String>,
    pub(super) writes: usize,
    /// Adding a member who is one, or removing one who is none, answers 404 and changes nothing.
    pub(super) strict: bool,
    /// Fields of users whose change is answered with success and ignored.
    pub(super) deaf: BTreeSet<Field>,
}

/// What the model makes of a call.
pub(super) type Effect = Result<Reply, DatabricksError>;

impl Model {
    pub(super) fn id(&mut self) -> String {
        self.next += 1;
        format!("10{:08}", self.next)
    }

    pub(super) fn seeded() -> Self {
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
                ..ModelGroup::default()
            };
            model.groups.insert(id, group);
        }
        model
    }

    pub(super) fn refuse(status: u16, detail: &str) -> DatabricksError {
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

    pub(super) fn carry_out(&mut self, attempt: &Attempt) -> Effect {
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
            Action::Entitle { upstream, missing, .. } => {
                let group = self
                    .groups
                    .get_mut(upstream.as_str())
                    .ok_or_else(|| Self::refuse(404, "no group"))?;
                group.entitlements.extend(missing.iter().cloned());
                Ok(Reply::Done)
            }
            Action::Assign {
                upstream,
                workspace,
                permission,
                ..
            } => {
                let as_what = permission.as_str().to_owned();
                self.assigned.insert((upstream.to_string(), *workspace), as_what);
                Ok(Reply::Done)
            }
            Action::Unassign {
                upstream, workspace, ..
            } => {
                self.assigned.remove(&(upstream.to_string(), *workspace));
                Ok(Reply::Done)
            }
            Action::LookAtAssignment { upstream, workspaces } => {
                let is_in = |workspace: &Workspace| self.assigned.contains_key(&(upstream.to_string(), *workspace));
                let found = workspaces.iter().copied().filter(is_in).collect();
                Ok(Reply::Assigned(join(&found)))
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

    pub(super) fn create(&mut self, kind: Kind, body: &Value) -> Effect {
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
                self.groups.insert(
                    id.clone(),
                    ModelGroup {
                        name,
                        members,
                        entitlements: BTreeSet::new(),
                    },
                );
            }
        }
        Ok(Reply::Created(UpstreamId::parse(&id)))
    }

    pub(super) fn patch(&mut self, kind: Kind, id: &str, fields: &[(Field, Option<String>)]) -> Effect {
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
                        field if self.deaf.contains(field) => {}
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

    pub(super) fn look_up(&self, kind: Kind, key: &str) -> Vec<Seen> {
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

    /// The users as a list shows them.
    pub(super) fn listed_users(&self) -> Vec<SeenUser> {
        let listed = self.users.iter().map(|(id, user)| SeenUser {
            entry: entry(Kind::User, id, &user.name, user.active),
            display_name: user.display.clone(),
            given_name: None,
            family_name: None,
            external_id: user.external.clone(),
        });
        listed.collect()
    }

    /// The groups as a list shows them.
    pub(super) fn listed_groups(&self) -> Vec<InventoryEntry> {
        let listed = self.groups.iter();
        listed
            .map(|(id, group)| entry(Kind::Group, id, &group.name, true))
            .collect()
    }

    pub(super) fn wire_user(&self, id: &str, user: &ModelUser) -> WireUser {
        let groups: Vec<Value> = self
            .groups
            .iter()
            .filter(|(_, group)| group.members.contains(id))
            .map(|(group, _)| json!({ "value": group, "type": "direct" }))
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

fn entry(kind: Kind, id: &str, name: &str, active: bool) -> InventoryEntry {
    InventoryEntry {
        kind,
        upstream_id: UpstreamId::parse(id).unwrap(),
        name: name.to_owned(),
        name_key: fold(name),
        active,
    }
}

fn wire_group(id: &str, group: &ModelGroup) -> WireGroup {
    let members: Vec<Value> = group.members.iter().map(|member| json!({ "value": member })).collect();
    let entitlements: Vec<Value> = group
        .entitlements
        .iter()
        .map(|value| json!({ "value": value }))
        .collect();
    serde_json::from_value(
        json!({ "id": id, "displayName": group.name, "members": members, "entitlements": entitlements }),
    )
    .unwrap()
}
