//! Operations that are read otherwise than they were written.

use serde_json::json;

use super::{Row, row, without};
use crate::support::{Call, Fault, Reply};

/// Each operation on a user, changed.
fn in_operation(change: fn(&mut serde_json::Value)) -> Fault {
    Fault::in_request(move |call| {
        if call.is("PATCH", "/Users") {
            call.operations().into_iter().flatten().for_each(change);
        }
    })
}

fn patches(call: &Call, status: u16, reply: &Reply) -> bool {
    call.is("PATCH", "/Users") && reply.status == status
}

#[expect(clippy::too_many_lines, reason = "a table, row after row")]
pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "op minds the letter case",
            Fault::in_answer(|call, reply| {
                let is_odd =
                    |operation: &serde_json::Value| operation["op"].as_str().is_some_and(|op| op != op.to_lowercase());
                let body = call.body.as_ref().map(|body| body["Operations"].clone());
                if call.is("PATCH", "/Users") && body.is_some_and(|it| it.as_array().into_iter().flatten().any(is_odd))
                {
                    *reply = Reply::error(400, Some("invalidSyntax"), "op is unknown");
                }
            }),
            &["PAT-02"],
        ),
        row(
            "add does not touch what is there",
            in_operation(|operation| {
                if operation["op"] == "add" && operation["path"] == "title" {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-03"],
        ),
        row(
            "remove is taken and not done",
            in_operation(|operation| {
                if operation["op"] == "remove" && operation["path"] == "title" {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-04"],
        ),
        row(
            "a value without a path is taken and not done",
            in_operation(|operation| {
                if operation["path"].is_null() && operation["value"].is_object() {
                    operation["value"] = json!({});
                }
            }),
            &["PAT-05", "PAT-06", "PAT-07", "PAT-15"],
        ),
        row(
            "add without a path replaces",
            in_operation(|operation| {
                if operation["path"].is_null() && operation["op"] == "add" {
                    operation["op"] = json!("replace");
                }
            }),
            &["PAT-06"],
        ),
        row(
            "one part of a name takes the place of the whole",
            Fault::in_request(|call| {
                let is_part = |operation: &serde_json::Value| operation["path"] == "name.givenName";
                if call.is("PATCH", "/Users") && call.operations().is_some_and(|it| it.iter().any(is_part)) {
                    call.operations()
                        .unwrap()
                        .insert(0, json!({"op": "remove", "path": "name"}));
                }
            }),
            &["PAT-08"],
        ),
        row(
            "an element that is not there is not made",
            in_operation(|operation| {
                if operation["op"] == "add" && operation["path"] == r#"emails[type eq "work"].value"# {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-10"],
        ),
        row(
            "a replace that hits nothing says nothing",
            in_operation(|operation| {
                if operation["path"].as_str().is_some_and(|path| path.contains("other")) {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-11"],
        ),
        row(
            "a URN in a path is taken and ignored",
            in_operation(|operation| {
                if operation["path"].as_str().is_some_and(|path| path.starts_with("urn:")) {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-16", "PAT-17"],
        ),
        row(
            "a manager as text is not taken",
            in_operation(|operation| {
                let is_manager = operation["path"]
                    .as_str()
                    .is_some_and(|path| path.ends_with(":manager"));
                if is_manager && operation["value"].as_str().is_some_and(|id| !id.is_empty()) {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-17"],
        ),
        row(
            "an empty manager is ignored",
            in_operation(|operation| {
                if operation["value"] == "" {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-18"],
        ),
        row(
            "what went well before a bad operation stays",
            Fault {
                request: Box::new(|call| without(call, |path| path == r#"emails[type eq "work""#)),
                answer: Box::new(|call, reply| {
                    let operations = call.body.as_ref().map(|body| body["Operations"].to_string());
                    if operations.is_some_and(|it| it.contains("Half Done")) && reply.status == 200 {
                        *reply = Reply::error(400, Some("invalidPath"), "a path cannot be read");
                    }
                }),
            },
            &["PAT-21"],
        ),
        row(
            "a path that can only be read is ignored",
            in_operation(|operation| {
                if operation["path"]
                    .as_str()
                    .is_some_and(|path| path == "id" || path.starts_with("meta"))
                {
                    operation["path"] = json!("userType");
                }
            }),
            &["PAT-24"],
        ),
        row(
            "PATCH of a user is answered 204",
            Fault::in_answer(|call, reply| {
                if patches(call, 200, reply) {
                    reply.status = 204;
                    reply.body = None;
                }
            }),
            &["PAT-25", "PRJ-10"],
        ),
        row(
            "PATCH of an unknown id is answered 204",
            Fault::in_answer(|call, reply| {
                if patches(call, 404, reply) {
                    *reply = Reply::empty(204);
                }
            }),
            &["PAT-26", "DEL-02"],
        ),
        row(
            "what is no PATCH is answered 204",
            Fault::in_answer(|call, reply| {
                if patches(call, 400, reply) && reply.body()["scimType"] == "invalidSyntax" {
                    *reply = Reply::empty(204);
                }
            }),
            &["PAT-27"],
        ),
        row(
            "a broken path is called a broken value",
            Fault::in_answer(|call, reply| {
                if patches(call, 400, reply) && reply.body()["scimType"] == "invalidPath" {
                    reply.body()["scimType"] = json!("invalidValue");
                }
            }),
            &["PAT-28"],
        ),
        row(
            "a value added twice is there twice",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users/") {
                    reply.each_resource(|user| {
                        let is_it = user["userName"].as_str().is_some_and(|name| name.contains("-pat-29-"));
                        if is_it && let Some(emails) = user["emails"].as_array_mut() {
                            emails.push(emails.last().unwrap().clone());
                        }
                    });
                }
            }),
            &["PAT-29"],
        ),
        row(
            "who was primary stays primary",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users/") {
                    reply.each_resource(|user| {
                        let is_it = user["userName"].as_str().is_some_and(|name| name.contains("-pat-30-"));
                        for email in user["emails"].as_array_mut().into_iter().flatten().filter(|_| is_it) {
                            email["primary"] = json!(true);
                        }
                    });
                }
            }),
            &["PAT-30"],
        ),
        row(
            "a list that is replaced grows",
            in_operation(|operation| {
                if operation["path"] == "addresses" {
                    operation["op"] = json!("add");
                }
            }),
            &["PAT-31"],
        ),
        row(
            "Operations minds the letter case",
            Fault::in_request(|call| {
                if call.is("PATCH", "/Users")
                    && let Some(body) = call.body.as_mut()
                {
                    body.as_object_mut().unwrap().remove("operations");
                }
            }),
            &["PAT-33"],
        ),
    ]
}
