//! The two levels at which one account is seen.

/// Where a request acts: in the workspace, or in the account the workspace belongs to.
///
/// One person has one id at both levels [inferred], but her own standing at each: activity, entitlements, roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    Workspace,
    Account,
}
