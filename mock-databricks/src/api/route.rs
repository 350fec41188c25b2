//! Paths and methods: every endpoint of the two levels on one page.
//!
//! An id that is no number is no endpoint at all [issue TF 609], and neither is discovery [inferred: never seen].

use http::Method;

use crate::limits::VerbClass;
use crate::state::{Id, Level};
use crate::switches::{Switch, Switches};

/// What a path is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Users,
    ServicePrincipals,
    Groups,
    Me,
    /// Who of the account is in the workspace.
    PermissionAssignments,
}

/// The way a request came: its level follows from it, and who may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/api/2.0/preview/…`: the workspace.
    Workspace,
    /// `/api/2.x/accounts/{id}/…`: the account; `minor` is the digit after `2.`.
    Account { id: String, minor: u8 },
    /// `/api/2.0/account/scim/v2/…` on the workspace's host: the account's identities with the workspace's credentials.
    Proxy,
}

/// An endpoint that exists.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) door: Door,
    pub(crate) level: Level,
    pub(crate) resource: Resource,
    pub(crate) target: Option<Target>,
    pub(crate) class: VerbClass,
}

/// The object a path names.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) id: Id,
    /// As the client wrote it: error texts repeat it.
    pub(crate) written: String,
}

/// The workspace level; `/v2` stands in every recorded call, the tenant URL of the gallery lacks it.
const WORKSPACE: &str = "/api/2.0/preview/scim/";
const PROXY: &str = "/api/2.0/account/scim/v2/";
const ASSIGNMENTS: &str = "permissionassignments";

impl Route {
    /// The endpoint of a request, if there is one.
    pub(crate) fn find(method: &Method, path: &str, switches: &Switches, workspace_id: &str) -> Option<Self> {
        let (door, rest) = enter(path, switches, workspace_id)?;
        // A trailing slash has no evidence either way: accepted [inferred].
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (segment, id) = match rest.split_once('/') {
            Some((segment, id)) => (segment, Some(id)),
            None => (rest, None),
        };
        let resource = match segment {
            "Users" => Resource::Users,
            "Groups" => Resource::Groups,
            "ServicePrincipals" => Resource::ServicePrincipals,
            // Never seen at the account level [fixture].
            "Me" if door == Door::Workspace => Resource::Me,
            ASSIGNMENTS => Resource::PermissionAssignments,
            _ => return None,
        };
        let id = match (resource, id) {
            (Resource::PermissionAssignments, Some(id)) => Some(id.strip_prefix("principals/")?),
            (_, id) => id,
        };
        let target = match id {
            None => None,
            Some(text) => Some(Target {
                id: Id::parse(text)?,
                written: text.to_owned(),
            }),
        };
        let level = match door {
            Door::Workspace => Level::Workspace,
            Door::Account { .. } | Door::Proxy => Level::Account,
        };
        is_served(method, resource, target.is_some()).then(|| Self {
            class: VerbClass::of(method, resource, level, target.is_some()),
            door,
            level,
            resource,
            target,
        })
    }
}

/// The door of a path and what is behind it: the segment of a resource and perhaps an id.
fn enter<'a>(path: &'a str, switches: &Switches, workspace_id: &str) -> Option<(Door, &'a str)> {
    if let Some(rest) = path.strip_prefix(WORKSPACE) {
        return match rest.strip_prefix("v2/") {
            Some(rest) => Some((Door::Workspace, scim(rest)?)),
            None if switches.is(Switch::WithoutV2, "served") => Some((Door::Workspace, scim(rest)?)),
            None => None,
        };
    }
    if let Some(rest) = path.strip_prefix(PROXY) {
        return Some((Door::Proxy, scim(rest)?));
    }
    if let Some(rest) = path.strip_prefix("/api/2.0/preview/") {
        return rest.starts_with(ASSIGNMENTS).then_some((Door::Workspace, rest));
    }
    let (minor, rest) = path.strip_prefix("/api/2.")?.split_once("/accounts/")?;
    let minor = match minor {
        "0" => 0,
        "1" => 1,
        _ => return None,
    };
    let (id, rest) = rest.split_once('/')?;
    let door = Door::Account {
        id: id.to_owned(),
        minor,
    };
    if let Some(rest) = rest.strip_prefix("scim/v2/") {
        return Some((door, scim(rest)?));
    }
    let (named, rest) = rest.strip_prefix("workspaces/")?.split_once('/')?;
    (minor == 0 && named == workspace_id && rest.starts_with(ASSIGNMENTS)).then_some((door, rest))
}

/// Behind a SCIM base there are resources only.
fn scim(rest: &str) -> Option<&str> {
    (!rest.starts_with(ASSIGNMENTS)).then_some(rest)
}

