//! One operation with a path: who may write there, and the value as the attribute's type.

use serde_json::{Map, Value};

use super::{Change, Op, expand};
use crate::entra;
use crate::error::ScimError;
use crate::path::{self, AttributePath, Path};
use crate::resource::{Clearing, coerce, coerce_element};
use crate::schema::{Attribute, Mutability, ResourceType};

/// An operation as it came, with its path parsed.
pub(super) struct Operation<'a> {
    pub(super) op: Op,
    pub(super) path: Path,
    pub(super) value: Option<&'a Value>,
    /// Whether the path was given as `path`. What a client names so it means; what only stands in
    /// a larger value is left out silently when it is not the client's to write (rule A9).
    pub(super) is_named: bool,
}

impl Operation<'_> {
    /// Whether the value of a `remove` may say which elements are meant. An empty one then means
    /// none of them; where the path alone decides, an empty value is as good as none.
    fn may_list_values(&self, resource_type: &ResourceType) -> bool {
        let Path::Attribute(path) = &self.path else {
            return false;
        };
        let definition = resource_type.attribute(path.urn.as_deref(), &path.name);
        definition.is_some_and(|(_, found)| found.multi_valued)
    }
}

/// The path meant when the value is an object and the text a URN without a version, such as
/// `urn:contoso:people`: the extension, rather than an attribute `people` of `urn:contoso`.
pub(super) fn path_for(path: Path, text: &str, value: Option<&Value>) -> Path {
    let is_object = value.is_some_and(Value::is_object);
    if is_object && path::is_urn(text) && !path::has_version(text) && !text.contains('[') {
        return Path::Extension(text.to_owned());
    }
    path
}

/// Whether a change is to be recorded, or left out in silence.
enum Verdict {
    Record,
    LeaveOut,
}

/// Reads an operation into changes: one, none, or one for each key of an extension's object.
pub(super) fn read(
    resource_type: &ResourceType,
    operation: &Operation<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    match &operation.path {
        Path::Extension(urn) => read_extension(resource_type, operation, urn, changes),
        Path::Attribute(path) => read_attribute(resource_type, operation, path, changes),
        Path::Filtered { attribute, sub, .. } => {
            read_filtered(resource_type, operation, attribute, sub.as_deref(), changes)
        }
    }
}

fn read_extension(
    resource_type: &ResourceType,
    operation: &Operation<'_>,
    urn: &str,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    let urn = resource_type.extension(urn).map_or(urn, |schema| schema.id);
    let op = operation.op;
    match operation.value {
        Some(Value::Object(object)) if resource_type.is_core(urn) && op != Op::Remove => {
            expand::object(resource_type, op, object, changes)
        }
        _ if resource_type.is_core(urn) => Err(ScimError::invalid_path(format!(
            "invalid path: {urn} is the core schema"
        ))),
        Some(Value::Object(object)) => expand::extension(resource_type, op, urn, object, changes),
        None | Some(Value::Null) if op == Op::Remove => {
            changes.push(Change {
                op,
                path: Path::Extension(urn.to_owned()),
                value: None,
            });
            Ok(())
        }
        None => Err(missing_value(op)),
        Some(value) if entra::is_cleared(value) => {
            let path = Path::Extension(urn.to_owned());
            changes.push(Change {
                op,
                path,
                value: Some(Value::Null),
            });
            Ok(())
        }
        Some(_) => match path::extension_as_attribute(urn) {
            // `urn:scim:schemas:custom:1.0:department`, with a plain value.
            Some(attribute) if resource_type.extension(urn).is_none() => {
                read_attribute(resource_type, operation, &attribute, changes)
            }
            _ => Err(ScimError::invalid_value(format!("{urn} must be an object"))),
        },
    }
}

fn read_attribute(
    resource_type: &ResourceType,
    operation: &Operation<'_>,
    path: &AttributePath,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    let definition = resource_type
        .attribute(path.urn.as_deref(), &path.name)
        .map(|(_, found)| found);
    let verdict = permission(operation, definition, path.sub.as_deref())?;
    let value = match (definition, path.sub.as_deref()) {
        (None, _) => plain_value(operation)?,
        (Some(definition), None) => read_value(resource_type, operation, definition, coerce)?,
        (Some(definition), Some(sub)) => match definition.sub(sub) {
            Some(sub) => read_value(resource_type, operation, sub, coerce)?,
            None => plain_value(operation)?,
        },
    };
    if matches!(verdict, Verdict::Record) {
        let path = Path::Attribute(path.clone());
        changes.push(Change {
            op: operation.op,
            path,
            value,
        });
    }
    Ok(())
}

