//! Answers: media type, errors, request ids, and a stored resource as the client sees it.

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use scim::error::ScimError;
use scim::projection::Projection;
use scim::resource::Resource;
use scim::schema::{self, ResourceType};
use serde_json::{Value, json};
use tracing::Instrument;

use super::Endpoint;
use crate::directory::DirectoryError;
use crate::store::{Kind, Snapshot, StoreError, Stored};

const SCIM_JSON: &str = "application/scim+json";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as in the answer's `X-Request-Id` and the log.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

/// Gives each request an id, and its answer and log lines too.
pub(super) async fn with_request_id(mut request: Request, next: Next) -> Response {
    let id = uuid::Uuid::new_v4().to_string();
    let span = tracing::info_span!("scim", request_id = %id, method = %request.method(), path = %request.uri().path());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = async move {
        let response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, SCIM_JSON)], body.to_string()).into_response()
}

/// An error as RFC 7644 §3.12 shapes it.
pub(super) fn error(error: &ScimError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    json(status, &error.to_json())
}

/// Why a change or a query was not answered as asked. What the store cannot do is 503, never 500 (rule A1).
pub(super) fn failure(failure: DirectoryError) -> Response {
    match failure {
        DirectoryError::Refused(refused) => error(&refused),
        DirectoryError::Store(cause) => {
            tracing::error!(error = %cause, cause = ?std::error::Error::source(&cause), "the store failed");
            let mut response = error(&ScimError::new(
                503,
                "the bridge cannot store or read its data now; try again later",
            ));
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("10"));
            response
        }
    }
}

/// A resource with `ETag`, and `Location` when it was just created.
pub(super) fn resource(status: StatusCode, resource: &Rendered) -> Response {
    let mut response = json(status, &resource.body);
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&resource.version) {
        headers.insert(ETAG, etag);
    }
    if status == StatusCode::CREATED
        && let Ok(location) = HeaderValue::from_str(&resource.location)
    {
        headers.insert(LOCATION, location);
    }
    response
}

/// Success without a body, with the new version.
pub(super) fn no_content(version: Option<&str>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(etag) = version.and_then(|version| HeaderValue::from_str(version).ok()) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// A resource as the client sees it.
pub(super) struct Rendered {
    /// The JSON.
    pub(super) body: Value,
    /// Its URL.
    pub(super) location: String,
    /// Its weak ETag (rule A13).
    pub(super) version: String,
}

/// The schema side of a kind.
pub(super) fn type_of(kind: Kind) -> &'static ResourceType {
    match kind {
        Kind::User => schema::user(),
        Kind::Group => schema::group(),
    }
}

/// The weak ETag of a stored resource.
pub(super) fn version_of(stored: &Stored) -> String {
    format!("W/\"{}\"", stored.version)
}

impl Endpoint {
    fn url(&self, kind: Kind, id: &str) -> String {
        format!("{}{}/{id}", self.options().public_url, type_of(kind).endpoint)
    }

    /// Everything a client may see of `stored`: with `id`, `meta`, and what is derived.
    pub(super) fn render(
        &self,
        store: &Snapshot<'_>,
        stored: &Stored,
        projection: &Projection,
    ) -> Result<Rendered, StoreError> {
        let (location, version) = (self.url(stored.kind, stored.id.as_str()), version_of(stored));
        let whole = self.whole(store, stored, projection, &location, &version)?;
        let resource_type = type_of(stored.kind);
        let shown = if projection.is_everything() {
            whole
        } else {
            projection.apply(resource_type, &whole)
        };
        Ok(Rendered {
            body: Value::Object(shown),
            location,
            version,
        })
    }

    /// The resource before projection, as filters see it.
    pub(super) fn whole(
        &self,
        store: &Snapshot<'_>,
        stored: &Stored,
        projection: &Projection,
        location: &str,
        version: &str,
    ) -> Result<Resource, StoreError> {
        let mut whole = Resource::new();
        let mut document = stored.document.clone();
        if let Some(schemas) = document.shift_remove("schemas") {
            whole.insert("schemas".to_owned(), schemas);
        }
        whole.insert("id".to_owned(), json!(stored.id.as_str()));
        whole.extend(document);
        match stored.kind {
            Kind::User if projection.wants("groups") => {
                let groups = store.groups_of(stored.pk)?;
                if !groups.is_empty() {
                    let items = groups.iter().map(|(id, name)| {
                        json!({ "value": id.as_str(), "$ref": self.url(Kind::Group, id.as_str()), "display": name, "type": "direct" })
                    });
                    whole.insert("groups".to_owned(), items.collect());
                }
            }
            Kind::Group if projection.wants("members") => {
                let members = store.members(stored.pk)?;
                let items = members.iter().map(|member| {
                    let mut item = json!({ "value": member.id.as_str(), "$ref": self.url(member.kind, member.id.as_str()), "type": member.kind.as_str() });
                    if let Some(display) = &member.display {
                        item["display"] = json!(display);
                    }
                    item
                });
                whole.insert("members".to_owned(), items.collect());
            }
            Kind::User | Kind::Group => {}
        }
        whole.insert(
            "meta".to_owned(),
            json!({
                "resourceType": stored.kind.as_str(),
                "created": stored.created_at.to_rfc3339(),
                "lastModified": stored.changed_at.to_rfc3339(),
                "location": location,
                "version": version,
            }),
        );
        Ok(whole)
    }
}
