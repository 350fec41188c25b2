//! The knobs of a job: what the reference leaves open is a setting with a stated default.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    clock::{Clock, SystemClock},
    mapping::Mappings,
    wire::{diff::Compare, patch::ManagerForm},
};

/// Whether each member is asked for before it is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberCheck {
    /// `GET /Groups?filter=id eq … and members eq …` for each, except in a group just created
    /// (documented; the exception is inferred).
    #[default]
    BeforeAdding,
    /// Never. Then an initial cycle sends all members again.
    Never,
}

/// Settings of a job. `Options::default()` is the documented or captured behaviour.
#[derive(Clone, Debug)]
pub struct Options {
    /// Attribute mappings; default: the template's tables.
    pub mappings: Mappings,
    /// Objects worked on at once; requests of one object follow each other. Default 4 (unknown).
    pub parallel: usize,
    /// Most requests started in a second; default: no bound.
    pub requests_per_second: Option<f64>,
    /// Most members in one PATCH. Default 100 (unknown).
    pub members_per_patch: usize,
    /// How often an object is tried again at the end of its phase after 429, 5xx or a time-out.
    /// Default 2. The real service waits for the next cycle, which is 0.
    pub retries: u32,
    /// Wait before such a retry if the answer named none. Default 1 s.
    pub retry_wait: Duration,
    /// Longest wait that a `Retry-After` can ask for. Default 60 s.
    pub retry_wait_max: Duration,
    /// How values compare. Default: exactly.
    pub compare: Compare,
    /// Default: before adding.
    pub member_check: MemberCheck,
    /// Read an object again after creating it. Default true (inferred).
    pub read_back: bool,
    /// `"$ref": null` in added members, legacy dialect. Default true (documented).
    pub ref_null: bool,
    /// How a manager is written, legacy dialect. Default: the bare id (captured).
    pub manager_form: ManagerForm,
    /// Keep every exchange in memory for [`requests`](super::Job::requests). Default true.
    pub keep_requests: bool,
    /// Append every exchange to this file as a line of JSON. Default: none.
    pub request_log: Option<PathBuf>,
    /// What tells the time and waits. Default: the machine's clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mappings: Mappings::default(),
            parallel: 4,
            requests_per_second: None,
            members_per_patch: 100,
            retries: 2,
            retry_wait: Duration::from_secs(1),
            retry_wait_max: Duration::from_mins(1),
            compare: Compare::Exact,
            member_check: MemberCheck::BeforeAdding,
            read_back: true,
            ref_null: true,
            manager_form: ManagerForm::Id,
            keep_requests: true,
            request_log: None,
            clock: Arc::new(SystemClock::start()),
        }
    }
}
