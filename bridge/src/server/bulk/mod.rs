//! `POST /Bulk` (RFC 7644 §3.7): many changes, each with an answer of its own.
//!
//! Operations are done in their order, except that one which refers to a resource that a later one
//! makes waits for it. Where they wait for each other in a circle, a create begins without what
//! refers, and gets it when the others are there (§3.7.1). Each is a change like any other; the
//! answer does not wait for Databricks (rule A2).

mod order;

use std::collections::BTreeMap;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use scim::bulk::{BulkRequest, Method, Operation, references};
use scim::error::ScimError;
use scim::schema::{self, ResourceType};
use scim::version::Preconditions;
use serde_json::{Map, Value, json};

use self::order::{Next, Order};
use super::Endpoint;
use super::body::ScimJson;
use super::change::Terms;
use super::reply::{self, RequestId};
use crate::directory::{DirectoryError, Edit};
use crate::id::ScimId;
use crate::store::Kind;

/// `POST /Bulk`.
pub(super) async fn handle(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    ScimJson(body): ScimJson,
) -> Response {
    match BulkRequest::read(&body, endpoint.options().bulk_operations) {
        Ok(request) => {
            let answers = Run::new(&endpoint, request_id).all(request).await;
            let body = json!({ "schemas": [schema::BULK_RESPONSE], "Operations": answers });
            reply::json(StatusCode::OK, &body)
        }
        Err(refused) => reply::error(&refused),
    }
}

/// What came of one operation.
struct Done {
    status: u16,
    location: Option<String>,
    version: Option<String>,
}

/// A create in a circle: the body that it is to have in the end.
struct Unfinished {
    operation: usize,
    kind: Kind,
    id: String,
    body: Value,
}

struct Run<'e> {
    endpoint: &'e Endpoint,
    request_id: String,
    /// The ids that bulk ids turned into.
    ids: BTreeMap<String, String>,
    unfinished: Vec<Unfinished>,
}

impl<'e> Run<'e> {
    fn new(endpoint: &'e Endpoint, request_id: String) -> Self {
        Self {
            endpoint,
            request_id,
            ids: BTreeMap::new(),
            unfinished: Vec::new(),
        }
    }

    /// Does all operations, or as many as `failOnErrors` lets; gives the answers in the order of the request.
    async fn all(mut self, request: BulkRequest) -> Vec<Value> {
        let mut answers: BTreeMap<usize, Value> = BTreeMap::new();
        let mut order = Order::of(request.operations);
        let mut errors_left = request.fail_on_errors.unwrap_or(u64::MAX);
        while errors_left > 0
            && let Some((at, next)) = order.next()
        {
            let (operation, result) = match next {
                Next::Ready(operation) => {
                    let result = self.perform(at, &operation, false).await;
                    (operation, result)
                }
                Next::InCircle(operation) => {
                    let result = self.perform(at, &operation, true).await;
                    (operation, result)
                }
                Next::Dangling(operation, bulk_id) => {
                    let detail = format!("bulkId:{bulk_id} refers to no create of this request that succeeded");
                    (operation, Err(ScimError::invalid_value(detail)))
                }
                Next::Refused(refused) => {
                    errors_left -= 1;
                    let method = refused.method.as_deref();
                    answers.insert(at, failed(method, refused.bulk_id.as_deref(), None, &refused.error));
                    continue;
                }
            };
            errors_left -= u64::from(result.is_err());
            if let (Method::Post, Some(bulk_id)) = (operation.method, &operation.bulk_id) {
                order.made(bulk_id, result.is_ok());
            }
            answers.insert(at, self.answer(&operation, result));
        }
        for unfinished in std::mem::take(&mut self.unfinished) {
            let Some(answer) = answers.get_mut(&unfinished.operation) else {
                continue;
            };
            match self.finish(&unfinished).await {
                Ok(version) => answer["version"] = json!(version),
                Err(error) => *answer = failed(Some("POST"), answer["bulkId"].as_str(), None, &error),
            }
        }
        answers.into_values().collect()
    }

    fn terms(&self, version: Option<&str>) -> Terms {
        Terms {
            request_id: self.request_id.clone(),
            preconditions: version.map(Preconditions::version_is).unwrap_or_default(),
            may_wait: false,
        }
    }

