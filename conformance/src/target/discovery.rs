//! What the endpoint says it can do, read once before the checks.
//!
//! A discovery endpoint that does not answer stops nothing: what it would have said is
//! assumed, and the report says so.

use serde::Serialize;
use serde_json::Value;

use super::{Request, Target};
use crate::check::Needs;
use crate::json::{self, GROUP};
use crate::verdict::Stop;

/// The announced capabilities, or the assumptions in their place.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is one capability, announced or not")]
pub struct Discovered {
    /// `patch.supported`; assumed true, as Entra never asks.
    pub patch: bool,
    /// `filter.supported`; assumed true, as Entra never asks.
    pub filter: bool,
    /// `sort.supported`; assumed false.
    pub sort: bool,
    /// `etag.supported`; assumed false.
    pub etag: bool,
    /// `bulk.supported`; assumed false.
    pub bulk: bool,
    /// `pagination.cursor`; assumed false.
    pub cursor: bool,
    /// A resource type `Group` is announced; assumed true.
    pub groups: bool,
    /// The group schema announces another uniqueness than `none` for `displayName`.
    /// Assumed false, as in RFC 7643 §8.7.1.
    pub unique_group_names: bool,
    /// What could not be read, and was therefore assumed: a sentence each.
    pub problems: Vec<String>,
}

impl Default for Discovered {
    fn default() -> Self {
        Self {
            patch: true,
            filter: true,
            sort: false,
            etag: false,
            bulk: false,
            cursor: false,
            groups: true,
            unique_group_names: false,
            problems: Vec::new(),
        }
    }
}

impl Discovered {
    /// Why a check that needs this is skipped; none if it is there.
    pub fn lacks(&self, need: Needs) -> Option<&'static str> {
        let (there, reason) = match need {
            Needs::Patch => (self.patch, "patch.supported is announced as false"),
            Needs::Filter => (self.filter, "filter.supported is announced as false"),
            Needs::Sort => (self.sort, "sort.supported is not announced"),
            Needs::Etag => (self.etag, "etag.supported is not announced"),
            Needs::Bulk => (self.bulk, "bulk.supported is not announced"),
            Needs::Cursor => (self.cursor, "pagination.cursor is not announced"),
            Needs::Groups => (self.groups, "no resource type Group is announced"),
            Needs::Faults => (false, "the upstream's faults cannot be armed from here"),
        };
        (!there).then_some(reason)
    }

    /// Asks the three discovery endpoints.
    pub(super) async fn read(target: &Target) -> Self {
        let mut found = Self::default();
        match read(target, "/ServiceProviderConfig").await {
            Ok(config) => found.take_config(&config),
            Err(why) => found
                .problems
                .push(format!("{why}; patch and filter are assumed, other options not")),
        }
        match read(target, "/ResourceTypes").await {
            Ok(types) => found.groups = names_group(&types),
            Err(why) => found.problems.push(format!("{why}; User and Group are assumed")),
        }
        match read(target, "/Schemas").await {
            Ok(schemas) => found.unique_group_names = announces_unique_group_names(&schemas),
            Err(why) => found
                .problems
                .push(format!("{why}; the core schemas of RFC 7643 are assumed")),
        }
        found
    }

    fn take_config(&mut self, config: &Value) {
        let supported = |option: &str, else_: bool| {
            json::get(config, &[option, "supported"])
                .and_then(Value::as_bool)
                .unwrap_or(else_)
        };
        self.patch = supported("patch", true);
        self.filter = supported("filter", true);
        self.sort = supported("sort", false);
        self.etag = supported("etag", false);
        self.bulk = supported("bulk", false);
        self.cursor = json::get(config, &["pagination", "cursor"])
            .and_then(Value::as_bool)
            .unwrap_or(false);
    }
}

/// The body of a discovery endpoint, or a clause saying what came instead.
async fn read(target: &Target, path: &str) -> Result<Value, String> {
    let read = async {
        let exchange = target.send(Request::get(path)).await?;
        exchange.expect_status(&[200])?;
        exchange.json()
    };
    read.await.map_err(|stop: Stop| match stop {
        Stop::Failed(findings) | Stop::Blocked { findings, .. } => findings
            .first()
            .map_or_else(|| format!("GET {path} failed"), |finding| finding.message.clone()),
        Stop::Skipped(reason) => reason,
    })
}

fn names_group(types: &Value) -> bool {
    let listed = json::elements(types, "Resources");
    listed.is_empty()
        || listed.iter().any(|kind| {
            ["name", "id"]
                .iter()
                .any(|key| json::text(kind, &[key]).is_some_and(|name| name.eq_ignore_ascii_case("Group")))
        })
}

fn announces_unique_group_names(schemas: &Value) -> bool {
    json::elements(schemas, "Resources")
        .iter()
        .filter(|schema| json::text(schema, &["id"]).is_some_and(|id| id.eq_ignore_ascii_case(GROUP)))
        .flat_map(|schema| json::elements(schema, "attributes"))
        .filter(|attribute| {
            json::text(attribute, &["name"]).is_some_and(|name| name.eq_ignore_ascii_case("displayName"))
        })
        .filter_map(|attribute| json::text(attribute, &["uniqueness"]))
        .any(|uniqueness| !uniqueness.eq_ignore_ascii_case("none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_announced_is_lacking_with_a_reason() {
        let mut found = Discovered::default();
        found.take_config(&json!({"patch": {"supported": false}, "etag": {"supported": true}}));
        assert_eq!(found.lacks(Needs::Patch), Some("patch.supported is announced as false"));
        assert_eq!(found.lacks(Needs::Etag), None);
        assert_eq!(found.lacks(Needs::Filter), None);
        assert!(found.lacks(Needs::Faults).is_some());
    }

    #[test]
    fn uniqueness_of_group_names_is_read_from_the_group_schema_alone() {
        let schemas = |id: &str| json!({"Resources": [{"id": id, "attributes": [{"name": "displayName", "uniqueness": "server"}]}]});
        assert!(announces_unique_group_names(&schemas(GROUP)));
        assert!(!announces_unique_group_names(&schemas(crate::json::USER)));
        assert!(!announces_unique_group_names(&json!({})));
    }

    #[test]
    fn an_empty_list_of_types_proves_nothing() {
        assert!(names_group(&json!({"Resources": []})));
        assert!(names_group(
            &json!({"Resources": [{"name": "User"}, {"name": "Group"}]})
        ));
        assert!(!names_group(&json!({"Resources": [{"name": "User"}]})));
    }
}
