//! The error bodies of Databricks, word for word where they were recorded.
//!
//! Two shapes: the SCIM Error of the API, whose `status` is a string and whose `scimType` may hold free
//! text, and the `error_code` object of the gateway, whose code is sometimes a number and sometimes a string.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::state::Id;

/// The catch-all detail of a body that does not fit [issue].
pub(crate) const UNPARSABLE: &str = "Request is unparsable, syntactically incorrect, or violates schema.";

/// A SCIM Error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScimError {
    pub(crate) status: StatusCode,
    /// A keyword of RFC 7644, or a sentence [issue].
    pub(crate) scim_type: Option<String>,
    pub(crate) detail: String,
}

impl ScimError {
    fn new(status: StatusCode, scim_type: Option<&str>, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: scim_type.map(str::to_owned),
            detail: detail.into(),
        }
    }

    pub(crate) fn bad_request(scim_type: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(scim_type), detail)
    }

    /// 400 without a `scimType`.
    pub(crate) fn plain_bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, detail)
    }

    /// A body of the wrong shape [issue: for bare-string members].
    pub(crate) fn unparsable() -> Self {
        Self::bad_request("invalidSyntax", UNPARSABLE)
    }

    /// A body that is not JSON: the `scimType` is a sentence [issue].
    pub(crate) fn invalid_json() -> Self {
        Self::bad_request("Invalid JSON provided in request body.", UNPARSABLE)
    }

    pub(crate) fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad_request("invalidValue", detail)
    }

    /// A missing required attribute [issue: for `userName`].
    pub(crate) fn missing(attribute: &str) -> Self {
        Self::invalid_value(format!("Required attribute {attribute} is missing in the SCIM Object."))
    }

    /// Also the answer to the removal of entitlements nobody has [fixture].
    pub(crate) fn no_such_attribute(name: &str) -> Self {
        Self::bad_request(
            "invalidPath",
            format!("No such attribute with the name : {name} in the current resource"),
        )
    }

    /// Recorded, capital `I` included.
    pub(crate) fn filter() -> Self {
        Self::bad_request("InvalidFilter", "Given filter operator is not supported.")
    }

    /// 404 without a `scimType` [fixture PY for groups, inferred for the others].
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, None, format!("{what} with id {id} is not found"))
    }

    /// 409 [fixture TF]; `scim_type` is `uniqueness` only if the switch says so.
    pub(crate) fn conflict(detail: String, scim_type: Option<&str>) -> Self {
        Self::new(StatusCode::CONFLICT, scim_type, detail)
    }

    /// The `scimType` is a sentence that names what an identity-federated workspace does not change [issue KB].
    pub(crate) fn not_for_workspace(attribute: &str) -> Self {
        let sentence = format!("{attribute} attribute not supported for current workspace.");
        Self::bad_request(&sentence, UNPARSABLE)
    }

    /// Roles that cannot be taken away [issue TF 1732; status inferred].
    pub(crate) fn roles_stay(id: Id) -> Self {
        Self::invalid_value(format!("PERMISSION_DENIED: Cannot remove roles for {id}"))
    }

    /// The one text for every group PATCH that fails inside [issue].
    pub(crate) fn group_patch_failed() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            None,
            "Error in performing the patch operation on group resource.",
        )
    }

    /// A string where Databricks casts to a Boolean [issue: at account level].
    pub(crate) fn string_is_no_boolean() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            None,
            "class java.lang.String cannot be cast to class java.lang.Boolean (java.lang.String \
             and java.lang.Boolean are in module java.base of loader 'bootstrap')",
        )
    }

    /// A limit in disguise: a 500 with the marker in its text [issue: for concurrency].
    pub(crate) fn limit_in_disguise(detail: String) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, None, detail)
    }

    pub(crate) fn refusal(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(status, None, detail)
    }
}

