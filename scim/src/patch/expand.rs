//! An operation without a path: each key of its value is a path of its own (RFC 7644 §3.5.2.1,
//! §3.5.2.3).
//!
//! The compliant dialect merges all changes of a user into one such object, with keys like
//! `name.givenName` and `urn:…:enterprise:2.0:User:department`.

use serde_json::{Map, Value};

use super::operation::{self, Operation};
use super::{Change, Op};
use crate::entra::key_as_path;
use crate::error::ScimError;
use crate::path::{AttributePath, Path};
use crate::resource::refuse_doubled_names;
use crate::schema::ResourceType;

/// Reads each key as a path; what is not the client's to write is left out.
pub(super) fn object(
    resource_type: &ResourceType,
    op: Op,
    object: &Map<String, Value>,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    refuse_doubled_names(object)?;
    for (key, value) in object {
        let path = operation::path_for(key_as_path(key)?, key, Some(value));
        let operation = Operation {
            op,
            path,
            value: Some(value),
            is_named: false,
        };
        operation::read(resource_type, &operation, changes)?;
    }
    Ok(())
}

/// Reads the object of an extension, one change for each key. Keys of a known extension may be
/// dotted; those of another are names, whatever they look like.
pub(super) fn extension(
    resource_type: &ResourceType,
    op: Op,
    urn: &str,
    object: &Map<String, Value>,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    refuse_doubled_names(object).map_err(|misfit| misfit.within(urn))?;
    let is_known = resource_type.extension(urn).is_some();
    for (key, value) in object {
        let path = match key_as_path(key)? {
            Path::Attribute(attribute) if is_known => Path::Attribute(attribute.with_urn(urn)),
            _ => Path::Attribute(AttributePath::new(key).with_urn(urn)),
        };
        let operation = Operation {
            op,
            path,
            value: Some(value),
            is_named: false,
        };
        operation::read(resource_type, &operation, changes)?;
    }
    Ok(())
}
