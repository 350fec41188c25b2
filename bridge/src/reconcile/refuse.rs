//! Answering a create that still waits with a refusal (rules A3, A4): the one decision is
//! made here, and a create that was refused leaves nothing behind.

use std::time::Duration;

use super::plan::Refusal;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::store::{Answer, QueueRow, StoreError, Transaction};

/// The same refusal on so many different objects …
const TARGET_WIDE: usize = 3;
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

/// A refusal without the values that it quotes: what two objects are refused for alike, and what may stand in the log.
fn kind(refusal: &str) -> String {
    let is_value = |word: &str| word.contains(|c: char| c.is_ascii_digit() || matches!(c, '@' | '"' | '\''));
    let words = refusal
        .split_whitespace()
        .map(|word| if is_value(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
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
    let others = tx.refusals_since(now.minus(WITHIN), &name)?;
    let same = others.iter().filter(|other| kind(other) == kind(&text)).count();
    if same + 1 >= TARGET_WIDE {
        let kind = kind(&text);
        tracing::error!(refusal = %kind, "the target refuses one object after the other: accepted and held");
        tx.note_event(&knowledge.target, "refusals", "target-wide", &kind, now)?;
        return Ok(false);
    }
    if tx.decide(revision, Answer::Refused)? != Answer::Refused {
        return Ok(false);
    }
    tracing::info!(resource = %id, refusal = %kind(&text), "the create is refused");
    tx.withdraw(&knowledge.target, id, revision, &text, now)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a4_a_refusal_is_the_same_whatever_value_it_quotes() {
        let of = |name: &str| kind(&Refusal::InvalidValue(format!("The e-mail {name} is not valid")).as_text());
        assert_eq!(of("ana@contoso.test"), of("'ben'"));
        assert_eq!(of("ana@contoso.test"), "invalid-value: The e-mail … is not valid");
        assert_ne!(of("x1"), kind("name-taken"));
    }
}
