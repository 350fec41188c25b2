//! `[test]`: for rehearsals only.

use std::time::Duration;

use serde::Deserialize;

/// `[test]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestSection {
    /// Divides every interval of the bridge. Default 1. `SCIM_BRIDGE_TEST_TIME_FACTOR`
    pub time_factor: f64,
}

impl Default for TestSection {
    fn default() -> Self {
        Self { time_factor: 1.0 }
    }
}

impl TestSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.time_factor.is_finite() && self.time_factor >= 1.0 {
            return Ok(());
        }
        Err(("time_factor", "must be a number of at least 1".to_owned()))
    }

    /// `interval` as it is to be used.
    pub fn scale(&self, interval: Duration) -> Duration {
        interval.div_f64(self.time_factor)
    }
}
