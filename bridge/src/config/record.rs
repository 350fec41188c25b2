//! `[record]`: how long the provisioning log is kept, and how large it may become.

use std::time::Duration;

use serde::Deserialize;

use super::target::Interval;

/// What a log needs at least to be of any use.
const SMALLEST: u64 = 1024 * 1024;

/// `[record]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordSection {
    /// How long an entry is kept after the last that happened to it. Entries of revocations that are not applied yet stay (rule D5). Default `400d`. `SCIM_BRIDGE_RECORD_KEEP_FOR`
    pub keep_for: Interval,
    /// About how many bytes entries, their steps and events may take; beyond it the oldest go first. Default 1073741824. `SCIM_BRIDGE_RECORD_MAX_SIZE`
    pub max_size: u64,
}

impl Default for RecordSection {
    fn default() -> Self {
        Self {
            keep_for: Interval(Duration::from_hours(400 * 24)),
            max_size: 1024 * 1024 * 1024,
        }
    }
}

impl RecordSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.keep_for.0.is_zero() {
            return Err(("keep_for", "must be longer than 0s".to_owned()));
        }
        if self.max_size < SMALLEST {
            return Err(("max_size", format!("must be at least {SMALLEST} bytes")));
        }
        Ok(())
    }
}