impl From<ScimError> for Answer {
    fn from(error: ScimError) -> Self {
        let mut body = Map::new();
        body.insert(
            "schemas".to_owned(),
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
        );
        body.insert("detail".to_owned(), error.detail.into());
        body.insert("status".to_owned(), error.status.as_u16().to_string().into());
        if let Some(scim_type) = error.scim_type {
            body.insert("scimType".to_owned(), scim_type.into());
        }
        Answer::scim(error.status, &Value::Object(body))
    }
}

/// An answer of the gateway: `{"error_code","message"}`, `Server: databricks`, and the message once more in
/// `X-Databricks-Reason-Phrase` [issue].
pub(crate) fn gateway(status: StatusCode, code: impl Into<Value>, message: &str) -> Answer {
    let body = json!({"error_code": code.into(), "message": message});
    let answer = Answer::json(status, &body).with(header::SERVER, HeaderValue::from_static("databricks"));
    match HeaderValue::from_str(message) {
        Ok(phrase) => answer.with(HeaderName::from_static("x-databricks-reason-phrase"), phrase),
        Err(_) => answer,
    }
}

/// No credential, or one that is not a bearer token [issue].
pub(crate) fn no_credential(request_id: uuid::Uuid) -> Answer {
    let message = format!("Credential was not sent or was of an unsupported type for this API. [ReqId: {request_id}]");
    gateway(StatusCode::UNAUTHORIZED, 401, &message)
}

/// A credential that works elsewhere [inferred: the recorded text speaks of an unsupported type].
pub(crate) fn wrong_place(status: StatusCode, request_id: uuid::Uuid) -> Answer {
    let message = format!("Credential was not sent or was of an unsupported type for this API. [ReqId: {request_id}]");
    gateway(status, status.as_u16(), &message)
}

/// An OAuth or Entra token whose time is over: the two texts were recorded with their statuses [issue].
pub(crate) fn expired_token(status: StatusCode) -> Answer {
    let message = if status == StatusCode::FORBIDDEN {
        "JWT has expired"
    } else {
        "Token is expired"
    };
    gateway(status, status.as_u16(), message)
}

/// An Entra token with half a minute to go or less [issue for the text, status inferred].
pub(crate) fn expiring_token(status: StatusCode) -> Answer {
    let message = "Token is expiring within 30 seconds. (token expired)";
    gateway(status, status.as_u16(), message)
}

/// A name the stand-ins of Azure's endpoints do not go by.
pub(crate) fn not_an_azure_host() -> Answer {
    let message = "The Host header must name a loopback address or one of Azure's hosts.";
    let body = json!({"error": {"code": "Forbidden", "message": message}});
    Answer::json(StatusCode::FORBIDDEN, &body)
}

