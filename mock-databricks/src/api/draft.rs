//! Reading POST and PUT bodies: the attributes Databricks keeps, the rest dropped [inferred] or refused.

use serde_json::{Map, Value};

use crate::errors::{self, ScimError};
use crate::limits::Sizes;
use crate::state::Id;
use crate::switches::{Switch, Switches};

/// Entitlement values that exist [documented].
const ENTITLEMENTS: [&str; 5] = [
    "workspace-access",
    "databricks-sql-access",
    "workspace-consume",
    "allow-cluster-create",
    "allow-instance-pool-create",
];

/// The attributes of a body that are kept.
pub(crate) struct Draft<'a> {
    body: &'a Map<String, Value>,
}

/// A member as a client writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Known(Id),
    /// A UUID or an element without `value`: accepted silently, creates nothing [issue: for UUIDs].
    Nothing,
}

impl<'a> Draft<'a> {
    /// Checks that nothing outside `model` is there, if the switch minds.
    pub(crate) fn new(body: &'a Map<String, Value>, model: &[&str], switches: &Switches) -> Result<Self, ScimError> {
        if switches.is(Switch::UnknownAttributes, "refuse")
            && let Some(unknown) = body.keys().find(|key| !model.contains(&key.as_str()))
        {
            return Err(ScimError::no_such_attribute(unknown));
        }
        Ok(Self { body })
    }

    /// A string; null is as good as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, ScimError> {
        text(self.body.get(name))
    }

    /// A sub-attribute of `name` that is a string.
    pub(crate) fn sub_text(&self, name: &str, sub: &str) -> Result<Option<String>, ScimError> {
        match self.body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => text(object.get(sub)),
            Some(_) => Err(ScimError::unparsable()),
        }
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, ScimError> {
        match self.body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(ScimError::unparsable()),
        }
    }

    pub(crate) fn values(&self, name: &str) -> Result<Vec<String>, ScimError> {
        self.body.get(name).map_or(Ok(Vec::new()), values)
    }

    pub(crate) fn members(&self) -> Result<Vec<Member>, ScimError> {
        self.body.get("members").map_or(Ok(Vec::new()), members)
    }
}

fn text(value: Option<&Value>) -> Result<Option<String>, ScimError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ScimError::unparsable()),
    }
}

/// A list of `{"value": …}`. Elements without a value mean nothing: `[]`, `[{}]` and `[{"value":""}]` all say "none" [fixture].
pub(crate) fn values(value: &Value) -> Result<Vec<String>, ScimError> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        _ => return Err(ScimError::unparsable()),
    };
    let mut out: Vec<String> = Vec::new();
    for item in items {
        let Value::Object(object) = item else {
            return Err(ScimError::unparsable());
        };
        if let Some(value) = text(object.get("value"))?
            && !value.is_empty()
            && !out.contains(&value)
        {
            out.push(value);
        }
    }
    Ok(out)
}

/// A list of members; bare strings are refused [issue].
pub(crate) fn members(value: &Value) -> Result<Vec<Member>, ScimError> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        _ => return Err(ScimError::unparsable()),
    };
    items
        .iter()
        .map(|item| match item {
            Value::Object(object) => Ok(text(object.get("value"))?
                .and_then(|value| Id::parse(&value))
                .map_or(Member::Nothing, Member::Known)),
            _ => Err(ScimError::unparsable()),
        })
        .collect()
}

/// Checks what a user or group may hold as entitlements (values and their exclusion documented, answers inferred).
pub(crate) fn check_entitlements(entitlements: &[String], switches: &Switches) -> Result<(), ScimError> {
    if switches.is(Switch::UnknownEntitlement, "refuse")
        && let Some(unknown) = entitlements
            .iter()
            .find(|value| !ENTITLEMENTS.contains(&value.as_str()))
    {
        return Err(ScimError::invalid_value(format!(
            "Entitlement {unknown} is not supported."
        )));
    }
    let has = |name: &str| entitlements.iter().any(|value| value == name);
    if has("workspace-consume") && (has("workspace-access") || has("databricks-sql-access")) {
        return Err(ScimError::invalid_value(
            "Entitlement workspace-consume cannot be combined with workspace-access or databricks-sql-access.",
        ));
    }
    Ok(())
}

/// Checks how many members one request names [inferred: whether there is a limit is unknown].
pub(crate) fn check_member_count(count: usize, sizes: Sizes) -> Result<(), ScimError> {
    if count > sizes.members_per_request {
        return Err(errors::too_many_members(sizes.members_per_request));
    }
    Ok(())
}

/// Checks the documented lengths.
pub(crate) fn check_lengths(
    display_name: Option<&String>,
    external_id: Option<&String>,
    sizes: Sizes,
) -> Result<(), ScimError> {
    let too_long = |text: Option<&String>, limit: usize| text.is_some_and(|text| text.chars().count() > limit);
    if too_long(display_name, sizes.display_name) {
        return Err(errors::too_long("displayName", sizes.display_name));
    }
    if too_long(external_id, sizes.external_id) {
        return Err(errors::too_long("externalId", sizes.external_id));
    }
    Ok(())
}