    async fn perform(&mut self, at: usize, operation: &Operation, in_circle: bool) -> Result<Done, ScimError> {
        let (endpoint, kind) = (self.endpoint, kind_of(operation.resource_type));
        let terms = self.terms(operation.version.as_deref());
        let mut body = operation.data.clone().unwrap_or(Value::Null);
        references::resolve(&mut body, &self.ids);
        let id = operation.id.as_deref().unwrap_or_default();
        let id = references::referred(id).map_or(id, |bulk_id| self.ids.get(bulk_id).map_or(id, String::as_str));
        match operation.method {
            Method::Post => {
                let begun = if in_circle {
                    references::without(&body)
                } else {
                    body.clone()
                };
                let made = endpoint.create(terms, kind, ScimId::random(), begun).await;
                let made = made.map_err(reply::refusal)?.resource;
                if let Some(bulk_id) = &operation.bulk_id {
                    self.ids.insert(bulk_id.clone(), made.id.to_string());
                }
                if in_circle {
                    self.unfinished.push(Unfinished {
                        operation: at,
                        kind,
                        id: made.id.to_string(),
                        body,
                    });
                }
                Ok(Done {
                    status: 201,
                    location: Some(endpoint.location(kind, made.id.as_str())),
                    version: Some(made.etag()),
                })
            }
            Method::Put | Method::Patch => {
                let edit = if operation.method == Method::Put {
                    Edit::Replace
                } else {
                    Edit::Patch
                };
                let changed = endpoint.edit(terms, kind, id, edit, body).await;
                let changed = changed.map_err(reply::refusal)?.resource;
                Ok(Done {
                    status: 200,
                    location: Some(endpoint.location(kind, id)),
                    version: Some(changed.etag()),
                })
            }
            Method::Delete => {
                endpoint.delete(terms, kind, id).await.map_err(reply::refusal)?;
                Ok(Done {
                    status: 204,
                    location: Some(endpoint.location(kind, id)),
                    version: None,
                })
            }
        }
    }

    /// Gives a resource of a circle what it refers to, and tells its version; what cannot be given
    /// undoes the create.
    async fn finish(&self, unfinished: &Unfinished) -> Result<String, ScimError> {
        let mut body = unfinished.body.clone();
        references::resolve(&mut body, &self.ids);
        let (endpoint, kind, id) = (self.endpoint, unfinished.kind, unfinished.id.as_str());
        match endpoint.edit(self.terms(None), kind, id, Edit::Replace, body).await {
            Ok(replaced) => Ok(replaced.resource.etag()),
            Err(failed) => {
                let refused = reply::refusal(failed);
                if let Err(DirectoryError::Store(cause)) = endpoint.delete(self.terms(None), kind, id).await {
                    tracing::error!(error = %cause, resource = id, "half of a bulk operation could not be undone");
                }
                Err(refused)
            }
        }
    }

    fn answer(&self, operation: &Operation, result: Result<Done, ScimError>) -> Value {
        let method = operation.method.as_str();
        let bulk_id = operation.bulk_id.as_deref();
        match result {
            Ok(done) => {
                let mut answer = begin(Some(method), bulk_id, done.location.as_deref());
                if let Some(version) = done.version {
                    answer.insert("version".to_owned(), json!(version));
                }
                answer.insert("status".to_owned(), json!(done.status.to_string()));
                Value::Object(answer)
            }
            Err(error) => {
                let location = operation
                    .id
                    .as_ref()
                    .filter(|id| references::referred(id).is_none())
                    .map(|id| self.endpoint.location(kind_of(operation.resource_type), id));
                failed(Some(method), bulk_id, location.as_deref(), &error)
            }
        }
    }
}

fn begin(method: Option<&str>, bulk_id: Option<&str>, location: Option<&str>) -> Map<String, Value> {
    [("method", method), ("bulkId", bulk_id), ("location", location)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))))
        .collect()
}

fn failed(method: Option<&str>, bulk_id: Option<&str>, location: Option<&str>, error: &ScimError) -> Value {
    let mut answer = begin(method, bulk_id, location);
    answer.insert("status".to_owned(), json!(error.status.to_string()));
    answer.insert("response".to_owned(), error.to_json());
    Value::Object(answer)
}

fn kind_of(resource_type: &ResourceType) -> Kind {
    if resource_type.name == Kind::Group.as_str() {
        Kind::Group
    } else {
        Kind::User
    }
}