/// The principal is not (or no longer) an active one of the account [inferred].
pub(crate) fn not_in_account() -> Answer {
    let message = "The principal is not in this account.";
    gateway(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
}

/// A wrong, expired or revoked personal access token: 403, and the code is a number [issue].
pub(crate) fn invalid_token() -> Answer {
    gateway(StatusCode::FORBIDDEN, 403, "Invalid access token.")
}

/// The owner of the token is not (or no longer) an active user here [issue: text, inferred envelope].
pub(crate) fn not_in_workspace(workspace_id: &str) -> Answer {
    let message = format!("Unauthorized access to Org: {workspace_id}");
    gateway(StatusCode::FORBIDDEN, 403, &message)
}

/// The owner of the token is no workspace admin [issue: text, inferred envelope].
pub(crate) fn only_admins(path: &str) -> Answer {
    let path = path.strip_prefix("/api").unwrap_or(path);
    let message = format!("{path} is only accessible by admins");
    gateway(StatusCode::FORBIDDEN, "PERMISSION_DENIED", &message)
}

/// An address outside of the IP access list [issue]; the account's text names no workspace and no request.
pub(crate) fn ip_refused(source: IpAddr, workspace: Option<(&str, uuid::Uuid)>) -> Answer {
    let mut message = format!("Source IP address: {source} is blocked by Databricks IP ACL");
    if let Some((workspace_id, request_id)) = workspace {
        message = format!("{message} for workspace: {workspace_id} [ReqId: {request_id}]");
    }
    gateway(StatusCode::FORBIDDEN, 403, &message)
}

/// An unknown path [issue: message; status and code inferred].
pub(crate) fn endpoint_not_found(status: StatusCode) -> Answer {
    gateway(status, "ENDPOINT_NOT_FOUND", "Endpoint not supported.")
}

/// A path that no stand-in of Azure's endpoints has.
pub(crate) fn no_azure_endpoint() -> Answer {
    let body = json!({"error": {"code": "NotFound", "message": "No such endpoint."}});
    Answer::json(StatusCode::NOT_FOUND, &body)
}

/// A body beyond what the gateway takes [inferred].
pub(crate) fn body_too_large() -> Answer {
    gateway(
        StatusCode::PAYLOAD_TOO_LARGE,
        "REQUEST_TOO_LARGE",
        "Request body is too large.",
    )
}

/// Text of the concurrency refusal [issue].
pub(crate) fn too_many_at_once(who: &str, cap: usize) -> ScimError {
    ScimError::limit_in_disguise(format!(
        "REQUEST_LIMIT_EXCEEDED: {who} exceeded the concurrent limit of {cap} requests."
    ))
}

/// The workspace is full (reference numbers documented; body inferred).
pub(crate) fn size_limit(what: &str, limit: usize) -> ScimError {
    ScimError::refusal(
        StatusCode::BAD_REQUEST,
        format!("RESOURCE_LIMIT_EXCEEDED: the workspace holds the limit of {limit} {what}."),
    )
}

/// A value is longer than documented (body inferred).
pub(crate) fn too_long(attribute: &str, limit: usize) -> ScimError {
    ScimError::invalid_value(format!("Attribute {attribute} is longer than {limit} characters."))
}

/// A request names more members than one may (body inferred).
pub(crate) fn too_many_members(limit: usize) -> ScimError {
    ScimError::invalid_value(format!("A request may name at most {limit} members."))
}

/// Names the object in errors about reserved groups [inferred].
pub(crate) fn reserved_group(status: StatusCode, name: &str, what: &str) -> ScimError {
    ScimError::refusal(status, format!("Group {name} is reserved and {what}."))
}

/// A member id that names nothing, where the switch refuses it [inferred].
pub(crate) fn unknown_member(id: Id) -> ScimError {
    ScimError::invalid_value(format!("Principal with id {id} is not found"))
}

/// Another account than the one the mock has [inferred].
pub(crate) fn unknown_account(status: StatusCode) -> Answer {
    if status == StatusCode::FORBIDDEN {
        return invalid_token();
    }
    gateway(status, "RESOURCE_DOES_NOT_EXIST", "Account does not exist.")
}

/// The account's id is missing in the path [issue; status inferred].
pub(crate) fn method_not_supported(method: &http::Method) -> Answer {
    let message = format!("HTTP method {method} is not supported by this URL");
    Answer::new(StatusCode::METHOD_NOT_ALLOWED, crate::answer::Kind::Text, message)
}

/// A filter beyond the limit of the account's 2.1 path [documented code; body inferred].
pub(crate) fn filter_too_large(most: usize) -> Answer {
    let message = format!("The filter has more than {most} nodes.");
    gateway(StatusCode::BAD_REQUEST, "INVALID_FILTER", &message)
}

/// The workspace has no identity federation, and so no assignments [issue for the text, status inferred].
pub(crate) fn no_assignments(status: StatusCode) -> Answer {
    let message = "Permission assignment APIs are not available for this workspace.";
    gateway(status, "FEATURE_DISABLED", message)
}

/// A principal that the account does not have, or that is not assigned [inferred].
pub(crate) fn no_principal(id: &str) -> Answer {
    let message = format!("Principal with id {id} is not found");
    gateway(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", &message)
}

/// A body other than `{"permissions":["USER"|"ADMIN"…]}` [inferred].
pub(crate) fn bad_permissions() -> Answer {
    let message = "permissions must be a list of USER and ADMIN.";
    gateway(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)
}
