//! The `schemas` of a resource (RFC 7643 §3.1).
//!
//! Entra lists the enterprise extension when nothing of it follows, and leaves out custom
//! extensions that do follow. So what was listed stays listed, and what is there is added.

use std::collections::HashSet;

use serde_json::Value;

use super::{Resource, get, get_mut, set};
use crate::entra;
use crate::error::ScimError;
use crate::schema::ResourceType;

/// Reads the client's list: known URNs in their own spelling, Microsoft's group URI left out.
pub(super) fn read(resource_type: &ResourceType, listed: Option<&Value>) -> Result<Vec<Value>, ScimError> {
    let core = resource_type.schema.id;
    let Some(listed) = listed.filter(|listed| !listed.is_null()) else {
        return Err(ScimError::invalid_syntax(format!("schemas is missing: list {core}")));
    };
    let Value::Array(listed) = listed else {
        return Err(ScimError::invalid_syntax("schemas must be an array of URNs"));
    };
    let mut seen = HashSet::with_capacity(listed.len());
    let mut urns: Vec<String> = Vec::with_capacity(listed.len());
    for urn in listed {
        let Value::String(urn) = urn else {
            return Err(ScimError::invalid_syntax("schemas must be an array of URNs"));
        };
        if entra::is_adscim_group_uri(urn) {
            continue;
        }
        let urn = spelled(resource_type, urn);
        if seen.insert(urn.to_ascii_lowercase()) {
            urns.push(urn);
        }
    }
    if !urns.iter().any(|urn| resource_type.is_core(urn)) {
        return Err(ScimError::invalid_syntax(format!("schemas must list {core}")));
    }
    Ok(urns.into_iter().map(Value::String).collect())
}

/// A URN as its schema spells it, if one of the resource type's schemas is meant.
fn spelled(resource_type: &ResourceType, urn: &str) -> String {
    if resource_type.is_core(urn) {
        return resource_type.schema.id.to_owned();
    }
    resource_type.extension(urn).map_or(urn, |schema| schema.id).to_owned()
}

/// Adds every extension that is in the resource and not listed yet.
pub(crate) fn list_extensions(resource_type: &ResourceType, resource: &mut Resource) {
    if !matches!(get(resource, "schemas"), Some(Value::Array(_))) {
        set(resource, "schemas", Value::Array(vec![resource_type.schema.id.into()]));
    }
    let unlisted = entra::unlisted_extensions(resource);
    if let Some(Value::Array(listed)) = get_mut(resource, "schemas") {
        listed.extend(unlisted.into_iter().map(Value::String));
    }
}
