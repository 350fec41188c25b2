//! Bodies of PATCH requests in both dialects (reference §8).

use serde_json::{Map, Value, json};

use super::{
    Dialect, PATCH_OP,
    diff::{Change, Kind},
};
use crate::mapping::{ENTERPRISE_USER, Target, Wanted};

/// How the manager is written in the legacy dialect: both forms are on record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManagerForm {
    /// `"value": "<id>"` (captured).
    #[default]
    Id,
    /// `"value": [{"$ref": "<url>", "value": "<id>"}]` (documented).
    Reference,
}

fn patch(operations: &[Value]) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

fn op(dialect: Dialect, kind: Kind) -> &'static str {
    match (dialect, kind) {
        (Dialect::Legacy, Kind::Add) => "Add",
        (Dialect::Legacy, Kind::Replace) => "Replace",
        (Dialect::Compliant, Kind::Add) => "add",
        (Dialect::Compliant, Kind::Replace) => "replace",
    }
}

fn remove(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Legacy => "Remove",
        Dialect::Compliant => "remove",
    }
}

fn value(dialect: Dialect, wanted: &Wanted) -> Value {
    match (dialect, wanted) {
        (_, Wanted::Text(text)) => json!(text),
        (Dialect::Legacy, Wanted::Flag(true)) => json!("True"),
        (Dialect::Legacy, Wanted::Flag(false)) => json!("False"),
        (Dialect::Compliant, Wanted::Flag(flag)) => json!(flag),
    }
}

fn with_path(dialect: Dialect, change: &Change) -> Value {
    json!({
        "op": op(dialect, change.kind),
        "path": change.target.to_string(),
        "value": value(dialect, &change.value),
    })
}

/// The body that brings attributes of a user or group up to date.
///
/// Legacy: one operation with a path for each. Compliant: filtered paths, `active` and additions
/// as operations with a path, all other replacements merged into one without.
pub fn attributes(dialect: Dialect, changes: &[Change]) -> Value {
    if dialect == Dialect::Legacy {
        let operations: Vec<_> = changes.iter().map(|change| with_path(dialect, change)).collect();
        return patch(&operations);
    }
    let mergeable = |change: &&Change| {
        change.kind == Kind::Replace && !change.target.is_filtered() && change.target != Target::Simple("active")
    };
    let (merged, alone): (Vec<_>, Vec<_>) = changes.iter().partition(mergeable);
    let mut operations: Vec<_> = alone.into_iter().map(|change| with_path(dialect, change)).collect();
    if !merged.is_empty() {
        let values: Map<_, _> = merged
            .into_iter()
            .map(|change| (change.target.to_string(), value(dialect, &change.value)))
            .collect();
        operations.push(json!({"op": "replace", "value": values}));
    }
    patch(&operations)
}

/// The body that disables or restores a user.
pub fn active(dialect: Dialect, active: bool) -> Value {
    let change = Change {
        target: Target::Simple("active"),
        kind: Kind::Replace,
        value: Wanted::Flag(active),
    };
    attributes(dialect, &[change])
}

fn manager_path() -> String {
    Target::Extension(ENTERPRISE_USER, "manager").to_string()
}

/// The body that sets (`Add`) or changes (`Replace`) a manager. `url` is the manager's own.
pub fn set_manager(dialect: Dialect, kind: Kind, id: &str, url: &str, form: ManagerForm) -> Value {
    let value = match (dialect, form) {
        (Dialect::Legacy, ManagerForm::Reference) => json!([{"$ref": url, "value": id}]),
        (Dialect::Legacy, ManagerForm::Id) | (Dialect::Compliant, _) => json!(id),
    };
    patch(&[json!({"op": op(dialect, kind), "path": manager_path(), "value": value})])
}

/// The body that takes a manager away.
pub fn clear_manager(dialect: Dialect) -> Value {
    patch(&[json!({"op": remove(dialect), "path": manager_path()})])
}

/// The body that adds members. `ref_null`: write `"$ref": null` in the items (legacy only).
pub fn add_members(dialect: Dialect, ids: &[&str], ref_null: bool) -> Value {
    let item = |id: &&str| match (dialect, ref_null) {
        (Dialect::Legacy, true) => json!({"$ref": null, "value": id}),
        _ => json!({"value": id}),
    };
    let items: Vec<_> = ids.iter().map(item).collect();
    patch(&[json!({"op": op(dialect, Kind::Add), "path": "members", "value": items})])
}

/// The body that removes members: a value array (legacy), or one operation each (compliant).
pub fn remove_members(dialect: Dialect, ids: &[&str]) -> Value {
    match dialect {
        Dialect::Legacy => {
            let items: Vec<_> = ids.iter().map(|id| json!({"value": id})).collect();
            patch(&[json!({"op": "Remove", "path": "members", "value": items})])
        }
        Dialect::Compliant => {
            let one = |id: &&str| {
                let path = format!(r#"members[value eq "{id}"]"#);
                json!({"op": "remove", "path": path})
            };
            patch(&ids.iter().map(one).collect::<Vec<_>>())
        }
    }
}
