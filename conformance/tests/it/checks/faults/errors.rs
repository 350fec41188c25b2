//! Errors that say too little, or too much.

use serde_json::json;

use super::{Row, row};
use crate::support::Fault;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "the status in an error is a number",
            Fault::in_answer(|_, reply| {
                if reply.status >= 400 {
                    let status = reply.status;
                    reply.body()["status"] = json!(status);
                }
            }),
            &["ERR-02", "AUT-05"],
        ),
        row(
            "an error does not say why",
            Fault::in_answer(|_, reply| {
                if reply.status >= 400 {
                    reply.body()["detail"] = json!("error");
                }
            }),
            &["ERR-03"],
        ),
        row(
            "scimType is a word of its own",
            Fault::in_answer(|call, reply| {
                if reply.status == 409 && call.is("POST", "/Users") {
                    reply.body()["scimType"] = json!("duplicate");
                }
            }),
            &["ERR-04", "CRE-08"],
        ),
        row(
            "an error is plain JSON by its type",
            Fault::in_answer(|_, reply| {
                if reply.status >= 400 {
                    reply.set("content-type", "application/problem+json");
                }
            }),
            &["ERR-05"],
        ),
        row(
            "an error shows where it comes from",
            Fault::in_answer(|_, reply| {
                if reply.status == 404 {
                    reply.body()["detail"] = json!("nobody here: panicked at src/users.rs:7");
                }
            }),
            &["ERR-06"],
        ),
        row(
            "answers carry no request id",
            Fault::in_answer(|_, reply| {
                reply.set("x-request-id", "");
            }),
            &["ERR-07"],
        ),
    ]
}
