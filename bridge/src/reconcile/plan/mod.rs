//! Planning: what to do next about one resource, from what is desired, what was applied
//! and what is observed (rule B1). Pure, total and deterministic: no store, no clock,
//! no network.
//!
//! Planning one resource at a time keeps it small; what one resource needs to know of
//! another (an upstream id, a removal still pending) is part of its view. The order of
//! rule B6 is in the order of the branches: revocations, then grants, then looking.

mod create;
mod group;
mod hold;
mod rights;
mod user;

pub use create::{Judged, Seen, judge};
pub use group::{GroupView, plan_group};
pub use hold::{Hold, Refusal};
pub use user::{UserBinding, UserView, plan_user};

use super::assign::Workspace;
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::databricks::wire::Permission;
use crate::id::UpstreamId;
use crate::store::{BindingId, Field, GuardClass, QueueClass};

/// What to do next about a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Everything that can be sent is confirmed. Edges that wait for their member count as accepted (rule B8).
    Settled {
        /// When something has still to be proven or verified by a read.
        check_at: Option<Timestamp>,
    },
    /// Nothing now; plan again then.
    Wait {
        /// When.
        until: Timestamp,
        /// Why, for the log.
        why: &'static str,
    },
    /// Something that takes away was refused: tried again then, and not settled before (rule B10).
    Failing {
        /// When.
        until: Timestamp,
        /// What, for the log.
        why: &'static str,
    },
    /// The guard holds what takes away (rule E6): it stays queued, and is planned again when a person lets it pass.
    Guarded {
        /// When to look again.
        until: Timestamp,
        /// What is held.
        class: GuardClass,
    },
    /// A person must decide; planned again when the resource is written or a command comes.
    Hold {
        /// On which binding, if there is one yet.
        binding: Option<BindingId>,
        /// Why.
        why: Hold,
        /// When something beside it has to be looked at.
        check_at: Option<Timestamp>,
    },
    /// Never to be written (rule C8): counts as settled.
    Protected {
        /// Why.
        why: String,
        /// When something beside it has to be looked at.
        check_at: Option<Timestamp>,
    },
    /// A step that only the store sees; plan again after it.
    Note(Note),
    /// A request.
    Call(Call),
}

/// A step without a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The resource gets its first binding, or one more generation (rule C5).
    Bind,
    /// No create was ever attempted: the binding simply takes the new name.
    Rename(BindingId),
    /// The current account steps back for one under the new name (rule C5).
    Retire(BindingId),
    /// An older account of this resource has the wanted name again and becomes current.
    Reinstate {
        /// The one that comes back.
        back: BindingId,
        /// The one that steps back.
        away: BindingId,
    },
    /// The old account of a renamed user is to be deactivated and stripped (rule C5).
    StepDown(BindingId),
    /// The upstream object of a deleted resource of the same person or group is taken over (rules C6, C7).
    TakeOver(BindingId),
    /// A scan has shown that nothing of this name is there (rule C2).
    Absent(BindingId),
    /// There is nothing upstream to undo.
    Gone(BindingId),
}

/// A request to Databricks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How urgent.
    pub class: QueueClass,
    /// Its rate class.
    pub verb: Verb,
    /// On which upstream object.
    pub binding: BindingId,
    /// What it does.
    pub action: Action,
}

/// Fields with the values they are to get.
pub type Values = Vec<(Field, Option<String>)>;
/// Members by binding and upstream id.
pub type Members = Vec<(BindingId, UpstreamId)>;

/// What a request does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Creates a user or group under the binding's name.
    Create {
        /// First values.
        fields: Values,
        /// First members of a group.
        members: Members,
    },
    /// Sets fields of a user or group.
    Patch {
        /// Where.
        upstream: UpstreamId,
        /// What; `active` is last.
        fields: Values,
    },
    /// Adds members to a group.
    AddMembers {
        /// Where.
        upstream: UpstreamId,
        /// Whom.
        members: Members,
    },
    /// Removes members from a group, one operation each.
    RemoveMembers {
        /// Where.
        upstream: UpstreamId,
        /// Whom.
        members: Members,
    },
    /// Takes direct entitlements and roles from a retired user (rule C6).
    Strip {
        /// Where.
        upstream: UpstreamId,
        /// Whether there are entitlements.
        entitlements: bool,
        /// The roles to remove.
        roles: Vec<String>,
    },
    /// Gives a group entitlements.
    Entitle {
        /// Where.
        upstream: UpstreamId,
        /// Those that it lacks.
        missing: Vec<String>,
        /// All that it then has of the bridge, sorted and comma-joined.
        all: String,
    },
    /// Assigns a group of the account to a workspace.
    Assign {
        /// Whom.
        upstream: UpstreamId,
        /// Where.
        workspace: Workspace,
        /// As what.
        permission: Permission,
        /// All workspaces that it is then in, comma-joined.
        all: String,
    },
    /// Takes a group of the account out of a workspace.
    Unassign {
        /// Whom.
        upstream: UpstreamId,
        /// Where.
        workspace: Workspace,
        /// The workspaces that it is then still in, or may be, comma-joined.
        left: Option<String>,
    },
    /// Reads which of these workspaces a group is assigned to.
    LookAtAssignment {
        /// Whom.
        upstream: UpstreamId,
        /// Where.
        workspaces: Vec<Workspace>,
    },
    /// Deletes an upstream object.
    Delete {
        /// Which.
        upstream: UpstreamId,
    },
    /// Looks for an object by the binding's name.
    LookUp,
    /// Reads an object by its id.
    Read {
        /// Which.
        upstream: UpstreamId,
        /// What for.
        purpose: Purpose,
    },
}

