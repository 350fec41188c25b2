//! Resources as JSON.
//!
//! Empty collections are left out rather than `[]` [fixture]; `$ref` is relative, without a leading slash [fixture].

use serde_json::{Map, Value, json};

use super::Context;
use super::principals::Seen;
use super::projection::Projection;
use crate::state::{Group, Id, Kind, Level, Principal, Workspace};
use crate::switches::Switch;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const WORKSPACE_USER: &str = "urn:ietf:params:scim:schemas:extension:workspace:2.0:User";
const SERVICE_PRINCIPAL: &str = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A user or service principal as a level shows it, cut down to `projection`.
pub(crate) fn principal(context: &Context<'_>, seen: &Seen<'_>, projection: &Projection) -> Map<String, Value> {
    let Seen { principal, level } = *seen;
    let (workspace, switches) = (&*context.workspace, context.switches);
    let profile = &principal.profile;
    let mut out = Map::new();
    let mut schemas = match principal.kind {
        Kind::User => vec![USER],
        Kind::ServicePrincipal => vec![SERVICE_PRINCIPAL],
    };
    if principal.kind == Kind::User && level == Level::Workspace && switches.on(Switch::WorkspaceExtension) {
        schemas.push(WORKSPACE_USER);
    }
    out.insert("schemas".to_owned(), json!(schemas));
    out.insert("id".to_owned(), principal.id.to_string().into());
    let name = principal.kind.name_attribute();
    out.insert(name.to_owned(), principal.name.clone().into());
    insert_text(&mut out, "displayName", profile.display_name.as_ref());
    if principal.kind == Kind::User {
        insert_user_parts(&mut out, principal);
    }
    out.insert("active".to_owned(), principal.is_active(level).into());
    insert_text(&mut out, "externalId", profile.external_id.as_ref());
    let standing = match level {
        Level::Account => Some(&principal.account),
        Level::Workspace => principal.workspace.as_ref(),
    };
    if let Some(standing) = standing {
        insert_values(&mut out, "entitlements", &standing.entitlements);
        insert_values(&mut out, "roles", &standing.roles);
    }
    if projection.wants("groups") {
        insert_list(&mut out, "groups", parents(workspace, principal.id, level));
    }
    if level == Level::Account {
        // An extra attribute of account answers [fixture].
        out.insert("account_id".to_owned(), workspace.account_id().into());
    }
    projection.apply(out)
}

fn insert_user_parts(out: &mut Map<String, Value>, user: &Principal) {
    let profile = &user.profile;
    if profile.given_name.is_some() || profile.family_name.is_some() {
        let mut name = Map::new();
        insert_text(&mut name, "givenName", profile.given_name.as_ref());
        insert_text(&mut name, "familyName", profile.family_name.as_ref());
        out.insert("name".to_owned(), name.into());
    }
    // One address, which follows the userName [documented].
    let email = json!([{"type": "work", "value": user.name, "primary": true}]);
    out.insert("emails".to_owned(), email);
}

/// A group as a level shows it, cut down to `projection`.
pub(crate) fn group(context: &Context<'_>, group: &Group, level: Level, projection: &Projection) -> Map<String, Value> {
    let workspace = &*context.workspace;
    let mut out = Map::new();
    out.insert("schemas".to_owned(), json!([GROUP]));
    out.insert("id".to_owned(), group.id.to_string().into());
    out.insert("displayName".to_owned(), group.display_name.clone().into());
    insert_text(&mut out, "externalId", group.external_id.as_ref());
    if projection.wants("members") {
        let members = workspace.memberships().members(group.id);
        let members = members.filter_map(|id| member(workspace, id)).collect();
        insert_list(&mut out, "members", members);
    }
    if projection.wants("groups") {
        insert_list(&mut out, "groups", parents(workspace, group.id, level));
    }
    if level == Level::Workspace {
        insert_values(&mut out, "entitlements", &group.entitlements);
    }
    if group.home == level {
        insert_values(&mut out, "roles", &group.roles);
    }
    // The only key of `meta`, and the only mark of the two kinds [fixture, documented].
    let kind = match group.home {
        Level::Account => "Group",
        Level::Workspace => "WorkspaceGroup",
    };
    out.insert("meta".to_owned(), json!({"resourceType": kind}));
    projection.apply(out)
}

fn member(workspace: &Workspace, id: Id) -> Option<Value> {
    let (display, segment) = match workspace.principal(id) {
        Some(principal) => {
            let display = principal.profile.display_name.as_ref().unwrap_or(&principal.name);
            (display, principal.kind.segment())
        }
        None => (&workspace.groups().get(id)?.display_name, "Groups"),
    };
    Some(json!({
        "display": display, "value": id.to_string(), "$ref": format!("{segment}/{id}"),
    }))
}

/// The groups of a level that a principal or group is in: directly, then through others.
fn parents(workspace: &Workspace, member: Id, level: Level) -> Vec<Value> {
    let direct = workspace.memberships().groups(member);
    let direct = direct.map(|id| (id, "direct"));
    let indirect = workspace.ancestors(member).into_iter();
    direct
        .chain(indirect.map(|id| (id, "indirect")))
        .filter_map(|(id, kind)| {
            let group = workspace.groups().get(id)?;
            let shown = group.home == level || level == Level::Workspace && workspace.is_assigned(id);
            shown.then(|| {
                json!({
                    "display": group.display_name, "value": id.to_string(), "$ref": format!("Groups/{id}"),
                    "type": kind,
                })
            })
        })
        .collect()
}

fn insert_text(out: &mut Map<String, Value>, name: &str, text: Option<&String>) {
    if let Some(text) = text {
        out.insert(name.to_owned(), text.clone().into());
    }
}

fn insert_values(out: &mut Map<String, Value>, name: &str, values: &[String]) {
    let values = values.iter().map(|value| json!({"value": value})).collect();
    insert_list(out, name, values);
}

fn insert_list(out: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        out.insert(name.to_owned(), values.into());
    }
}
