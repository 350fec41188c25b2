//! What a run found, and the forms it is told in.
//!
//! The [`Report`] is the one source: console, JSON and what may come later read it and add nothing.

pub mod console;
pub mod json;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::check::{Check, Profile};
use crate::target::{CleanUp, Discovered, Target};
use crate::verdict::Verdict;

/// The shape of the JSON report; raised when a reader of the old one would go wrong.
const FORMAT: u32 = 1;

/// What a whole run found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this shape.
    pub format: u32,
    /// Name and version of the tool.
    pub tool: String,
    /// The tenant URL.
    pub url: String,
    /// The question of the run.
    pub profile: Profile,
    /// The mark in the names of what the run made.
    pub run_id: String,
    /// When the first check began.
    pub started_at: Timestamp,
    /// The time all of it took; milliseconds in JSON.
    #[serde(rename = "tookMs", serialize_with = "milliseconds")]
    pub took: Duration,
    /// What the endpoint announced, or what was assumed.
    pub discovered: Discovered,
    /// How many checks ended how.
    pub summary: Summary,
    /// Every check, in the order they were made.
    pub checks: Vec<CheckReport>,
    /// What came of removing what the run made.
    pub clean_up: CleanUp,
}

impl Report {
    pub(crate) fn new(
        target: &Target,
        started_at: Timestamp,
        took: Duration,
        checks: Vec<CheckReport>,
        clean_up: CleanUp,
    ) -> Self {
        Self {
            format: FORMAT,
            tool: concat!("scim-conformance ", env!("CARGO_PKG_VERSION")).to_owned(),
            url: target.base().to_string(),
            profile: target.profile(),
            run_id: target.run_id().to_string(),
            started_at,
            took,
            discovered: target.discovered().clone(),
            summary: Summary::of(&checks),
            checks,
            clean_up,
        }
    }

    /// Whether every check passed or was skipped.
    pub fn all_passed(&self) -> bool {
        self.summary.failed == 0 && self.summary.blocked == 0
    }
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The rule holds.
    pub passed: usize,
    /// It does not.
    pub failed: usize,
    /// It does not count here.
    pub skipped: usize,
    /// A fact that the check needs could not be established.
    pub blocked: usize,
}

impl Summary {
    /// Counts.
    pub fn of<'c>(checks: impl IntoIterator<Item = &'c CheckReport>) -> Self {
        checks.into_iter().fold(Self::default(), |mut sum, check| {
            match check.verdict {
                Verdict::Pass => sum.passed += 1,
                Verdict::Fail { .. } => sum.failed += 1,
                Verdict::Skipped { .. } => sum.skipped += 1,
                Verdict::Blocked { .. } => sum.blocked += 1,
            }
            sum
        })
    }

    /// All of them.
    pub fn total(self) -> usize {
        self.passed + self.failed + self.skipped + self.blocked
    }
}

/// How one check ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// The check; its id, title, level, section and sources in JSON.
    #[serde(flatten, serialize_with = "identity")]
    pub check: &'static Check,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How many requests it sent.
    pub requests: u32,
    /// The time it took; milliseconds in JSON.
    #[serde(rename = "tookMs", serialize_with = "milliseconds")]
    pub took: Duration,
    /// Figures it measured and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl CheckReport {
    /// A check that ended without a request.
    pub(crate) fn new(check: &'static Check, verdict: Verdict) -> Self {
        Self {
            check,
            verdict,
            requests: 0,
            took: Duration::ZERO,
            notes: Vec::new(),
        }
    }
}

fn milliseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn identity<S: Serializer>(check: &&'static Check, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Identity {
        id: &'static str,
        title: &'static str,
        level: crate::check::Level,
        section: &'static str,
        sources: Vec<String>,
        hint: &'static str,
    }
    Identity {
        id: check.id,
        title: check.title,
        level: check.level,
        section: check.section.title(),
        sources: check.sources.iter().map(ToString::to_string).collect(),
        hint: check.hint,
    }
    .serialize(serializer)
}
