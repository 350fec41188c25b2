//! One request and its answer, as a reader can repeat them.
//!
//! The token is in neither: it is left out of the request's headers, and where a server
//! echoes it, it is struck out of the answer before anything is kept.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

/// The longest body a report quotes, in bytes.
const QUOTED: usize = 4096;

/// A request as it was sent, without its `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentRequest {
    /// The method in capitals.
    pub method: String,
    /// The whole URL, encoded as it was sent.
    pub url: String,
    /// Names in lower case and values; no `authorization`.
    pub headers: Vec<(String, String)>,
    /// The `Authorization` header with `$TOKEN` where the token stood; none if it was left out.
    #[serde(skip)]
    pub authorization: Option<String>,
    /// The body as text, if one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The file of certificates the run trusts beside the usual ones.
    #[serde(skip)]
    pub ca_file: Option<String>,
}

impl SentRequest {
    /// The command that repeats it in a POSIX shell; it takes the token from `$TOKEN`.
    pub fn curl(&self) -> String {
        let mut line = String::from("curl -sS -i");
        if let Some(file) = &self.ca_file {
            let _ = write!(line, " --cacert {}", quoted(file));
        }
        if self.method != "GET" {
            let _ = write!(line, " -X {}", self.method);
        }
        let _ = write!(line, " {}", quoted(&self.url));
        if let Some(authorization) = &self.authorization {
            // Double quotes, so that the shell puts the token in.
            let _ = write!(line, " -H \"Authorization: {authorization}\"");
        }
        for (name, value) in &self.headers {
            let _ = write!(line, " -H {}", quoted(&format!("{name}: {value}")));
        }
        if let Some(body) = &self.body {
            let _ = write!(line, " --data-raw {}", quoted(body));
        }
        line
    }

    /// The same request with no more of its body than a report quotes; nobody repeats 20 MB by hand.
    #[must_use]
    pub fn clipped(&self) -> Self {
        Self {
            body: self.body.as_deref().map(|body| clip(body, QUOTED).into_owned()),
            ..self.clone()
        }
    }
}

/// `text` as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case and values, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// The media type without its parameters, in lower case; empty if none was sent.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The same answer with no more of its body than a report quotes.
    #[must_use]
    pub fn clipped(&self) -> Self {
        Self {
            status: self.status,
            headers: self.headers.clone(),
            body: clip(&self.body, QUOTED).into_owned(),
        }
    }
}

/// `text`, cut to at most `most` bytes at a character's end, saying how much is missing.
pub(crate) fn clip(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Cow::Owned(format!("{}… ({} bytes more)", &text[..end], text.len() - end))
}

/// A request and the answer it got.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: SentRequest,
    /// What came back.
    pub answer: Answer,
    /// From the start of sending to the last byte of the body.
    pub took: Duration,
    /// Whether the token stood in the answer.
    pub token_leaked: bool,
}

impl Exchange {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.answer.status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_prints_as_a_curl_line_that_a_shell_reads_back() {
        let request = SentRequest {
            method: "PATCH".to_owned(),
            url: "https://localhost:8585/scim/Users/1?a=b&c".to_owned(),
            headers: vec![("content-type".to_owned(), "application/scim+json".to_owned())],
            authorization: Some("Bearer $TOKEN".to_owned()),
            body: Some(r#"{"name":"O'Hara $HOME"}"#.to_owned()),
            ca_file: Some("my ca.pem".to_owned()),
        };
        insta::assert_snapshot!(request.curl(), @r#"curl -sS -i --cacert 'my ca.pem' -X PATCH 'https://localhost:8585/scim/Users/1?a=b&c' -H "Authorization: Bearer $TOKEN" -H 'content-type: application/scim+json' --data-raw '{"name":"O'\''Hara $HOME"}'"#);
    }

    #[test]
    fn a_long_body_is_cut_at_a_character() {
        assert_eq!(clip("ééé", 3), "é… (4 bytes more)");
        assert_eq!(clip("ééé", 6), "ééé");
    }
}
