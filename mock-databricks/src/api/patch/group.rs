//! What a PATCH does to a group.
//!
//! The dangerous one: `remove` with path `members` and a `value` list ignores the value and empties the group [issue],
//! unless the switch says otherwise.

use serde_json::Value;

use super::{Op, Operation, Path, change_values, spread, text_value, unknown_key, unknown_path};
use crate::api::draft::{self, Member};
use crate::errors::{self, ScimError};
use crate::state::{Group, Id, Level, MemberEdits};
use crate::switches::{Switch, Switches};
use http::StatusCode;

type Unknown = fn(&Path, &Switches) -> Result<(), ScimError>;

/// The parser's refusal of a remove with a value [issue: from its beginning on].
const REMOVE_WITH_VALUE: &str = "Unrecognized field \"value\" (class \
    com.unboundid.scim2.common.messages.PatchOperation$RemoveOperation), not marked as ignorable \
    (one known property: \"path\"])";

/// Where a PATCH comes in and where the group lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) level: Level,
    pub(crate) home: Level,
}

pub(crate) fn apply(
    operation: &Operation,
    group: &mut Group,
    edits: &mut MemberEdits<'_>,
    scope: Scope,
    switches: &Switches,
) -> Result<(), ScimError> {
    let value = operation.value.as_ref();
    // A null value made the server fail [issue: for the group `users`, inferred for the others].
    if value == Some(&Value::Null) {
        return Err(ScimError::group_patch_failed());
    }
    match &operation.path {
        Some(path) => {
            let target = (&mut *group, &mut *edits, scope);
            change(operation.op, path, value, target, switches, unknown_path)
        }
        None => spread(value.unwrap_or(&Value::Null))?
            .into_iter()
            .try_for_each(|(path, value)| {
                let target = (&mut *group, &mut *edits, scope);
                change(operation.op, &path, Some(value), target, switches, unknown_key)
            }),
    }
}

/// How many members the operations of a request name.
pub(crate) fn members_named(operations: &[Operation]) -> usize {
    let named = |value: &Value| value.as_array().map_or(0, Vec::len);
    let count = |operation: &Operation| match (&operation.path, &operation.value) {
        (Some(path), _) if path.attribute == "members" && path.selected.is_some() => 1,
        (Some(path), Some(value)) if path.attribute == "members" => named(value),
        (None, Some(Value::Object(value))) => value.get("members").map_or(0, named),
        _ => 0,
    };
    operations.iter().map(count).sum()
}

fn change(
    op: Op,
    path: &Path,
    value: Option<&Value>,
    (group, edits, scope): (&mut Group, &mut MemberEdits<'_>, Scope),
    switches: &Switches,
    unknown: Unknown,
) -> Result<(), ScimError> {
    match (path.attribute.as_str(), path.sub.as_deref()) {
        ("members", None) => change_members(op, path, value, edits, switches),
        // Of the account, and so not for the workspace to change; silent as for users [inferred].
        ("displayName" | "externalId" | "roles", None) if scope.home != scope.level => Ok(()),
        ("displayName", None) => {
            group.display_name = text_value(op, value)?
                .filter(|name| !name.is_empty())
                .ok_or_else(|| ScimError::missing("displayName"))?;
            Ok(())
        }
        ("externalId", None) => {
            group.external_id = text_value(op, value)?;
            Ok(())
        }
        ("entitlements", None) if scope.level == Level::Workspace => {
            change_values(op, path, value, &mut group.entitlements)?;
            draft::check_entitlements(&group.entitlements, switches)
        }
        ("roles", None) => change_values(op, path, value, &mut group.roles),
        // Read-only, in effect [fixture: the provider echoes `groups`].
        ("id" | "schemas" | "meta" | "groups", None) => Ok(()),
        _ => unknown(path, switches),
    }
}

fn change_members(
    op: Op,
    path: &Path,
    value: Option<&Value>,
    edits: &mut MemberEdits<'_>,
    switches: &Switches,
) -> Result<(), ScimError> {
    match (op, &path.selected) {
        (Op::Remove, _) if value.is_some() && switches.is(Switch::RemoveMembersWithValue, "reject") => {
            Err(ScimError::plain_bad_request(REMOVE_WITH_VALUE))
        }
        (Op::Remove, Some(selected)) => match Id::parse(selected) {
            Some(member) => dismiss(edits, member, switches),
            None => absent(switches),
        },
        (Op::Remove, None) => match value {
            Some(value) if switches.is(Switch::RemoveMembersWithValue, "named") => {
                draft::members(value)?.into_iter().try_for_each(|member| match member {
                    Member::Known(id) => dismiss(edits, id, switches),
                    Member::Nothing => absent(switches),
                })
            }
            // The value is not even looked at [issue].
            _ => empty(edits, switches),
        },
        // Recorded for `add`; `replace` is inferred.
        (Op::Add | Op::Replace, Some(_)) => Err(ScimError::group_patch_failed()),
        (Op::Add | Op::Replace, None) => {
            let members = draft::members(value.unwrap_or(&Value::Null))?;
            if op == Op::Replace {
                // Everybody stays in `users` whatever list is given.
                edits.clear();
            }
            for member in members {
                let Member::Known(id) = member else { continue };
                if op == Op::Add && edits.contains(id) {
                    refuse_or_pass(switches, Switch::AddPresentMember, || {
                        format!("Member {id} is already in the group")
                    })?;
                }
                admit(edits, id, switches)?;
            }
            Ok(())
        }
    }
}

/// Adds a member if it exists.
pub(crate) fn admit(edits: &mut MemberEdits<'_>, member: Id, switches: &Switches) -> Result<(), ScimError> {
    if edits.is_known(member) {
        edits.add(member);
        return Ok(());
    }
    if switches.is(Switch::UnknownMember, "refuse") {
        return Err(errors::unknown_member(member));
    }
    Ok(())
}

fn dismiss(edits: &mut MemberEdits<'_>, member: Id, switches: &Switches) -> Result<(), ScimError> {
    if edits.is_held(member) {
        return nobody_leaves(switches);
    }
    if edits.remove(member) { Ok(()) } else { absent(switches) }
}

fn empty(edits: &mut MemberEdits<'_>, switches: &Switches) -> Result<(), ScimError> {
    if edits.keeps_everybody() {
        return nobody_leaves(switches);
    }
    edits.clear();
    Ok(())
}

fn nobody_leaves(switches: &Switches) -> Result<(), ScimError> {
    if switches.is(Switch::UsersGroupRemoval, "ignore") {
        return Ok(());
    }
    let status = StatusCode::BAD_REQUEST;
    Err(errors::reserved_group(status, "users", "its members cannot be removed"))
}

fn absent(switches: &Switches) -> Result<(), ScimError> {
    refuse_or_pass(switches, Switch::RemoveAbsentMember, || {
        "Member is not in the group".to_owned()
    })
}

fn refuse_or_pass(switches: &Switches, switch: Switch, detail: impl Fn() -> String) -> Result<(), ScimError> {
    if switches.is(switch, "success") {
        return Ok(());
    }
    let status = if switches.is(switch, "404") {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::BAD_REQUEST
    };
    Err(ScimError::refusal(status, detail()))
}
