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
        if method == "POST" && path.trim_matches('/').eq_ignore_ascii_case("Bulk") {
            self.saw_bulk(sent, answer);
            return;
        }
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
            // A PUT should make nothing; a server where it does answers 201.
            ("PUT", Some(_)) if matches!(answer, Some((201, _))) => self.created(kind, sent, answer),
            ("DELETE", Some(id)) if matches!(answer, Some((200..=299 | 404, _))) => {
                let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
                self.entries
                    .retain(|entry| entry.kind != kind || entry.id.as_deref() != Some(&id));
            }
            _ => {}
        }
    }

    /// The creates of a bulk request. An answer is found by its `bulkId`.
    fn saw_bulk(&mut self, sent: Option<&Value>, answer: Option<(u16, &str)>) {
        if matches!(answer, Some((300..=499, _))) {
            return;
        }
        let body: Value = answer
            .and_then(|(_, body)| serde_json::from_str(body).ok())
            .unwrap_or_default();
        let answers = json::elements(&body, "Operations");
        for operation in sent.map_or(&[] as &[Value], |sent| json::elements(sent, "Operations")) {
            let kind = json::text(operation, &["path"]).and_then(|path| Kind::of_segment(path.trim_matches('/')));
            let (Some("POST"), Some(kind)) = (json::text(operation, &["method"]), kind) else {
                continue;
            };
            let bulk_id = json::text(operation, &["bulkId"]);
            let own = answers.iter().find(|answer| json::text(answer, &["bulkId"]) == bulk_id);
            let refused = own
                .and_then(|own| json::text(own, &["status"]))
                .is_some_and(|it| it.starts_with('4'));
            let was_done = own.is_some() || answers.is_empty();
            if refused || !was_done {
                continue;
            }
            let location = own.and_then(|own| json::text(own, &["location"]));
            self.entries.push(Entry {
                kind,
                id: location.and_then(|url| url.rsplit('/').next()).map(str::to_owned),
                name: name_in(kind, json::get(operation, &["data"])),
            });
        }
    }

    fn created(&mut self, kind: Kind, sent: Option<&Value>, answer: Option<(u16, &str)>) {
        let name = name_in(kind, sent);
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

/// The `userName` or `displayName` in a body; empty if there is none.
fn name_in(kind: Kind, body: Option<&Value>) -> String {
    body.and_then(|body| json::text(body, &[kind.naming_attribute()]))
        .unwrap_or_default()
        .to_owned()
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

    #[test]
    fn creates_of_a_bulk_request_stand_in_the_ledger() {
        let create = |id: &str, name: &str| json!({"method": "POST", "path": "/Users", "bulkId": id, "data": {"userName": name}});
        let sent = json!({"Operations": [create("1", "a"), create("2", "b"), create("3", "c")]});
        let answer = json!({"Operations": [
            {"bulkId": "1", "status": "201", "location": "https://h/Users/7"},
            {"bulkId": "2", "status": "409"},
        ]});
        let mut ledger = Ledger::default();
        ledger.saw("POST", "/Bulk", Some(&sent), Some((200, &answer.to_string())));
        ledger.saw("DELETE", "/Users/8", None, Some((204, "")));
        let names: Vec<_> = ledger.take().into_iter().map(|entry| (entry.name, entry.id)).collect();
        assert_eq!(names, [("a".to_owned(), Some("7".to_owned()))]);
    }
}
