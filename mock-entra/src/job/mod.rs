//! A provisioning job: it tests the connection, runs cycles and remembers what it did.
//!
//! Its one surprise: the target is never searched for changes. What somebody altered there
//! is corrected only when the source object changes, or in the next initial cycle.

mod context;
mod course;
mod cycle;
mod failure;
mod fingerprint;
mod groups;
mod managers;
mod members;
mod options;
mod probe;
mod report;
mod rounds;
mod state;
mod users;
mod work;

pub use self::{
    failure::{ErrorCode, Failure, ObjectKind},
    options::{MemberCheck, Options},
    probe::{ProbeFailure, Verdict},
    report::{Cycle, CycleReport, Phase, Progress, Quarantine, Tally},
    state::{Escrowed, GroupLink, State, StateError, UserLink},
};

use crate::{
    client::{Connection, ConnectionError, Exchange, RequestLog, ScimClient},
    directory::{Directory, EditError, Edits},
    scope::Scope,
    wire::Dialect,
};

/// A provisioning job between one directory and one tenant URL.
#[derive(Debug)]
pub struct Job {
    client: ScimClient,
    dialect: Dialect,
    directory: Directory,
    options: Options,
    state: State,
}

impl Job {
    /// A new job, with neither watermark nor links.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] if the tenant URL, the token, the CA file or the request log
    /// cannot be used. Nothing is sent yet.
    pub fn new(connection: Connection, directory: Directory, options: Options) -> Result<Self, ConnectionError> {
        let file = options.request_log.as_deref();
        let log = RequestLog::open(connection.token.clone(), options.keep_requests, file)?;
        let clock = options.clock.clone();
        let dialect = connection.dialect();
        let client = ScimClient::new(connection, log, clock, options.requests_per_second)?;
        Ok(Self {
            client,
            dialect,
            directory,
            options,
            state: State::default(),
        })
    }

    /// Continues from a stored state.
    ///
    /// Whatever the directory says differently from what that job read last counts as changed. A user
    /// with a link who is missing in the directory is treated as soft-deleted, a group as deleted.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.state = state;
        if self.state.watermark.is_none() {
            return self;
        }
        self.state.watermark = Some(self.directory.change());
        let scope = Scope::of(&self.directory);
        let changed: Vec<_> = fingerprint::all(&self.directory, &scope)
            .filter(|(id, mark)| self.state.seen.get(id) != Some(mark))
            .map(|(id, _)| id)
            .collect();
        for id in &changed {
            self.directory.touch(id);
        }
        self
    }

    /// What the job remembers.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The source as it is now.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Edits the directory. The next incremental cycle exports the changes.
    ///
    /// # Errors
    ///
    /// [`EditError`] naming the first edit that does not fit; then none is applied.
    pub fn apply(&mut self, edits: &Edits) -> Result<(), EditError> {
        self.directory.apply(edits)
    }

    /// Tests the connection, as the portal's button does. Nothing is remembered of it.
    pub async fn test_connection(&self) -> Verdict {
        probe::test(&self.client, &self.options).await
    }

    /// Runs one cycle. Failures of objects and of the connection are part of the report.
    pub async fn run(&mut self, cycle: Cycle, progress: impl Fn(Progress)) -> CycleReport {
        let run = cycle::Run {
            client: &self.client,
            options: &self.options,
            dialect: self.dialect,
            directory: &self.directory,
            state: &mut self.state,
            progress,
        };
        run.run(cycle).await
    }

    /// Every request so far with its answer, in the order of the answers; empty if
    /// [`Options::keep_requests`] is off.
    pub fn requests(&self) -> Vec<Exchange> {
        self.client.log().exchanges()
    }
}
