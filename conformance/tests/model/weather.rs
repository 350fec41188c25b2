//! What may go wrong at Databricks or on the way to it: each kind of fault, and how it is told to the mock.

use std::fmt;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

/// What changes at Databricks.
#[derive(Debug, Clone)]
pub enum Weather {
    /// A rule for some of the next calls.
    Fault(Value),
    /// The bridge's token works, or does not.
    Token(bool),
    /// Something of the control listener is set.
    Set { path: &'static str, body: Value },
    /// Everything is as it should be again.
    Lift,
}

impl fmt::Display for Weather {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(rule) => write!(out, "fault {rule}"),
            Self::Token(valid) => write!(out, "the token works: {valid}"),
            Self::Set { path, body } => write!(out, "PUT {path} {body}"),
            Self::Lift => write!(out, "everything is lifted"),
        }
    }
}

/// A late effect in milliseconds of the mock, shorter than the bridge's proof of absence (rule B2).
const LATEST_MS: u64 = 45_000;

/// A fault of some kind for some of the next calls.
pub fn fault(rng: &mut StdRng) -> Weather {
    let (when, answer) = answer(rng);
    let matches = [
        json!({}),
        json!({ "method": "PATCH" }),
        json!({ "method": "POST" }),
        json!({ "method": "GET" }),
        json!({ "path": "/Groups" }),
        json!({ "path": "/Users" }),
        json!({ "method": "PATCH", "path": "/Groups" }),
        json!({ "method": "PATCH", "path": "/Users" }),
    ];
    let chosen = matches.choose(rng).cloned().unwrap_or_default();
    let mut rule = json!({
        "match": chosen, "skip": rng.random_range(0..4), "times": rng.random_range(1..=4), "answer": answer,
    });
    if let Some(when) = when {
        rule["when"] = json!(when);
    }
    Weather::Fault(rule)
}

/// What is answered, and whether the call takes effect before it.
fn answer(rng: &mut StdRng) -> (Option<&'static str>, Value) {
    // No plain 500: the third in a row parks a membership for half a minute that no time factor shortens.
    // Answers of a workspace that throttles or is restarted prove that nothing was done; all others prove nothing.
    let both = ["before", "after"].choose(rng).copied();
    let scim = |detail: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail, "status": "500",
        })
    };
    match rng.random_range(0..16) {
        0 => (both, json!({ "status": 503, "body": "gone" })),
        1 => (both, json!({ "status": 502, "body": "bad gateway" })),
        2 => (both, json!({ "status": 504, "body": "no answer from the workspace" })),
        3 => (both, json!({ "html": true })),
        4 | 5 => (both, json!({ "reset": true })),
        6 => (Some("after"), json!({ "truncate": true })),
        7 | 8 => (None, json!({ "late_effect_ms": rng.random_range(1000..LATEST_MS) })),
        9 => (None, json!({ "hang_ms": rng.random_range(550..700) })),
        10 => (None, json!({ "private_link": true })),
        11 => {
            let body = json!({ "error_code": "RESOURCE_EXHAUSTED", "message": "REQUEST_LIMIT_EXCEEDED" });
            let headers = if rng.random_bool(0.2) {
                json!({ "Retry-After": "1" })
            } else {
                json!({})
            };
            (
                Some("before"),
                json!({ "status": 429, "headers": headers, "body": body }),
            )
        }
        12 => {
            let detail = "REQUEST_LIMIT_EXCEEDED: Workspace 1234 exceeded the concurrent limit of 4 requests.";
            (Some("before"), json!({ "status": 500, "body": scim(detail) }))
        }
        13 => {
            let body = "No webapps are available to handle your request. Please try again later.";
            (Some("before"), json!({ "status": 503, "body": body }))
        }
        14 => (
            Some("before"),
            json!({ "status": 500, "body": scim("TEMPORARILY_UNAVAILABLE") }),
        ),
        _ => (None, json!({ "latency_ms": rng.random_range(5..80) })),
    }
}

/// An outage that lasts until it is lifted.
pub fn outage(rng: &mut StdRng) -> Weather {
    let lasting = |answer: Value| Weather::Fault(json!({ "match": {}, "times": 0, "answer": answer }));
    match rng.random_range(0..6) {
        0 | 1 => Weather::Token(false),
        2 => lasting(json!({ "private_link": true })),
        3 => lasting(json!({ "status": 503, "body": "gone" })),
        4 => lasting(json!({ "reset": true })),
        _ => Weather::Set {
            path: "/private-link",
            body: json!({ "private_endpoint": "none" }),
        },
    }
}

/// Databricks as it is on a bad day, for as long as it lasts.
pub fn climate(rng: &mut StdRng) -> Weather {
    let set = |path, body| Weather::Set { path, body };
    match rng.random_range(0..6) {
        0 => set("/switches/stale_reads", json!({ "value": "first-read" })),
        1 => set("/switches/stale_reads", json!({ "value": "flipping" })),
        2 => set("/switches/throttle_answer", json!({ "value": "429" })),
        3 => set("/switches/throttle_answer", json!({ "value": "500" })),
        4 => set("/switches/patch_answer", json!({ "value": "no-content" })),
        _ => set("/switches/patch_answer", json!({ "value": "empty" })),
    }
}

/// A quarter of the rate that the bridge counts on.
pub fn throttling(factor: f64) -> Weather {
    Weather::Set {
        path: "/limits",
        body: json!({ "mode": "published", "factor": factor / 4.0 }),
    }
}
