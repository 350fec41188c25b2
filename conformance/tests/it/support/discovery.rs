//! What the server says about itself (RFC 7644 §4).

use serde_json::{Value, json};

use super::listing::{MOST, fixed};
use super::store::Refusal;
use super::{Call, Reply, bulk, schema};

pub fn answer(segments: &[&str], call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal(405, None, "discovery can only be read".to_owned()));
    }
    if call.parameter("filter").is_some() {
        return Err(Refusal(403, None, "discovery cannot be filtered".to_owned()));
    }
    let named = |all: Vec<Value>, name: &str| {
        all.into_iter()
            .find(|one| one["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(name)))
            .map(|one| Reply::new(200, one))
            .ok_or_else(|| Refusal(404, None, format!("there is no {name}")))
    };
    match segments {
        ["ServiceProviderConfig"] => Ok(Reply::new(200, service_provider_config())),
        ["ResourceTypes"] => Ok(fixed(&resource_types())),
        ["ResourceTypes", name] => named(resource_types(), name),
        ["Schemas"] => Ok(fixed(&schema::all())),
        ["Schemas", urn] => named(schema::all(), urn),
        _ => Err(Refusal(404, None, "no such endpoint".to_owned())),
    }
}

fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "filter": {"supported": true, "maxResults": MOST},
        "bulk": {"supported": true, "maxOperations": bulk::MOST_OPERATIONS, "maxPayloadSize": bulk::LARGEST},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "changePassword": {"supported": false},
        "pagination": {"cursor": true, "index": true},
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Bearer", "description": "a token"}],
        "meta": {"resourceType": "ServiceProviderConfig"},
    })
}

fn resource_types() -> Vec<Value> {
    let kind = |name: &str, urn: &str, extensions: &[&str]| {
        let extensions: Vec<Value> = extensions
            .iter()
            .map(|urn| json!({"schema": urn, "required": false}))
            .collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name, "name": name, "endpoint": format!("/{name}s"), "schema": urn, "schemaExtensions": extensions,
        })
    };
    vec![
        kind("User", schema::USER, &[schema::ENTERPRISE, schema::BADGE]),
        kind("Group", schema::GROUP, &[]),
    ]
}
