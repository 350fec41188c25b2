//! The mock's clock: rates, lags, late effects and token lifetimes go by it.

use std::time::Duration;

use axum::extract::State;
use serde_json::{Value, json};

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::mock::Mock;

/// Ten years: enough for every token.
const LONGEST_STEP_MS: u64 = 3_660 * 86_400_000;

/// `GET /clock`.
pub(super) async fn clock(State(mock): Shared) -> Reply {
    Reply::ok(value(&mock))
}

/// `POST /clock {"advance_ms":N}`: steps it forward; there is no way back.
pub(super) async fn step(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let step = fields.number("advance_ms", LONGEST_STEP_MS)?;
    let step = step.ok_or_else(|| BadInput::field("advance_ms", "is missing"))?;
    fields.finish()?;
    mock.clock.advance(Duration::from_millis(step));
    Ok(Reply::ok(value(&mock)))
}

fn value(mock: &Mock) -> Value {
    let elapsed = u64::try_from(mock.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    json!({"elapsed_ms": elapsed, "now": mock.clock.now_text("%Y-%m-%dT%H:%M:%SZ")})
}
