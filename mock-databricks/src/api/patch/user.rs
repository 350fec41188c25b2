//! What a PATCH does to a user.

use serde_json::Value;

use super::{Op, Operation, Path, change_values, spread, text_value, unknown_key, unknown_path};
use crate::api::draft;
use crate::errors::ScimError;
use crate::state::User;
use crate::switches::{Switch, Switches};

type Unknown = fn(&Path, &Switches) -> Result<(), ScimError>;

pub(crate) fn apply(operation: &Operation, user: &mut User, switches: &Switches) -> Result<(), ScimError> {
    let value = operation.value.as_ref();
    match &operation.path {
        Some(path) => change(operation.op, path, value, user, switches, unknown_path),
        None => spread(value.unwrap_or(&Value::Null))?
            .into_iter()
            .try_for_each(|(path, value)| change(operation.op, &path, Some(value), user, switches, unknown_key)),
    }
}

fn change(
    op: Op,
    path: &Path,
    value: Option<&Value>,
    user: &mut User,
    switches: &Switches,
    unknown: Unknown,
) -> Result<(), ScimError> {
    match (path.attribute.as_str(), path.sub.as_deref()) {
        // Success, and nothing happens (documented for userName and emails; the others are read-only).
        ("userName" | "id" | "schemas" | "meta" | "groups", None) | ("emails", _) => Ok(()),
        ("active", None) => {
            if let Some(active) = active(op, value, switches)? {
                user.active = active;
            }
            Ok(())
        }
        ("displayName", None) => {
            user.display_name = text_value(op, value)?;
            Ok(())
        }
        ("externalId", None) => {
            let external_id = text_value(op, value)?;
            if switches.is(Switch::UserExternalId, "stored") {
                user.external_id = external_id;
            }
            Ok(())
        }
        ("name", None) => change_name(op, value, user),
        ("name", Some("givenName")) => {
            user.given_name = text_value(op, value)?;
            Ok(())
        }
        ("name", Some("familyName")) => {
            user.family_name = text_value(op, value)?;
            Ok(())
        }
        ("entitlements", None) => {
            change_values(op, path, value, &mut user.entitlements)?;
            draft::check_entitlements(&user.entitlements, switches)
        }
        ("roles", None) => change_values(op, path, value, &mut user.roles),
        _ => unknown(path, switches),
    }
}

fn change_name(op: Op, value: Option<&Value>, user: &mut User) -> Result<(), ScimError> {
    if op == Op::Remove {
        user.given_name = None;
        user.family_name = None;
        return Ok(());
    }
    let Some(Value::Object(name)) = value else {
        return Err(ScimError::unparsable());
    };
    if op == Op::Replace || name.contains_key("givenName") {
        user.given_name = text_value(op, name.get("givenName"))?;
    }
    if op == Op::Replace || name.contains_key("familyName") {
        user.family_name = text_value(op, name.get("familyName"))?;
    }
    Ok(())
}

/// The three forms of `active`: `[{"value":"false"}]` (fixture), `"false"` (fixture and a recorded failure), `false`
/// (unrecorded). `None`: nothing changes.
fn active(op: Op, value: Option<&Value>, switches: &Switches) -> Result<Option<bool>, ScimError> {
    if op == Op::Remove {
        return Err(ScimError::invalid_value("Attribute active cannot be removed."));
    }
    match value {
        Some(Value::Bool(active)) => Ok((!switches.is(Switch::ActiveBoolean, "ignore")).then_some(*active)),
        Some(Value::String(_)) if switches.is(Switch::ActiveString, "cast-error") => {
            Err(ScimError::string_is_no_boolean())
        }
        Some(Value::String(text)) => truth(text).map(Some),
        Some(Value::Array(items)) => match items.as_slice() {
            [Value::Object(item)] => match item.get("value") {
                Some(Value::String(text)) => truth(text).map(Some),
                Some(Value::Bool(active)) => Ok(Some(*active)),
                _ => Err(ScimError::unparsable()),
            },
            _ => Err(ScimError::unparsable()),
        },
        _ => Err(ScimError::unparsable()),
    }
}

fn truth(text: &str) -> Result<bool, ScimError> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(ScimError::invalid_value(format!(
            "Attribute active is neither true nor false: {text}"
        )))
    }
}
