//! Resources as JSON.
//!
//! Empty collections are left out rather than `[]` (fixture); `$ref` is relative, without a leading slash (fixture).

use serde_json::{Map, Value, json};

use super::projection::Projection;
use crate::state::{Group, Id, User, Workspace};
use crate::switches::{Switch, Switches};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const WORKSPACE_USER: &str = "urn:ietf:params:scim:schemas:extension:workspace:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A user as the API shows it, cut down to `projection`.
pub(crate) fn user(
    workspace: &Workspace,
    switches: &Switches,
    user: &User,
    projection: &Projection,
) -> Map<String, Value> {
    let mut out = Map::new();
    let mut schemas = vec![USER];
    if switches.on(Switch::WorkspaceExtension) {
        schemas.push(WORKSPACE_USER);
    }
    out.insert("schemas".to_owned(), json!(schemas));
    out.insert("id".to_owned(), user.id.to_string().into());
    out.insert("userName".to_owned(), user.user_name.clone().into());
    insert_text(&mut out, "displayName", user.display_name.as_ref());
    if user.given_name.is_some() || user.family_name.is_some() {
        let mut name = Map::new();
        insert_text(&mut name, "givenName", user.given_name.as_ref());
        insert_text(&mut name, "familyName", user.family_name.as_ref());
        out.insert("name".to_owned(), name.into());
    }
    let email = json!([{"type": "work", "value": user.user_name, "primary": true}]);
    out.insert("emails".to_owned(), email);
    out.insert("active".to_owned(), user.active.into());
    insert_text(&mut out, "externalId", user.external_id.as_ref());
    insert_values(&mut out, "entitlements", &user.entitlements);
    insert_values(&mut out, "roles", &user.roles);
    if projection.wants("groups") {
        insert_list(&mut out, "groups", parents(workspace, user.id));
    }
    projection.apply(out)
}

/// A workspace-local group as the API shows it, cut down to `projection`.
pub(crate) fn group(workspace: &Workspace, group: &Group, projection: &Projection) -> Map<String, Value> {
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
        insert_list(&mut out, "groups", parents(workspace, group.id));
    }
    insert_values(&mut out, "entitlements", &group.entitlements);
    insert_values(&mut out, "roles", &group.roles);
    let meta = json!({"resourceType": "WorkspaceGroup"});
    out.insert("meta".to_owned(), meta);
    projection.apply(out)
}

fn member(workspace: &Workspace, id: Id) -> Option<Value> {
    let (display, kind) = if let Some(user) = workspace.users().get(id) {
        let display = user.display_name.as_ref().unwrap_or(&user.user_name);
        (display, "Users")
    } else {
        (&workspace.groups().get(id)?.display_name, "Groups")
    };
    Some(json!({
        "display": display, "value": id.to_string(), "$ref": format!("{kind}/{id}"),
    }))
}

/// The groups a principal is in: directly, then through others.
fn parents(workspace: &Workspace, member: Id) -> Vec<Value> {
    let direct = workspace.memberships().groups(member);
    let direct = direct.map(|id| (id, "direct"));
    let indirect = workspace.ancestors(member).into_iter();
    direct
        .chain(indirect.map(|id| (id, "indirect")))
        .filter_map(|(id, kind)| {
            let display = &workspace.groups().get(id)?.display_name;
            Some(json!({
                "display": display, "value": id.to_string(), "$ref": format!("Groups/{id}"), "type": kind,
            }))
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
