//! The format of a sequence file.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::strict_json;

/// Where the knowledge of a sequence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Seen on the wire and published.
    Captured,
    /// Written in the vendor's documentation.
    Documented,
    /// Follows from the others; nobody states it.
    Inferred,
}

impl fmt::Display for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Captured => "captured",
            Self::Documented => "documented",
            Self::Inferred => "inferred",
        })
    }
}

/// The PATCH dialects in which a client sends the requests of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SequenceDialect {
    /// What Entra writes without a flag.
    #[serde(rename = "legacy")]
    Legacy,
    /// What it writes with the flag of this name.
    #[serde(rename = "aadOptscim062020")]
    Compliant,
    /// There is no difference.
    #[serde(rename = "both")]
    Both,
}

/// A recorded sequence. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// What it shows.
    pub name: String,
    /// Names of the sources.
    pub source: String,
    /// Which PATCH dialects its requests are written in.
    pub dialect: SequenceDialect,
    /// What else is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Kind of source.
    pub evidence: Evidence,
    /// The answers are a script for a double of the server; not played against a real one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scripted: bool,
    /// What exists before some of the steps.
    pub given: Vec<Given>,
    /// Expected values that differ from the recorded ones, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adapted: Vec<Adapted>,
    /// Requests and answers in order.
    pub steps: Vec<Step>,
    /// The file it was read from.
    #[serde(skip)]
    pub file: PathBuf,
}

/// What exists before a step: everything made so far is deleted, then this is created.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The step, from 1.
    pub step: usize,
    /// SCIM bodies with a placeholder `id`, created in this order.
    #[serde(default)]
    pub users: Vec<Value>,
    /// The same; `members` may name placeholders of users.
    #[serde(default)]
    pub groups: Vec<Value>,
}

/// One expected value that is not the recorded one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapted {
    /// The step, from 1.
    pub step: usize,
    /// Where in the expected body.
    pub field: String,
    /// Why another value, or any, is right.
    pub why: String,
}

/// A request and the answer to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is sent.
    pub request: SequenceRequest,
    /// What must come back.
    pub response: SequenceResponse,
}

/// A request as it is on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceRequest {
    /// HTTP method.
    pub method: String,
    /// Path and query below the tenant URL, encoded as sent.
    pub path: String,
    /// Headers, sent in place of the client's own; `Authorization` is a placeholder and is not.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body; JSON, or text if the content is something else.
    #[serde(default, deserialize_with = "null_is_none")]
    pub body: Option<Value>,
}

/// The answer the client can live with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers; only scripts have some.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Values that must be in the answer; `None`: the client does not depend on the body.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "null_is_none")]
    pub body: Option<Value>,
}

impl SequenceRequest {
    fn check(&self, scripted: bool) -> Result<(), (String, String)> {
        if Method::from_bytes(self.method.as_bytes()).is_err() {
            return Err(("method".to_owned(), format!("`{}` is no method", self.method)));
        }
        if !scripted && !self.path.starts_with('/') {
            return Err(("path".to_owned(), format!("`{}` does not start with /", self.path)));
        }
        for (name, value) in &self.headers {
            if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
                return Err((format!("headers.{name}"), "cannot stand in a request".to_owned()));
            }
        }
        Ok(())
    }

    /// The headers to send: all but the placeholder of the credential, which is the client's own.
    pub(super) fn recorded_headers(&self) -> HeaderMap {
        let sendable = |(name, value): (&String, &String)| Some((name.parse().ok()?, value.parse().ok()?));
        let recorded = self.headers.iter().filter_map(sendable);
        recorded
            .filter(|(name, _): &(HeaderName, HeaderValue)| *name != AUTHORIZATION)
            .collect()
    }
}

fn null_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Option::deserialize(deserializer)
}

/// Why a sequence file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// Give another path.
    #[error("{file}: cannot be read: {cause}; check the path and its permissions", file = .file.display())]
    Unreadable {
        /// As given.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Correct the file: it is no JSON, or not of the format.
    #[error("{file}, line {line}: {key}: {problem}; correct the sequence file", file = .file.display())]
    Malformed {
        /// As given.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// JSON path.
        key: String,
        /// What is wrong there.
        problem: String,
    },
    /// Correct the content.
    #[error("{file}, line {line}: {key}: {problem}; correct the sequence file", file = .file.display())]
    Invalid {
        /// As given.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// JSON path.
        key: String,
        /// What is wrong there.
        problem: String,
    },
}

