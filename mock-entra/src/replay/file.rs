//! The format of a sequence file.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

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

/// A recorded sequence. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// What it shows.
    pub name: String,
    /// Names of the sources.
    pub source: String,
    /// `legacy`, `aadOptscim062020` or `both`.
    pub dialect: String,
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
    /// Headers; `Authorization` is a placeholder.
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
    #[error("{file}: {key}: {problem}; correct the sequence file", file = .file.display())]
    Invalid {
        /// As given.
        file: PathBuf,
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
    /// [`SequenceError`] in one line, naming the file, the line or JSON path and the problem.
    pub fn load(path: &Path) -> Result<Self, SequenceError> {
        let text = fs::read_to_string(path).map_err(|cause| SequenceError::Unreadable {
            file: path.to_owned(),
            cause,
        })?;
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        let mut sequence: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let problem = error.inner().to_string();
            let problem = problem.rsplit_once(" at line ").map_or(&*problem, |(text, _)| text);
            SequenceError::Malformed {
                file: path.to_owned(),
                line: error.inner().line(),
                key: error.path().to_string(),
                problem: problem.to_owned(),
            }
        })?;
        path.clone_into(&mut sequence.file);
        sequence.check().map_err(|(key, problem)| SequenceError::Invalid {
            file: path.to_owned(),
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
        let given = self.given.iter().map(|given| ("given", given.step));
        let adapted = self.adapted.iter().map(|adapted| ("adapted", adapted.step));
        for (key, step) in given.chain(adapted) {
            if step == 0 || step > last {
                let problem = format!("step {step} is none of 1 to {last}");
                return Err((key.to_owned(), problem));
            }
        }
        for (at, given) in self.given.iter().enumerate() {
            let resources = given.users.iter().chain(&given.groups);
            if resources.into_iter().any(|resource| resource["id"].as_str().is_none()) {
                let problem = "a resource has no placeholder `id`".to_owned();
                return Err((format!("given[{at}]"), problem));
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            if !self.scripted && !step.request.path.starts_with('/') {
                let problem = format!("`{}` does not start with /", step.request.path);
                return Err((format!("steps[{at}].request.path"), problem));
            }
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
        fs::write(file.path(), text).unwrap();
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

    #[test]
    fn given_for_a_step_that_does_not_exist_is_refused() {
        let text = r#"{"name":"n","source":"s","dialect":"both","evidence":"captured",
            "given":[{"step":2}],
            "steps":[{"request":{"method":"GET","path":"/Users"},"response":{"status":200}}]}"#;
        assert!(error(text).contains("given: step 2 is none of 1 to 1"));
    }
}
