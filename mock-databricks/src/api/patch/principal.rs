//! What a PATCH does to a user or a service principal.

use serde_json::Value;

use super::{Op, Operation, Path, change_values, spread, text_value, unknown_key, unknown_path};
use crate::api::draft;
use crate::errors::ScimError;
use crate::state::{Id, Kind, Level, Profile, Standing};
use crate::switches::{Switch, Switches};

type Unknown = fn(&Path, &Switches) -> Result<(), ScimError>;

/// What a PATCH may change, as the level of the request sees it.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) kind: Kind,
    pub(crate) level: Level,
    pub(crate) id: Id,
    pub(crate) profile: Profile,
    pub(crate) standing: Standing,
}

pub(crate) fn apply(operation: &Operation, edited: &mut Edited, switches: &Switches) -> Result<(), ScimError> {
    let value = operation.value.as_ref();
    match &operation.path {
        Some(path) => change(operation.op, path, value, edited, switches, unknown_path),
        None => spread(value.unwrap_or(&Value::Null))?
            .into_iter()
            .try_for_each(|(path, value)| change(operation.op, &path, Some(value), edited, switches, unknown_key)),
    }
}

fn change(
    op: Op,
    path: &Path,
    value: Option<&Value>,
    edited: &mut Edited,
    switches: &Switches,
    unknown: Unknown,
) -> Result<(), ScimError> {
    let (kind, level) = (edited.kind, edited.level);
    let Edited { profile, standing, .. } = edited;
    match (path.attribute.as_str(), path.sub.as_deref()) {
        // Success, and nothing happens [documented for userName and emails; the others are read-only].
        ("id" | "schemas" | "meta" | "groups", None) => Ok(()),
        ("userName", None) | ("emails", _) if kind == Kind::User => Ok(()),
        ("applicationId", None) if kind == Kind::ServicePrincipal => Ok(()),
        ("active", None) => {
            if let Some(active) = active(op, value, ActiveForms::of(kind, level, switches))? {
                standing.active = active;
            }
            Ok(())
        }
        ("displayName", None) => {
            let display_name = text_value(op, value)?;
            let fixed =
                kind == Kind::ServicePrincipal && switches.is(Switch::ServicePrincipalDisplayName, "ignored-by-patch");
            if !fixed {
                profile.display_name = display_name;
            }
            Ok(())
        }
        ("externalId", None) => {
            profile.external_id = text_value(op, value)?;
            Ok(())
        }
        ("name", None) if kind == Kind::User => change_name(op, value, profile),
        ("name", Some("givenName")) if kind == Kind::User => {
            profile.given_name = text_value(op, value)?;
            Ok(())
        }
        ("name", Some("familyName")) if kind == Kind::User => {
            profile.family_name = text_value(op, value)?;
            Ok(())
        }
        // Of the workspace only [documented].
        ("entitlements", None) if level == Level::Workspace => {
            change_values(op, path, value, &mut standing.entitlements)?;
            draft::check_entitlements(&standing.entitlements, switches)
        }
        ("roles", None) => {
            if op == Op::Remove && switches.is(Switch::RemoveRoles, "denied") {
                return Err(ScimError::roles_stay(edited.id));
            }
            change_values(op, path, value, &mut standing.roles)
        }
        _ => unknown(path, switches),
    }
}

fn change_name(op: Op, value: Option<&Value>, profile: &mut Profile) -> Result<(), ScimError> {
    if op == Op::Remove {
        profile.given_name = None;
        profile.family_name = None;
        return Ok(());
    }
    let Some(Value::Object(name)) = value else {
        return Err(ScimError::unparsable());
    };
    if op == Op::Replace || name.contains_key("givenName") {
        profile.given_name = text_value(op, name.get("givenName"))?;
    }
    if op == Op::Replace || name.contains_key("familyName") {
        profile.family_name = text_value(op, name.get("familyName"))?;
    }
    Ok(())
}

/// What becomes of the two doubtful forms of `active`.
#[derive(Clone, Copy)]
struct ActiveForms {
    string_fails: bool,
    boolean_is_ignored: bool,
}

impl ActiveForms {
    fn of(kind: Kind, level: Level, switches: &Switches) -> Self {
        // The plain string fails for users of the account and for nobody else [conflict: fixture and issue KB].
        let string = match (kind, level) {
            (Kind::User, Level::Account) => Switch::AccountActiveString,
            _ => Switch::ActiveString,
        };
        Self {
            string_fails: switches.is(string, "cast-error"),
            boolean_is_ignored: switches.is(Switch::ActiveBoolean, "ignore"),
        }
    }
}

/// The three forms of `active`: `[{"value":"false"}]` [fixture], `"false"` [conflict], `false` [inferred]. `None`: nothing
/// changes.
fn active(op: Op, value: Option<&Value>, forms: ActiveForms) -> Result<Option<bool>, ScimError> {
    if op == Op::Remove {
        return Err(ScimError::invalid_value("Attribute active cannot be removed."));
    }
    match value {
        Some(Value::Bool(active)) => Ok((!forms.boolean_is_ignored).then_some(*active)),
        Some(Value::String(_)) if forms.string_fails => Err(ScimError::string_is_no_boolean()),
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
