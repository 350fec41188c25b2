//! `[reconcile]`: intervals and sizes. The defaults fit; rehearsals shorten them with `[test] time_factor`.

use std::time::Duration;

use serde::Deserialize;

use super::target::Interval;
use crate::reconcile::policy::{AdoptInactive, OnGroupDelete, OnNameReuse, OnRename, OnUserDelete};

/// `[reconcile]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReconcileSection {
    /// Members in one request. Default 100. `SCIM_BRIDGE_RECONCILE_BATCH`
    pub batch: usize,
    /// How long after an attempt of unknown outcome absence can be proven (rule B2). Default `90s`. `SCIM_BRIDGE_RECONCILE_ABSENCE_PROOF`
    pub absence_proof: Interval,
    /// How soon after a deactivation it is verified (rule B3). Default `5s`. `SCIM_BRIDGE_RECONCILE_VERIFY_AFTER`
    pub verify_after: Interval,
    /// How long a group's additions wait for more of the same. Default `2s`. `SCIM_BRIDGE_RECONCILE_SETTLE`
    pub settle: Interval,
    /// The longest such wait. Default `10s`. `SCIM_BRIDGE_RECONCILE_SETTLE_AT_MOST`
    pub settle_at_most: Interval,
    /// How often a target that is out is probed at first (rule D5). Default `15s`. `SCIM_BRIDGE_RECONCILE_PROBE`
    pub probe: Interval,
    /// How often it is probed after several failures. Default `30s`. `SCIM_BRIDGE_RECONCILE_PROBE_AT_MOST`
    pub probe_at_most: Interval,
    /// How long the shell of a deleted group is kept (rule C7). Default `30d`. `SCIM_BRIDGE_RECONCILE_GROUP_GRACE`
    pub group_grace: Interval,
    /// `hold` or `adopt`: an inactive account found under a new user's name (rule C3). Default `hold`. `SCIM_BRIDGE_RECONCILE_ADOPT_INACTIVE`
    pub adopt_inactive: AdoptInactive,
    /// `recreate`, `hold` or `refuse`: a renamed user, whose account Databricks cannot rename (rule C5). Default `recreate`: a new account takes over. `SCIM_BRIDGE_RECONCILE_ON_RENAME`
    pub on_rename: OnRename,
    /// `hold` or `reuse`: a deleted resource's name that comes back with another externalId (rules C6, C7). Default `hold`. `SCIM_BRIDGE_RECONCILE_ON_NAME_REUSE`
    pub on_name_reuse: OnNameReuse,
    /// `deactivate` or `delete`: the account of a deleted user (rule C6). Default `deactivate`: deactivated and stripped. `SCIM_BRIDGE_RECONCILE_ON_USER_DELETE`
    pub on_user_delete: OnUserDelete,
    /// `empty` or `delete`: a deleted group (rule C7). Default `empty`: emptied now, deleted after `group_grace`. `SCIM_BRIDGE_RECONCILE_ON_GROUP_DELETE`
    pub on_group_delete: OnGroupDelete,
}

impl Default for ReconcileSection {
    fn default() -> Self {
        let seconds = |seconds| Interval(Duration::from_secs(seconds));
        Self {
            batch: 100,
            absence_proof: seconds(90),
            verify_after: seconds(5),
            settle: seconds(2),
            settle_at_most: seconds(10),
            probe: seconds(15),
            probe_at_most: seconds(30),
            group_grace: seconds(30 * 86_400),
            adopt_inactive: AdoptInactive::Hold,
            on_rename: OnRename::Recreate,
            on_name_reuse: OnNameReuse::Hold,
            on_user_delete: OnUserDelete::Deactivate,
            on_group_delete: OnGroupDelete::Empty,
        }
    }
}

impl ReconcileSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.batch == 0 || self.batch > 1000 {
            return Err(("batch", "must be between 1 and 1000".to_owned()));
        }
        if self.absence_proof.0.is_zero() || self.probe.0.is_zero() {
            let key = if self.probe.0.is_zero() {
                "probe"
            } else {
                "absence_proof"
            };
            return Err((key, "must be longer than 0s".to_owned()));
        }
        Ok(())
    }
}
