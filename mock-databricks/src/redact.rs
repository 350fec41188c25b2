//! What the history must not keep: secrets in the fields of token requests.
//!
//! A request is looked at by its content and not by its path: a client with a wrong URL sends its secret all the same.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What stands where a secret stood.
const HIDDEN: &str = "***";

/// Fields of token requests that are secrets, or as good as one.
const SECRETS: [&str; 10] = [
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "id_token",
    "password",
    "refresh_token",
    "subject_token",
];

/// The value of a body: JSON if it is, else its text.
pub(crate) fn body(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut fields)) => {
            for (name, value) in &mut fields {
                if is_secret(name) {
                    *value = HIDDEN.into();
                }
            }
            Value::Object(fields)
        }
        Ok(value) => value,
        Err(_) => form(&String::from_utf8_lossy(body)).into(),
    }
}

/// Path and query.
pub(crate) fn path(path: &str) -> String {
    match path.split_once('?') {
        Some((path, query)) => format!("{path}?{}", form(query)),
        None => path.to_owned(),
    }
}

/// A text as it was, or a form without the secrets in it.
fn form(text: &str) -> String {
    let fields = text.split('&').map(|field| match field.split_once('=') {
        Some((name, _)) if is_secret(&percent_decode_str(name).decode_utf8_lossy()) => format!("{name}={HIDDEN}"),
        _ => field.to_owned(),
    });
    fields.collect::<Vec<_>>().join("&")
}

fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|secret| name.trim().eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{body, path};

    #[test]
    fn secrets_are_hidden_in_forms_json_and_queries_and_nothing_else_changes() {
        for (text, shown) in [
            ("a=b&client_secret=s&c", json!("a=b&client_secret=***&c")),
            ("client%5Fsecret=s", json!("client%5Fsecret=***")),
            ("CLIENT_SECRET=s", json!("CLIENT_SECRET=***")),
            (
                r#"{"client_secret":"s","userName":"u"}"#,
                json!({"client_secret": "***", "userName": "u"}),
            ),
            ("{\"client_secret\":", json!("{\"client_secret\":")),
            ("[1]", json!([1])),
            ("", json!(null)),
        ] {
            assert_eq!(body(text.as_bytes()), shown, "{text}");
        }
        assert_eq!(path("/token?subject_token=s&x=1"), "/token?subject_token=***&x=1");
        assert_eq!(path("/client_secret=s"), "/client_secret=s");
    }
}
