//! What the properties are tried on.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use scim::filter::{Filter, Limits, Literal, Operator, Target};
use scim::path::{AttributePath, Path};
use scim::resource::{Resource, read_body};
use scim::schema::{CORE_USER, ENTERPRISE_USER, user};
use serde_json::{Map, Value, json};

/// Names that a schema knows, in odd spellings, and names that none knows.
pub(crate) fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "userName",
            "DISPLAYNAME",
            "emails",
            "Roles",
            "name",
            "manager",
            "members",
            "active",
            "value",
            "Type",
            "primary",
            "$ref",
            "not",
            "and",
            "pr",
            "eq",
            "groups",
            "password",
            "schemas",
            "title",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z_][a-zA-Z0-9_-]{0,8}",
    ]
}

pub(crate) fn any_urn() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(CORE_USER.to_owned())),
        1 => Just(Some(ENTERPRISE_USER.to_owned())),
        1 => Just(Some("urn:contoso:people".to_owned())),
        1 => Just(Some("urn:okta:app:1.0:user".to_owned())),
        1 => Just(Some("https://contoso.test:8443/scim/2.0/User".to_owned())),
    ]
}

pub(crate) fn any_attribute() -> impl Strategy<Value = AttributePath> {
    (any_urn(), any_name(), prop::option::of(any_name())).prop_map(|(urn, name, sub)| AttributePath { urn, name, sub })
}

pub(crate) fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<f64>().prop_filter_map("finite", |number| serde_json::Number::from_f64(number)
            .map(Literal::Number)),
        any::<String>().prop_map(Literal::String),
        prop::sample::select(vec!["work", "True", "2026-01-05T08:00:00Z"])
            .prop_map(|text| Literal::String(text.into())),
    ]
}

pub(crate) fn comparison(target: impl Strategy<Value = Target>) -> impl Strategy<Value = Filter> {
    (target, prop::sample::select(Operator::ALL.to_vec()), any_literal()).prop_map(|(target, operator, value)| {
        Filter::Compare {
            target,
            operator,
            value,
        }
    })
}

pub(crate) fn logic(leaf: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Filter::And),
            vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

/// A filter whose names are sub-attributes: nothing with brackets of its own.
pub(crate) fn any_value_filter() -> BoxedStrategy<Filter> {
    let target = any_attribute().prop_map(|attribute| Target {
        attribute,
        filter: None,
    });
    let present = any_attribute().prop_map(|attribute| {
        Filter::Present(Target {
            attribute,
            filter: None,
        })
    });
    logic(prop_oneof![3 => comparison(target), 1 => present].boxed())
}

pub(crate) fn any_filter() -> BoxedStrategy<Filter> {
    let plain = any_attribute().prop_map(|attribute| Target {
        attribute,
        filter: None,
    });
    let chosen = (any_attribute(), any_name(), any_value_filter()).prop_map(|(attribute, sub, filter)| Target {
        attribute: AttributePath {
            sub: Some(sub),
            ..attribute
        },
        filter: Some(Box::new(filter)),
    });
    let target = prop_oneof![3 => plain, 1 => chosen].boxed();
    let element = (any_urn(), any_name(), any_value_filter()).prop_map(|(urn, name, filter)| Filter::Element {
        attribute: AttributePath { urn, name, sub: None },
        filter: Box::new(filter),
    });
    logic(prop_oneof![3 => comparison(target.clone()), 1 => target.prop_map(Filter::Present), 1 => element].boxed())
}

pub(crate) fn any_path() -> impl Strategy<Value = Path> {
    let filtered = (any_urn(), any_name(), any_value_filter(), prop::option::of(any_name())).prop_map(
        |(urn, name, filter, sub)| Path::Filtered {
            attribute: AttributePath { urn, name, sub: None },
            filter: Box::new(filter),
            sub,
        },
    );
    prop_oneof![
        1 => Just(Path::Extension(ENTERPRISE_USER.to_owned())),
        1 => Just(Path::Extension("urn:contoso:2.0:User".to_owned())),
        1 => Just(Path::Extension("https://contoso.test/scim/User".to_owned())),
        4 => any_attribute().prop_map(Path::Attribute),
        4 => filtered,
    ]
}

/// Any JSON, with keys and values that often mean something.
pub(crate) fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        Just(json!("")),
        prop::sample::select(vec![
            "True",
            "work",
            "a@b",
            "m",
            CORE_USER,
            r#"{"value":"25","id":"x"}"#
        ])
        .prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((any_key(), inner), 0..5).prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
    .boxed()
}

