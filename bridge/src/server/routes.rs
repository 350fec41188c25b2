//! Every route of the endpoint on one page.
//!
//! Paths here are below the base of the tenant URL and in one spelling: [`super::url`]
//! has seen to that before routing.

use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use scim::error::ScimError;

use super::{Endpoint, bulk, caller, discovery, limits, reply, resources};
use crate::store::Kind;

/// The router of the endpoint.
pub fn router(endpoint: Endpoint) -> Router {
    Router::new()
        .merge(resource("/Users", Kind::User))
        .merge(resource("/Groups", Kind::Group))
        .route("/.search", post(resources::search_all))
        .route("/Bulk", post(bulk::handle))
        .route("/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{urn}", get(discovery::schema))
        .route("/Me", any(discovery::me))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(endpoint.clone(), limits::need_room))
        .layer(from_fn_with_state(endpoint.clone(), caller::require_token))
        .layer(from_fn_with_state(endpoint.clone(), limits::bound_in_flight))
        .layer(from_fn(reply::with_request_id))
        .with_state(endpoint)
}

fn resource(path: &str, kind: Kind) -> Router<Endpoint> {
    Router::new()
        .route(path, get(resources::list).post(resources::create))
        .route(&format!("{path}/.search"), post(resources::search))
        .route(
            &format!("{path}/{{id}}"),
            get(resources::get)
                .put(resources::replace)
                .patch(resources::patch)
                .delete(resources::delete),
        )
        .layer(Extension(kind))
}

async fn unknown_path() -> Response {
    reply::error(&ScimError::not_found())
}

async fn unknown_method() -> Response {
    reply::error(&ScimError::new(
        405,
        "the method is not allowed here; see the Allow header",
    ))
}