/// Whether a path lacks the account's id: such a call gets a text of its own [issue].
pub(crate) fn lacks_account_id(path: &str) -> bool {
    ["/api/2.0/accounts/", "/api/2.1/accounts/"].iter().any(|base| {
        path.strip_prefix(base)
            .is_some_and(|rest| rest.starts_with('/') || rest.starts_with("scim/"))
    })
}

fn is_served(method: &Method, resource: Resource, one: bool) -> bool {
    let served: &[Method] = match (resource, one) {
        (Resource::Me | Resource::PermissionAssignments, false) => &[Method::GET],
        (Resource::Me, true) => &[],
        (Resource::PermissionAssignments, true) => &[Method::GET, Method::PUT, Method::DELETE],
        (_, false) => &[Method::GET, Method::POST],
        (_, true) => &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE],
    };
    served.contains(method)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::{Door, Resource, Route, lacks_account_id};
    use crate::state::Level;
    use crate::switches::Switches;

    const ACCOUNT: &str = "11111111-2222-4333-8444-555555555555";

    fn find(method: &Method, path: &str) -> Option<Route> {
        Route::find(method, path, &Switches::default(), "77")
    }

    fn resource(method: &Method, path: &str) -> Option<Resource> {
        find(method, path).map(|route| route.resource)
    }

    #[test]
    fn both_forms_of_the_tenant_url_are_served() {
        for base in ["/api/2.0/preview/scim/v2", "/api/2.0/preview/scim"] {
            for path in ["/Users", "/Users/", "/Users/123456"] {
                let path = format!("{base}{path}");
                assert_eq!(resource(&Method::GET, &path), Some(Resource::Users), "{path}");
            }
        }
        let mut switches = Switches::default();
        switches.set("without_v2", serde_json::json!("not-found")).unwrap();
        assert!(Route::find(&Method::GET, "/api/2.0/preview/scim/Users", &switches, "77").is_none());
    }

    #[test]
    fn the_account_has_two_versions_and_a_way_in_through_the_workspace() {
        for (path, door) in [
            (format!("/api/2.0/accounts/{ACCOUNT}/scim/v2/Groups/12"), Some(0)),
            (format!("/api/2.1/accounts/{ACCOUNT}/scim/v2/Groups"), Some(1)),
            ("/api/2.0/account/scim/v2/Groups".to_owned(), None),
        ] {
            let route = find(&Method::GET, &path).expect("served");
            assert_eq!((route.level, route.resource), (Level::Account, Resource::Groups));
            match (route.door, door) {
                (Door::Account { id, minor }, Some(expected)) => assert_eq!((id.as_str(), minor), (ACCOUNT, expected)),
                (door, None) => assert_eq!(door, Door::Proxy),
                (door, _) => panic!("{path}: {door:?}"),
            }
        }
    }

    #[test]
    fn assignments_are_found_from_both_sides_and_for_this_workspace_only() {
        for path in [
            "/api/2.0/preview/permissionassignments/principals/12".to_owned(),
            format!("/api/2.0/accounts/{ACCOUNT}/workspaces/77/permissionassignments/principals/12"),
        ] {
            let found = resource(&Method::PUT, &path);
            assert_eq!(found, Some(Resource::PermissionAssignments), "{path}");
        }
        let other = format!("/api/2.0/accounts/{ACCOUNT}/workspaces/78/permissionassignments");
        assert_eq!(resource(&Method::GET, &other), None);
    }

    #[test]
    fn a_missing_account_id_is_told_from_an_unknown_path() {
        assert!(lacks_account_id("/api/2.0/accounts/scim/v2/Users"));
        assert!(lacks_account_id("/api/2.1/accounts//scim/v2/Users"));
        assert!(!lacks_account_id(&format!("/api/2.0/accounts/{ACCOUNT}/scim/v2/Users")));
    }

    #[test]
    fn discovery_letters_ids_and_other_methods_are_no_endpoints() {
        for (method, path) in [
            (Method::GET, "/api/2.0/preview/scim/v2/Schemas"),
            (Method::GET, "/api/2.0/preview/scim/v2/users"),
            (Method::GET, "/api/2.0/preview/scim/v2/Users/abc"),
            (Method::GET, "/api/2.0/preview/scim/v2/Users/1/2"),
            (Method::GET, "/api/2.0/preview/scim/v2/permissionassignments"),
            (Method::POST, "/api/2.0/preview/scim/v2/Users/1"),
            (Method::PATCH, "/api/2.0/preview/scim/v2/Users"),
            (Method::PUT, "/api/2.0/preview/scim/v2/Me"),
            (Method::GET, "/api/2.0/account/scim/v2/Me"),
            (Method::GET, "/api/2.0/accounts/x/scim/v2/Me"),
            (Method::GET, "/api/2.2/accounts/x/scim/v2/Users"),
            (Method::GET, "/scim/v2/Users"),
        ] {
            assert_eq!(resource(&method, path), None, "{method} {path}");
        }
    }
}
