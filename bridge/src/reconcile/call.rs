//! Carrying out one planned request, and what it is called in the log.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::assign::{self, Workspace};
use super::plan::{Action, Note, Seen, Values};
use crate::databricks::wire::{self, NewUser, WireAssignment, WireGroup, WireUser};
use crate::databricks::{Answered, Client, DatabricksError};
use crate::id::{UpstreamId, fold};
use crate::store::{Binding, Field, Kind};

/// What a successful request answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Created; the id is missing when Databricks did not say it.
    Created(Option<UpstreamId>),
    /// Changed or deleted.
    Done,
    /// Objects of the wanted name.
    Found(Vec<Seen>),
    /// A user by id.
    User(Box<WireUser>),
    /// A group by id.
    Group(WireGroup),
    /// The workspaces that a group is assigned to, comma-joined.
    Assigned(Option<String>),
}

/// The body of a create.
pub fn create_body(binding: &Binding, fields: &Values, members: &[&str]) -> Value {
    let value = |wanted: Field| {
        fields
            .iter()
            .find(|(field, _)| *field == wanted)
            .and_then(|(_, value)| value.clone())
    };
    match binding.kind {
        Kind::User => NewUser {
            // Databricks stores it in lower case; sending it so keeps what is sent and what is read equal.
            user_name: fold(&binding.name),
            display_name: value(Field::DisplayName),
            given_name: value(Field::GivenName),
            family_name: value(Field::FamilyName),
            external_id: value(Field::ExternalId),
            active: value(Field::Active).as_deref() != Some("false"),
        }
        .to_json(),
        Kind::Group => wire::new_group(&binding.name, members),
    }
}

/// The operations of a PATCH; none for any other request. Each has a path, so that no deployment takes it for more than
/// it says.
pub fn operations(action: &Action) -> Vec<Value> {
    match action {
        Action::Patch { fields, .. } => fields
            .iter()
            .map(|(field, value)| match field {
                Field::Active => wire::set_active(value.as_deref() == Some("true")),
                other => wire::set_attribute(other.as_str(), value.as_deref()),
            })
            .collect(),
        Action::AddMembers { members, .. } => {
            let ids: Vec<&str> = members.iter().map(|(_, id)| id.as_str()).collect();
            vec![wire::add_members(&ids)]
        }
        Action::RemoveMembers { members, .. } => {
            let removals = members.iter().map(|(_, id)| wire::remove_member(id.as_str()));
            removals.collect()
        }
        Action::Strip {
            entitlements, roles, ..
        } => {
            let mut operations: Vec<Value> = roles.iter().map(|role| wire::remove_role(role)).collect();
            if *entitlements {
                operations.push(wire::clear_entitlements());
            }
            operations
        }
        Action::Entitle { missing, .. } => vec![wire::add_entitlements(missing)],
        Action::Create { .. }
        | Action::Delete { .. }
        | Action::LookUp
        | Action::Read { .. }
        | Action::Assign { .. }
        | Action::Unassign { .. }
        | Action::LookAtAssignment { .. } => Vec::new(),
    }
}

/// Sends the request.
///
/// # Errors
///
/// See [`DatabricksError`].
pub async fn carry_out(
    client: &Client,
    binding: &Binding,
    action: &Action,
) -> Result<Answered<Reply>, DatabricksError> {
    let kind = binding.kind;
    match action {
        Action::Create { fields, members } => {
            let ids: Vec<&str> = members.iter().map(|(_, id)| id.as_str()).collect();
            let made = client.create(kind, &create_body(binding, fields, &ids)).await?;
            Ok(reply(made.status, Reply::Created(made.value)))
        }
        Action::Patch { upstream, .. }
        | Action::AddMembers { upstream, .. }
        | Action::RemoveMembers { upstream, .. }
        | Action::Entitle { upstream, .. }
        | Action::Strip { upstream, .. } => Ok(done(&client.patch(kind, upstream, &operations(action)).await?)),
        Action::Assign {
            upstream,
            workspace,
            permission,
            ..
        } => Ok(done(&client.assign(*workspace, upstream, Some(*permission)).await?)),
        Action::Unassign {
            upstream, workspace, ..
        } => Ok(done(&client.assign(*workspace, upstream, None).await?)),
        Action::LookAtAssignment { upstream, workspaces } => look_at_assignment(client, upstream, workspaces).await,
        Action::Delete { upstream } => Ok(done(&client.delete(kind, upstream).await?)),
        Action::LookUp => look_up(client, binding).await,
        Action::Read { upstream, .. } => match kind {
            Kind::User => client
                .user(upstream)
                .await
                .map(|found| reply(found.status, Reply::User(Box::new(found.value)))),
            Kind::Group => client
                .group(upstream)
                .await
                .map(|found| reply(found.status, Reply::Group(found.value))),
        },
    }
}

