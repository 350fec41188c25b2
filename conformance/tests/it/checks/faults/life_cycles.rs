//! What shows only over several requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::json;

use super::{ENTERPRISE, Row, row};
use crate::support::Fault;
use crate::support::Reply;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "manager eq matches nothing",
            Fault::in_answer(|call, reply| {
                if call
                    .parameter("filter")
                    .is_some_and(|filter| filter.contains("manager eq"))
                {
                    reply.keep(|_| false);
                }
            }),
            &["ENT-03"],
        ),
        row(
            "a deleted name stays taken",
            {
                let names: Mutex<BTreeMap<String, String>> = Mutex::default();
                let gone: Mutex<BTreeSet<String>> = Mutex::default();
                Fault::in_answer(move |call, reply| {
                    if call.is("POST", "/Users") {
                        let name = call.body.as_ref().unwrap()["userName"].to_string();
                        if gone.lock().unwrap().contains(&name) {
                            *reply = Reply::error(409, Some("uniqueness"), "the name was somebody's");
                        } else if let Some(id) = reply.body.as_ref().and_then(|body| body["id"].as_str()) {
                            names.lock().unwrap().insert(format!("/Users/{id}"), name);
                        }
                    }
                    if call.is("DELETE", "/Users")
                        && let Some(name) = names.lock().unwrap().remove(&call.path)
                    {
                        gone.lock().unwrap().insert(name);
                    }
                })
            },
            &["ENT-08"],
        ),
        row(
            "the manager comes back as text",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if let Some(id) = user[ENTERPRISE]["manager"]["value"].as_str() {
                            user[ENTERPRISE]["manager"] = json!(id);
                        }
                    });
                }
            }),
            &["ENT-02", "ENT-04"],
        ),
        row(
            "department comes back in capitals",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if let Some(name) = user[ENTERPRISE]["department"].as_str() {
                            user[ENTERPRISE]["department"] = json!(name.to_uppercase());
                        }
                    });
                }
            }),
            &["ENT-04", "ENT-10"],
        ),
    ]
}
