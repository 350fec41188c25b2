//! Servers that let the wrong ones in, or the right ones not.

use serde_json::json;

use super::{Row, row};
use crate::support::{Fault, Reply, TOKEN};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "reads need no token",
            Fault::in_request(|call| {
                if call.method == "GET" && call.header("authorization").is_none() {
                    call.set_header("authorization", format!("Bearer {TOKEN}"));
                }
            }),
            &["AUT-01"],
        ),
        row(
            "only the beginning of the token is compared",
            Fault::in_request(|call| {
                if call
                    .header("authorization")
                    .is_some_and(|it| it.starts_with(&format!("Bearer {TOKEN}")))
                {
                    call.set_header("authorization", format!("Bearer {TOKEN}"));
                }
            }),
            &["AUT-02"],
        ),
        row(
            "the token is taken without its scheme",
            Fault::in_request(|call| {
                if call.header("authorization") == Some(TOKEN) {
                    call.set_header("authorization", format!("Bearer {TOKEN}"));
                }
            }),
            &["AUT-03"],
        ),
        row(
            "a 401 has no challenge",
            Fault::in_answer(|call, reply| {
                if reply.status == 401 && call.method == "GET" {
                    reply.unset("www-authenticate");
                }
            }),
            &["AUT-04"],
        ),
        row(
            "a 401 has no body",
            Fault::in_answer(|call, reply| {
                if reply.status == 401 && call.method == "GET" {
                    reply.body = None;
                }
            }),
            &["AUT-05", "ERR-01"],
        ),
        row(
            "the scheme minds the letter case",
            Fault::in_answer(|call, reply| {
                if call.header("authorization").is_some_and(|it| it.starts_with("bearer")) {
                    *reply = Reply::error(401, None, "the token is not known");
                }
            }),
            &["AUT-06"],
        ),
        row(
            "a refusal quotes the Authorization header",
            Fault::in_answer(|call, reply| {
                if reply.status == 401 {
                    reply.body()["detail"] = json!(format!(
                        "`{}` is not known",
                        call.header("authorization").unwrap_or_default()
                    ));
                }
            }),
            &["AUT-07"],
        ),
        row(
            "the schemas want another credential",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Schemas") {
                    *reply = Reply::error(401, None, "an administrator only");
                }
            }),
            &["AUT-09", "DIS-10"],
        ),
    ]
}