/// Why an object is read by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To prove or verify what was written.
    Check,
    /// To see whether it is still there.
    Presence,
    /// To take it over as it is now (rule C3).
    Adopt,
    /// To see that the account under the new name is complete before the old one goes (rule C5).
    Complete,
}

impl Action {
    /// Whom it deactivates, if anybody.
    pub fn deactivates(&self) -> Option<&UpstreamId> {
        match self {
            Self::Patch { upstream, fields } => {
                let off = |(field, value): &(Field, Option<String>)| {
                    *field == Field::Active && value.as_deref() == Some("false")
                };
                fields.iter().any(off).then_some(upstream)
            }
            _ => None,
        }
    }

    /// Whether it changes anything upstream.
    pub const fn writes(&self) -> bool {
        !matches!(self, Self::LookUp | Self::Read { .. } | Self::LookAtAssignment { .. })
    }
}

/// What is known of a wanted name at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// No complete scan yet.
    NotScanned,
    /// A complete scan saw nothing of that name, at that time.
    Absent(Timestamp),
    /// A scan saw this one.
    Found {
        /// Its id.
        upstream: UpstreamId,
        /// Whether it was active.
        active: bool,
    },
}

/// Another resource, live or deleted, whose upstream object has the wanted name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that do not depend on each other"
)]
pub struct Holder {
    /// Its binding.
    pub binding: BindingId,
    /// It belongs to a deleted resource and is to be undone.
    pub deleted: bool,
    /// The client's id is the same on both sides, and not missing (rules C6, C7).
    pub same_external_id: bool,
    /// A call on it is in flight.
    pub busy: bool,
    /// The name that it is to get is held by another, and so on in a circle.
    pub in_a_circle: bool,
}

impl Next {
    const fn hold(binding: Option<BindingId>, why: Hold) -> Self {
        Self::Hold {
            binding,
            why,
            check_at: None,
        }
    }

    fn protected(why: &str) -> Self {
        Self::Protected {
            why: why.to_owned(),
            check_at: None,
        }
    }
}

/// Collects what cannot go on now, so that one thing that waits keeps no other from being done.
#[derive(Debug, Default)]
struct Rest {
    stuck: Vec<Next>,
    again: Option<Timestamp>,
}

impl Rest {
    /// Gives back what can be done now and keeps what cannot.
    fn take(&mut self, next: Next) -> Option<Next> {
        let again = match &next {
            Next::Call(_) | Next::Note(_) => return Some(next),
            Next::Wait { until, .. } | Next::Failing { until, .. } | Next::Guarded { until, .. } => Some(*until),
            Next::Settled { check_at } | Next::Hold { check_at, .. } | Next::Protected { check_at, .. } => *check_at,
        };
        self.again = earliest(self.again, again);
        self.stuck.push(next);
        None
    }

    /// The gravest of what was kept, to be planned again when the first of it is due.
    fn end(self) -> Next {
        let rank = |next: &Next| match next {
            Next::Failing { .. } => 0,
            Next::Guarded { .. } => 1,
            Next::Hold { .. } => 2,
            Next::Wait { .. } => 3,
            Next::Protected { .. } => 4,
            Next::Settled { .. } | Next::Call(_) | Next::Note(_) => 5,
        };
        let check_at = self.again;
        match self.stuck.into_iter().min_by_key(rank) {
            Some(Next::Failing { until, why }) => Next::Failing {
                until: check_at.unwrap_or(until),
                why,
            },
            Some(Next::Guarded { until, class }) => Next::Guarded {
                until: check_at.unwrap_or(until),
                class,
            },
            Some(Next::Hold { binding, why, .. }) => Next::Hold { binding, why, check_at },
            Some(Next::Wait { until, why }) => Next::Wait {
                until: check_at.unwrap_or(until),
                why,
            },
            Some(Next::Protected { why, .. }) => Next::Protected { why, check_at },
            Some(Next::Settled { .. } | Next::Call(_) | Next::Note(_)) | None => Next::Settled { check_at },
        }
    }
}

/// The earlier of two moments, where either may be missing.
fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
