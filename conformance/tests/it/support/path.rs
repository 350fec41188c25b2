//! The path of an attribute, in a filter, a PATCH or a projection (RFC 7644 §3.10).

use serde_json::Value;

use super::schema::{self, GROUP, USER};

/// Names from the outside in: extension, attribute, sub-attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub names: Vec<String>,
}

impl Path {
    /// Reads a path and spells its names as the schema does.
    pub fn read(kind: &str, text: &str) -> Option<Self> {
        let among = schema::of(kind);
        let core = if kind == "Users" { USER } else { GROUP };
        let mut text = text;
        if let Some(rest) = without_prefix(text, core) {
            text = rest.trim_start_matches(':');
        }
        let extension = among
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|attribute| attribute["name"].as_str())
            .filter(|name| name.starts_with("urn:"))
            .find_map(|urn| without_prefix(text, urn).map(|rest| (urn, rest.trim_start_matches([':', '.']))));
        let mut names: Vec<String> = Vec::new();
        if let Some((urn, rest)) = extension {
            names.push(urn.to_owned());
            text = rest;
        } else if text.starts_with("urn:") {
            return None;
        }
        if !text.is_empty() {
            names.extend(text.split('.').map(str::to_owned));
        }
        // Entra names a manager without the extension's URN.
        let in_enterprise = |name: &String| {
            let enterprise = schema::find(among, schema::ENTERPRISE)?;
            schema::find(&enterprise["subAttributes"], name)
        };
        if names
            .first()
            .is_some_and(|name| schema::find(among, name).is_none() && in_enterprise(name).is_some())
        {
            names.insert(0, schema::ENTERPRISE.to_owned());
        }
        let fine = |name: &String| {
            name.starts_with("urn:")
                || !name.is_empty()
                    && name.trim_start_matches('$').chars().enumerate().all(|(at, letter)| {
                        letter.is_ascii_alphabetic()
                            || at > 0 && (letter.is_ascii_alphanumeric() || "-_".contains(letter))
                    })
        };
        if names.is_empty() || !names.iter().all(fine) {
            return None;
        }
        let mut among = Some(among);
        for name in &mut names {
            let known = among.and_then(|among| schema::find(among, name));
            if let Some(spelling) = known.and_then(|known| known["name"].as_str()) {
                spelling.clone_into(name);
            }
            among = known.map(|known| &known["subAttributes"]);
        }
        Some(Self { names })
    }

    /// The definition of what is at its end.
    pub fn known(&self, kind: &str) -> Option<&'static Value> {
        let mut known: Option<&Value> = None;
        for name in &self.names {
            let among = known.map_or_else(|| schema::of(kind), |known| &known["subAttributes"]);
            known = Some(schema::find(among, name)?);
        }
        known
    }

    /// Whether the attribute, or what it is part of, can only be read.
    pub fn is_read_only(&self, kind: &str) -> bool {
        (1..=self.names.len()).any(|length| {
            let part = Self {
                names: self.names[..length].to_vec(),
            };
            part.known(kind).is_some_and(|known| known["mutability"] == "readOnly")
        })
    }

    /// The values at its end; those of every element where it leads through several.
    pub fn values<'v>(&self, resource: &'v Value) -> Vec<&'v Value> {
        self.names.iter().fold(vec![resource], |values, name| {
            values
                .into_iter()
                .filter_map(|value| value.get(name))
                .flat_map(|value| match value {
                    Value::Array(elements) => elements.iter().collect(),
                    other => vec![other],
                })
                .collect()
        })
    }
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.get(..prefix.len())
        .filter(|start| start.eq_ignore_ascii_case(prefix))
        .map(|_| &text[prefix.len()..])
}
