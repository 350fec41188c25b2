//! `GET /state`: everything held, as it really is: no staleness, no projection, no paging.

use axum::extract::State;
use serde_json::{Value, json};

use super::Reply;
use super::calls::Shared;
use crate::state::{Group, Id, Kind, Level, Principal, Workspace};

/// `users`, `service_principals` and `groups` are the workspace's, with account groups that are assigned to it;
/// `account` holds what the account has, in the same shapes.
pub(super) async fn state(State(mock): Shared) -> Reply {
    let shared = mock.lock();
    let workspace = &shared.workspace;
    let there = at(workspace, Level::Workspace);
    Reply::ok(json!({
        "workspace_id": mock.workspace_id,
        "identity": workspace.reserved().admin.to_string(),
        "users": there.users,
        "service_principals": there.service_principals,
        "groups": there.groups,
        "account": account(workspace),
    }))
}

struct Held {
    users: Value,
    service_principals: Value,
    groups: Value,
}

fn account(workspace: &Workspace) -> Value {
    let held = at(workspace, Level::Account);
    json!({
        "id": workspace.account_id(),
        "users": held.users,
        "service_principals": held.service_principals,
        "groups": held.groups,
    })
}

fn at(workspace: &Workspace, level: Level) -> Held {
    let through = workspace.through_groups();
    let principals = |kind: Kind| -> Value {
        let all = workspace.of_kind(kind).iter();
        let there =
            all.filter(|found| level == Level::Account || found.workspace.is_some() || through.contains(&found.id));
        there.map(|found| principal(found, level)).collect()
    };
    let groups = workspace
        .groups()
        .iter()
        .filter(|group| group.home == level || level == Level::Workspace && workspace.is_assigned(group.id));
    Held {
        users: principals(Kind::User),
        service_principals: principals(Kind::ServicePrincipal),
        groups: groups.map(|found| group(workspace, found)).collect(),
    }
}

fn principal(principal: &Principal, level: Level) -> Value {
    let (profile, standing) = (&principal.profile, principal.standing(level));
    let mut out = json!({
        "id": principal.id.to_string(),
        "displayName": profile.display_name,
        "active": standing.active,
        "externalId": profile.external_id,
        "entitlements": standing.entitlements,
        "roles": standing.roles,
    });
    match principal.kind {
        Kind::User => {
            out["userName"] = principal.name.clone().into();
            out["name"] = json!({"givenName": profile.given_name, "familyName": profile.family_name});
        }
        Kind::ServicePrincipal => out["applicationId"] = principal.name.clone().into(),
    }
    if principal.unused {
        out["unused"] = true.into();
    }
    out
}

fn group(workspace: &Workspace, group: &Group) -> Value {
    let members: Vec<String> = workspace
        .memberships()
        .members(group.id)
        .map(|id: Id| id.to_string())
        .collect();
    let home = match group.home {
        Level::Workspace => "workspace",
        Level::Account => "account",
    };
    json!({
        "id": group.id.to_string(),
        "home": home,
        "displayName": group.display_name,
        "externalId": group.external_id,
        "members": members,
        "entitlements": group.entitlements,
        "roles": group.roles,
    })
}
