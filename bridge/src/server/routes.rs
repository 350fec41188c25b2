//! Every route of the endpoint on one page.
//!
//! Paths here are below the base of the tenant URL and in one spelling: [`super::url`]
//! has seen to that before routing.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use scim::error::ScimError;

use super::{Endpoint, caller, discovery, groups, limits, reply, users};

/// The router of the endpoint.
pub fn router(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/Users", get(users::list).post(users::create))
        .route(
            "/Users/{id}",
            get(users::get)
                .put(users::replace)
                .patch(users::patch)
                .delete(users::delete),
        )
        .route("/Groups", get(groups::list).post(groups::create))
        .route(
            "/Groups/{id}",
            get(groups::get)
                .put(groups::replace)
                .patch(groups::patch)
                .delete(groups::delete),
        )
        .route("/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{urn}", get(discovery::schema))
        .route("/Me", axum::routing::any(discovery::me))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(endpoint.clone(), caller::require_token))
        .layer(from_fn_with_state(endpoint.clone(), limits::bound_in_flight))
        .layer(from_fn(reply::with_request_id))
        .with_state(endpoint)
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