fn read_filtered(
    resource_type: &ResourceType,
    operation: &Operation<'_>,
    path: &AttributePath,
    sub: Option<&str>,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    let definition = resource_type
        .attribute(path.urn.as_deref(), &path.name)
        .map(|(_, found)| found);
    if let Some(simple) = definition.filter(|found| !found.is_complex()) {
        let name = simple.name;
        return Err(ScimError::invalid_path(format!(
            "invalid path: {name} has no sub-attributes to filter by"
        )));
    }
    let verdict = permission(operation, definition, sub)?;
    let value = match (definition, sub) {
        (None, _) => plain_value(operation)?,
        (Some(definition), None) => read_value(resource_type, operation, definition, coerce_element)?,
        (Some(definition), Some(sub)) => {
            if let Some(change) = entra::stringified_role_at(operation.op, &operation.path, operation.value) {
                let whole = Operation {
                    op: change.op,
                    path: change.path,
                    value: change.value.as_ref(),
                    is_named: true,
                };
                let value = read_value(resource_type, &whole, definition, coerce_element)?;
                changes.push(Change {
                    op: whole.op,
                    path: whole.path,
                    value,
                });
                return Ok(());
            }
            match definition.sub(sub) {
                Some(sub) => read_value(resource_type, operation, sub, coerce)?,
                None => plain_value(operation)?,
            }
        }
    };
    if matches!(verdict, Verdict::Record) {
        changes.push(Change {
            op: operation.op,
            path: operation.path.clone(),
            value,
        });
    }
    Ok(())
}

/// Whether the client may write there.
fn permission(
    operation: &Operation<'_>,
    definition: Option<&Attribute>,
    sub: Option<&str>,
) -> Result<Verdict, ScimError> {
    let Some(definition) = definition else {
        return Ok(Verdict::Record);
    };
    if sub.is_some() && !definition.is_complex() {
        let name = definition.name;
        return Err(ScimError::invalid_path(format!(
            "invalid path: {name} has no sub-attributes"
        )));
    }
    let sub = sub.and_then(|sub| definition.sub(sub));
    // Removing the value of a member is removing the member, which is allowed.
    let takes_member_out = operation.op == Op::Remove && sub.is_some_and(|sub| sub.name == "value");
    for attribute in [Some(definition), sub].into_iter().flatten() {
        match attribute.mutability {
            Mutability::ReadWrite => {}
            Mutability::WriteOnly => return Ok(Verdict::LeaveOut),
            Mutability::Immutable if takes_member_out => {}
            Mutability::ReadOnly | Mutability::Immutable if !operation.is_named => {
                return Ok(Verdict::LeaveOut);
            }
            Mutability::ReadOnly | Mutability::Immutable => {
                let (name, kind) = (attribute.name, attribute.mutability.as_str());
                return Err(ScimError::mutability(format!("{name} is {kind}")));
            }
        }
    }
    Ok(Verdict::Record)
}

fn missing_value(op: Op) -> ScimError {
    ScimError::invalid_value(format!("{} needs a value", op.as_str()))
}

type Reading = fn(&Attribute, &Value, Clearing) -> Result<Option<Value>, crate::resource::Misfit>;

/// The value as the attribute's type. A `remove` takes whatever it names: what cannot be there is
/// not there.
fn read_value(
    resource_type: &ResourceType,
    operation: &Operation<'_>,
    attribute: &Attribute,
    reading: Reading,
) -> Result<Option<Value>, ScimError> {
    if operation.op == Op::Remove {
        let Some(value) = operation.value.filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        if entra::is_cleared(value) && !operation.may_list_values(resource_type) {
            return Ok(None);
        }
        let read = reading(attribute, value, Clearing::Drop).ok().flatten();
        return Ok(Some(read.unwrap_or_else(|| value.clone())));
    }
    let value = operation.value.ok_or_else(|| missing_value(operation.op))?;
    if attribute.is_complex() && !attribute.multi_valued && value.as_object().is_some_and(Map::is_empty) {
        // "Sub-attributes that are not specified … are left unchanged" (RFC 7644 §3.5.2.3).
        return Ok(Some(value.clone()));
    }
    let read = reading(attribute, value, Clearing::Mark)?;
    if read.is_none() && attribute.required {
        return Err(ScimError::invalid_value(format!("{} is required", attribute.name)));
    }
    Ok(Some(read.unwrap_or(Value::Null)))
}

/// The value of an attribute no schema knows, as sent.
fn plain_value(operation: &Operation<'_>) -> Result<Option<Value>, ScimError> {
    match (operation.op, operation.value) {
        (Op::Remove, None | Some(Value::Null)) => Ok(None),
        (Op::Remove, Some(value)) => Ok(Some(value.clone())),
        (op, None) => Err(missing_value(op)),
        (_, Some(value)) if entra::is_cleared(value) => Ok(Some(Value::Null)),
        (_, Some(value)) => Ok(Some(value.clone())),
    }
}
