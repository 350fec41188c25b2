//! BLK: bulk and Me.

mod limits;
mod operations;
mod support;

use serde_json::{Value, json};

use crate::check::Check;
use crate::exchange::Exchange;
use crate::json::{self, BULK_REQUEST, BULK_RESPONSE};
use crate::target::{Request, Target};
use crate::verdict::{Finding, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &operations::JOINS_BY_BULK_ID,
    &operations::ANSWERS_EACH,
    &limits::STOPS_AFTER_ERRORS,
    &limits::REFUSES_TOO_MUCH,
    &support::REFUSES_NO_SCHEMA,
    &support::SAYS_IT_IS_NOT_SUPPORTED,
    &support::ME,
];

/// A request with these operations.
fn bulk(operations: &[Value]) -> Value {
    json!({"schemas": [BULK_REQUEST], "Operations": operations})
}

/// Sends operations; the exchange, and the answers to each of them.
async fn send(target: &Target, body: Value) -> Result<(Exchange, Vec<Value>), Stop> {
    let exchange = target.send(Request::post("/Bulk", body)).await?;
    let answer = exchange.expect_status(&[200])?.json()?;
    if !json::has_schema(&answer, BULK_RESPONSE) {
        let found = shown(json::get(&answer, &["schemas"]));
        let wanted = format!("`schemas` with {BULK_RESPONSE}");
        return Err(Stop::differs(
            &exchange,
            "the answer is not a BulkResponse",
            wanted,
            found,
        ));
    }
    let operations = json::elements(&answer, "Operations").to_vec();
    Ok((exchange, operations))
}

/// The answer to one operation has this status, as text.
fn expect_status(exchange: &Exchange, answer: &Value, wanted: &str) -> Result<(), Stop> {
    if json::text(answer, &["status"]) == Some(wanted) {
        return Ok(());
    }
    let what = ["method", "bulkId"]
        .map(|name| json::text(answer, &[name]).unwrap_or_default())
        .join(" ");
    Err(
        Finding::shown_by(exchange, format!("{} has another status", what.trim()))
            .compared(format!("status {wanted:?}"), shown(Some(answer)))
            .into(),
    )
}

/// The id at the end of the location of an operation's answer.
fn id_of(exchange: &Exchange, answer: &Value) -> Result<String, Stop> {
    json::text(answer, &["location"])
        .and_then(|location| location.rsplit('/').next())
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| {
            let found = shown(Some(answer));
            Stop::differs(
                exchange,
                "the answer to an operation has no location",
                "the URL of the resource",
                found,
            )
        })
}
