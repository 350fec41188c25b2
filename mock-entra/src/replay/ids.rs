//! Placeholder ids of a file, mapped onto the ids a server made.
//!
//! A text is cut into tokens of id characters and each token is looked up as a whole, so that
//! `5171…x` stays an unknown id although `5171…` is known. In a URL, a percent triplet counts as the
//! character it stands for: the `22` of `%22` is never part of an id.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Placeholder to server id.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    known: HashMap<String, String>,
}

impl Ids {
    /// Learns the server's id of a placeholder.
    pub fn learn(&mut self, placeholder: &str, id: &str) {
        self.known.insert(placeholder.to_owned(), id.to_owned());
    }

    /// The server's id of a placeholder.
    pub fn get(&self, placeholder: &str) -> Option<&str> {
        self.known.get(placeholder).map(String::as_str)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// A text of a body with its ids mapped.
    pub fn text(&self, text: &str) -> String {
        let mut mapped = String::with_capacity(text.len());
        let mut token = String::new();
        for character in text.chars() {
            if is_id_char(character) {
                token.push(character);
            } else {
                self.flush(&mut token, &mut mapped);
                mapped.push(character);
            }
        }
        self.flush(&mut token, &mut mapped);
        mapped
    }

    fn flush(&self, token: &mut String, mapped: &mut String) {
        mapped.push_str(self.get(token).unwrap_or(token));
        token.clear();
    }

    /// A path with its ids mapped, encoded where the server's id needs it.
    pub fn path(&self, path: &str) -> String {
        let mut mapped = String::with_capacity(path.len());
        let (mut token, mut written) = (String::new(), String::new());
        let mut rest = path;
        while let Some(first) = rest.chars().next() {
            let (character, unit) = match triplet(rest) {
                Some(byte) => (char::from(byte), &rest[..3]),
                None => (first, &rest[..first.len_utf8()]),
            };
            if is_id_char(character) {
                token.push(character);
                written.push_str(unit);
            } else {
                self.flush_path(&mut token, &mut written, &mut mapped);
                mapped.push_str(unit);
            }
            rest = &rest[unit.len()..];
        }
        self.flush_path(&mut token, &mut written, &mut mapped);
        mapped
    }

    fn flush_path(&self, token: &mut String, written: &mut String, mapped: &mut String) {
        match self.get(token) {
            Some(id) if is_plain(id) => mapped.push_str(id),
            Some(id) => mapped.extend(utf8_percent_encode(id, NON_ALPHANUMERIC)),
            None => mapped.push_str(written),
        }
        token.clear();
        written.clear();
    }

    /// A body with the ids in all its strings mapped.
    #[must_use]
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, field)| (key.clone(), self.json(field)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

/// What an id can be made of. `.` and `@` are among them, so that an id inside an address is none.
fn is_id_char(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '@')
}

fn is_plain(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn triplet(text: &str) -> Option<u8> {
    let hex = text.strip_prefix('%')?.get(..2)?;
    // from_str_radix would take a sign.
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(hex, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const PAT: &str = "5171a35d82074e068ce2";

    fn ids() -> Ids {
        let mut ids = Ids::default();
        ids.learn(PAT, "srv-1");
        ids.learn("927fa2c08dcb4a7fae9e", "srv-2");
        ids
    }

    #[test]
    fn ids_in_paths_filters_and_bodies_are_mapped() {
        assert_eq!(ids().path(&format!("/Users/{PAT}")), "/Users/srv-1");
        assert_eq!(
            ids().path(&format!(
                "/Groups?filter=id+eq+%22927fa2c08dcb4a7fae9e%22+and+members+eq+%22{PAT}%22"
            )),
            "/Groups?filter=id+eq+%22srv-2%22+and+members+eq+%22srv-1%22"
        );
        let body = json!({"path": format!("members[value eq \"{PAT}\"]"), "value": [{"$ref": format!("http://h/Users/{PAT}")}]});
        assert_eq!(
            ids().json(&body),
            json!({"path": "members[value eq \"srv-1\"]", "value": [{"$ref": "http://h/Users/srv-1"}]})
        );
    }

    #[test]
    fn id_that_is_only_part_of_a_longer_one_stays() {
        assert_eq!(ids().path(&format!("/Users/{PAT}x")), format!("/Users/{PAT}x"));
        assert_eq!(ids().text(&format!("x{PAT}")), format!("x{PAT}"));
        assert_eq!(ids().text("unknown-1"), "unknown-1");
    }

    #[test]
    fn server_id_with_odd_characters_is_encoded_in_a_path_only() {
        let mut ids = Ids::default();
        ids.learn("p", "a/b c");
        assert_eq!(ids.path("/Users/p"), "/Users/a%2Fb%20c");
        assert_eq!(ids.text("p"), "a/b c");
    }

    proptest! {
        #[test]
        fn text_without_a_known_id_is_left_alone(text in "[ -~äß€]{0,60}") {
            let ids = Ids::default();
            prop_assert_eq!(ids.text(&text), text.clone());
            prop_assert_eq!(ids.path(&text), text);
        }

        #[test]
        fn id_between_any_two_separators_is_mapped(
            before in "[ \"/\\[(:=&?+]", after in "[ \"/\\])&,+]", id in "[a-z0-9-]{1,20}",
        ) {
            let mut ids = Ids::default();
            ids.learn(&id, "S");
            let text = format!("{before}{id}{after}");
            prop_assert_eq!(ids.text(&text), format!("{before}S{after}"));
            prop_assert_eq!(ids.path(&text), format!("{before}S{after}"));
            let quoted = format!("%22{id}%22");
            prop_assert_eq!(ids.path(&quoted), "%22S%22");
        }

        #[test]
        fn id_with_another_id_character_beside_it_is_not_mapped(
            id in "[a-z0-9-]{1,20}", beside in "[A-Za-z0-9_.@-]",
        ) {
            let mut ids = Ids::default();
            ids.learn(&id, "S");
            prop_assume!(format!("{id}{beside}") != id);
            for text in [format!("{id}{beside}"), format!("{beside}{id}")] {
                prop_assert_eq!(ids.text(&text), text.clone());
                prop_assert_eq!(ids.path(&text), text);
            }
        }

        #[test]
        fn mapping_never_panics(text in any::<String>()) {
            let _ = (ids().text(&text), ids().path(&text));
        }
    }
}
