//! Calls that share one allowance.

use std::time::Duration;

use http::Method;

use crate::api::Resource;
use crate::state::Level;

/// Calls that share one allowance, at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerbClass {
    /// GET by id, lists, Me.
    Get,
    /// PATCH of a group.
    GroupPatch,
    /// POST, PUT, DELETE, and [inferred] PATCH of a user.
    Write,
    /// GET by id at account level.
    AccountGet,
    /// Lists at account level.
    AccountList,
    /// PATCH at account level.
    AccountPatch,
    /// POST, PUT, DELETE at account level.
    AccountWrite,
}

impl VerbClass {
    pub(crate) const ALL: [Self; 7] = [
        Self::Get,
        Self::GroupPatch,
        Self::Write,
        Self::AccountGet,
        Self::AccountList,
        Self::AccountPatch,
        Self::AccountWrite,
    ];

    /// The class of a call; `one` tells a read by id from a list.
    pub(crate) fn of(method: &Method, resource: Resource, level: Level, one: bool) -> Self {
        match (level, method, one) {
            (Level::Workspace, &Method::GET, _) => Self::Get,
            (Level::Workspace, &Method::PATCH, _) if resource == Resource::Groups => Self::GroupPatch,
            (Level::Workspace, _, _) => Self::Write,
            (Level::Account, &Method::GET, true) => Self::AccountGet,
            (Level::Account, &Method::GET, false) => Self::AccountList,
            (Level::Account, &Method::PATCH, _) => Self::AccountPatch,
            (Level::Account, _, _) => Self::AccountWrite,
        }
    }

    /// The classes of one level.
    pub(crate) fn at(level: Level) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |class| class.level() == level)
    }

    pub(crate) fn level(self) -> Level {
        match self {
            Self::Get | Self::GroupPatch | Self::Write => Level::Workspace,
            Self::AccountGet | Self::AccountList | Self::AccountPatch | Self::AccountWrite => Level::Account,
        }
    }

    /// Calls within [`VerbClass::window`] [documented; the unit of account lists inferred].
    pub(crate) fn allowance(self) -> u32 {
        match self {
            Self::Get => 255,
            Self::GroupPatch => 10,
            Self::Write => 35,
            Self::AccountGet => 20,
            Self::AccountList => 240,
            Self::AccountPatch => 2,
            Self::AccountWrite => 5,
        }
    }

    pub(crate) fn window(self) -> Duration {
        match self {
            Self::Get | Self::GroupPatch | Self::Write | Self::AccountList => Duration::from_mins(1),
            Self::AccountGet | Self::AccountPatch | Self::AccountWrite => Duration::from_secs(1),
        }
    }

    /// Calls per minute.
    pub(crate) fn per_minute(self) -> u64 {
        u64::from(self.allowance()) * 60 / self.window().as_secs()
    }

    /// The name in `GET /counters` and `GET /limits`, where the account has a place of its own.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get | Self::AccountGet => "get",
            Self::GroupPatch => "group_patch",
            Self::Write | Self::AccountWrite => "write",
            Self::AccountList => "list",
            Self::AccountPatch => "patch",
        }
    }
}
