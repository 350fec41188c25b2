//! One spelling for every way a client writes the tenant URL (rule A6).
//!
//! `/scim` and `/scim/v2` serve the same; segments match in any letter case; Entra's
//! compatibility flag may stand anywhere, also glued before the path by a client that
//! joins texts: `/scim?aadOptscim062020/Users?filter=…`.

use http::Uri;
use http::uri::PathAndQuery;

/// Flags of a tenant URL that choose Entra's dialect and mean nothing to a server.
const FLAGS: [&str; 3] = ["aadOptscim062020", "AzureAdScimPatch062020", "AzureAdScimPatch2017"];

const SEGMENTS: [&str; 7] = [
    "Users",
    "Groups",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
    "Me",
    "Bulk",
];

/// Where nothing is served; the answer is 404.
const OUTSIDE: &str = "/-";

/// Rewrites request paths to those of the routes.
#[derive(Debug, Clone)]
pub struct Rewrite {
    base: String,
}

impl Rewrite {
    /// For a tenant URL whose path is `base`, such as `/scim`.
    pub fn new(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// The URI with path and query as the routes have them.
    pub fn apply(&self, uri: &Uri) -> Uri {
        let (path, query) = unglue(uri.path(), uri.query());
        let below = path
            .strip_prefix(&self.base)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let path = below.map_or_else(|| OUTSIDE.to_owned(), route);
        let text = match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        // Scheme and authority are left out: nothing is decided by them (rule A6).
        Uri::from(
            text.parse::<PathAndQuery>()
                .unwrap_or_else(|_| PathAndQuery::from_static(OUTSIDE)),
        )
    }
}

/// Takes apart `…?aadOptscim062020/Users?filter=…`.
fn unglue(path: &str, query: Option<&str>) -> (String, Option<String>) {
    let Some(query) = query else {
        return (path.to_owned(), None);
    };
    let glued = FLAGS.iter().find_map(|flag| {
        let start = query
            .get(..flag.len())
            .filter(|start| start.eq_ignore_ascii_case(flag))?;
        let rest = &query[start.len()..];
        rest.starts_with('/').then_some(rest)
    });
    let Some(rest) = glued else {
        return (path.to_owned(), Some(query.to_owned()));
    };
    let (tail, query) = match rest.split_once(['?', '&']) {
        Some((tail, query)) => (tail, Some(query.to_owned())),
        None => (rest, None),
    };
    (format!("{}{tail}", path.trim_end_matches('/')), query)
}

fn route(below: &str) -> String {
    let mut segments: Vec<&str> = below.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.first().is_some_and(|first| first.eq_ignore_ascii_case("v2")) {
        segments.remove(0);
    }
    if let Some(first) = segments.first_mut()
        && let Some(known) = SEGMENTS.iter().find(|known| known.eq_ignore_ascii_case(first))
    {
        *first = known;
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(uri: &str) -> String {
        Rewrite::new("/scim").apply(&uri.parse().unwrap()).to_string()
    }

    #[test]
    fn both_bases_and_any_letter_case_lead_to_one_route() {
        assert_eq!(rewritten("/scim/Users"), "/Users");
        assert_eq!(rewritten("/scim/v2/users"), "/Users");
        assert_eq!(rewritten("/scim/schemas"), "/Schemas");
        assert_eq!(rewritten("/scim/V2/GROUPS/aB%20c/"), "/Groups/aB%20c");
    }

    #[test]
    fn the_flag_is_harmless_wherever_it_stands() {
        assert_eq!(
            rewritten("/scim/Users?aadOptscim062020&filter=a"),
            "/Users?aadOptscim062020&filter=a"
        );
        assert_eq!(
            rewritten("/scim?aadOptscim062020/Users?filter=a+eq+%22b%22"),
            "/Users?filter=a+eq+%22b%22"
        );
        assert_eq!(rewritten("/scim/v2/?AADOPTSCIM062020/Groups/7"), "/Groups/7");
    }

    #[test]
    fn what_has_no_path_leads_nowhere() {
        for target in ["example.test:443", "*", "https://evil.test/scim/Users"] {
            let rewritten = rewritten(target);
            assert!(rewritten.starts_with('/') && !rewritten.contains("evil"), "{rewritten}");
        }
    }

    #[test]
    fn a_path_outside_the_base_is_nobodys() {
        for outside in ["/", "/Users", "/scimitar/Users", "/other/scim/Users"] {
            assert_eq!(rewritten(outside), "/-", "{outside}");
        }
        assert_eq!(rewritten("/scim"), "/");
    }
}
