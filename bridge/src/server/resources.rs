//! `/Users` and `/Groups`: one handler a method; each extracts, lets the directory decide, and
//! answers. Which of the two it is about stands in the route.

use axum::extract::{Extension, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use scim::error::ScimError;

use super::body::ScimJson;
use super::change::Terms;
use super::listing::{self, Scope};
use super::query::{Id, Query, Versions};
use super::reply::{self, RequestId};
use super::{Endpoint, render};
use crate::directory::{Accepted, DirectoryError, Edit};
use crate::id::ScimId;
use crate::store::Kind;

impl FromRequestParts<Endpoint> for Terms {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Endpoint) -> Result<Self, Self::Rejection> {
        let Versions(preconditions) = Versions::from_request_parts(parts, state).await?;
        let request_id = parts.extensions.get::<RequestId>();
        Ok(Self {
            request_id: request_id.map(|id| id.0.clone()).unwrap_or_default(),
            preconditions,
            may_wait: true,
        })
    }
}

/// `GET /Users`: lists, filters, sorts and pages (RFC 7644 §3.4.2).
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    Query(parameters): Query,
) -> Response {
    listing::answer(&endpoint, Scope::of(kind), &parameters).await
}

/// `POST /Users/.search` (RFC 7644 §3.4.3).
pub(super) async fn search(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    ScimJson(body): ScimJson,
) -> Response {
    listing::search(&endpoint, Scope::of(kind), &body).await
}

/// `POST /.search`: over all resource types (RFC 7644 §3.4.3).
pub(super) async fn search_all(State(endpoint): State<Endpoint>, ScimJson(body): ScimJson) -> Response {
    listing::search(&endpoint, Scope::all(), &body).await
}

/// `GET /Users/{id}` (RFC 7644 §3.4.1): 200, or 304 when the client has this version (§3.14).
pub(super) async fn get(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    Id(id): Id,
    Versions(versions): Versions,
    query: Query,
) -> Response {
    let projection = query.projection();
    let found = endpoint.directory().store().read(|store| {
        let stored = store.resource(&id)?.filter(|stored| stored.kind == kind);
        stored
            .map(|stored| endpoint.render(store, &stored, &projection))
            .transpose()
    });
    match found.map_err(DirectoryError::Store) {
        Ok(Some(rendered)) => match versions.is_unchanged(&rendered.version) {
            Ok(true) => reply::empty(StatusCode::NOT_MODIFIED, Some(&rendered.version)),
            Ok(false) => reply::resource(StatusCode::OK, &rendered),
            Err(refused) => reply::error(&refused),
        },
        Ok(None) => reply::error(&ScimError::not_found()),
        Err(failed) => reply::failure(failed),
    }
}

/// `POST /Users` (RFC 7644 §3.3): 201 with the stored resource, its URL in `Location`.
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    terms: Terms,
    query: Query,
    ScimJson(body): ScimJson,
) -> Response {
    let created = endpoint.create(terms, kind, ScimId::random(), body).await;
    changed(&endpoint, StatusCode::CREATED, created, &query)
}

/// `PUT /Users/{id}` (RFC 7644 §3.5.1): 200 with the stored resource.
pub(super) async fn replace(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    Id(id): Id,
    terms: Terms,
    query: Query,
    ScimJson(body): ScimJson,
) -> Response {
    let replaced = endpoint.edit(terms, kind, &id, Edit::Replace, body).await;
    changed(&endpoint, StatusCode::OK, replaced, &query)
}

/// `PATCH /Users/{id}` (RFC 7644 §3.5.2). Users: 200 with the stored resource. Groups: 204 with an
/// `ETag`, or 200 with the group when parts of it were asked for (rule A7).
pub(super) async fn patch(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    Id(id): Id,
    terms: Terms,
    query: Query,
    ScimJson(body): ScimJson,
) -> Response {
    match endpoint.edit(terms, kind, &id, Edit::Patch, body).await {
        Ok(accepted) if kind == Kind::Group && query.projection().is_everything() => {
            reply::empty(StatusCode::NO_CONTENT, Some(&accepted.resource.etag()))
        }
        patched => changed(&endpoint, StatusCode::OK, patched, &query),
    }
}

/// `DELETE /Users/{id}` (RFC 7644 §3.6): 204; a second one 404 at once.
pub(super) async fn delete(
    State(endpoint): State<Endpoint>,
    Extension(kind): Extension<Kind>,
    Id(id): Id,
    terms: Terms,
) -> Response {
    match endpoint.delete(terms, kind, &id).await {
        Ok(()) => reply::empty(StatusCode::NO_CONTENT, None),
        Err(failed) => reply::failure(failed),
    }
}

/// The answer to a change: the resource after it, as the query wants it shown.
fn changed(
    endpoint: &Endpoint,
    status: StatusCode,
    changed: Result<Accepted, DirectoryError>,
    query: &Query,
) -> Response {
    let shown: Result<render::Rendered, DirectoryError> = changed.and_then(|accepted| {
        let projection = query.projection();
        let store = endpoint.directory().store();
        Ok(store.read(|store| endpoint.render(store, &accepted.resource, &projection))?)
    });
    match shown {
        Ok(rendered) => reply::resource(status, &rendered),
        Err(failed) => reply::failure(failed),
    }
}
