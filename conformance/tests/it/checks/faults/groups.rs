//! Groups and their members.

use serde_json::{Value, json};

use super::{Row, row, without};
use crate::support::Fault;
use crate::support::{Call, Reply};

pub(super) fn rows() -> Vec<Row> {
    let on_groups = |change: fn(&mut Call)| {
        Fault::in_request(move |call| {
            if call.is("PATCH", "/Groups") {
                change(call);
            }
        })
    };
    vec![
        row(
            "groups are not found by name",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Groups") && call.parameter("filter").is_some_and(|it| it.starts_with("displayName"))
                {
                    reply.keep(|_| false);
                }
            }),
            &["QRY-09"],
        ),
        row(
            "the list of groups is empty",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Groups") && call.parameter("filter").is_none() {
                    reply.keep(|_| false);
                }
            }),
            &["GRP-02"],
        ),
        row(
            "a second group of one name is made",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Groups") && reply.status == 409 {
                    *reply = Reply::new(201, json!({"id": "second"}));
                }
            }),
            &["GRP-04"],
        ),
        row(
            "add replaces the members",
            on_groups(|call| {
                for operation in call.operations().into_iter().flatten() {
                    if operation["path"] == "members" && operation["op"].as_str().unwrap().eq_ignore_ascii_case("add") {
                        operation["op"] = json!("replace");
                    }
                }
            }),
            &["GRP-06", "ENT-04"],
        ),
        row(
            "a value filter under members is ignored, which empties the group",
            on_groups(|call| {
                for operation in call.operations().into_iter().flatten() {
                    if operation["path"]
                        .as_str()
                        .is_some_and(|path| path.starts_with("members["))
                    {
                        operation["path"] = json!("members");
                    }
                }
            }),
            &["GRP-09", "ENT-04"],
        ),
        row(
            "the value of a remove is ignored, which empties the group",
            on_groups(|call| {
                for operation in call.operations().into_iter().flatten() {
                    if operation["path"] == "members" && operation["op"] == "Remove" {
                        operation["value"] = Value::Null;
                    }
                }
            }),
            &["ENT-04", "ENT-07"],
        ),
        row(
            "a group cannot be renamed, and says nothing",
            on_groups(|call| without(call, |path| path == "displayName")),
            &["GRP-14", "ENT-04"],
        ),
    ]
}
