//! Pages and orders that do not fit together.

use serde_json::json;

use super::{Row, row};
use crate::support::{Fault, Reply};

#[expect(clippy::too_many_lines, reason = "a table, row after row")]
pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "a list does not say where it starts",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users") && reply.total().is_some() {
                    reply.body().as_object_mut().unwrap().remove("startIndex");
                }
            }),
            &["QRY-01", "QRY-22"],
        ),
        row(
            "count is ignored",
            Fault::in_request(|call| {
                call.forget("count");
            }),
            &["QRY-21", "QRY-24", "QRY-28"],
        ),
        row(
            "resources are counted from zero",
            Fault::in_request(|call| {
                call.change("startIndex", |start| (start.parse::<i64>().unwrap() + 1).to_string());
            }),
            &["QRY-22", "QRY-26"],
        ),
        row(
            "startIndex below one is a 400",
            Fault::in_answer(|call, reply| {
                if call
                    .parameter("startIndex")
                    .is_some_and(|it| it.starts_with(['0', '-']))
                {
                    *reply = Reply::error(400, Some("invalidValue"), "startIndex begins at one");
                }
            }),
            &["QRY-23"],
        ),
        row(
            "a count of zero is no count",
            Fault::in_request(|call| {
                if call.parameter("count") == Some("0") {
                    call.forget("count");
                }
            }),
            &["QRY-24"],
        ),
        row(
            "a page past the end is a 404",
            Fault::in_answer(|call, reply| {
                if call.parameter("startIndex") == Some("1000000") {
                    *reply = Reply::error(404, None, "no such page");
                }
            }),
            &["QRY-25"],
        ),
        row(
            "pages overlap by one",
            Fault::in_request(|call| {
                call.change("startIndex", |start| match start.parse::<i64>().unwrap() {
                    later @ 2.. => (later - 1).to_string(),
                    first => first.to_string(),
                });
            }),
            &["QRY-26", "QRY-27", "QRY-31"],
        ),
        row(
            "more come than the configuration says",
            Fault::in_answer(|call, reply| {
                if call.path == "/ServiceProviderConfig" {
                    reply.body()["filter"] = json!({"supported": true, "maxResults": 1});
                }
            }),
            &["QRY-29"],
        ),
        row(
            "the order is always ascending",
            Fault::in_request(|call| {
                call.forget("sortOrder");
            }),
            &["QRY-30", "QRY-31"],
        ),
        row(
            "a page is not sorted when it is small",
            Fault::in_request(|call| {
                if call.parameter("count") == Some("2") {
                    call.forget("sortBy");
                }
            }),
            &["QRY-31"],
        ),
        row(
            "a search ignores its filter",
            Fault::in_request(|call| {
                if call.path == "/Users/.search"
                    && let Some(body) = call.body.as_mut()
                {
                    body["filter"] = json!("id pr");
                }
            }),
            &["QRY-32"],
        ),
        row(
            "a search at the root finds users only",
            Fault::in_answer(|call, reply| {
                if call.path == "/.search" {
                    reply.keep(|one| one["meta"]["resourceType"] == "User");
                }
            }),
            &["QRY-33"],
        ),
        row(
            "an unknown cursor begins anew",
            Fault::in_request(|call| {
                if call.parameter("cursor") == Some("conformance-unknown-cursor") {
                    call.change("cursor", |_| String::new());
                }
            }),
            &["QRY-34"],
        ),
        row(
            "the second page by cursor is the last",
            Fault::in_answer(|call, reply| {
                if call.parameter("cursor").is_some_and(|it| it.starts_with("from")) {
                    reply.body().as_object_mut().unwrap().remove("nextCursor");
                }
            }),
            &["QRY-34"],
        ),
    ]
}