/// One list a workspace: nothing tells of one principal alone. There are few of them, and they are seldom read so.
async fn look_at_assignment(
    client: &Client,
    upstream: &UpstreamId,
    workspaces: &[Workspace],
) -> Result<Answered<Reply>, DatabricksError> {
    let (mut status, mut found) = (200, BTreeSet::new());
    for workspace in workspaces {
        let listed = client.assignments(*workspace).await?;
        status = listed.status;
        let own = |one: &WireAssignment| one.principal.principal_id.to_string() == upstream.as_str();
        if listed.value.permission_assignments.iter().any(own) {
            found.insert(*workspace);
        }
    }
    Ok(reply(status, Reply::Assigned(assign::join(&found))))
}

async fn look_up(client: &Client, binding: &Binding) -> Result<Answered<Reply>, DatabricksError> {
    let (status, seen): (u16, Vec<Option<Seen>>) = match binding.kind {
        Kind::User => {
            let found = client.users_named(&binding.name).await?;
            let same = |user: &WireUser| fold(&user.user_name) == binding.name_key;
            (
                found.status,
                found
                    .value
                    .resources
                    .iter()
                    .filter(|user| same(user))
                    .map(seen_user)
                    .collect(),
            )
        }
        Kind::Group => {
            let found = client.groups_named(&binding.name).await?;
            let same = |group: &WireGroup| fold(&group.display_name) == binding.name_key;
            (
                found.status,
                found
                    .value
                    .resources
                    .iter()
                    .filter(|group| same(group))
                    .map(seen_group)
                    .collect(),
            )
        }
    };
    Ok(reply(status, Reply::Found(seen.into_iter().flatten().collect())))
}

/// A user as judging needs it; `None` when its id is no number.
pub fn seen_user(user: &WireUser) -> Option<Seen> {
    Some(Seen {
        upstream: UpstreamId::parse(&user.id)?,
        active: user.is_active().unwrap_or(true),
        display_name: user.display_name.clone(),
        external_id: user.external_id.clone(),
        owned_by_another: false,
        protected: None,
    })
}

/// A group as judging needs it; `None` when its id is no number.
pub fn seen_group(group: &WireGroup) -> Option<Seen> {
    Some(Seen {
        upstream: UpstreamId::parse(&group.id)?,
        active: true,
        display_name: Some(group.display_name.clone()),
        external_id: None,
        owned_by_another: false,
        protected: None,
    })
}

const fn reply(status: u16, value: Reply) -> Answered<Reply> {
    Answered { status, value }
}

const fn done(answered: &Answered<()>) -> Answered<Reply> {
    reply(answered.status, Reply::Done)
}

/// A step that only the store sees, in words for the log; `None` for what every new resource goes through.
pub const fn describe_note(note: &Note) -> Option<&'static str> {
    match note {
        Note::Bind | Note::Absent(_) => None,
        Note::Rename(_) => Some("no call: what is still to be made takes the new name"),
        Note::Retire(_) => Some("no call: an object under the new name is to take over from the old account"),
        Note::Reinstate { .. } => Some("no call: an older account has the wanted name and takes over again"),
        Note::StepDown(_) => Some("no call: the old account is complete elsewhere and is to be retired"),
        Note::TakeOver(_) => Some("no call: the object of the deleted resource of that name is taken over"),
        Note::Gone(_) => Some("no call: there is nothing at the target to undo"),
    }
}

/// Method, path and what it does; no person's values.
pub fn describe(kind: Kind, action: &Action) -> String {
    let path = match kind {
        Kind::User => "/Users",
        Kind::Group => "/Groups",
    };
    match action {
        Action::Create { members, .. } if !members.is_empty() => format!("POST {path} with {} members", members.len()),
        Action::Create { .. } => format!("POST {path}"),
        Action::Patch { upstream, fields } => {
            let mut text = format!("PATCH {path}/{upstream}");
            for (index, (field, value)) in fields.iter().enumerate() {
                let sign = if index == 0 { ' ' } else { ',' };
                let _ = write!(text, "{sign}{}", field.as_str());
                if *field == Field::Active {
                    let _ = write!(text, "={}", value.as_deref().unwrap_or_default());
                }
            }
            text
        }
        Action::AddMembers { upstream, members } => format!("PATCH {path}/{upstream} add {} members", members.len()),
        Action::RemoveMembers { upstream, members } => {
            format!("PATCH {path}/{upstream} remove {} members", members.len())
        }
        Action::Strip { upstream, .. } => format!("PATCH {path}/{upstream} strip entitlements and roles"),
        Action::Entitle { upstream, missing, .. } => {
            format!("PATCH {path}/{upstream} add entitlements {}", missing.join(","))
        }
        Action::Assign {
            upstream, permission, ..
        } => format!("PUT permission assignment of {upstream} {}", permission.as_str()),
        Action::Unassign { upstream, .. } => format!("PUT permission assignment of {upstream} none"),
        Action::LookAtAssignment { .. } => "GET permission assignments".to_owned(),
        Action::Delete { upstream } => format!("DELETE {path}/{upstream}"),
        Action::LookUp => format!("GET {path} by name"),
        Action::Read { upstream, .. } => format!("GET {path}/{upstream}"),
    }
}

#[cfg(test)]
pub(in crate::reconcile) mod forms;
