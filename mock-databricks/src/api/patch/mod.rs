//! PATCH: the envelope and its refusals, then one operation after another.
//!
//! The texts are those of the parser library the answers point to [inferred: from recorded class names]. All
//! operations of a request take effect or none [inferred].

pub(crate) mod group;
mod path;
pub(crate) mod principal;

use serde_json::Value;

pub(crate) use path::Path;

use super::object;
use crate::errors::ScimError;
use crate::switches::{Switch, Switches};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Replace,
    Remove,
}

/// One operation of a PATCH.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) op: Op,
    pub(crate) path: Option<Path>,
    /// Absent and null differ: null once made the server fail [issue].
    pub(crate) value: Option<Value>,
}

/// Reads the envelope.
///
/// # Errors
///
/// The 400s of a malformed request.
pub(crate) fn parse(body: &[u8], switches: &Switches) -> Result<Vec<Operation>, ScimError> {
    let mut body = object(body)?;
    if body.contains_key("operations") {
        return Err(ScimError::bad_request("invalidSyntax", "Invalid JSON schema."));
    }
    let Some(Value::Array(operations)) = body.remove("Operations") else {
        return Err(ScimError::unparsable());
    };
    operations
        .into_iter()
        .map(|operation| parse_one(operation, switches))
        .collect()
}

fn parse_one(operation: Value, switches: &Switches) -> Result<Operation, ScimError> {
    let Value::Object(mut operation) = operation else {
        return Err(ScimError::unparsable());
    };
    let op = match operation.get("op") {
        None | Some(Value::Null) => {
            return Err(ScimError::plain_bad_request("Operation can not be null."));
        }
        Some(Value::String(op)) => parse_op(op, switches)?,
        Some(_) => return Err(ScimError::unparsable()),
    };
    let path = match operation.remove("path") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => Some(Path::parse(&text)?),
        Some(_) => return Err(ScimError::unparsable()),
    };
    let value = operation.remove("value");
    match (op, &path, &value) {
        (Op::Remove, None, _) => Err(ScimError::bad_request(
            "noTarget",
            "No path value specified for remove operation",
        )),
        (Op::Add | Op::Replace, _, None) => Err(ScimError::unparsable()),
        _ => Ok(Operation { op, path, value }),
    }
}

fn parse_op(op: &str, switches: &Switches) -> Result<Op, ScimError> {
    let folded = op.to_ascii_lowercase();
    let known = match folded.as_str() {
        "add" => Some(Op::Add),
        "replace" => Some(Op::Replace),
        "remove" => Some(Op::Remove),
        _ => None,
    };
    let accepted = folded == op || switches.is(Switch::CapitalisedOps, "accept");
    known
        .filter(|_| accepted)
        .ok_or_else(|| ScimError::bad_request("invalidSyntax", format!("Unknown operation: {op}")))
}

/// Spreads an operation without path over the attributes of its value.
fn spread(value: &Value) -> Result<Vec<(Path, &Value)>, ScimError> {
    let Value::Object(object) = value else {
        return Err(ScimError::unparsable());
    };
    Ok(object.iter().map(|(name, value)| (Path::whole(name), value)).collect())
}

/// A path outside the model.
fn unknown_path(path: &Path, switches: &Switches) -> Result<(), ScimError> {
    if switches.is(Switch::UnknownPatchPath, "refuse") {
        Err(ScimError::no_such_attribute(&path.to_string()))
    } else {
        Ok(())
    }
}

/// A key outside the model in a value without path.
fn unknown_key(path: &Path, switches: &Switches) -> Result<(), ScimError> {
    if switches.is(Switch::PathlessUnknownKeys, "refuse") {
        Err(ScimError::no_such_attribute(&path.to_string()))
    } else {
        Ok(())
    }
}

/// Adds to, replaces or empties a list of plain values (`entitlements`, `roles`).
fn change_values(op: Op, path: &Path, value: Option<&Value>, held: &mut Vec<String>) -> Result<(), ScimError> {
    match (op, &path.selected) {
        (Op::Remove, Some(selected)) => held.retain(|value| value != selected),
        // Removing what is not there is refused for these two [fixture: for entitlements].
        (Op::Remove, None) if held.is_empty() => {
            return Err(ScimError::no_such_attribute(&path.attribute));
        }
        (Op::Remove, None) => match value {
            Some(value) => {
                let named = super::draft::values(value)?;
                held.retain(|value| !named.contains(value));
            }
            None => held.clear(),
        },
        (_, Some(_)) => return Err(ScimError::no_such_attribute(&path.to_string())),
        (op, None) => {
            let values = super::draft::values(value.unwrap_or(&Value::Null))?;
            if op == Op::Replace {
                held.clear();
            }
            for value in values {
                if !held.contains(&value) {
                    held.push(value);
                }
            }
        }
    }
    Ok(())
}

/// A string to store, or none for a removal.
fn text_value(op: Op, value: Option<&Value>) -> Result<Option<String>, ScimError> {
    match (op, value) {
        (Op::Remove, _) | (_, None | Some(Value::Null)) => Ok(None),
        (_, Some(Value::String(text))) => Ok(Some(text.clone())),
        _ => Err(ScimError::unparsable()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;
    use crate::switches::Switches;

    fn refusal(body: &serde_json::Value) -> (Option<String>, String) {
        let error = parse(body.to_string().as_bytes(), &Switches::default()).unwrap_err();
        (error.scim_type, error.detail)
    }

    #[test]
    fn malformed_envelopes_get_the_texts_of_the_parser_library() {
        let syntax = Some("invalidSyntax".to_owned());
        let unparsable = "Request is unparsable, syntactically incorrect, or violates schema.";
        let cases = [
            (json!({"operations": []}), syntax.clone(), "Invalid JSON schema."),
            (json!({}), syntax.clone(), unparsable),
            (json!({"Operations": {}}), syntax.clone(), unparsable),
            (json!({"Operations": [7]}), syntax.clone(), unparsable),
            (
                json!({"Operations": [{"op": "upsert"}]}),
                syntax.clone(),
                "Unknown operation: upsert",
            ),
            (
                json!({"Operations": [{"path": "active"}]}),
                None,
                "Operation can not be null.",
            ),
            (
                json!({"Operations": [{"op": "remove", "value": [{"value": "1"}]}]}),
                Some("noTarget".to_owned()),
                "No path value specified for remove operation",
            ),
            (
                json!({"Operations": [{"op": "add", "path": "members"}]}),
                syntax,
                unparsable,
            ),
        ];
        for (body, scim_type, detail) in cases {
            assert_eq!(refusal(&body), (scim_type, detail.to_owned()), "{body}");
        }
    }

    #[test]
    fn capitalised_operations_are_a_switch() {
        let body = br#"{"Operations":[{"op":"Add","path":"members","value":[]}]}"#;
        let mut switches = Switches::default();
        assert!(parse(body, &switches).is_ok());
        switches.set("capitalised_ops", json!("reject")).unwrap();
        let error = parse(body, &switches).unwrap_err();
        assert_eq!(error.detail, "Unknown operation: Add");
    }
}
