//! Versions that are not sent, not changed, or not minded.

use serde_json::json;

use super::{Row, row};
use crate::support::{Fault, Reply};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "PUT sends no ETag",
            Fault::in_answer(|call, reply| {
                if call.is("PUT", "/Users") {
                    reply.unset("etag");
                }
            }),
            &["ETG-01"],
        ),
        row(
            "the version never changes",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if !user["meta"].is_null() {
                            user["meta"]["version"] = json!("W/\"1\"");
                        }
                    });
                    if call.method != "POST" {
                        reply.set("etag", "W/\"1\"");
                    }
                }
            }),
            &["ETG-02"],
        ),
        row(
            "If-None-Match is ignored",
            Fault::in_request(|call| {
                call.headers.retain(|(name, _)| name != "if-none-match");
            }),
            &["ETG-03"],
        ),
        row(
            "If-Match is ignored",
            Fault::in_request(|call| {
                call.headers.retain(|(name, _)| name != "if-match");
            }),
            &["ETG-04"],
        ),
        row(
            "If-Match: * is compared as a version",
            Fault::in_answer(|call, reply| {
                if call.header("if-match") == Some("*") {
                    *reply = Reply::error(412, None, "the version is another");
                }
            }),
            &["ETG-05"],
        ),
    ]
}
