//! A file of edits: what people do to the directory in a day.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{
    Group, ObjectId, User,
    problem::{self, DirectoryError},
};

/// Edits in the order they happen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edits {
    /// Each is applied to what the ones before it left.
    pub edits: Vec<Edit>,
    /// Names the edits in errors: the file's path.
    #[serde(skip)]
    pub name: String,
    /// The text they were read from; it tells the line of one that does not fit.
    #[serde(skip)]
    pub(super) text: Option<String>,
}

/// One edit of the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Adds a user and puts them into groups.
    Hire {
        /// Who.
        user: Box<User>,
        /// Into which groups.
        #[serde(default)]
        groups: Vec<ObjectId>,
    },
    /// Soft delete: the user goes to the recycle bin, their memberships vanish.
    Leave {
        /// Who.
        user: ObjectId,
    },
    /// Restores a soft-deleted user and puts them into groups.
    Return {
        /// Who.
        user: ObjectId,
        /// Into which groups.
        #[serde(default)]
        groups: Vec<ObjectId>,
    },
    /// Sets string attributes; `null` clears one. A rename is a new `userPrincipalName`.
    Update {
        /// Whose.
        user: ObjectId,
        /// Graph name to new value.
        set: Map<String, Value>,
    },
    /// Blocks sign-in.
    Disable {
        /// Whose.
        user: ObjectId,
    },
    /// Allows sign-in again.
    Enable {
        /// Whose.
        user: ObjectId,
    },
    /// Takes a user out of one group and puts them into another.
    Move {
        /// Who.
        user: ObjectId,
        /// Out of.
        from: ObjectId,
        /// Into.
        to: ObjectId,
    },
    /// Puts a user into a group.
    AddMember {
        /// Into.
        group: ObjectId,
        /// Who.
        user: ObjectId,
    },
    /// Takes a user out of a group.
    RemoveMember {
        /// Out of.
        group: ObjectId,
        /// Who.
        user: ObjectId,
    },
    /// Gives a user a manager, or none.
    SetManager {
        /// Whose manager.
        user: ObjectId,
        /// The new one; the key must be there, `null` is nobody.
        #[serde(deserialize_with = "nullable")]
        manager: Option<ObjectId>,
    },
    /// Deletes a user for good, soft-deleted before or not.
    HardDelete {
        /// Who.
        user: ObjectId,
    },
    /// Gives a group another name.
    RenameGroup {
        /// Which.
        group: ObjectId,
        /// The new name.
        #[serde(rename = "displayName")]
        display_name: String,
    },
    /// Adds a group.
    CreateGroup {
        /// Which, with its members.
        group: Group,
    },
    /// Deletes a group.
    DeleteGroup {
        /// Which.
        group: ObjectId,
    },
    /// Assigns a user or group to the application.
    Assign {
        /// Which.
        principal: ObjectId,
    },
    /// Takes the assignment away.
    Unassign {
        /// Whose.
        principal: ObjectId,
    },
}

/// Unlike a plain `Option`, a missing key is an error.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ObjectId>, D::Error> {
    Option::deserialize(deserializer)
}

impl Edits {
    /// Reads a file of edits. Whether they fit a directory shows when they are applied.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] in one line, for a file that cannot be read or is not of the format.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DirectoryError> {
        let path = path.as_ref();
        Self::from_json(&problem::read(path)?, &path.display().to_string())
    }

    /// Reads edits from text; `name` stands for the file in errors.
    ///
    /// # Errors
    ///
    /// As [`Edits::load`].
    pub fn from_json(text: &str, name: &str) -> Result<Self, DirectoryError> {
        let mut edits: Self = problem::parse(text, name)?;
        name.clone_into(&mut edits.name);
        edits.text = Some(text.to_owned());
        Ok(edits)
    }
}

impl From<Vec<Edit>> for Edits {
    fn from(edits: Vec<Edit>) -> Self {
        Self {
            edits,
            name: "edits".to_owned(),
            text: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: &str = "11111111-0000-4000-8000-000000000001";

    #[test]
    fn unknown_key_inside_an_edit_is_named() {
        let text = format!("{{\"edits\":[\n{{\"edit\":\"leave\",\"user\":\"{ANNA}\",\"why\":\"x\"}}]}}");
        let error = Edits::from_json(&text, "day.json").unwrap_err().to_string();
        assert!(error.starts_with("day.json, line 2"), "{error}");
        assert!(error.contains("edits[0]") && error.contains("`why`"), "{error}");
    }

    #[test]
    fn unknown_edit_is_named_with_the_known_ones() {
        let error = Edits::from_json(r#"{"edits":[{"edit":"promote"}]}"#, "day.json").unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("`promote`") && error.contains("`hard_delete`"),
            "{error}"
        );
    }

    #[test]
    fn set_manager_needs_its_key_and_takes_null() {
        let missing = format!(r#"{{"edits":[{{"edit":"set_manager","user":"{ANNA}"}}]}}"#);
        let error = Edits::from_json(&missing, "day.json").unwrap_err().to_string();
        assert!(error.contains("missing field `manager`"), "{error}");
        let nobody = format!(r#"{{"edits":[{{"edit":"set_manager","user":"{ANNA}","manager":null}}]}}"#);
        assert!(Edits::from_json(&nobody, "day.json").is_ok());
    }
}
