//! What a run has made and not yet removed.
//!
//! The ledger is kept by what goes over the wire, not by what checks say: a create that
//! should have been refused, or whose answer never came, still stands in it.

use serde::Serialize;
use serde_json::Value;

use super::Kind;
use crate::json;

/// One resource that a run made, or may have made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// User or group.
    pub kind: Kind,
    /// The server's id; none when the answer to the create did not give one.
    pub id: Option<String>,
    /// The `userName` or `displayName` that was sent.
    pub name: String,
}

/// The resources made and not yet removed, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// Takes in a request and the status and body of its answer; `None` when no answer came.
    pub(super) fn saw(&mut self, method: &str, path: &str, sent: Option<&Value>, answer: Option<(u16, &str)>) {
        let mut segments = path.trim_matches('/').split('/');
        let (Some(kind), id, None) = (
            segments.next().and_then(Kind::of_segment),
            segments.next(),
            segments.next(),
        ) else {
            return;
        };
        match (method, id) {
            ("POST", None) => self.created(kind, sent, answer),
            ("DELETE", Some(id)) if matches!(answer, Some((200..=299 | 404, _))) => {
                let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
                self.entries
                    .retain(|entry| entry.kind != kind || entry.id.as_deref() != Some(&id));
            }
            _ => {}
        }
    }

    fn created(&mut self, kind: Kind, sent: Option<&Value>, answer: Option<(u16, &str)>) {
        let name = sent
            .and_then(|body| json::text(body, &[kind.naming_attribute()]))
            .unwrap_or_default()
            .to_owned();
        let id = match answer {
            // A refusal made nothing.
            Some((300..=499, _)) => return,
            Some((_, body)) => serde_json::from_str::<Value>(body)
                .ok()
                .and_then(|body| json::text(&body, &["id"]).map(str::to_owned)),
            None => None,
        };
        let entry = Entry { kind, id, name };
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
    }

    /// Hands over all entries: groups first, so that no group is left pointing at a user who is gone.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by_key(|entry| entry.kind == Kind::User);
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(ledger: &mut Ledger, name: &str, answer: Option<(u16, &str)>) {
        ledger.saw("POST", "/Users", Some(&json!({"userName": name})), answer);
    }

    #[test]
    fn a_create_without_an_answer_still_stands_in_the_ledger() {
        let mut ledger = Ledger::default();
        made(&mut ledger, "lost", None);
        made(&mut ledger, "broken", Some((500, "oops")));
        made(&mut ledger, "refused", Some((409, "{}")));
        made(&mut ledger, "made", Some((201, r#"{"id":"7"}"#)));
        let names: Vec<_> = ledger.take().into_iter().map(|entry| (entry.name, entry.id)).collect();
        assert_eq!(
            names,
            [
                ("lost".to_owned(), None),
                ("broken".to_owned(), None),
                ("made".to_owned(), Some("7".to_owned()))
            ]
        );
    }

    #[test]
    fn what_a_check_deletes_leaves_the_ledger_and_groups_come_first() {
        let mut ledger = Ledger::default();
        made(&mut ledger, "a", Some((201, r#"{"id":"1"}"#)));
        made(&mut ledger, "b", Some((201, r#"{"id":"2"}"#)));
        ledger.saw(
            "POST",
            "/Groups",
            Some(&json!({"displayName": "g"})),
            Some((201, r#"{"id":"1"}"#)),
        );
        ledger.saw("DELETE", "/Users/1", None, Some((204, "")));
        ledger.saw("DELETE", "/Users/2", None, Some((500, "")));
        ledger.saw("POST", "/Users/.search", Some(&json!({})), Some((200, "{}")));
        let names: Vec<_> = ledger.take().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["g", "b"]);
    }
}
