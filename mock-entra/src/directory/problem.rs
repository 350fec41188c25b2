//! What can be wrong with a directory or edits file, said in one line.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::strict_json;

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
    #[error("{file}{}: {key}: {problem}; {remedy}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Invalid {
        /// File name, or the name given to text from elsewhere.
        file: String,
        /// From 1; `None` if there is no text, for edits made by a program.
        line: Option<usize>,
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

    /// The finding as an error of `file`, whose text tells the line.
    pub(crate) fn of(self, file: &str, text: Option<&str>) -> DirectoryError {
        let Self { key, problem, remedy } = self;
        DirectoryError::Invalid {
            file: file.to_owned(),
            line: text.map(|text| strict_json::line_of(text, &key)),
            key,
            problem,
            remedy,
        }
    }
}

pub(crate) fn read(path: &Path) -> Result<String, DirectoryError> {
    strict_json::read(path).map_err(|cause| DirectoryError::Unreadable {
        file: path.to_owned(),
        cause,
    })
}

/// Reads JSON of a strict format.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, DirectoryError> {
    strict_json::parse(text).map_err(|misfit| DirectoryError::Malformed {
        file: file.to_owned(),
        line: misfit.line,
        column: misfit.column,
        key: misfit.key,
        problem: misfit.problem,
        remedy: misfit.remedy,
    })
}
