//! Answers that hold more, or less, than was asked for.

use serde_json::json;

use super::{Row, row};
use crate::support::{Fault, Reply};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "attributes is ignored on one user",
            Fault::in_request(|call| {
                if call.is("GET", "/Users/") {
                    call.forget("attributes");
                }
            }),
            &["PRJ-01", "PRJ-08", "PRJ-09"],
        ),
        row(
            "attributes is ignored on a list",
            Fault::in_request(|call| {
                if call.is("GET", "/Users") && !call.is("GET", "/Users/") {
                    call.forget("attributes");
                }
            }),
            &["PRJ-02"],
        ),
        row(
            "attributes is ignored in a search",
            Fault::in_request(|call| {
                if call.path == "/Users/.search"
                    && let Some(body) = call.body.as_mut()
                {
                    body["attributes"] = json!([]);
                }
            }),
            &["PRJ-03"],
        ),
        row(
            "excludedAttributes is ignored on a list",
            Fault::in_request(|call| {
                if call.is("GET", "/Users") && !call.is("GET", "/Users/") {
                    call.forget("excludedAttributes");
                }
            }),
            &["PRJ-04"],
        ),
        row(
            "members cannot be excluded",
            Fault::in_request(|call| {
                if call.is("GET", "/Groups") {
                    call.forget("excludedAttributes");
                }
            }),
            &["PRJ-05"],
        ),
        row(
            "the id can be excluded",
            Fault::in_answer(|call, reply| {
                if call
                    .parameter("excludedAttributes")
                    .is_some_and(|it| it.contains("id,"))
                {
                    reply.each_resource(|user| {
                        user.as_object_mut().unwrap().remove("id");
                    });
                }
            }),
            &["PRJ-06"],
        ),
        row(
            "a sub-attribute brings the whole",
            Fault::in_request(|call| {
                call.change("attributes", |names| names.replace("name.familyName", "name"));
            }),
            &["PRJ-08"],
        ),
        row(
            "both parameters at once are a 400",
            Fault::in_answer(|call, reply| {
                if call.parameter("attributes").is_some() && call.parameter("excludedAttributes").is_some() {
                    *reply = Reply::error(400, Some("invalidValue"), "one of the two");
                }
            }),
            &["PRJ-09"],
        ),
        row(
            "writes are answered in full",
            Fault::in_request(|call| {
                if call.method != "GET" {
                    call.forget("attributes");
                }
            }),
            &["PRJ-10"],
        ),
    ]
}
