//! Taking the body of a bulk request apart.
//!
//! An operation that cannot be understood is no reason to refuse the others: it gets an answer of
//! its own (RFC 7644 §3.7.3).

use serde_json::{Map, Value};

use crate::error::ScimError;
use crate::resource::get;
use crate::schema::{self, ResourceType};
use crate::text::same_name;

/// The body of a POST to `/Bulk`.
#[derive(Debug, Clone)]
pub struct BulkRequest {
    /// After so many failed operations the rest is left undone; at least 1.
    pub fail_on_errors: Option<u64>,
    /// The operations, in their order.
    pub operations: Vec<Result<Operation, Refused>>,
}

/// What an operation does to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Creates one.
    Post,
    /// Replaces it.
    Put,
    /// Changes it.
    Patch,
    /// Deletes it.
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation that is well formed.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What it does.
    pub method: Method,
    /// The client's name for it.
    pub bulk_id: Option<String>,
    /// The version that the client knows (RFC 7644 §3.14).
    pub version: Option<String>,
    /// The type of the resource.
    pub resource_type: &'static ResourceType,
    /// The id in the path, which may be a reference to another operation; none for a create.
    pub id: Option<String>,
    /// The body; none for a delete.
    pub data: Option<Value>,
}

/// One operation that is not.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The method as it was sent, if it was.
    pub method: Option<String>,
    /// The client's name for it.
    pub bulk_id: Option<String>,
    /// What is wrong with it.
    pub error: ScimError,
}

impl BulkRequest {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// 400 `invalidSyntax` when the body is no object, does not name the message's schema, or has no
    /// list of operations; 400 `invalidValue` when `failOnErrors` is no number; 413 when there are
    /// more than `max_operations` (RFC 7644 §3.7.4).
    pub fn read(body: &Value, max_operations: usize) -> Result<Self, ScimError> {
        let Value::Object(body) = body else {
            return Err(ScimError::invalid_syntax("the body must be a JSON object"));
        };
        let names_message = get(body, "schemas").and_then(Value::as_array).is_some_and(|urns| {
            urns.iter()
                .any(|urn| urn.as_str().is_some_and(|urn| same_name(urn, schema::BULK_REQUEST)))
        });
        if !names_message {
            let detail = format!("schemas must name {}", schema::BULK_REQUEST);
            return Err(ScimError::invalid_syntax(detail));
        }
        let Some(Value::Array(operations)) = get(body, "Operations") else {
            return Err(ScimError::invalid_syntax("Operations must be a list"));
        };
        if operations.len() > max_operations {
            let detail = format!(
                "a bulk request may have {max_operations} operations (maxOperations in /ServiceProviderConfig), this one has {}",
                operations.len()
            );
            return Err(ScimError::new(413, detail));
        }
        let fail_on_errors = match get(body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let number = value
                    .as_u64()
                    .ok_or_else(|| ScimError::invalid_value("failOnErrors must be a whole number, 1 or more"))?;
                Some(number.max(1))
            }
        };
        Ok(Self {
            fail_on_errors,
            operations: operations.iter().map(read_operation).collect(),
        })
    }
}

fn read_operation(operation: &Value) -> Result<Operation, Refused> {
    let empty = Map::new();
    let fields = operation.as_object().unwrap_or(&empty);
    let text = |name: &str| get(fields, name).and_then(Value::as_str).map(str::to_owned);
    let refused = |error: ScimError| Refused {
        method: text("method"),
        bulk_id: text("bulkId"),
        error,
    };
    if !operation.is_object() {
        return Err(refused(ScimError::invalid_syntax("an operation must be a JSON object")));
    }
    let method = text("method").and_then(|method| match method.to_ascii_uppercase().as_str() {
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "PATCH" => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        _ => None,
    });
    let Some(method) = method else {
        let detail = "method must be POST, PUT, PATCH or DELETE";
        return Err(refused(ScimError::invalid_syntax(detail)));
    };
    let Some((resource_type, id)) = text("path").and_then(|path| read_path(&path)) else {
        let detail = "path must be that of a resource or of its type, such as /Users or /Users/2819c223";
        return Err(refused(ScimError::invalid_value(detail)));
    };
    let bulk_id = text("bulkId").filter(|id| !id.is_empty());
    let misfit = match (method, &id, &bulk_id) {
        (Method::Post, Some(_), _) => Some("path of a POST must be that of a resource type, such as /Users"),
        (Method::Post, None, None) => Some("bulkId is required for a POST (RFC 7644 section 3.7)"),
        (Method::Put | Method::Patch | Method::Delete, None, _) => {
            Some("path must name the resource, such as /Users/2819c223")
        }
        _ => None,
    };
    if let Some(detail) = misfit {
        return Err(refused(ScimError::invalid_value(detail)));
    }
    let data = get(fields, "data").filter(|data| !data.is_null()).cloned();
    if data.is_none() && method != Method::Delete {
        let detail = format!("data is required for a {}", method.as_str());
        return Err(refused(ScimError::invalid_syntax(detail)));
    }
    Ok(Operation {
        method,
        version: text("version"),
        bulk_id,
        resource_type,
        id,
        data,
    })
}

