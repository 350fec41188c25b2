//! What an answer means: one pure function from status, headers and body.
//!
//! Its surprise: Databricks throttles with a 500, refuses a token with a 403, and a
//! front end closed by Private Link redirects to a login page. The order of the
//! branches follows from that.

use std::time::Duration;

use serde_json::Value;

use super::error::{DatabricksError, Unknown};

/// `Retry-After` is believed up to ten minutes (rule D4).
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(10);
/// As much of Databricks' own words as goes into a log line.
const LONGEST_DETAIL: usize = 300;

const THROTTLE_MARKERS: &[&str] = &[
    "REQUEST_LIMIT_EXCEEDED",
    "RPC token bucket limit has been exceeded",
    "RESOURCE_EXHAUSTED",
];
const TRANSIENT_MARKERS: &[&str] = &[
    "Unexpected error",
    "try again later",
    "TEMPORARILY_UNAVAILABLE",
    "DEADLINE_EXCEEDED",
];
const PRIVATE_LINK_MARKERS: &[&str] = &[
    "Unauthorized network access to workspace",
    "Public access is not allowed",
];
/// What the login page's address and the refused redirect carry.
const VALIDATION_MARKER: &str = "private-link-validation-error";
/// What sign-in pages are known by: their title, and where redirects to them lead.
const SIGN_IN_MARKERS: &[&str] = &["Databricks - Sign In", "/login.html", "login.microsoftonline."];
/// What a 401 or 403 says that is about the credential, its role or its address, and in what words it is told.
const NOT_ADMITTED_MARKERS: &[(&str, &str)] = &[
    ("blocked by Databricks IP ACL", IP_ACCESS_LIST),
    ("Invalid access token", CREDENTIAL_REFUSED),
    ("Credential was not sent", CREDENTIAL_REFUSED),
    ("Unauthorized access to Org", UNKNOWN_PRINCIPAL),
    ("only accessible by admins", NOT_ADMIN),
];
const IP_ACCESS_LIST: &str = "ip access list";
const CREDENTIAL_REFUSED: &str = "credential refused";
const UNKNOWN_PRINCIPAL: &str = "unknown principal";
const NOT_ADMIN: &str = "not admin";
const TAKEN_MARKER: &str = "already exists";
/// What `scimType` says, as a sentence, when groups of the account are to be changed through the workspace.
const WRONG_SHAPE_MARKER: &str = "attribute not supported for current workspace";

/// The parts of an answer that its meaning depends on.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// HTTP status.
    pub status: u16,
    /// `Location`, if any.
    pub location: Option<&'a str>,
    /// `Retry-After`, if any.
    pub retry_after: Option<&'a str>,
    /// `Content-Type`, if any.
    pub content_type: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
}

/// Tells a success, with its JSON body if there is one, from every kind of failure.
///
/// # Errors
///
/// The [`DatabricksError`] that says what may be done next (reference of the answers:
/// retry table and error catalogue of the Databricks SCIM API).
pub fn classify(raw: Raw<'_>) -> Result<Option<Value>, DatabricksError> {
    let text = String::from_utf8_lossy(raw.body);
    let text = text.trim();
    let json: Option<Value> = serde_json::from_slice(raw.body).ok();
    let status = raw.status;
    if (300..400).contains(&status) {
        return Err(redirected(raw));
    }
    if contains_any(text, PRIVATE_LINK_MARKERS) && status == 403 {
        return Err(DatabricksError::PrivateLink {
            status,
            detail: detail(json.as_ref(), text),
        });
    }
    if is_html(raw.content_type, text) {
        return Err(web_page(status, text));
    }
    match status {
        200..=299 if text.is_empty() => Ok(None),
        200..=299 => match json {
            Some(body) => Ok(Some(body)),
            None => Err(DatabricksError::OutcomeUnknown(Unknown::Garbled(status))),
        },
        429 => Err(DatabricksError::RateLimited {
            retry_after: raw.retry_after.and_then(parse_retry_after),
            concurrency: text.contains("concurrent limit"),
            status,
        }),
        400 | 500 if contains_any(text, THROTTLE_MARKERS) => Err(DatabricksError::RateLimited {
            retry_after: raw.retry_after.and_then(parse_retry_after),
            concurrency: text.contains("concurrent limit"),
            status,
        }),
        400 | 500 if contains_any(text, TRANSIENT_MARKERS) => Err(DatabricksError::Busy {
            status,
            detail: detail(json.as_ref(), text),
        }),
        503 if text.contains("No webapps are available") => Err(DatabricksError::Busy {
            status,
            detail: detail(None, text),
        }),
        500 if json.as_ref().is_some_and(is_scim_error) => {
            Err(DatabricksError::OutcomeUnknown(Unknown::Failed(status)))
        }
        500..=599 => Err(DatabricksError::OutcomeUnknown(Unknown::ServerError(status))),
        400..=499 => Err(refused(status, json.as_ref(), text)),
        _ => Err(DatabricksError::OutcomeUnknown(Unknown::Garbled(status))),
    }
}

