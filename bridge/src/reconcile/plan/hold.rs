//! Why a person must decide first, in words that name the setting and the command.

use std::fmt;

use crate::store::Kind;

/// One reason to hold what gives. What takes away is held by the guard alone (rule E6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// An inactive account of the wanted name exists (rule C3).
    InactiveUser,
    /// A group of the wanted name exists that is not to be adopted (rule C3).
    ForeignGroup,
    /// The name belonged to a deleted resource with another `externalId` (rules C6, C7).
    NameReused(Kind),
    /// The account of that name belongs to another user who is still there.
    NameHeld,
    /// Groups exchange their names (decision 0005).
    NamesInACircle,
    /// A rename that is not carried out by itself (rule C5).
    Rename(&'static str),
    /// A rename onto a name that must not be written (rule C8).
    RenameProtected(String),
    /// The object was deleted at the target by somebody else (rule B4).
    Vanished(Kind),
    /// What was found under the wanted name cannot be this resource's.
    Conflict(&'static str),
    /// The store was restored: nothing is given before the client has written it again (rule D3).
    Restored,
    /// As it was held before; nothing was written since.
    Noted(String),
}

/// What a waiting create may be answered because of its own values (rule A4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 409 `uniqueness`: a foreign object holds the name.
    NameTaken,
    /// 400 `invalidValue`, in Databricks' words.
    InvalidValue(String),
}

impl Hold {
    /// What a create that still waits is answered instead of being held (rule A4).
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::ForeignGroup => Some(Refusal::NameTaken),
            Self::InactiveUser
            | Self::NameReused(_)
            | Self::NameHeld
            | Self::NamesInACircle
            | Self::Rename(_)
            | Self::RenameProtected(_)
            | Self::Vanished(_)
            | Self::Conflict(_)
            | Self::Restored
            | Self::Noted(_) => None,
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InactiveUser => f.write_str(
                "adopt_inactive: an inactive user of this userName exists at the target; \
                 scim-bridge adopt NAME takes it over",
            ),
            Self::ForeignGroup => f.write_str(
                "adopt.groups: a group of this displayName exists at the target and was not made by the bridge; \
                 scim-bridge adopt NAME takes it over",
            ),
            Self::NameReused(Kind::User) => f.write_str(
                "on_name_reuse: the userName belonged to a deleted user with another externalId; \
                 scim-bridge adopt NAME gives the old account to the new user",
            ),
            Self::NameReused(Kind::Group) => f.write_str(
                "on_name_reuse: the displayName is that of the shell of a deleted group with another externalId; \
                 scim-bridge adopt NAME uses the shell",
            ),
            Self::NameHeld => f.write_str(
                "rename: the account of that userName still belongs to another user; give that one another name first",
            ),
            Self::NamesInACircle => f.write_str(
                "rename: groups exchange their names, and none can go first; give one of them a third name",
            ),
            Self::Rename(why) => write!(
                f,
                "rename: {why}; the old account stays as it is; scim-bridge rename approve|refuse NAME decides"
            ),
            Self::RenameProtected(why) => write!(f, "rename: {why}; give the user another name"),
            Self::Vanished(_) => f.write_str(
                "vanished: the object was deleted at the target by somebody else; scim-bridge recreate NAME makes it again",
            ),
            Self::Conflict(why) => write!(f, "conflict: {why}"),
            Self::Restored => f.write_str(
                "restored: the store was restored from a backup; nothing is given before Entra has written it again",
            ),
            Self::Noted(why) => f.write_str(why),
        }
    }
}