pub(crate) fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => any_name(),
        1 => Just(ENTERPRISE_USER.to_owned()),
        1 => Just(format!("{ENTERPRISE_USER}:manager")),
        1 => Just("urn:contoso:2.0:User".to_owned()),
        1 => Just("https://contoso.test/scim/User".to_owned()),
        1 => Just("emails[type eq \"work\"].value".to_owned()),
        1 => Just("name.givenName".to_owned()),
        1 => "\\PC{0,6}",
    ]
}

/// A body that is a user, whatever else it says.
pub(crate) fn any_user() -> impl Strategy<Value = Resource> {
    any_json().prop_filter_map("a user", |more| {
        let mut body = json!({"schemas": [CORE_USER], "userName": "a"});
        for (name, value) in more.as_object().cloned().unwrap_or_default() {
            if !name.eq_ignore_ascii_case("schemas") && !name.eq_ignore_ascii_case("userName") {
                body[name] = value;
            }
        }
        read_body(user(), &body).ok()
    })
}

pub(crate) fn any_operation() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "Replace", "remove", "Remove", "ADD", "replace"]);
    let path = prop_oneof![
        1 => Just(Value::Null),
        4 => any_path().prop_map(|path| json!(path.to_string())),
        4 => prop::sample::select(vec![
            "emails[type eq \"work\"].value", "emails[type eq \"work\"].primary", "emails", "roles", "name",
            "name.givenName", "manager", "title", "active", "unknown", "emails.value", "roles[primary eq \"True\"].value",
        ]).prop_map(Value::from),
    ];
    (op, path, prop::option::of(any_json())).prop_map(|(op, path, value)| {
        let mut operation = json!({"op": op});
        if !path.is_null() {
            operation["path"] = path;
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    })
}

/// An operation on the members of a group that is not refused.
pub(crate) fn any_members_operation() -> impl Strategy<Value = Value> {
    let ids = vec(prop::sample::select(vec!["a", "b", "c", "d", "e"]), 0..3);
    let value = ids.clone().prop_flat_map(|ids| {
        let objects: Vec<_> = ids
            .iter()
            .map(|id| json!({"value": id, "$ref": null, "type": "User"}))
            .collect();
        prop::sample::select(vec![
            json!(ids),
            json!(objects),
            json!(ids.first()),
            json!({"members": ids}),
        ])
    });
    let op = prop::sample::select(vec!["add", "Add", "replace", "Remove", "remove"]);
    let path = prop::sample::select(vec![
        "members",
        "MEMBERS",
        "urn:ietf:params:scim:schemas:core:2.0:Group:members",
    ]);
    let filter = prop::sample::select(vec![
        "members[value eq \"a\"]",
        "members[value eq \"a\" or value eq \"b\"]",
        "members[value eq \"c\"].value",
        "members[value sw \"d\" or not (value ne \"e\")]",
        "members[type eq \"nobody\"]",
        "members.value",
    ]);
    prop_oneof![
        3 => (op, path, value).prop_map(|(op, path, value)| match value {
            Value::Object(object) if op.eq_ignore_ascii_case("remove") => {
                json!({"op": op, "path": path, "value": object["members"]})
            }
            Value::Object(object) => json!({"op": op, "value": object}),
            value => json!({"op": op, "path": path, "value": value}),
        }),
        2 => filter.prop_map(|path| json!({"op": "Remove", "path": path})),
        1 => Just(json!({"op": "remove", "path": "members"})),
    ]
}

/// A `replace` that says the same when it is sent again: its filter is met by what it makes.
pub(crate) fn any_repeatable_replace() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "emails[type eq \"work\"].value",
        "emails[type eq \"work\" and display eq \"d\"].primary",
        "emails",
        "roles",
        "name",
        "name.givenName",
        "manager",
        "manager.value",
        "title",
        "active",
        "unknown",
        "unknown.deep",
        "emails.value",
        "emails.primary",
        "addresses[type eq \"work\"].country",
        "roles[primary eq \"True\"].value",
        "urn:contoso:2.0:User:desk",
        "userName",
        "addresses[type eq \"work\"]",
        "tags[kind eq 1].colour",
    ]);
    (path, any_json()).prop_map(|(path, value)| json!({"op": "replace", "path": path, "value": value}))
}

pub(crate) fn limits() -> Limits {
    Limits {
        max_depth: 64,
        ..Limits::default()
    }
}

/// The same cases every time. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` look elsewhere and further.
pub(crate) fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    config.cases = config.cases.max(1000);
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(7644);
    }
    config
}