fn redirected(raw: Raw<'_>) -> DatabricksError {
    let (status, location) = (raw.status, raw.location.unwrap_or_default());
    if location.contains("/login.html") && location.contains(VALIDATION_MARKER) {
        return DatabricksError::PrivateLink {
            status,
            detail: format!("redirected to the login page: {VALIDATION_MARKER}"),
        };
    }
    DatabricksError::OutcomeUnknown(if contains_any(location, SIGN_IN_MARKERS) {
        Unknown::SignIn(status)
    } else {
        Unknown::Redirected(status)
    })
}

/// Somebody on the way followed the redirect, or it is no Databricks at all.
fn web_page(status: u16, text: &str) -> DatabricksError {
    if text.contains(VALIDATION_MARKER) {
        return DatabricksError::PrivateLink {
            status,
            detail: format!("the login page: {VALIDATION_MARKER}"),
        };
    }
    DatabricksError::OutcomeUnknown(if contains_any(text, SIGN_IN_MARKERS) {
        Unknown::SignIn(status)
    } else {
        Unknown::Html(status)
    })
}

/// Whether a redirect's address or a body says that Private Link refuses.
pub(super) fn mentions_private_link(text: &str) -> bool {
    contains_any(text, PRIVATE_LINK_MARKERS) || text.contains(VALIDATION_MARKER)
}

