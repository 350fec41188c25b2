//! Groups of the account and groups of the workspace.

use super::id::Id;
use super::level::Level;
use super::table::Row;

/// A group without its members.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: Id,
    /// Where it lives: an account group, or a workspace-local one. One name may stand in both [inferred].
    pub(crate) home: Level,
    pub(crate) display_name: String,
    pub(crate) external_id: Option<String>,
    /// Of the workspace only [documented].
    pub(crate) entitlements: Vec<String>,
    pub(crate) roles: Vec<String>,
}

impl Group {
    pub(crate) fn new(id: Id, home: Level, display_name: &str) -> Self {
        Self {
            id,
            home,
            display_name: display_name.to_owned(),
            external_id: None,
            entitlements: Vec::new(),
            roles: Vec::new(),
        }
    }
}

impl Row for Group {
    fn id(&self) -> Id {
        self.id
    }

    fn name(&self) -> &str {
        &self.display_name
    }
}
