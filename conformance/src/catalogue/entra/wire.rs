//! Changes as Entra writes them, in its two dialects.

use serde_json::{Map, Value, json};

use crate::json::ENTERPRISE;
use crate::target::{PatchOp, equals};

/// How Entra spells a PATCH. The tenant URL's flag chooses, and a run on demand ignores it:
/// one tenant sends both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Verbose: an operation an attribute, capitals, booleans as text. The default.
    Legacy,
    /// Compact: `?aadOptscim062020`.
    Compliant,
}

impl Dialect {
    pub(super) const BOTH: [Self; 2] = [Self::Legacy, Self::Compliant];

    /// For a sentence.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy dialect",
            Self::Compliant => "compliant dialect",
        }
    }

    /// Sets these attributes.
    pub(super) fn set(self, attributes: &[(String, Value)]) -> Vec<PatchOp> {
        match self {
            Self::Legacy => attributes
                .iter()
                .map(|(path, value)| PatchOp::new("Replace", Some(path), Some(as_text(value))))
                .collect(),
            Self::Compliant => {
                // A path with a value filter goes alone; everything else into one object.
                let (filtered, keys): (Vec<_>, Vec<_>) = attributes.iter().partition(|(path, _)| path.contains('['));
                let mut operations: Vec<PatchOp> = filtered
                    .into_iter()
                    .map(|(path, value)| PatchOp::replace(path, value.clone()))
                    .collect();
                if !keys.is_empty() {
                    let object: Map<String, Value> = keys.into_iter().cloned().collect();
                    operations.push(PatchOp::replace_keys(Value::Object(object)));
                }
                operations
            }
        }
    }

    /// Sets the manager; `had` says whether there was one.
    pub(super) fn manager(self, id: &str, had: bool) -> PatchOp {
        let path = format!("{ENTERPRISE}:manager");
        match self {
            Self::Legacy => PatchOp::new(
                if had { "Replace" } else { "Add" },
                Some(&path),
                Some(json!([{"value": id}])),
            ),
            Self::Compliant => PatchOp::new(if had { "replace" } else { "add" }, Some(&path), Some(json!(id))),
        }
    }

    /// Adds members.
    pub(super) fn add_members(self, ids: &[&str]) -> PatchOp {
        match self {
            Self::Legacy => PatchOp::new("Add", Some("members"), Some(listed(ids))),
            Self::Compliant => PatchOp::new(
                "add",
                Some("members"),
                Some(ids.iter().map(|id| json!({"value": id})).collect()),
            ),
        }
    }

    /// Removes one member.
    pub(super) fn remove_member(self, id: &str) -> PatchOp {
        match self {
            // The dangerous form: who ignores the value empties the group.
            Self::Legacy => PatchOp::new("Remove", Some("members"), Some(listed(&[id]))),
            Self::Compliant => PatchOp::remove(&format!("members[{}]", equals("value", id))),
        }
    }
}

fn listed(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"$ref": null, "value": id})).collect()
}

/// A boolean as an expression of Entra's mapping yields it.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Bool(true) => json!("True"),
        Value::Bool(false) => json!("False"),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_writes_one_change_its_own_way() {
        let change = [
            ("active".to_owned(), json!(false)),
            (r#"emails[type eq "work"].value"#.to_owned(), json!("a@b")),
            ("name.givenName".to_owned(), json!("Bo")),
        ];
        let written = |dialect: Dialect| PatchOp::message(&dialect.set(&change))["Operations"].to_string();
        insta::assert_snapshot!(written(Dialect::Legacy), @r#"[{"op":"Replace","path":"active","value":"False"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@b"},{"op":"Replace","path":"name.givenName","value":"Bo"}]"#);
        insta::assert_snapshot!(written(Dialect::Compliant), @r#"[{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@b"},{"op":"replace","value":{"active":false,"name.givenName":"Bo"}}]"#);
    }
}
