//! What can be wrong with a directory or edits file, said in one line.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a file could not be used, split by what its author does next.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Give another path, or make the file readable.
    #[error("{file}: cannot be read: {cause}; check the path and its permissions", file = .file.display())]
    Unreadable {
        /// The file asked for.
        file: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },

    /// Correct the text: it is no JSON, or not of the format.
    #[error("{file}, line {line}, column {column}: {key}: {problem}; {remedy}")]
    Malformed {
        /// File name, or the name given to text from elsewhere.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// JSON path, for example `users[3].manager`.
        key: String,
        /// What is wrong there.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },

    /// Correct the content: something named does not exist, or exists twice.
    #[error("{file}: {key}: {problem}; {remedy}")]
    Invalid {
        /// File name, or the name given to text from elsewhere.
        file: String,
        /// JSON path, for example `users[3].manager`.
        key: String,
        /// What is wrong there.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
}

/// A finding inside a file, before the file's name is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) key: String,
    pub(crate) problem: String,
    pub(crate) remedy: &'static str,
}

impl Finding {
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            key: key.into(),
            problem: problem.into(),
            remedy,
        }
    }

    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.key = if self.key.is_empty() {
            outer.to_owned()
        } else {
            format!("{outer}.{}", self.key)
        };
        self
    }

    pub(crate) fn of(self, file: &str) -> DirectoryError {
        let Self { key, problem, remedy } = self;
        DirectoryError::Invalid {
            file: file.to_owned(),
            key,
            problem,
            remedy,
        }
    }
}

pub(crate) fn read(path: &Path) -> Result<String, DirectoryError> {
    let bytes = std::fs::read(path).map_err(|cause| DirectoryError::Unreadable {
        file: path.to_owned(),
        cause,
    })?;
    let text = String::from_utf8(bytes).map_err(|error| DirectoryError::Unreadable {
        file: path.to_owned(),
        cause: std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()),
    })?;
    // Windows tools like to write a byte-order mark, which JSON does not know.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Reads JSON of a strict format.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, DirectoryError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let malformed = |key: String, error: &serde_json::Error| DirectoryError::Malformed {
        file: file.to_owned(),
        line: error.line(),
        column: error.column(),
        key,
        problem: without_position(&error.to_string()),
        remedy: remedy(error),
    };
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let key = match error.path().to_string() {
            root if root == "." => "the document".to_owned(),
            key => key,
        };
        malformed(key, error.inner())
    })?;
    deserializer
        .end()
        .map_err(|error| malformed("the document".to_owned(), &error))?;
    Ok(value)
}

fn without_position(text: &str) -> String {
    text.rsplit_once(" at line ")
        .map_or(text, |(problem, _)| problem)
        .to_owned()
}

fn remedy(error: &serde_json::Error) -> &'static str {
    let text = error.to_string();
    if !error.is_data() {
        "correct the JSON here"
    } else if text.starts_with("unknown field") {
        "remove the key or correct its spelling"
    } else if text.starts_with("missing field") {
        "add the key"
    } else if text.starts_with("duplicate field") {
        "keep the key once"
    } else {
        "write a value of the format"
    }
}
