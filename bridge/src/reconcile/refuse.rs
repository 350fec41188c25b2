//! Answering a create that still waits with a refusal (rules A3, A4): the one decision is
//! made here, and a create that was refused leaves nothing behind.

use std::time::Duration;

use super::plan::Refusal;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::store::{Answer, QueueRow, StoreError, Transaction};

/// The same refusal on so many different objects …
const TARGET_WIDE: u64 = 3;
/// … within so long is the target's doing, not the objects' (rule A4).
const WITHIN: Duration = Duration::from_mins(10);

impl Refusal {
    /// As the store keeps it: what the client is told follows from it.
    pub fn as_text(&self) -> String {
        match self {
            Self::NameTaken => "name-taken".to_owned(),
            Self::InvalidValue(detail) => format!("invalid-value: {detail}"),
        }
    }
}

/// Refuses the create of `row` if its answer is still open, nothing was written to it since and nothing refers
/// to it; true if so. Then the resource is gone.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn refuse(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    revision: i64,
    refusal: &Refusal,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (id, text) = (&row.resource_id, refusal.as_text());
    if tx.answer(revision)? != Some(Answer::Undecided) || tx.is_referred_to(id)? {
        return Ok(false);
    }
    let name = tx.resource(id.as_str())?.map(|stored| stored.name).unwrap_or_default();
    if tx.refused_since(&text, now.minus(WITHIN), &name)? + 1 >= TARGET_WIDE {
        tracing::error!(refusal = %text, "the target refuses one object after the other: accepted and held");
        tx.note_event(&knowledge.target, "refusals", "target-wide", &text, now)?;
        return Ok(false);
    }
    if tx.decide(revision, Answer::Refused)? != Answer::Refused {
        return Ok(false);
    }
    tracing::info!(resource = %id, refusal = %text, "the create is refused");
    tx.withdraw(&knowledge.target, id, revision, &text, now)?;
    Ok(true)
}
