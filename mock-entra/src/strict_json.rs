//! Files of a strict JSON format: whatever is wrong with one is told with its place.
//!
//! Its one surprise: a mistake of *meaning*, found long after the text was read, is known by its JSON path alone; the
//! path is then followed through the text once more to find the line.

use std::{borrow::Cow, collections::HashMap, io, path::Path};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Where a text is no JSON, or not of the format.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// From 1.
    pub(crate) line: usize,
    /// From 1.
    pub(crate) column: usize,
    /// JSON path, for example `users[3].manager`.
    pub(crate) key: String,
    pub(crate) problem: String,
    pub(crate) remedy: &'static str,
}

/// Reads a file as text.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    String::from_utf8(std::fs::read(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Reads JSON, all of the text.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let mut deserializer = serde_json::Deserializer::from_str(without_mark(text));
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let key = match error.path().to_string() {
            root if root == "." => "the document".to_owned(),
            key => key,
        };
        misfit(key, error.inner())
    })?;
    deserializer
        .end()
        .map_err(|error| misfit("the document".to_owned(), &error))?;
    Ok(value)
}

/// The line, from 1, of what a JSON path such as `users[3].manager` names in a text that is JSON; if
/// nothing is there, that of the innermost part which is.
pub(crate) fn line_of(text: &str, key: &str) -> usize {
    let text = without_mark(text);
    let mut here = text;
    for step in key.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        match step_into(here, step) {
            Some(inner) => here = inner,
            None => break,
        }
    }
    // What is found is a part of the text itself.
    let before = here.as_ptr().addr() - text.as_ptr().addr();
    text[..before].matches('\n').count() + 1
}

fn step_into<'a>(json: &'a str, step: &str) -> Option<&'a str> {
    if let Ok(mut object) = serde_json::from_str::<HashMap<Cow<'a, str>, &'a RawValue>>(json) {
        return object.remove(step).map(RawValue::get);
    }
    let items: Vec<&'a RawValue> = serde_json::from_str(json).ok()?;
    items.get(step.parse::<usize>().ok()?).map(|item| item.get())
}

/// Windows tools like to write a byte-order mark, which JSON does not know.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn misfit(key: String, error: &serde_json::Error) -> Misfit {
    let text = error.to_string();
    Misfit {
        line: error.line(),
        column: error.column(),
        key,
        problem: text
            .rsplit_once(" at line ")
            .map_or(&*text, |(problem, _)| problem)
            .to_owned(),
        remedy: remedy(error, &text),
    }
}

fn remedy(error: &serde_json::Error, text: &str) -> &'static str {
    if !error.is_data() {
        "correct the JSON here"
    } else if text.starts_with("unknown field") {
        "remove the key or correct its spelling"
    } else if text.starts_with("missing field") {
        "add the key"
    } else if text.starts_with("duplicate field") {
        "keep the key once"
    } else {
        "write a value of the format"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const TEXT: &str = "{\n \"users\": [\n  {\"id\": 1},\n  {\"id\": 2,\n   \"a\\u0062\": null}\n ]\n}";

    #[test]
    fn line_of_a_path_is_found_and_else_that_of_the_part_there_is() {
        for (key, line) in [
            ("users", 2),
            ("users[0]", 3),
            ("users[1].id", 4),
            ("users[1].ab", 5),
            ("users[1].manager", 4),
            ("users[7].id", 2),
            ("groups[0]", 1),
            ("", 1),
        ] {
            assert_eq!(line_of(TEXT, key), line, "{key}");
            assert_eq!(line_of(&format!("\u{feff}{TEXT}"), key), line, "{key}");
        }
    }

    #[test]
    fn whatever_follows_the_json_is_refused_with_its_line() {
        let misfit = parse::<Value>("{}\n{}").unwrap_err();
        assert_eq!((misfit.line, misfit.remedy), (2, "correct the JSON here"));
    }
}
