//! Access tokens: three parts like a JSON Web Token, with claims a person can read.
//!
//! The third part is seeded noise: nothing checks signatures here, the token is looked up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A token with these claims.
pub(super) fn write(claims: &Value, noise: &[u8]) -> String {
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "mock-databricks"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&header), part(claims), URL_SAFE_NO_PAD.encode(noise))
}
