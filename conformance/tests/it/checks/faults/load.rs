//! What shows only under load, or in time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Row, row, without};
use crate::support::Fault;
use crate::support::Reply;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "answers to a list of users take more than two seconds",
            Fault::in_answer(|call, reply| {
                if call.parameter("count") == Some("5") {
                    reply.delay = Duration::from_millis(2100);
                }
            }),
            &["ENT-15"],
        ),
        row(
            "the second create of a stream is answered 503",
            {
                let count = AtomicUsize::new(0);
                Fault::in_answer(move |call, reply| {
                    let name = call
                        .body
                        .as_ref()
                        .map(|body| body["userName"].to_string())
                        .unwrap_or_default();
                    if call.is("POST", "/Users")
                        && name.contains("-ent-11-")
                        && count.fetch_add(1, Ordering::Relaxed) == 1
                    {
                        *reply = Reply::error(503, None, "too much");
                    }
                })
            },
            &["ENT-11"],
        ),
        row(
            "a change of one is lost when another is made meanwhile",
            {
                let newest = Mutex::new(String::new());
                Fault {
                    request: Box::new(move |call| {
                        if call.is("POST", "/Users") {
                            *newest.lock().unwrap() = call.body.as_ref().unwrap()["userName"].to_string();
                        }
                        let newest = newest.lock().unwrap();
                        if call.is("PATCH", "/Users") && newest.contains("-ent-12-") {
                            // Of twenty made side by side, the change of the last one counts.
                            without(call, |path| path == "title");
                        }
                    }),
                    ..Fault::none()
                }
            },
            &["ENT-12"],
        ),
    ]
}
