//! Bulk requests that do too little, or too much.

use serde_json::{Value, json};

use super::{Row, row};
use crate::support::{Fault, Reply};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "a bulkId is not resolved",
            Fault::in_request(|call| {
                if call.path == "/Bulk" {
                    let text = call.body.as_ref().unwrap().to_string().replace("bulkId:ana", "nobody");
                    call.body = serde_json::from_str(&text).ok();
                }
            }),
            &["BLK-01"],
        ),
        row(
            "the status of an operation is a number",
            Fault::in_answer(|call, reply| {
                if call.path == "/Bulk" && reply.status == 200 {
                    for answer in reply.body()["Operations"].as_array_mut().into_iter().flatten() {
                        answer["status"] = json!(answer["status"].as_str().unwrap().parse::<u16>().unwrap());
                    }
                }
            }),
            &["BLK-01", "BLK-02", "BLK-03"],
        ),
        row(
            "failOnErrors is ignored",
            Fault::in_request(|call| {
                if call.path == "/Bulk"
                    && let Some(body) = call.body.as_mut()
                {
                    body["failOnErrors"] = Value::Null;
                }
            }),
            &["BLK-03"],
        ),
        row(
            "too many operations are a 400",
            Fault::in_answer(|call, reply| {
                if call.path == "/Bulk" && reply.status == 413 {
                    *reply = Reply::error(400, None, "too many");
                }
            }),
            &["BLK-04"],
        ),
        row(
            "a bulk request needs no schema",
            Fault::in_request(|call| {
                if call.path == "/Bulk"
                    && let Some(body) = call.body.as_mut()
                {
                    body["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]);
                }
            }),
            &["BLK-05"],
        ),
        row(
            "bulk is denied, and not found",
            Fault::in_answer(|call, reply| match call.path.as_str() {
                "/ServiceProviderConfig" if reply.status == 200 => {
                    reply.body()["bulk"]["supported"] = json!(false);
                }
                "/Bulk" => *reply = Reply::error(404, None, "no such endpoint"),
                _ => {}
            }),
            &["BLK-06"],
        ),
        row(
            "/Me is a 500",
            Fault::in_answer(|call, reply| {
                if call.path == "/Me" {
                    *reply = Reply::error(500, None, "something went wrong");
                }
            }),
            &["BLK-07", "DIS-19"],
        ),
    ]
}
