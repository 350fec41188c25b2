//! Deletes that take too little, or too much.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::{Row, row};
use crate::support::{Fault, Reply};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "a deleted user stays in the list",
            {
                let made = Mutex::new(Value::Null);
                Fault::in_answer(move |call, reply| {
                    if call.is("POST", "/Users") && call.sent_name().contains("-del-05-2") {
                        *made.lock().unwrap() = reply.body().clone();
                    }
                    let is_list = call.is("GET", "/Users") && call.filters_by("userName sw");
                    if is_list && call.filters_by("-del-05-") {
                        reply.body()["Resources"]
                            .as_array_mut()
                            .unwrap()
                            .push(made.lock().unwrap().clone());
                    }
                })
            },
            &["DEL-05"],
        ),
        row(
            "DELETE of the collection is answered 204",
            Fault::in_answer(|call, reply| {
                if call.method == "DELETE" && call.path == "/Users" {
                    *reply = Reply::empty(204);
                }
            }),
            &["DEL-06"],
        ),
        row(
            "a read of somebody deleted is answered 410",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users/") && reply.status == 404 {
                    *reply = Reply::error(410, None, "the user is gone");
                }
            }),
            &["DEL-02", "REA-02"],
        ),
        row(
            "the first DELETE is a 500 and done all the same",
            Fault::in_answer(|call, reply| {
                if call.is("DELETE", "/Users/") && reply.status == 204 {
                    *reply = Reply::new(500, json!({}));
                }
            }),
            &["DEL-01", "ERR-01"],
        ),
    ]
}
