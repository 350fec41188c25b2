//! As much of the filter grammar as Entra sends: `eq` joined by `and`, or by `or` in a path.

use serde_json::Value;

use super::server::{ENTERPRISE, field};

/// `attribute eq value`
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub attribute: String,
    pub value: String,
}

/// Cuts a filter at a word, outside of quotes and brackets.
pub fn split(filter: &str, word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0);
    for token in filter.split_inclusive(' ') {
        let is_word = token.trim_end().eq_ignore_ascii_case(word) && !quoted && depth == 0;
        if is_word {
            parts.push(String::new());
            continue;
        }
        for c in token.chars() {
            match c {
                '"' => quoted = !quoted,
                '[' if !quoted => depth += 1,
                ']' if !quoted => depth -= 1,
                _ => {}
            }
        }
        parts.last_mut().unwrap().push_str(token);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// Reads `attribute eq value`; a bare word counts as text.
pub fn term(text: &str) -> Option<Term> {
    let from = text.rfind(']').unwrap_or(0);
    let at = text[from..].to_lowercase().find(" eq ")? + from;
    let (attribute, value) = (&text[..at], text[at + 4..].trim());
    let value = match value.strip_prefix('"') {
        Some(_) => serde_json::from_str(value).ok()?,
        None => value.to_owned(),
    };
    Some(Term {
        attribute: attribute.trim().to_owned(),
        value,
    })
}

/// Whether a resource fits all terms of a filter; `None`: the filter cannot be read.
pub fn matches(resource: &Value, filter: &str) -> Option<bool> {
    let mut all = true;
    for part in split(filter, "and") {
        all &= fits(resource, &term(&part)?);
    }
    Some(all)
}

fn fits(resource: &Value, term: &Term) -> bool {
    let exact = |value: Option<&Value>| value.and_then(Value::as_str) == Some(&term.value);
    match term.attribute.to_lowercase().as_str() {
        "manager" => exact(
            field(resource, ENTERPRISE)
                .and_then(|extension| field(extension, "manager"))
                .and_then(|manager| field(manager, "value")),
        ),
        "members" => {
            let members = field(resource, "members").and_then(Value::as_array);
            members
                .into_iter()
                .flatten()
                .any(|member| exact(field(member, "value")))
        }
        name @ ("id" | "externalid") => exact(field(resource, name)),
        name => {
            let value = field(resource, name).and_then(Value::as_str);
            value.is_some_and(|value| value.to_lowercase() == term.value.to_lowercase())
        }
    }
}
