//! `…/permissionassignments`: which principals of the account are in the workspace, and as what [fixture].
//!
//! The surprise: an assigned group brings its members into the workspace without putting any of them there by itself.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::route::Target;
use super::{Context, Request, Route};
use crate::answer::Answer;
use crate::errors;
use crate::state::{Group, Id, Kind, Level, Principal, Standing};
use crate::switches::Switch;

pub(crate) fn handle(context: &mut Context<'_>, request: &Request<'_>, route: &Route) -> Answer {
    if !context.switches.is(Switch::IdentityFederation, "on") {
        let status = context.switches.status(Switch::AssignmentsWithoutFederation);
        return errors::no_assignments(status);
    }
    match (&route.target, request.method) {
        (None, _) => Answer::json(StatusCode::OK, &json!({"permission_assignments": list(context)})),
        (Some(target), &Method::GET) => one(context, target.id).map_or_else(
            || errors::no_principal(&target.written),
            |assignment| Answer::json(StatusCode::OK, &assignment),
        ),
        (Some(target), &Method::PUT) => assign(context, request, target),
        (Some(target), _) => {
            set(context, target.id, None);
            Answer::json(StatusCode::OK, &json!({}))
        }
    }
}

/// Somebody or some group that can be assigned.
enum Assignee<'a> {
    Principal(&'a Principal),
    Group(&'a Group),
}

fn assignee<'a>(context: &'a Context<'_>, id: Id) -> Option<Assignee<'a>> {
    let workspace = &*context.workspace;
    if let Some(principal) = workspace.principal(id) {
        return Some(Assignee::Principal(principal));
    }
    let group = workspace.groups().get(id);
    // Workspace-local groups cannot be assigned anywhere [documented].
    group.filter(|group| group.home == Level::Account).map(Assignee::Group)
}

fn list(context: &Context<'_>) -> Value {
    let workspace = &*context.workspace;
    let principals = workspace.users().iter().chain(workspace.service_principals().iter());
    let ids = principals.map(|principal| principal.id);
    let groups = workspace.groups().iter().map(|group| group.id);
    ids.chain(groups).filter_map(|id| one(context, id)).collect()
}

/// An assignment as the API shows it [shape: SDK class; values inferred].
fn one(context: &Context<'_>, id: Id) -> Option<Value> {
    let workspace = &*context.workspace;
    let mut principal = Map::new();
    let number: u64 = id.to_string().parse().ok()?;
    principal.insert("principal_id".to_owned(), number.into());
    let (name, value, display) = match assignee(context, id)? {
        Assignee::Principal(found) if found.workspace.is_some() => {
            let name = match found.kind {
                Kind::User => "user_name",
                Kind::ServicePrincipal => "service_principal_name",
            };
            (name, &found.name, found.profile.display_name.as_ref())
        }
        Assignee::Group(group) if workspace.is_assigned(id) => ("group_name", &group.display_name, None),
        _ => return None,
    };
    principal.insert(name.to_owned(), value.clone().into());
    if let Some(display) = display {
        principal.insert("display_name".to_owned(), display.clone().into());
    }
    let admin = workspace.memberships().contains(workspace.reserved().admins, id);
    let permission = if admin { "ADMIN" } else { "USER" };
    Some(json!({"principal": principal, "permissions": [permission]}))
}

fn assign(context: &mut Context<'_>, request: &Request<'_>, target: &Target) -> Answer {
    let Some(permissions) = permissions(request.body) else {
        return errors::bad_permissions();
    };
    if assignee(context, target.id).is_none() {
        return errors::no_principal(&target.written);
    }
    // An empty list removes [documented].
    let admin = permissions.iter().any(|permission| permission == "ADMIN");
    set(context, target.id, (!permissions.is_empty()).then_some(admin));
    let body = one(context, target.id).unwrap_or_else(|| json!({}));
    Answer::json(StatusCode::OK, &body)
}

/// `{"permissions":["USER"]}`; `None` for anything else.
fn permissions(body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let list = body.get("permissions")?.as_array()?;
    let known = |value: &Value| {
        let text = value.as_str()?;
        ["USER", "ADMIN"].contains(&text).then(|| text.to_owned())
    };
    list.iter().map(known).collect()
}

/// Assigns as admin or not, or ends the assignment.
fn set(context: &mut Context<'_>, id: Id, admin: Option<bool>) {
    let found = match assignee(context, id) {
        None => return,
        Some(Assignee::Principal(principal)) => Some(principal.clone()),
        Some(Assignee::Group(_)) => None,
    };
    let workspace = &mut *context.workspace;
    match (found, admin) {
        (None, admin) => workspace.assign_group(id, admin.is_some()),
        (Some(_), None) => workspace.leave_workspace(id),
        (Some(mut principal), Some(_)) => {
            if principal.workspace.is_none() {
                principal.workspace = Some(Standing {
                    active: principal.account.active,
                    ..Standing::default()
                });
                workspace.put_principal(principal);
            }
        }
    }
    workspace.make_admin(id, admin == Some(true));
}
