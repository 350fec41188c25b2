//! Account groups seen from the workspace: what its SCIM API refuses about them.
//!
//! The identity-federated workspace shows them and takes no change of `members` or `groups`; a group that automatic
//! identity management keeps in step with Entra takes no change at all.

use serde_json::{Map, Value};

use super::patch::Operation;
use crate::errors::ScimError;
use crate::state::Group;
use crate::switches::{Switch, Switches};

/// Refuses a PUT of an account group that names `members` or `groups`.
pub(super) fn check_body(body: &Map<String, Value>) -> Result<(), ScimError> {
    body.keys().try_for_each(|name| check_attribute(name))
}

/// Refuses a PATCH of an account group.
///
/// # Errors
///
/// 500 for a group with an external id under automatic identity management [issue KB]; else 400 with a sentence as
/// `scimType` for `members` and `groups` [issue KB].
pub(super) fn check_operations(operations: &[Operation], group: &Group, switches: &Switches) -> Result<(), ScimError> {
    if group.external_id.is_some() && switches.is(Switch::AutomaticIdentityManagement, "on") {
        return Err(ScimError::group_patch_failed());
    }
    operations
        .iter()
        .try_for_each(|operation| match (&operation.path, &operation.value) {
            (Some(path), _) => check_attribute(&path.attribute),
            (None, Some(Value::Object(value))) => check_body(value),
            (None, _) => Ok(()),
        })
}

fn check_attribute(name: &str) -> Result<(), ScimError> {
    match name {
        "members" => Err(ScimError::not_for_workspace("Members")),
        "groups" => Err(ScimError::not_for_workspace("Groups")),
        _ => Ok(()),
    }
}
