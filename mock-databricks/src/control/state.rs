//! `GET /state`: everything held, as it really is: no staleness, no projection, no paging.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;

use super::calls::Shared;
use crate::state::{Group, Kind, Level, Principal, Workspace};

/// The whole answer.
///
/// `users`, `service_principals` and `groups` are the workspace's, with account groups that are assigned to it;
/// `account` holds what the account has, in the same shapes.
#[derive(Serialize)]
struct Whole<'a> {
    workspace_id: &'a str,
    identity: String,
    #[serde(flatten)]
    workspace: Held<'a>,
    account: Account<'a>,
}

#[derive(Serialize)]
struct Account<'a> {
    id: &'a str,
    #[serde(flatten)]
    held: Held<'a>,
}

/// What one level holds.
#[derive(Serialize)]
struct Held<'a> {
    users: Vec<Somebody<'a>>,
    service_principals: Vec<Somebody<'a>>,
    groups: Vec<Team<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Somebody<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<&'a str>,
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Name<'a>>,
    active: bool,
    external_id: Option<&'a str>,
    entitlements: Vec<String>,
    roles: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unused: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Name<'a> {
    given_name: Option<&'a str>,
    family_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Team<'a> {
    id: String,
    home: &'static str,
    display_name: &'a str,
    external_id: Option<&'a str>,
    members: Vec<String>,
    entitlements: &'a [String],
    roles: &'a [String],
}

/// Answers with the state; written without a JSON tree between, which a large workspace would fill the memory with.
pub(super) async fn state(State(mock): Shared) -> Response {
    let shared = mock.lock();
    let workspace = &shared.workspace;
    let whole = Whole {
        workspace_id: &mock.workspace_id,
        identity: workspace.reserved().admin.to_string(),
        workspace: held(workspace, Level::Workspace),
        account: Account {
            id: workspace.account_id(),
            held: held(workspace, Level::Account),
        },
    };
    let body = serde_json::to_vec(&whole).expect("all keys are strings");
    drop(shared);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn held(workspace: &Workspace, level: Level) -> Held<'_> {
    let through = workspace.through_groups();
    let principals = |kind: Kind| {
        let all = workspace.of_kind(kind).iter();
        let there =
            all.filter(|found| level == Level::Account || found.workspace.is_some() || through.contains(&found.id));
        there.map(|found| somebody(found, level)).collect()
    };
    let groups = workspace.groups().iter();
    let groups =
        groups.filter(|group| group.home == level || level == Level::Workspace && workspace.is_assigned(group.id));
    Held {
        users: principals(Kind::User),
        service_principals: principals(Kind::ServicePrincipal),
        groups: groups.map(|group| team(workspace, group)).collect(),
    }
}

fn somebody(principal: &Principal, level: Level) -> Somebody<'_> {
    let (profile, standing) = (&principal.profile, principal.standing(level));
    let is_user = principal.kind == Kind::User;
    Somebody {
        id: principal.id.to_string(),
        user_name: is_user.then_some(principal.name.as_str()),
        application_id: (!is_user).then_some(principal.name.as_str()),
        display_name: profile.display_name.as_deref(),
        name: is_user.then_some(Name {
            given_name: profile.given_name.as_deref(),
            family_name: profile.family_name.as_deref(),
        }),
        active: standing.active,
        external_id: profile.external_id.as_deref(),
        entitlements: standing.entitlements,
        roles: standing.roles,
        unused: principal.unused,
    }
}

fn team<'a>(workspace: &'a Workspace, group: &'a Group) -> Team<'a> {
    Team {
        id: group.id.to_string(),
        home: match group.home {
            Level::Workspace => "workspace",
            Level::Account => "account",
        },
        display_name: &group.display_name,
        external_id: group.external_id.as_deref(),
        members: workspace
            .memberships()
            .members(group.id)
            .map(|id| id.to_string())
            .collect(),
        entitlements: &group.entitlements,
        roles: &group.roles,
    }
}
