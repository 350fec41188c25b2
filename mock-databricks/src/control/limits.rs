//! Rate limits: how fast, and who else is there.

use axum::extract::State;
use serde_json::{Value, json};

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::limits::{CONCURRENCY_CAP, Limits, Pace, VerbClass, is_factor};
use crate::mock::Mock;
use crate::state::Level;

/// `GET /limits`.
pub(super) async fn limits(State(mock): Shared) -> Reply {
    Reply::ok(value(&mock))
}

/// `PUT /limits {"mode":"published"|"off","factor":60,"other_client":0.5}`: starts counting anew. `other_client` is the part of every
/// rate that another client takes, from 0 to below 1.
pub(super) async fn set(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let mode = fields.text("mode")?;
    let factor = match fields.take("factor") {
        None => 1.0,
        Some(value) => value
            .as_f64()
            .filter(|factor| is_factor(*factor))
            .ok_or_else(|| BadInput::field("factor", "must be a positive number up to a million"))?,
    };
    let other_client = match fields.take("other_client") {
        None => 0.0,
        Some(value) => value
            .as_f64()
            .filter(|part| (0.0..=0.999).contains(part))
            .ok_or_else(|| BadInput::field("other_client", "must be a number from 0 to 0.999"))?,
    };
    fields.finish()?;
    let limits = match mode.as_deref() {
        None | Some("published") => Limits::Published { factor },
        Some("off") => Limits::Off,
        Some(_) => return Err(BadInput::field("mode", "must be \"published\" or \"off\"")),
    };
    mock.lock().pace = Pace::shared(limits, other_client);
    Ok(Reply::ok(value(&mock)))
}

fn value(mock: &Mock) -> Value {
    let shared = mock.lock();
    let (mode, factor) = match shared.pace.limits() {
        Limits::Off => ("off", 1.0),
        Limits::Published { factor } => ("published", factor),
    };
    let per_minute = |level| -> serde_json::Map<String, Value> {
        let classes = VerbClass::at(level);
        classes
            .map(|class| (class.name().to_owned(), class.per_minute().into()))
            .collect()
    };
    json!({
        "mode": mode, "factor": factor, "other_client": shared.pace.other_client(),
        "per_minute": per_minute(Level::Workspace), "concurrency": CONCURRENCY_CAP,
        "account": {"per_minute": per_minute(Level::Account)},
    })
}
