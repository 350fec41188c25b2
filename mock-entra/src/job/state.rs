//! What a job remembers between cycles: watermark, links, what was exported, escrow.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::failure::ErrorCode;
use crate::directory::ObjectId;

const VERSION: u32 = 1;

/// The memory of a job. It is plain data and can be kept as a JSON file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    version: u32,
    /// The change number up to which the directory was read; `None`: no cycle has finished yet.
    pub watermark: Option<u64>,
    /// Users and what they are at the target.
    pub users: BTreeMap<ObjectId, UserLink>,
    /// Groups and what they are at the target.
    pub groups: BTreeMap<ObjectId, GroupLink>,
    /// Objects that failed and are tried again in the next cycle.
    pub escrow: BTreeMap<ObjectId, Escrowed>,
    /// Fingerprint of each object as last read, for a job that is started again.
    pub(crate) seen: BTreeMap<ObjectId, u64>,
}

/// A user's object connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserLink {
    /// The server's id.
    pub target: String,
    /// Whether it was left active.
    pub active: bool,
    /// It was disabled because it lost its assignment: then no DELETE will ever follow.
    #[serde(default)]
    pub left_scope: bool,
    /// The manager's target id as exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
}

/// A group's object connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupLink {
    /// The server's id.
    pub target: String,
    /// Members as exported: source id and target id.
    #[serde(default)]
    pub members: BTreeMap<ObjectId, String>,
}

/// An object waiting to be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escrowed {
    /// Cycles it has failed in.
    pub attempts: u32,
    /// Why it failed last.
    pub code: ErrorCode,
}

/// Why a state file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Give another path.
    #[error("state file {file}: {cause}; check the path and its permissions", file = .file.display())]
    File {
        /// As given.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Start without it: it was not written by this version.
    #[error("state file {file}, line {line}: {problem}; remove the file to start with a new job", file = .file.display())]
    Unreadable {
        /// As given.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

impl Default for State {
    fn default() -> Self {
        Self {
            version: VERSION,
            watermark: None,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            escrow: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }
}

impl State {
    /// Reads a state file; a file that does not exist is the state of a new job.
    ///
    /// # Errors
    ///
    /// [`StateError`] if it cannot be read or was not written by this version.
    pub fn load(path: &Path) -> Result<Self, StateError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => {
                return Err(StateError::File {
                    file: path.to_owned(),
                    cause,
                });
            }
        };
        let unreadable = |line, problem: String| StateError::Unreadable {
            file: path.to_owned(),
            line,
            problem,
        };
        let state: Self = serde_json::from_str(&text).map_err(|error| unreadable(error.line(), error.to_string()))?;
        if state.version == VERSION {
            Ok(state)
        } else {
            Err(unreadable(1, format!("version {} is not {VERSION}", state.version)))
        }
    }

    /// Writes the state file, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StateError::File`] if it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        let failed = |cause| StateError::File {
            file: path.to_owned(),
            cause,
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        fs::write(&beside, text).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    }

    /// Forgets everything known about a target user: the next cycle matches or creates it again,
    /// and whoever refers to it is looked at again.
    pub(crate) fn forget_user(&mut self, id: &ObjectId) {
        let Some(link) = self.users.remove(id) else { return };
        for user in self.users.values_mut() {
            if user.manager.as_deref() == Some(&link.target) {
                user.manager = None;
            }
        }
        for group in self.groups.values_mut() {
            group.members.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_the_same_after_saving_and_loading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(State::load(&path).unwrap(), State::default());
        let id: ObjectId = "11111111-0000-4000-8000-000000000001".parse().unwrap();
        let mut state = State {
            watermark: Some(7),
            ..State::default()
        };
        state.users.insert(
            id.clone(),
            UserLink {
                target: "t".into(),
                active: true,
                left_scope: false,
                manager: None,
            },
        );
        state.seen.insert(id, u64::MAX);
        state.save(&path).unwrap();
        assert_eq!(State::load(&path).unwrap(), state);
    }

    #[test]
    fn state_file_of_another_shape_is_named_with_a_remedy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "{\"version\":1,\n\"x\":1}").unwrap();
        let error = State::load(file.path()).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("remove the file"), "{error}");
    }
}
