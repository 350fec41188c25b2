//! Reads that are refused, change something, or come in another form.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::{Row, row};
use crate::support::{Fault, Reply};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "an id with a slash is a 500",
            Fault::in_answer(|call, reply| {
                if call.path.contains("%2F") {
                    *reply = Reply::error(500, None, "something went wrong");
                }
            }),
            &["REA-03"],
        ),
        row(
            "a read moves the times",
            {
                let reads = AtomicUsize::new(10);
                Fault::in_answer(move |call, reply| {
                    if call.is("GET", "/Users/") && reply.status == 200 {
                        let time = format!("2026-02-01T00:00:00.{}Z", reads.fetch_add(1, Ordering::Relaxed));
                        reply.body()["meta"]["created"] = json!(time);
                        reply.body()["meta"]["lastModified"] = json!(time);
                    }
                })
            },
            &["REA-04", "PUT-04"],
        ),
        row(
            "a list is plain JSON by its type",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users") && reply.total().is_some() {
                    reply.set("content-type", "application/json");
                }
            }),
            &["REA-06"],
        ),
        row(
            "Accept is not minded",
            Fault::in_answer(|_, reply| {
                if reply.body.is_some() {
                    reply.set("content-type", "application/scim+json");
                }
            }),
            &["REA-07"],
        ),
        row(
            "a user shows no groups",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        user.as_object_mut().map(|user| user.remove("groups"));
                    });
                }
            }),
            &["REA-08"],
        ),
    ]
}
