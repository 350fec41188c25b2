//! Discovery (RFC 7644 §4): what this service provider can do and holds.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use scim::error::ScimError;
use scim::schema::{self, Schema};
use scim::{list, schema::ResourceType};
use serde_json::{Value, json};

use super::query::{Id, Query};
use super::{Endpoint, reply};

/// `GET /ServiceProviderConfig` (RFC 7643 §5).
pub(super) async fn service_provider_config(State(endpoint): State<Endpoint>, query: Query) -> Response {
    answer(&query, || Some(config(&endpoint)))
}

/// `GET /ResourceTypes` (RFC 7643 §6).
pub(super) async fn resource_types(State(endpoint): State<Endpoint>, query: Query) -> Response {
    answer(&query, || {
        let all: Vec<Value> = schema::resource_types()
            .iter()
            .map(|resource_type| describe_type(&endpoint, resource_type))
            .collect();
        let total = all.len();
        Some(list::response(all, total, 1))
    })
}

/// `GET /ResourceTypes/{name}`.
pub(super) async fn resource_type(State(endpoint): State<Endpoint>, Id(name): Id, query: Query) -> Response {
    answer(&query, || {
        let found = schema::resource_types()
            .iter()
            .find(|candidate| candidate.name.eq_ignore_ascii_case(&name))?;
        Some(describe_type(&endpoint, found))
    })
}

/// `GET /Schemas` (RFC 7643 §7): the schemas of the resources served.
pub(super) async fn schemas(State(endpoint): State<Endpoint>, query: Query) -> Response {
    answer(&query, || {
        let served = [schema::CORE_USER, schema::ENTERPRISE_USER, schema::CORE_GROUP];
        let all: Vec<Value> = served
            .iter()
            .filter_map(|urn| schema::by_urn(urn))
            .map(|found| describe_schema(&endpoint, found))
            .collect();
        let total = all.len();
        Some(list::response(all, total, 1))
    })
}

/// `GET /Schemas/{urn}`: one schema, those of the discovery endpoints themselves included.
pub(super) async fn schema(State(endpoint): State<Endpoint>, Id(urn): Id, query: Query) -> Response {
    answer(&query, || {
        let found = schema::all()
            .iter()
            .find(|candidate| candidate.id.eq_ignore_ascii_case(&urn))?;
        Some(describe_schema(&endpoint, found))
    })
}

/// `/Me` (RFC 7644 §3.11): the caller is no user of the directory.
pub(super) async fn me() -> Response {
    reply::error(&ScimError::new(
        501,
        "the caller of this endpoint is a service, not a user; /Me is not supported",
    ))
}

/// A filter here is answered 403 (RFC 7644 §4).
fn answer(query: &Query, body: impl FnOnce() -> Option<Value>) -> Response {
    if query.0.filter.is_some() {
        return reply::error(&ScimError::new(
            403,
            "discovery cannot be filtered (RFC 7644 section 4)",
        ));
    }
    match body() {
        Some(body) => reply::json(StatusCode::OK, &body),
        None => reply::error(&ScimError::not_found()),
    }
}

fn config(endpoint: &Endpoint) -> Value {
    let options = endpoint.options();
    json!({
        "schemas": [schema::SERVICE_PROVIDER_CONFIG],
        "documentationUri": "https://datatracker.ietf.org/doc/html/rfc7644",
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": options.bulk_operations,
            "maxPayloadSize": options.max_body_bytes,
        },
        "filter": { "supported": true, "maxResults": options.max_page },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": options.default_page,
            "maxPageSize": options.max_page,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A bearer token that the bridge's administrator gives out",
            "specUri": "https://datatracker.ietf.org/doc/html/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", options.public_url),
        },
    })
}

fn describe_type(endpoint: &Endpoint, resource_type: &ResourceType) -> Value {
    let extensions: Vec<Value> = resource_type
        .extensions
        .iter()
        .map(|extension| json!({ "schema": extension.id, "required": false }))
        .collect();
    let mut body = json!({
        "schemas": [schema::RESOURCE_TYPE],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.schema.id,
    });
    if !extensions.is_empty() {
        body["schemaExtensions"] = Value::Array(extensions);
    }
    body["meta"] = json!({
        "resourceType": "ResourceType",
        "location": format!("{}/ResourceTypes/{}", endpoint.options().public_url, resource_type.name),
    });
    body
}

fn describe_schema(endpoint: &Endpoint, found: &Schema) -> Value {
    let mut body = found.to_json();
    body["meta"]["location"] = json!(format!("{}/Schemas/{}", endpoint.options().public_url, found.id));
    body
}
