//! What a token endpoint answers, understood alike for Databricks, Entra and the metadata service.
//!
//! Its surprise: numbers come as strings, an expiry as a span or as a moment, and
//! throttling as `invalid_request`.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::super::answer::{detail, is_html, mentions_private_link};
use super::super::network::deepest_cause;
use crate::clock::Timestamp;

/// A token that does not say how long it lives.
const UNSAID_LIFE: Duration = Duration::from_mins(10);
/// A larger answer is not a token's.
const LARGEST_ANSWER: usize = 1024 * 1024;
/// What these mean: this client will not get a token, however often it asks (RFC 6749 §5.2, Entra's own).
const REFUSALS: &[&str] = &[
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_resource",
    "invalid_scope",
    "invalid_target",
    "access_denied",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// Why there is no token. Nothing was sent to Databricks' API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    /// The endpoint refuses this client: a person must act.
    #[error("the token endpoint refuses ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// It cannot be asked, or cannot answer now: try again later.
    #[error("{0}")]
    Unavailable(String),
}

/// A token and how long it lives.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) token: SecretString,
    pub(super) lives: Duration,
}

/// Asks; `now` is when the answer counts from.
pub(super) async fn ask(request: reqwest::RequestBuilder, now: Timestamp) -> Result<Granted, TokenError> {
    let whose = |url: Option<&url::Url>| {
        url.and_then(url::Url::host_str)
            .unwrap_or("the token endpoint")
            .to_owned()
    };
    let mut response = request
        .header(http::header::ACCEPT, "application/json")
        .send()
        .await
        .map_err(|error| TokenError::Unavailable(format!("{}: {}", whose(error.url()), deepest_cause(&error))))?;
    let (status, host) = (response.status().as_u16(), whose(Some(response.url())));
    let header = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let (kind, location) = (header(http::header::CONTENT_TYPE), header(http::header::LOCATION));
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| TokenError::Unavailable(format!("{host}: {}", deepest_cause(&error))))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(TokenError::Unavailable(format!("{host}: the answer is too large")));
        }
    }
    understand(status, location.as_deref(), kind.as_deref(), &body, now).map_err(|error| match error {
        TokenError::Unavailable(why) => TokenError::Unavailable(format!("{host}: {why}")),
        TokenError::Refused { status, detail } => TokenError::Refused {
            status,
            detail: format!("{host}: {detail}"),
        },
    })
}

/// The meaning of an answer. Pure.
fn understand(
    status: u16,
    location: Option<&str>,
    kind: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<Granted, TokenError> {
    let text = String::from_utf8_lossy(body);
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let unavailable = |why: String| Err(TokenError::Unavailable(why));
    if mentions_private_link(location.unwrap_or_default()) || mentions_private_link(&text) {
        return unavailable(format!("status {status}, refused by private link"));
    }
    match (status, &json) {
        (200..=299, Some(body)) => granted(body, now),
        (200..=299, None) => unavailable(format!("status {status} with an answer that holds no token")),
        (300..=399, _) => unavailable(format!("redirect {status}")),
        (400..=499, Some(body)) => Err(refused(status, body, &text)),
        _ if is_html(kind, &text) => unavailable(format!("status {status} with a web page")),
        _ => unavailable(format!("status {status}: {}", detail(json.as_ref(), text.trim()))),
    }
}

fn granted(body: &Value, now: Timestamp) -> Result<Granted, TokenError> {
    let token = body.get("access_token").and_then(Value::as_str).unwrap_or_default();
    if token.is_empty() {
        return Err(TokenError::Unavailable("an answer without a token".to_owned()));
    }
    let until = |moment: u64| Timestamp::from_micros(0).plus(Duration::from_secs(moment)).since(now);
    let span = number(body.get("expires_in")).map(Duration::from_secs);
    let lives = span.or_else(|| number(body.get("expires_on")).map(until));
    Ok(Granted {
        token: SecretString::from(token),
        lives: lives.unwrap_or(UNSAID_LIFE),
    })
}

/// A number, or one in a string.
fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn refused(status: u16, body: &Value, text: &str) -> TokenError {
    let error = body.get("error").and_then(Value::as_str).unwrap_or_default();
    let said = detail(Some(body), text);
    let said = if error.is_empty() || error == said {
        said
    } else {
        format!("{error}: {said}")
    };
    let later = status == 429 || text.contains("hrottled") || text.contains("oo many requests");
    if !later && (REFUSALS.contains(&error) || matches!(status, 401 | 403)) {
        return TokenError::Refused { status, detail: said };
    }
    TokenError::Unavailable(format!("status {status}: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn answer(status: u16, body: &str) -> Result<Granted, TokenError> {
        understand(
            status,
            None,
            Some("application/json"),
            body.as_bytes(),
            at(1_700_000_000),
        )
    }

    #[test]
    fn a_life_is_a_number_or_a_string_a_span_or_a_moment() {
        for (body, seconds) in [
            (r#"{"access_token":"t","expires_in":3600}"#, 3600),
            (r#"{"access_token":"t","expires_in":"3600"}"#, 3600),
            (r#"{"access_token":"t","expires_on":"1700086400"}"#, 86_400),
            (r#"{"access_token":"t","expires_on":1700000060}"#, 60),
            (r#"{"access_token":"t","expires_on":"1600000000"}"#, 0),
            (r#"{"access_token":"t"}"#, 600),
        ] {
            let granted = answer(200, body).unwrap();
            assert_eq!(granted.lives, Duration::from_secs(seconds), "{body}");
            assert_eq!(granted.token.expose_secret(), "t");
        }
    }

    #[test]
    fn a_client_that_is_refused_is_told_from_an_endpoint_that_cannot_answer() {
        let refused = |status, body: &str| matches!(answer(status, body), Err(TokenError::Refused { .. }));
        assert!(refused(
            401,
            r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#
        ));
        assert!(refused(
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS700016: gone"}"#
        ));
        assert!(refused(
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#
        ));
        assert!(refused(403, r#"{"error_code":403,"message":"Invalid access token."}"#));
        let throttled = r#"{"error":"invalid_request","error_description":"Temporarily throttled, too many requests"}"#;
        for (status, body) in [
            (400, throttled),
            (429, r#"{"error":"invalid_client"}"#),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (404, r#"{"error":"not_found"}"#),
            (404, "not here"),
            (410, ""),
            (500, r#"{"error":"server_error"}"#),
            (504, "<html>gateway</html>"),
            (302, ""),
            (200, "<html>sign in</html>"),
            (200, r#"{"token_type":"Bearer"}"#),
            (403, "Unauthorized network access to workspace: 7474646471015793"),
        ] {
            assert!(
                matches!(answer(status, body), Err(TokenError::Unavailable(_))),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_refusal_says_the_code_and_the_words() {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"}"#;
        let error = answer(401, body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the token endpoint refuses (401): invalid_client: AADSTS7000215: Invalid client secret provided.Trace ID: 1"
        );
    }
}