/// A 4xx. One without a body of Databricks' own is a stranger's and proves nothing (rule B2).
fn refused(status: u16, json: Option<&Value>, text: &str) -> DatabricksError {
    let body = json.filter(|body| is_databricks_error(body));
    let code = body
        .and_then(|body| body.get("error_code"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let detail = detail(json, text);
    if text.contains(TAKEN_MARKER) {
        return DatabricksError::AlreadyExists { status, detail };
    }
    let marked = NOT_ADMITTED_MARKERS.iter().find(|(marker, _)| text.contains(marker));
    let of_everything = match (status, marked) {
        (401 | 403, Some((_, words))) => Some(*words),
        (401, None) if body.is_some() => Some(CREDENTIAL_REFUSED),
        (403, None) if code == "PERMISSION_DENIED" && !names_an_object(&detail) => Some(NOT_ADMIN),
        _ => None,
    };
    if let Some(words) = of_everything {
        let detail = format!("{words}: {detail}");
        return DatabricksError::NotAdmitted { status, detail };
    }
    match status {
        _ if body.is_none() => DatabricksError::OutcomeUnknown(Unknown::Garbled(status)),
        400 if text.contains(WRONG_SHAPE_MARKER) => DatabricksError::WrongShape {
            status,
            detail: scim_type(json).unwrap_or(detail),
        },
        409 if matches!(code, "ABORTED" | "RESOURCE_CONFLICT") => DatabricksError::Busy { status, detail },
        409 => DatabricksError::AlreadyExists { status, detail },
        404 if code == "ENDPOINT_NOT_FOUND" || detail.contains("Endpoint not supported") => {
            DatabricksError::Refused { status, detail }
        }
        404 => DatabricksError::NotFound { status, detail },
        _ => DatabricksError::Refused { status, detail },
    }
}

/// Whether a refusal says whom or what it is about: a numeric id or a user's name.
fn names_an_object(detail: &str) -> bool {
    let is_id = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_digit());
    detail.contains('@') || detail.split(|c: char| !c.is_alphanumeric()).any(is_id)
}

/// One of the JSON shapes that Databricks reports errors in.
fn is_databricks_error(body: &Value) -> bool {
    let Some(object) = body.as_object() else {
        return false;
    };
    object.contains_key("error_code")
        || object.contains_key("error")
        || object.contains_key("X-Databricks-Reason-Phrase")
        || is_scim_error(body)
}

fn is_scim_error(body: &Value) -> bool {
    let schemas = body.get("schemas").and_then(Value::as_array);
    schemas
        .into_iter()
        .flatten()
        .any(|urn| urn.as_str().is_some_and(|urn| urn.ends_with(":Error")))
}

/// `scimType`, which is a sentence at times.
fn scim_type(json: Option<&Value>) -> Option<String> {
    let said = json?.get("scimType").and_then(Value::as_str)?;
    Some(said.chars().filter(|c| !c.is_control()).take(LONGEST_DETAIL).collect())
}

pub(super) fn detail(json: Option<&Value>, text: &str) -> String {
    let said = json
        .and_then(|body| {
            ["detail", "message", "error_description", "error"]
                .iter()
                .find_map(|key| body.get(key).and_then(Value::as_str))
        })
        .unwrap_or(text);
    said.chars().filter(|c| !c.is_control()).take(LONGEST_DETAIL).collect()
}

pub(super) fn is_html(content_type: Option<&str>, text: &str) -> bool {
    content_type.is_some_and(|kind| kind.starts_with("text/html"))
        || text.starts_with("<!")
        || text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<html"))
}

fn contains_any(text: &str, markers: &[&str]) -> bool {
    markers.iter().any(|marker| text.contains(marker))
}

fn parse_retry_after(header: &str) -> Option<Duration> {
    let seconds: u64 = header.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Option<Value>, DatabricksError> {
        classify(Raw {
            status,
            location: None,
            retry_after: None,
            content_type: Some("application/json"),
            body: body.as_bytes(),
        })
    }

    fn cause(status: u16, body: &str) -> &'static str {
        answer(status, body).unwrap_err().cause()
    }

    #[test]
    fn a_success_may_have_a_body_or_none() {
        assert_eq!(answer(204, "").unwrap(), None);
        assert_eq!(answer(200, r#"{"id":"1"}"#).unwrap().unwrap()["id"], "1");
    }

    #[test]
    fn a_success_with_a_web_page_is_no_success() {
        assert_eq!(cause(200, "<!doctype html><title>A page</title>"), "html");
        assert_eq!(cause(200, "{\"id\":"), "garbled");
    }

    #[test]
    fn throttling_is_recognised_in_the_open_and_in_disguise() {
        let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"REQUEST_LIMIT_EXCEEDED: Workspace 1234 exceeded the concurrent limit of 4 requests.","status":"500"}"#;
        assert!(matches!(
            answer(500, body),
            Err(DatabricksError::RateLimited { concurrency: true, .. })
        ));
        let raw = Raw {
            status: 429,
            location: None,
            retry_after: Some("7"),
            content_type: None,
            body: br#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many requests"}"#,
        };
        assert!(matches!(
            classify(raw),
            Err(DatabricksError::RateLimited { retry_after: Some(delay), concurrency: false, .. }) if delay == Duration::from_secs(7)
        ));
    }

    #[test]
    fn a_refusal_of_the_targets_kind_is_told_from_one_of_the_object() {
        let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"Members attribute not supported for current workspace.","detail":"Request is unparsable, syntactically incorrect, or violates schema.","status":"400"}"#;
        assert!(matches!(
            answer(400, body),
            Err(DatabricksError::WrongShape { status: 400, detail }) if detail.starts_with("Members attribute")
        ));
    }

    #[test]
    fn retry_after_is_believed_up_to_ten_minutes() {
        assert_eq!(parse_retry_after("86400"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(parse_retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    #[test]
    fn every_private_link_refusal_is_named() {
        let redirect = Raw {
            status: 302,
            location: Some("/login.html?error=private-link-validation-error%3A7474646471015793"),
            retry_after: None,
            content_type: None,
            body: b"",
        };
        assert_eq!(classify(redirect).unwrap_err().cause(), "private-link");
        assert_eq!(
            cause(403, "Unauthorized network access to workspace: 7474646471015793"),
            "private-link"
        );
        let json = r#"{"error_code":"403","message":"Unauthorized network access to workspace: 1234567890123456"}"#;
        assert_eq!(cause(403, json), "private-link");
        let app = r#"{"X-Databricks-Reason-Phrase":"Public access is not allowed for workspace: 2717931942638877"}"#;
        assert_eq!(cause(403, app), "private-link");
    }

    #[test]
    fn a_redirect_to_a_sign_in_page_is_told_from_any_other_and_neither_proves_anything() {
        let redirect = |status, location| {
            let raw = Raw {
                status,
                location: Some(location),
                retry_after: None,
                content_type: None,
                body: b"",
            };
            classify(raw).unwrap_err().cause()
        };
        assert_eq!(redirect(302, "/login.html"), "sign-in");
        assert_eq!(redirect(303, "/login.html?error=something-else"), "sign-in");
        assert_eq!(
            redirect(302, "https://login.microsoftonline.com/t/oauth2/authorize?x=1"),
            "sign-in"
        );
        assert_eq!(redirect(301, "https://adb-1.2.azuredatabricks.net/"), "redirected");
        assert_eq!(redirect(302, "/?next=private-link-validation-error"), "redirected");
    }

    #[test]
    fn a_followed_redirect_shows_as_a_page_with_the_marker_or_a_sign_in_title() {
        let page = |body| cause(200, body);
        assert_eq!(page("<!doctype html><title>Databricks - Sign In</title>"), "sign-in");
        assert_eq!(
            page("<html><script>var e='private-link-validation-error:1'</script></html>"),
            "private-link"
        );
        assert_eq!(page("<html><body>It works!</body></html>"), "html");
    }

    #[test]
    fn what_is_not_admitted_is_said_first() {
        let said = |status, body: &str| match answer(status, body) {
            Err(DatabricksError::NotAdmitted { detail, .. }) => detail.split(':').next().unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        let ip = r#"{"error_code":403,"message":"Source IP address: 75.125.237.108 is blocked by Databricks IP ACL for workspace: 7474646471015793 [ReqId: 1]"}"#;
        assert_eq!(said(403, ip), "ip access list");
        assert_eq!(
            said(
                403,
                r#"{"error_code":403,"message":"Source IP address: 1.2.3.4 is blocked by Databricks IP ACL"}"#
            ),
            "ip access list"
        );
        assert_eq!(
            said(403, r#"{"error_code":403,"message":"Invalid access token."}"#),
            "credential refused"
        );
        assert_eq!(
            said(401, r#"{"error_code":401,"message":"Something else."}"#),
            "credential refused"
        );
        assert_eq!(
            said(403, "Unauthorized access to Org: 7474646471015793"),
            "unknown principal"
        );
        let role = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"/2.0/preview/scim/v2/Groups is only accessible by admins","status":"403"}"#;
        assert_eq!(said(403, role), "not admin");
        assert_eq!(
            said(403, r#"{"error_code":"PERMISSION_DENIED","message":"No."}"#),
            "not admin"
        );
    }

    #[test]
    fn a_refused_credential_is_told_from_a_refused_request() {
        assert_eq!(
            cause(403, r#"{"error_code":403,"message":"Invalid access token."}"#),
            "not-admitted"
        );
        assert_eq!(
            cause(
                401,
                r#"{"error_code":401,"message":"Credential was not sent or was of an unsupported type for this API."}"#
            ),
            "not-admitted"
        );
        let named = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Cannot change user 12.","status":"403"}"#;
        assert_eq!(cause(403, named), "refused");
        let role = r#"{"error_code":"PERMISSION_DENIED","message":"The caller is not an administrator."}"#;
        assert_eq!(cause(403, role), "not-admitted");
    }

    #[test]
    fn a_refusal_that_names_its_object_says_nothing_of_the_target() {
        let roles = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"invalidValue PERMISSION_DENIED: Cannot remove roles for 2468013579246801","status":"400"}"#;
        assert_eq!(cause(400, roles), "refused");
        let named = r#"{"error_code":"PERMISSION_DENIED","message":"Cannot remove roles for 2468013579246801"}"#;
        assert_eq!(cause(403, named), "refused");
        let person = r#"{"error_code":"PERMISSION_DENIED","message":"Cannot change ana@contoso.test"}"#;
        assert_eq!(cause(403, person), "refused");
        let quoted = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"No displayName Invalid access token","status":"400"}"#;
        assert_eq!(cause(400, quoted), "refused");
    }

    #[test]
    fn a_4xx_without_a_databricks_body_proves_nothing() {
        assert_eq!(cause(404, "not here"), "garbled");
        assert_eq!(cause(400, "{}"), "garbled");
        assert_eq!(cause(403, "<html>blocked by proxy</html>"), "html");
    }

    #[test]
    fn a_taken_name_and_a_concurrent_change_are_different_409s() {
        let taken = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"User with username me@example.com already exists.","status":"409"}"#;
        assert_eq!(cause(409, taken), "already-exists");
        assert_eq!(
            cause(409, r#"{"error_code":"RESOURCE_CONFLICT","message":"again"}"#),
            "busy"
        );
    }

    #[test]
    fn only_some_5xx_prove_that_nothing_happened() {
        assert_eq!(
            cause(
                503,
                "No webapps are available to handle your request. Please try again later."
            ),
            "busy"
        );
        assert_eq!(
            cause(503, r#"{"error_code":"TEMPORARILY_UNAVAILABLE"}"#),
            "server-error"
        );
        assert_eq!(cause(500, r#"{"error_code":"TEMPORARILY_UNAVAILABLE"}"#), "busy");
        let group = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Error in performing the patch operation on group resource.","status":"500"}"#;
        assert_eq!(
            cause(500, group),
            "failed",
            "unknown for the group, but the target works"
        );
        assert_eq!(cause(502, ""), "server-error");
    }

    #[test]
    fn details_are_short_and_on_one_line() {
        let long = format!("{{\"error_code\":\"X\",\"message\":\"a\\nb{}\"}}", "c".repeat(1000));
        let Err(DatabricksError::Refused { detail, .. }) = answer(400, &long) else {
            panic!("a refusal");
        };
        assert_eq!(detail.len(), LONGEST_DETAIL);
        assert!(detail.starts_with("abc"));
    }
}
