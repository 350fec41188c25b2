//! PATCH messages, in the spellings clients use.

use serde_json::{Value, json};

use crate::json::PATCH_OP;

/// One operation of a PATCH message, as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchOp(Value);

impl PatchOp {
    /// An operation spelled exactly so; a part that is none is left out.
    pub fn new(op: &str, path: Option<&str>, value: Option<Value>) -> Self {
        let mut operation = serde_json::Map::new();
        operation.insert("op".to_owned(), op.into());
        if let Some(path) = path {
            operation.insert("path".to_owned(), path.into());
        }
        if let Some(value) = value {
            operation.insert("value".to_owned(), value);
        }
        Self(Value::Object(operation))
    }

    /// `replace` of what is at `path`.
    pub fn replace(path: &str, value: impl Into<Value>) -> Self {
        Self::new("replace", Some(path), Some(value.into()))
    }

    /// `replace` without a path: the keys of the object say where.
    pub fn replace_keys(value: Value) -> Self {
        Self::new("replace", None, Some(value))
    }

    /// `add` at `path`.
    pub fn add(path: &str, value: impl Into<Value>) -> Self {
        Self::new("add", Some(path), Some(value.into()))
    }

    /// `remove` of what is at `path`.
    pub fn remove(path: &str) -> Self {
        Self::new("remove", Some(path), None)
    }

    /// The message that holds these operations, in this order.
    pub fn message(operations: &[Self]) -> Value {
        let operations: Vec<&Value> = operations.iter().map(|operation| &operation.0).collect();
        json!({"schemas": [PATCH_OP], "Operations": operations})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_none_is_left_out() {
        assert_eq!(
            PatchOp::message(&[
                PatchOp::remove("title"),
                PatchOp::replace_keys(json!({"active": false}))
            ])
            .to_string(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"title"},{"op":"replace","value":{"active":false}}]}"#
        );
    }
}
