//! `[guard]`: when so much is taken away at once that a person is asked first (rule E6).

use serde::Deserialize;

use super::target::{Interval, parse_duration};

/// `[guard]`. A class of changes is held when it concerns more people than both limits say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardSection {
    /// People in one class within the time. Default 50. `SCIM_BRIDGE_GUARD_MORE_THAN`
    pub more_than: u64,
    /// The same as a share of all managed users, in percent. Default 20. `SCIM_BRIDGE_GUARD_PERCENT`
    pub percent: u64,
    /// The time. Default `1h`. `SCIM_BRIDGE_GUARD_WITHIN`
    pub within: Interval,
    /// How long a revocation is held before it alarms; then hourly. Default `15m`. `SCIM_BRIDGE_GUARD_ALARM_AFTER`
    pub alarm_after: Interval,
}

impl Default for GuardSection {
    fn default() -> Self {
        let constant = |text| parse_duration(text).expect("a constant interval is well formed");
        Self {
            more_than: 50,
            percent: 20,
            within: constant("1h"),
            alarm_after: constant("15m"),
        }
    }
}

impl GuardSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.percent > 100 {
            return Err(("percent", "must be between 0 and 100".to_owned()));
        }
        if self.within.0.is_zero() {
            return Err(("within", "must be longer than 0s".to_owned()));
        }
        Ok(())
    }
}
