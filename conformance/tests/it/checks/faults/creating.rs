//! Users that are made where none should be, or otherwise than they were sent.

use serde_json::{Value, json};

use super::{ENTERPRISE, Row, row};
use crate::support::{Call, Fault, Reply};

fn creates(call: &Call, reply: &Reply) -> bool {
    call.is("POST", "/Users") && reply.status == 201
}

/// A create that says yes where it should say no.
fn made(reply: &mut Reply) {
    *reply = Reply::new(201, json!({"id": "made"}));
}

#[expect(clippy::too_many_lines, reason = "a table, row after row")]
pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "meta comes without its times",
            Fault::in_answer(|call, reply| {
                if creates(call, reply) {
                    reply.body()["meta"].as_object_mut().map(|meta| meta.remove("created"));
                }
            }),
            &["CRE-02"],
        ),
        row(
            "Location is another than meta.location",
            Fault::in_answer(|call, reply| {
                if creates(call, reply) {
                    reply.set("location", "/elsewhere");
                }
            }),
            &["CRE-03"],
        ),
        row(
            "meta.location leads nowhere",
            Fault::in_answer(|call, reply| {
                if creates(call, reply) && !reply.body()["meta"].is_null() {
                    let location = reply.body()["meta"]["location"]
                        .to_string()
                        .replace("/Users/", "/People/");
                    reply.body()["meta"]["location"] = json!(location.trim_matches('"'));
                }
            }),
            &["CRE-04"],
        ),
        row(
            "schemas names the core schema only",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| user["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
                }
            }),
            &["CRE-06"],
        ),
        row(
            "employeeNumber is not kept",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if let Some(employee) = user[ENTERPRISE].as_object_mut() {
                            employee.remove("employeeNumber");
                        }
                    });
                }
            }),
            &["CRE-07"],
        ),
        row(
            "a taken name in other letter case is free",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Users") && reply.status == 409 && call.sent_name().starts_with("CONFORMANCE") {
                    made(reply);
                }
            }),
            &["CRE-09"],
        ),
        row(
            "a user needs no name",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Users") && reply.status == 400 && call.sent_name().starts_with("Ana") {
                    made(reply);
                }
            }),
            &["CRE-10"],
        ),
        row(
            "a broken body is a 500",
            Fault::in_answer(|call, reply| {
                if call.body == Some(json!("not JSON")) {
                    *reply = Reply::error(500, None, "something went wrong");
                }
            }),
            &["CRE-11"],
        ),
        row(
            "a body needs no schemas",
            Fault::in_request(|call| {
                if call.is("POST", "/Users") {
                    let body = call.body.as_mut().and_then(Value::as_object_mut);
                    if let Some(body) = body {
                        body.entry("schemas")
                            .or_insert(json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
                    }
                }
            }),
            &["CRE-12"],
        ),
        row(
            "the client's id is taken",
            Fault::in_answer(|call, reply| {
                if creates(call, reply) && call.body.as_ref().unwrap()["id"].is_string() {
                    reply.body()["id"] = call.body.as_ref().unwrap()["id"].clone();
                }
            }),
            &["CRE-13"],
        ),
        row(
            "the client's meta is taken",
            Fault::in_answer(|call, reply| {
                if creates(call, reply) && call.body.as_ref().unwrap()["meta"]["created"].is_string() {
                    reply.body()["meta"] = call.body.as_ref().unwrap()["meta"].clone();
                }
            }),
            &["CRE-14"],
        ),
        row(
            "an unknown attribute is a 500",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Users")
                    && call
                        .body
                        .as_ref()
                        .is_some_and(|body| !body["conformanceUnknown"].is_null())
                {
                    *reply = Reply::error(500, None, "something went wrong");
                }
            }),
            &["CRE-15"],
        ),
        row(
            "active as text comes back as text",
            Fault::in_answer(|call, reply| {
                if creates(call, reply) && call.body.as_ref().unwrap()["active"].is_string() {
                    reply.body()["active"] = call.body.as_ref().unwrap()["active"].clone();
                }
            }),
            &["CRE-16"],
        ),
        row(
            "two primary values are kept",
            Fault::in_answer(|call, reply| {
                if call.path == "/Users/made" || call.is("POST", "/Users") && call.sent_name().contains("-cre-18-") {
                    made(reply);
                    reply.status = if call.method == "GET" { 200 } else { 201 };
                    reply.body()["emails"] = json!([{"primary": true}, {"primary": true}]);
                }
            }),
            &["CRE-18"],
        ),
        row(
            "the password comes back",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Users") && call.body.as_ref().is_some_and(|body| body["password"].is_string()) {
                    reply.body()["password"] = call.body.as_ref().unwrap()["password"].clone();
                }
            }),
            &["CRE-19", "PRJ-07"],
        ),
        row(
            "who is made without active is not active",
            Fault::in_request(|call| {
                if call.is("POST", "/Users") && call.sent_name().contains("-cre-20-") {
                    call.body.as_mut().unwrap()["active"] = json!(false);
                }
            }),
            &["CRE-20"],
        ),
        row(
            "application/json is not taken",
            Fault::in_answer(|call, reply| {
                if call
                    .header("content-type")
                    .is_some_and(|it| it.starts_with("application/json"))
                {
                    *reply = Reply::error(415, None, "scim+json only");
                }
            }),
            &["CRE-21"],
        ),
        row(
            "text is read as JSON",
            Fault::in_request(|call| {
                if call.header("content-type") == Some("text/plain") {
                    call.set_header("content-type", "application/json");
                }
            }),
            &["CRE-22"],
        ),
        row(
            "letters outside ASCII are lost",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if let Some(name) = user["displayName"].as_str() {
                            user["displayName"] = json!(name.replace(|letter: char| !letter.is_ascii(), "?"));
                        }
                    });
                }
            }),
            &["CRE-23"],
        ),
        row(
            "null is read as text",
            Fault::in_request(|call| {
                if call.is("POST", "/Users")
                    && let Some(body) = call.body.as_mut().and_then(Value::as_object_mut)
                {
                    for value in body.values_mut().filter(|value| value.is_null()) {
                        *value = json!("null");
                    }
                }
            }),
            &["CRE-24"],
        ),
        row(
            "names of attributes mind the letter case",
            Fault::in_request(|call| {
                if call.is("POST", "/Users")
                    && let Some(body) = call.body.as_mut().and_then(Value::as_object_mut)
                {
                    body.remove("USERNAME");
                }
            }),
            &["CRE-25"],
        ),
        row(
            "a large body is a 500",
            Fault::in_answer(|call, reply| {
                if reply.status == 413 && call.path == "/Users" {
                    *reply = Reply::error(500, None, "something went wrong");
                }
            }),
            &["CRE-27"],
        ),
    ]
}
