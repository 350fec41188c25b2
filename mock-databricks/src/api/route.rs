//! Paths and methods: every endpoint of the mock on one page.
//!
//! An id that is no number is no endpoint at all (recorded), and neither is discovery (inferred: never seen).

use http::Method;

use crate::limits::VerbClass;
use crate::state::Id;
use crate::switches::{Switch, Switches};

/// What a path is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Users,
    Groups,
    Me,
}

/// An endpoint that exists.
#[derive(Debug, Clone)]
pub(crate) struct Route {
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

impl Route {
    /// The endpoint of a request, if there is one.
    pub(crate) fn find(method: &Method, path: &str, switches: &Switches) -> Option<Self> {
        let rest = path.strip_prefix(WORKSPACE)?;
        let rest = match rest.strip_prefix("v2/") {
            Some(rest) => rest,
            None if switches.is(Switch::WithoutV2, "served") => rest,
            None => return None,
        };
        // A trailing slash has no evidence either way: accepted (inferred).
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (segment, id) = match rest.split_once('/') {
            Some((segment, id)) => (segment, Some(id)),
            None => (rest, None),
        };
        let resource = match segment {
            "Users" => Resource::Users,
            "Groups" => Resource::Groups,
            "Me" => Resource::Me,
            _ => return None,
        };
        let target = match id {
            None => None,
            Some(text) => Some(Target {
                id: Id::parse(text)?,
                written: text.to_owned(),
            }),
        };
        is_served(method, resource, target.is_some()).then(|| Self {
            resource,
            target,
            class: VerbClass::of(method, resource),
        })
    }
}

fn is_served(method: &Method, resource: Resource, one: bool) -> bool {
    match (resource, one) {
        (Resource::Me, one) => !one && *method == Method::GET,
        (_, false) => [Method::GET, Method::POST].contains(method),
        (_, true) => [Method::GET, Method::PUT, Method::PATCH, Method::DELETE].contains(method),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::{Resource, Route};
    use crate::switches::Switches;

    fn find(method: &Method, path: &str) -> Option<Resource> {
        Route::find(method, path, &Switches::default()).map(|route| route.resource)
    }

    #[test]
    fn both_forms_of_the_tenant_url_are_served() {
        for base in ["/api/2.0/preview/scim/v2", "/api/2.0/preview/scim"] {
            for path in ["/Users", "/Users/", "/Users/123456"] {
                let path = format!("{base}{path}");
                assert_eq!(find(&Method::GET, &path), Some(Resource::Users), "{path}");
            }
        }
        let mut switches = Switches::default();
        switches.set("without_v2", serde_json::json!("not-found")).unwrap();
        assert!(Route::find(&Method::GET, "/api/2.0/preview/scim/Users", &switches).is_none());
    }

    #[test]
    fn discovery_letters_ids_and_other_methods_are_no_endpoints() {
        for (method, path) in [
            (Method::GET, "/api/2.0/preview/scim/v2/Schemas"),
            (Method::GET, "/api/2.0/preview/scim/v2/users"),
            (Method::GET, "/api/2.0/preview/scim/v2/Users/abc"),
            (Method::GET, "/api/2.0/preview/scim/v2/Users/1/2"),
            (Method::POST, "/api/2.0/preview/scim/v2/Users/1"),
            (Method::PATCH, "/api/2.0/preview/scim/v2/Users"),
            (Method::PUT, "/api/2.0/preview/scim/v2/Me"),
            (Method::GET, "/scim/v2/Users"),
        ] {
            assert_eq!(find(&method, path), None, "{method} {path}");
        }
    }
}
