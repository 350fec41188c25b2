//! Filters that find too much, too little or too late.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Row, row};
use crate::support::Fault;
use crate::support::Reply;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "GET by id loses the userName",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users/") && reply.status == 200 {
                    reply.body.as_mut().unwrap().as_object_mut().unwrap().remove("userName");
                }
            }),
            &["REA-01"],
        ),
        row(
            "a filter leaves out who is disabled",
            Fault::in_answer(|call, reply| {
                if call.is("GET", "/Users") {
                    reply.keep(|user| user["active"] != false);
                }
            }),
            &["REA-05", "ENT-05", "ENT-12"],
        ),
        row(
            "filters are ignored",
            Fault::in_request(|call| call.query.retain(|(name, _)| name != "filter")),
            &["QRY-02", "ENT-01"],
        ),
        row(
            "a filter without a match is answered 404",
            Fault::in_answer(|_, reply| {
                if reply.total() == Some(0) {
                    *reply = Reply::error(404, None, "nobody is here");
                }
            }),
            &["QRY-03", "ENT-01"],
        ),
        row(
            "a filter on userName minds the letter case",
            Fault::in_answer(|call, reply| {
                let filter = call.parameter("filter").unwrap_or_default().to_owned();
                if filter.starts_with("userName eq") {
                    reply.keep(|user| filter.contains(&user["userName"].to_string()));
                }
            }),
            &["QRY-05", "ENT-09"],
        ),
        row(
            "the first filter after a create finds nothing",
            {
                let new = AtomicUsize::new(0);
                Fault::in_answer(move |call, reply| {
                    if call.is("POST", "/Users") {
                        new.store(1, Ordering::Relaxed);
                    } else if call.is("GET", "/Users")
                        && reply.total() == Some(1)
                        && new.swap(0, Ordering::Relaxed) == 1
                    {
                        reply.keep(|_| false);
                    }
                })
            },
            &["QRY-35"],
        ),
    ]
}
