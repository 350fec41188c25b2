//! `/Groups`: one handler a method; each extracts, lets `directory` decide, and answers.

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::body::ScimJson;
use super::query::{Id, Query};
use super::reply::{self, RequestId};
use super::{Endpoint, resources};
use crate::directory::{Accepted, DirectoryError};
use crate::id::ScimId;
use crate::store::Kind;

/// `GET /Groups`: lists, filters and pages (RFC 7644 §3.4.2).
pub(super) async fn list(State(endpoint): State<Endpoint>, query: Query) -> Response {
    resources::list(&endpoint, Kind::Group, &query).await
}

/// `GET /Groups/{id}` (RFC 7644 §3.4.1).
pub(super) async fn get(State(endpoint): State<Endpoint>, Id(id): Id, query: Query) -> Response {
    resources::get(&endpoint, Kind::Group, &id, &query)
}

/// `POST /Groups` (RFC 7644 §3.3): 201 with the stored group, its URL in `Location`.
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    query: Query,
    ScimJson(body): ScimJson,
) -> Response {
    let id = ScimId::random();
    let waiting = endpoint.expect_outcome(&id);
    let request = waiting.request(&request_id);
    let created: Result<Accepted, DirectoryError> = async {
        let accepted = endpoint.directory().create_group(&request, id, body).await?;
        waiting.decided(accepted.revision).await?;
        Ok(accepted)
    }
    .await;
    resources::changed(&endpoint, StatusCode::CREATED, created, &query)
}

/// `PUT /Groups/{id}` (RFC 7644 §3.5.1): 200 with the stored group.
pub(super) async fn replace(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Id(id): Id,
    query: Query,
    ScimJson(body): ScimJson,
) -> Response {
    let waiting = endpoint.expect_outcome(&ScimId::new(id.as_str()));
    let request = waiting.request(&request_id);
    let replaced: Result<Accepted, DirectoryError> = async {
        let accepted = endpoint.directory().replace_group(&request, &id, body).await?;
        waiting.settled(accepted.revision).await;
        Ok(accepted)
    }
    .await;
    resources::changed(&endpoint, StatusCode::OK, replaced, &query)
}

/// `PATCH /Groups/{id}` (RFC 7644 §3.5.2): 204 with an `ETag`, or 200 with the group when it was asked for (rule A7).
pub(super) async fn patch(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Id(id): Id,
    query: Query,
    ScimJson(body): ScimJson,
) -> Response {
    let waiting = endpoint.expect_outcome(&ScimId::new(id.as_str()));
    let request = waiting.request(&request_id);
    let patched: Result<Accepted, DirectoryError> = async {
        let accepted = endpoint.directory().patch_group(&request, &id, body).await?;
        waiting.settled(accepted.revision).await;
        Ok(accepted)
    }
    .await;
    match patched {
        Ok(accepted) if query.projection().is_everything() => {
            reply::no_content(Some(&reply::version_of(&accepted.resource)))
        }
        patched => resources::changed(&endpoint, StatusCode::OK, patched, &query),
    }
}

/// `DELETE /Groups/{id}` (RFC 7644 §3.6): 204; a second one 404 at once.
pub(super) async fn delete(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Id(id): Id,
) -> Response {
    let waiting = endpoint.expect_outcome(&ScimId::new(id.as_str()));
    let request = waiting.request(&request_id);
    match endpoint.directory().delete_group(&request, &id).await {
        Ok((_, revision)) => {
            waiting.settled(Some(revision)).await;
            reply::no_content(None)
        }
        Err(failed) => reply::failure(failed),
    }
}
