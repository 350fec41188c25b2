//! How much an account and a workspace may hold, each for itself.

use super::Limits;
use crate::switches::{Switch, Switches};

/// Size limits in force; `usize::MAX` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Users and service principals together.
    pub(crate) users: usize,
    pub(crate) groups: usize,
    /// Characters of a displayName.
    pub(crate) display_name: usize,
    /// Characters of an externalId.
    pub(crate) external_id: usize,
    /// Members named in one request.
    pub(crate) members_per_request: usize,
}

impl Sizes {
    /// None at all.
    pub(crate) const LIFTED: Self = Self {
        users: usize::MAX,
        groups: usize::MAX,
        display_name: usize::MAX,
        external_id: usize::MAX,
        members_per_request: usize::MAX,
    };

    /// Those the switches say; limits that are off lift these as well.
    pub(crate) fn of(switches: &Switches, limits: Limits) -> Self {
        if limits == Limits::Off {
            return Self::LIFTED;
        }
        let limit = |switch| match switches.number(switch) {
            0 => usize::MAX,
            number => usize::try_from(number).unwrap_or(usize::MAX),
        };
        Self {
            users: limit(Switch::MostUsers),
            groups: limit(Switch::MostGroups),
            display_name: limit(Switch::LongestDisplayName),
            external_id: limit(Switch::LongestExternalId),
            members_per_request: limit(Switch::MostMembersPerRequest),
        }
    }
}
