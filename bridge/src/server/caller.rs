//! Who calls: bearer tokens (rule F). One or two are valid at once, so that a token can
//! be changed without an outage. They are kept as hashes and compared in constant time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::Response;
use scim::error::ScimError;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{Endpoint, reply};

type Hash = [u8; 32];

/// The valid tokens, read from a file with a token a line.
#[derive(Debug, Clone)]
pub struct Tokens {
    path: PathBuf,
    hashes: Arc<RwLock<Vec<Hash>>>,
}

impl Tokens {
    /// Reads the tokens of `path`.
    ///
    /// # Errors
    ///
    /// A sentence naming the file when it cannot be read, or holds no token or more than two.
    pub fn open(path: &Path) -> Result<Self, String> {
        Ok(Self {
            hashes: Arc::new(RwLock::new(read(path)?)),
            path: path.to_owned(),
        })
    }

    /// Reads the file again; a file that cannot be read changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Tokens::open`].
    pub fn reload(&self) -> Result<(), String> {
        let fresh = read(&self.path)?;
        *self.hashes.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Whether `token` is one of them. Takes the same time whichever it is.
    pub fn admit(&self, token: &str) -> bool {
        let hash: Hash = Sha256::digest(token.as_bytes()).into();
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        let found = hashes
            .iter()
            .fold(Choice::from(0), |found, valid| found | valid.ct_eq(&hash));
        found.into()
    }
}

fn read(path: &Path) -> Result<Vec<Hash>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let tokens: Vec<&str> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    match tokens.len() {
        0 => Err(format!(
            "{}: holds no token; write one or two, a line each",
            path.display()
        )),
        1 | 2 => Ok(tokens
            .iter()
            .map(|token| Sha256::digest(token.as_bytes()).into())
            .collect()),
        more => Err(format!(
            "{}: holds {more} tokens; at most two are valid at once",
            path.display()
        )),
    }
}

/// Lets only requests with a valid token through.
pub(super) async fn require_token(State(endpoint): State<Endpoint>, request: Request, next: Next) -> Response {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let admitted = match (values.next(), values.next()) {
        (Some(only), None) => bearer(only).is_some_and(|token| endpoint.tokens().admit(token)),
        _ => false,
    };
    if admitted {
        return next.run(request).await;
    }
    let mut response = reply::error(&ScimError::new(
        401,
        "a valid bearer token is needed in the Authorization header",
    ));
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"scim\""));
    response
}

/// The token of `Bearer <token>`; the scheme's name in any letter case (RFC 7235 §2.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_are_valid_and_a_reload_takes_up_new_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("entra-token");
        std::fs::write(&path, "old\r\nnew\n").unwrap();
        let tokens = Tokens::open(&path).unwrap();
        assert!(tokens.admit("old") && tokens.admit("new") && !tokens.admit("ol"));
        std::fs::write(&path, "new\n").unwrap();
        tokens.reload().unwrap();
        assert!(!tokens.admit("old") && tokens.admit("new"));
        assert!(!format!("{tokens:?}").contains("new\""));
    }

    #[test]
    fn a_file_without_tokens_or_with_three_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("entra-token");
        std::fs::write(&path, "\n").unwrap();
        assert!(Tokens::open(&path).unwrap_err().contains("entra-token"));
        std::fs::write(&path, "a\nb\nc\n").unwrap();
        assert!(Tokens::open(&path).unwrap_err().contains("at most two"));
    }

    #[test]
    fn the_scheme_matches_in_any_letter_case_and_is_needed() {
        assert_eq!(bearer(&HeaderValue::from_static("bEARER t")), Some("t"));
        assert_eq!(bearer(&HeaderValue::from_static("t")), None);
        assert_eq!(bearer(&HeaderValue::from_static("Basic t")), None);
    }
}