/// `/Users` or `/Users/id`, in any letter case, with or without the first slash.
fn read_path(path: &str) -> Option<(&'static ResourceType, Option<String>)> {
    let mut segments = path.trim_matches('/').split('/');
    let first = segments.next()?;
    let resource_type = schema::resource_types()
        .iter()
        .find(|candidate| same_name(candidate.endpoint.trim_start_matches('/'), first))?;
    let id = segments.next().map(str::to_owned);
    segments.next().is_none().then_some((resource_type, id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(operations: &Value) -> Result<BulkRequest, ScimError> {
        let body = json!({"schemas": [schema::BULK_REQUEST], "failOnErrors": 1, "operations": operations});
        BulkRequest::read(&body, 3)
    }

    fn refused(operation: &Value) -> (Option<String>, String) {
        let refused = read(&json!([operation])).unwrap().operations.remove(0).unwrap_err();
        assert_eq!(refused.error.status, 400);
        (refused.bulk_id, refused.error.detail)
    }

    #[test]
    fn an_operation_is_read_in_any_letter_case() {
        let request = read(&json!([
            {"method": "post", "path": "/users", "bulkId": "q", "data": {"userName": "a"}},
            {"method": "DELETE", "path": "Groups/7", "version": "W/\"1\""},
        ]))
        .unwrap();
        assert_eq!(request.fail_on_errors, Some(1));
        let [Ok(create), Ok(delete)] = request.operations.as_slice() else {
            panic!("{request:?}")
        };
        assert_eq!(
            (create.method, create.resource_type.name, &create.id),
            (Method::Post, "User", &None)
        );
        assert_eq!(
            (delete.method, delete.resource_type.name, delete.id.as_deref()),
            (Method::Delete, "Group", Some("7"))
        );
        assert_eq!(delete.version.as_deref(), Some("W/\"1\""));
    }

    #[test]
    fn an_operation_that_is_none_is_refused_alone_and_under_its_name() {
        let post = |path: &str| json!({"method": "POST", "path": path, "bulkId": "q", "data": {}});
        assert_eq!(refused(&post("/Users/1")).0.as_deref(), Some("q"));
        assert!(refused(&post("/Nowhere")).1.contains("path"));
        assert!(
            refused(&json!({"method": "GET", "path": "/Users"}))
                .1
                .contains("method")
        );
        assert!(
            refused(&json!({"method": "PATCH", "path": "/Users", "data": {}}))
                .1
                .contains("path")
        );
        assert!(
            refused(&json!({"method": "POST", "path": "/Users", "data": {}}))
                .1
                .contains("bulkId")
        );
        assert!(
            refused(&json!({"method": "PUT", "path": "/Users/1"}))
                .1
                .contains("data")
        );
        assert!(refused(&json!(7)).1.contains("object"));
    }

    #[test]
    fn a_request_that_is_none_is_refused_whole() {
        let status = |body: Value| BulkRequest::read(&body, 3).unwrap_err().status;
        assert_eq!(status(json!([])), 400);
        assert_eq!(status(json!({"Operations": []})), 400);
        assert_eq!(status(json!({"schemas": [schema::BULK_REQUEST]})), 400);
        assert_eq!(read(&json!([1, 2, 3, 4])).unwrap_err().status, 413);
        let body = json!({"schemas": [schema::BULK_REQUEST], "Operations": [], "failOnErrors": "many"});
        assert_eq!(status(body), 400);
    }
}
