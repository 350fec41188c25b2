//! PUT that is not done, or does too much.

use serde_json::{Value, json};

use super::{Row, row};
use crate::support::{Fault, Reply};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "PUT is answered 204",
            Fault::in_answer(|call, reply| {
                if call.is("PUT", "/Users") && reply.status == 200 {
                    reply.status = 204;
                    reply.body = None;
                }
            }),
            &["PUT-01"],
        ),
        row(
            "PUT is answered and not done",
            Fault::in_request(|call| {
                if call.is("PUT", "/Users/") {
                    "GET".clone_into(&mut call.method);
                }
            }),
            &["PUT-01", "PUT-02", "PUT-10"],
        ),
        row(
            "PUT keeps what it does not name",
            Fault::in_request(|call| {
                if call.is("PUT", "/Users/") {
                    let body = call.body.as_mut().and_then(Value::as_object_mut);
                    if let Some(body) = body {
                        body.entry("title").or_insert(json!("Engineer"));
                    }
                }
            }),
            &["PUT-03"],
        ),
        row(
            "PUT needs no name",
            Fault::in_request(|call| {
                if call.is("PUT", "/Users/") {
                    let body = call.body.as_mut().and_then(Value::as_object_mut);
                    if let Some(body) = body {
                        body.entry("userName").or_insert(json!("nobody"));
                    }
                }
            }),
            &["PUT-05"],
        ),
        row(
            "a name that another has is a 400",
            Fault::in_answer(|call, reply| {
                if reply.status == 409 && call.method != "POST" {
                    *reply = Reply::error(400, Some("uniqueness"), "the name is taken");
                }
            }),
            &["PUT-06", "PAT-23"],
        ),
        row(
            "what never changes is changed in silence",
            Fault::in_answer(|call, reply| {
                if call.is("PUT", "/Users") && reply.status == 400 {
                    *reply = Reply::new(200, json!({"id": "changed"}));
                }
            }),
            &["PUT-07"],
        ),
        row(
            "PUT of an unknown id creates",
            Fault::in_answer(|call, reply| {
                if call.is("PUT", "/Users/") && reply.status == 404 {
                    *reply = Reply::new(201, json!({"id": "made"}));
                }
            }),
            &["PUT-08", "DEL-02"],
        ),
        row(
            "PUT of the collection is answered 200",
            Fault::in_answer(|call, reply| {
                if call.method == "PUT" && call.path == "/Users" {
                    *reply = Reply::new(200, json!({}));
                }
            }),
            &["PUT-09"],
        ),
        row(
            "lastModified never moves",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if !user["meta"].is_null() {
                            user["meta"]["lastModified"] = json!("2026-01-01T00:00:00Z");
                        }
                    });
                }
            }),
            &["PUT-10", "PAT-32"],
        ),
    ]
}
