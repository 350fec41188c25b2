//! Answers in the wrong shape.

use serde_json::{Value, json};

use super::{Row, row};
use crate::support::Fault;
use crate::support::Reply;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "a create of a user is answered 200",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Users") && reply.status == 201 {
                    reply.status = 200;
                }
            }),
            &["CRE-01"],
        ),
        row(
            "a group comes without a Location",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Groups") {
                    reply.unset("location");
                }
            }),
            &["GRP-01"],
        ),
        row(
            "a conflict has no scimType",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Users") && reply.status == 409 {
                    *reply = Reply::error(409, None, "the name is taken");
                }
            }),
            &["CRE-08"],
        ),
        row(
            "DELETE is answered 200 with a body",
            Fault::in_answer(|call, reply| {
                if call.is("DELETE", "/Users") && reply.status == 204 {
                    *reply = Reply::new(200, json!({}));
                }
            }),
            &["DEL-01", "ENT-06", "ENT-13"],
        ),
        row(
            "DELETE of what is gone is answered 204",
            Fault::in_answer(|call, reply| {
                if call.is("DELETE", "/Users") && reply.status == 404 {
                    *reply = Reply {
                        body: None,
                        ..Reply::new(204, Value::Null)
                    };
                }
            }),
            &["DEL-03", "DEL-04", "ENT-06"],
        ),
        row(
            "a 404 is HTML",
            Fault::in_answer(|_, reply| {
                if reply.status == 404 {
                    reply.body = Some(json!("<html>"));
                }
            }),
            &["DEL-03", "DEL-04", "ENT-06", "ENT-08"],
        ),
        row(
            "Resources is null when nothing matches",
            Fault::in_answer(|_, reply| {
                if reply.total() == Some(0) {
                    reply.body.as_mut().unwrap()["Resources"] = Value::Null;
                }
            }),
            &["QRY-04"],
        ),
        row(
            "the flag stands in meta.location",
            Fault::in_answer(|call, reply| {
                if call.parameter("aadOptscim062020").is_some() && call.method == "POST" {
                    let location = reply.body.as_ref().unwrap()["meta"]["location"].as_str().unwrap();
                    let location = format!("{location}?aadOptscim062020");
                    reply.body.as_mut().unwrap()["meta"]["location"] = json!(location);
                }
            }),
            &["ENT-13"],
        ),
    ]
}
