//! PATCH of a user that does something else than it says.

use serde_json::{Value, json};

use super::{Row, row, without};
use crate::support::Call;
use crate::support::Fault;

pub(super) fn rows() -> Vec<Row> {
    let on_users = |change: fn(&mut Call)| {
        Fault::in_request(move |call| {
            if call.is("PATCH", "/Users") {
                change(call);
            }
        })
    };
    vec![
        row(
            "a change of displayName is taken and not done",
            on_users(|call| without(call, |path| path == "displayName")),
            &["PAT-01", "PAT-19"],
        ),
        row(
            "a value filter under emails is ignored",
            on_users(|call| {
                for operation in call.operations().into_iter().flatten() {
                    if operation["path"] == r#"emails[type eq "work"].value"# {
                        operation["path"] = json!("emails");
                        operation["value"] = json!([{"type": "work", "value": operation["value"]}]);
                    }
                }
            }),
            &["PAT-09"],
        ),
        row(
            "a boolean as text in a value filter matches nothing",
            on_users(|call| without(call, |path| path.contains(r#"primary eq "True""#))),
            &["PAT-12"],
        ),
        row(
            "active as text is taken and not done",
            on_users(|call| {
                if let Some(operations) = call.operations() {
                    operations.retain(|operation| operation["path"] != "active" || operation["value"].is_boolean());
                }
            }),
            &["PAT-13", "ENT-05"],
        ),
        row(
            "active as a boolean is taken and not done",
            on_users(|call| {
                for operation in call.operations().into_iter().flatten() {
                    if operation["path"] == "active" && operation["value"].is_boolean() {
                        operation["path"] = json!("nickName");
                    }
                    if operation["path"].is_null() {
                        operation
                            .get_mut("value")
                            .and_then(Value::as_object_mut)
                            .map(|keys| keys.remove("active"));
                    }
                }
            }),
            &["PAT-14", "ENT-05"],
        ),
        row(
            "only the first operation is done",
            on_users(|call| {
                if let Some(operations) = call.operations() {
                    operations.truncate(1);
                }
            }),
            &["PAT-19", "PAT-20"],
        ),
        row(
            "operations are done from the last to the first",
            on_users(|call| {
                if let Some(operations) = call.operations() {
                    operations.reverse();
                }
            }),
            &["PAT-20"],
        ),
        row(
            "a change of userName is taken and not done",
            on_users(|call| without(call, |path| path == "userName")),
            &["PAT-22"],
        ),
        row(
            "a change of externalId is taken and not done",
            on_users(|call| without(call, |path| path == "externalId")),
            &["ENT-09"],
        ),
        row(
            "dotted keys of a value without a path are ignored",
            on_users(|call| {
                for operation in call.operations().into_iter().flatten() {
                    if operation["path"].is_null()
                        && let Some(keys) = operation.get_mut("value").and_then(Value::as_object_mut)
                    {
                        keys.retain(|key, _| !key.starts_with("name."));
                    }
                }
            }),
            &["ENT-04", "ENT-10"],
        ),
    ]
}
