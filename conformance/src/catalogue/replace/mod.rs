//! PUT: replacing a resource.

mod effects;
mod kept;
mod refusals;

use serde_json::{Value, json};

use crate::check::Check;
use crate::target::Made;

pub(super) const CHECKS: &[&Check] = &[
    &effects::ANSWERS_THE_WHOLE,
    &effects::LASTS,
    &effects::CLEARS_WHAT_IS_LEFT_OUT,
    &kept::READ_ONLY,
    &refusals::WITHOUT_A_NAME,
    &refusals::ANOTHERS_NAME,
    &kept::IMMUTABLE,
    &refusals::AN_UNKNOWN_ID,
    &refusals::THE_COLLECTION,
    &effects::MOVES_THE_TIME,
];

/// What the user was made from, with another display name and title.
fn changed(made: &Made) -> Value {
    let mut body = made.draft.clone();
    body["displayName"] = json!("Ana Replaced");
    body["title"] = json!("Director");
    body
}
