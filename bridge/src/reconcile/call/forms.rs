//! The forms that requests may have on the wire, whatever is asked: those that are safe on every deployment of
//! Databricks. The simulation holds each call against them too.

use proptest::prelude::*;
use serde_json::Value;

use super::super::plan::Action;
use super::{create_body, operations};
use crate::id::{ScimId, UpstreamId};
use crate::store::{Binding, BindingId, Existence, Field, Kind, Role};

/// Attributes that are set by their path.
const SIMPLE: [&str; 4] = ["displayName", "name.givenName", "name.familyName", "externalId"];

/// Checks what a call would send; `batch` = members in one request at most.
pub(in crate::reconcile) fn check(binding: &Binding, action: &Action, batch: usize) {
    if let Action::Create { fields, members } = action {
        let ids: Vec<&str> = members.iter().map(|(_, id)| id.as_str()).collect();
        assert!(ids.len() <= batch, "{} members inline", ids.len());
        check_create(binding.kind, &create_body(binding, fields, &ids));
    }
    let operations = operations(action);
    let of_kind = |kind: &str| operations.iter().filter(|operation| operation["op"] == kind).count();
    let removed = operations.iter().filter(|operation| {
        let path = operation["path"].as_str().unwrap_or_default();
        operation["op"] == "remove" && path.starts_with("members[")
    });
    let removed = removed.count();
    assert!(removed <= batch, "{removed} members are removed at once");
    assert!(
        of_kind("add") == 0 || of_kind("remove") == 0,
        "additions and removals share a request"
    );
    assert!(of_kind("add") <= 1, "more than one addition");
    for operation in &operations {
        check_operation(operation, batch);
    }
}

fn check_create(kind: Kind, body: &Value) {
    match kind {
        Kind::User => {
            assert!(body["active"].is_boolean(), "{body}");
            assert!(body.get("members").is_none(), "{body}");
        }
        Kind::Group => check_members(body.get("members").unwrap_or(&Value::Array(Vec::new())), usize::MAX),
    }
}

fn check_operation(operation: &Value, batch: usize) {
    let path = operation["path"].as_str().unwrap_or_default();
    assert!(!path.is_empty(), "an operation without a path: {operation}");
    let keys: Vec<&String> = operation.as_object().unwrap().keys().collect();
    match operation["op"].as_str() {
        Some("add") if path == "entitlements" => {
            let values = operation["value"].as_array().expect("entitlements are a list");
            assert!(!values.is_empty(), "{operation}");
            assert!(values.iter().all(|value| value["value"].is_string()), "{operation}");
        }
        Some("add") => {
            assert_eq!(path, "members", "{operation}");
            check_members(&operation["value"], batch);
        }
        Some("remove") => {
            // A `remove` with a value empties the group on some deployments.
            assert_eq!(keys, ["op", "path"], "{operation}");
            let filtered = path.starts_with("members[value eq \"") || path.starts_with("roles[value eq \"");
            assert!(filtered && path.ends_with("\"]"), "{operation}");
            assert!(scim::path::parse(path).is_ok(), "{operation}");
        }
        Some("replace") => match path {
            "active" => {
                let value = &operation["value"][0]["value"];
                assert!(value == "true" || value == "false", "{operation}");
                assert_eq!(operation["value"].as_array().map(Vec::len), Some(1), "{operation}");
            }
            "entitlements" => assert_eq!(operation["value"], serde_json::json!([{}]), "{operation}"),
            simple => {
                assert!(SIMPLE.contains(&simple), "{operation}");
                assert!(operation["value"].is_string(), "{operation}");
            }
        },
        other => panic!("{other:?} is no operation: {operation}"),
    }
}

/// Members are objects with a number, never bare strings.
fn check_members(members: &Value, batch: usize) {
    let members = members.as_array().expect("members are a list");
    assert!(members.len() <= batch, "{} members are added at once", members.len());
    for member in members {
        let id = member["value"].as_str().unwrap_or_default();
        assert!(UpstreamId::parse(id).is_some(), "{member}");
        assert_eq!(member.as_object().map(serde_json::Map::len), Some(1), "{member}");
    }
}

const BATCH: usize = 7;

fn any_upstream() -> impl Strategy<Value = UpstreamId> {
    (1_u64..=9_999_999_999).prop_map(|number| UpstreamId::parse(&number.to_string()).unwrap())
}

fn any_members() -> impl Strategy<Value = Vec<(BindingId, UpstreamId)>> {
    prop::collection::vec(
        (1_i64..100)
            .prop_map(BindingId::for_test)
            .prop_flat_map(|id| (Just(id), any_upstream())),
        1..=BATCH,
    )
}

fn any_field() -> impl Strategy<Value = (Field, Option<String>)> {
    let simple = prop::sample::select(vec![
        Field::DisplayName,
        Field::GivenName,
        Field::FamilyName,
        Field::ExternalId,
    ]);
    prop_oneof![
        4 => (simple, prop::option::of(".{0,12}")),
        1 => any::<bool>().prop_map(|active| (Field::Active, Some(active.to_string()))),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    let fields = || prop::collection::vec(any_field(), 1..4);
    prop_oneof![
        (fields(), any_members()).prop_map(|(fields, members)| Action::Create { fields, members }),
        (any_upstream(), fields()).prop_map(|(upstream, fields)| Action::Patch { upstream, fields }),
        (any_upstream(), any_members()).prop_map(|(upstream, members)| Action::AddMembers { upstream, members }),
        (any_upstream(), any_members()).prop_map(|(upstream, members)| Action::RemoveMembers { upstream, members }),
        (any_upstream(), any::<bool>(), prop::collection::vec("\\PC{1,12}", 0..3)).prop_map(
            |(upstream, entitlements, roles)| Action::Strip {
                upstream,
                entitlements,
                roles
            }
        ),
        (any_upstream(), prop::collection::vec("[a-z-]{1,12}", 1..3)).prop_map(|(upstream, missing)| {
            let all = missing.join(",");
            Action::Entitle { upstream, missing, all }
        }),
        any_upstream().prop_map(|upstream| Action::Delete { upstream }),
    ]
}

fn binding(kind: Kind, name: &str) -> Binding {
    Binding {
        id: BindingId::for_test(1),
        kind,
        resource_id: ScimId::new("r"),
        generation: 1,
        role: Role::Current,
        name: name.to_owned(),
        name_key: crate::id::fold(name),
        external_id: None,
        upstream_id: None,
        ownership: None,
        existence: Existence::Absent,
        absent_seen_at: None,
        unknown_at: None,
        agreed_at: None,
        sent: None,
        strip: false,
        hold: None,
        held_at: None,
        look_at: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_has_a_form_that_is_safe_everywhere(action in any_action(), name in ".{1,12}") {
        for kind in [Kind::User, Kind::Group] {
            check(&binding(kind, &name), &action, BATCH);
        }
    }

    #[test]
    fn each_member_is_removed_by_an_operation_of_its_own(upstream in any_upstream(), members in any_members()) {
        let sent = operations(&Action::RemoveMembers { upstream, members: members.clone() });
        let paths: Vec<String> = sent.iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect();
        let wanted: Vec<String> = members.iter().map(|(_, id)| format!("members[value eq \"{id}\"]")).collect();
        prop_assert_eq!(paths, wanted);
    }
}