impl Sequence {
    /// Reads a sequence file.
    ///
    /// # Errors
    ///
    /// [`SequenceError`] in one line, naming the file, the line, the JSON path and the problem.
    pub fn load(path: &Path) -> Result<Self, SequenceError> {
        let text = strict_json::read(path).map_err(|cause| SequenceError::Unreadable {
            file: path.to_owned(),
            cause,
        })?;
        let mut sequence: Self = strict_json::parse(&text).map_err(|misfit| SequenceError::Malformed {
            file: path.to_owned(),
            line: misfit.line,
            key: misfit.key,
            problem: misfit.problem,
        })?;
        path.clone_into(&mut sequence.file);
        sequence.check().map_err(|(key, problem)| SequenceError::Invalid {
            file: path.to_owned(),
            line: strict_json::line_of(&text, &key),
            key,
            problem,
        })?;
        Ok(sequence)
    }

    fn check(&self) -> Result<(), (String, String)> {
        let last = self.steps.len();
        if last == 0 {
            return Err(("steps".to_owned(), "there are none".to_owned()));
        }
        let given = self.given.iter().map(|given| given.step).enumerate();
        let adapted = self.adapted.iter().map(|adapted| adapted.step).enumerate();
        let given = given.map(|(at, step)| (format!("given[{at}].step"), step));
        let adapted = adapted.map(|(at, step)| (format!("adapted[{at}].step"), step));
        for (key, step) in given.chain(adapted) {
            if step == 0 || step > last {
                return Err((key, format!("step {step} is none of 1 to {last}")));
            }
        }
        for (at, given) in self.given.iter().enumerate() {
            for (kind, resources) in [("users", &given.users), ("groups", &given.groups)] {
                if let Some(without) = resources.iter().position(|resource| resource["id"].as_str().is_none()) {
                    let problem = "the resource has no placeholder `id`".to_owned();
                    return Err((format!("given[{at}].{kind}[{without}]"), problem));
                }
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            step.request
                .check(self.scripted)
                .map_err(|(key, problem)| (format!("steps[{at}].request.{key}"), problem))?;
        }
        Ok(())
    }

    /// The file's name without folder and ending.
    pub fn slug(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let error = Sequence::load(file.path()).unwrap_err().to_string();
        assert!(!error.contains('\n'), "one line: {error}");
        error
    }

    #[test]
    fn missing_and_broken_files_are_named_in_one_line() {
        let missing = Sequence::load(Path::new("nowhere/x.json")).unwrap_err().to_string();
        assert!(missing.starts_with("nowhere/x.json: cannot be read"), "{missing}");
        assert!(error("{\n oops").contains(", line 2"));
        assert!(error("{\"name\":\"n\"}").contains("missing field `source`"));
    }

    fn sequence(steps: &str, more: &str) -> String {
        format!(
            "{{\"name\":\"n\",\"source\":\"s\",\"dialect\":\"both\",\"evidence\":\"captured\",\n\"given\":[{more}],\n\"steps\":[{steps}]}}"
        )
    }

    fn step(request: &str) -> String {
        format!("{{\"request\":{{{request}}},\n\"response\":{{\"status\":200}}}}")
    }

    #[test]
    fn content_that_cannot_be_played_is_named_with_its_line() {
        let get = step(r#""method":"GET","path":"/Users""#);
        for (text, problem) in [
            (
                sequence(&get, "\n{\"step\":2}"),
                "line 3: given[0].step: step 2 is none of 1 to 1",
            ),
            (
                sequence(&get, "\n{\"step\":1,\n\"users\":[{}]}"),
                "line 4: given[0].users[0]: the resource has no placeholder",
            ),
            (sequence("", ""), "line 3: steps: there are none"),
            (
                sequence(&format!("{get},{}", step("\"method\":\"G E T\",\"path\":\"/\"")), ""),
                "line 4: steps[1].request.method: `G E T` is no method",
            ),
            (
                sequence(&step(r#""method":"GET","path":"Users""#), ""),
                "line 3: steps[0].request.path: `Users` does not start with /",
            ),
            (
                sequence(&step(r#""method":"GET","path":"/","headers":{"X Y":"z"}"#), ""),
                "line 3: steps[0].request.headers.X Y: cannot stand in a request",
            ),
            (
                format!("{}\n more", sequence(&get, "")),
                "line 5: the document: trailing characters",
            ),
            (
                sequence(&get, "").replace("\"both\"", "\"either\""),
                "line 1: dialect: unknown variant `either`, expected one of `legacy`, `aadOptscim062020`, `both`",
            ),
        ] {
            let error = error(&text);
            assert!(error.contains(problem), "{problem}: {error}");
        }
    }

    #[test]
    fn recorded_headers_are_sent_but_for_the_placeholder_of_the_credential() {
        let request: SequenceRequest = serde_json::from_str(
            r#"{"method":"GET","path":"/","headers":{"authorization":"Bearer PLACEHOLDER","X-Why":"test"}}"#,
        )
        .unwrap();
        let headers = request.recorded_headers();
        assert_eq!(
            (headers.len(), &headers["x-why"]),
            (1, &HeaderValue::from_static("test"))
        );
    }
}
