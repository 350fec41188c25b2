//! The worker: takes what is due, plans it, sends what pace and circuit admit, records
//! what came of it. One task decides; the requests run beside it.
//!
//! It may be killed at any instruction. What it knows is in the store or can be read
//! again; nothing is settled before it is recorded.

mod ended;
mod importing;
mod orders;
mod status;
mod suiting;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::advance::{Admitted, Advance, advance};
use super::attempt::{Attempt, recover};
use super::backoff;
use super::call::{Reply, carry_out};
use super::circuit::{Circuit, Probing};
use super::import::Import;
use super::policy::Policy;
use super::scan::{Progress, Scan};
use super::shape::Unsuitable;
use super::view::Knowledge;
use crate::clock::{Clock, Timestamp};
use crate::databricks::pace::{Pace, Speed, Verb, Wait};
use crate::databricks::wire::{WireGroup, WireUser};
use crate::databricks::{Answered, Client, DatabricksError, Unknown};
use crate::id::{ScimId, UpstreamId};
use crate::store::{NewStep, QueueClass, Store, StoreError};

pub use status::{Reported, Status};

use orders::Gate;
use status::Trouble;

/// Rows planned in one transaction. Between two of them whatever came meanwhile has its turn: calls that
/// ended, revocations, the end.
const GLANCE: usize = 64;
/// The longest sleep: a hint that got lost, or an order from another process, waits no longer than this.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// What a probe gets at least, however much a rehearsal shortens its interval: a handshake takes its time.
const SHORTEST_PROBE: Duration = Duration::from_secs(1);

/// How the worker is set up.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The target's name in the store.
    pub target: String,
    /// The endpoint whose resources it follows.
    pub endpoint: String,
    /// `true` = nothing is written upstream (rule E2).
    pub dry_run: bool,
    /// Settings of planning.
    pub policy: Policy,
    /// How fast to ask.
    pub speed: Speed,
    /// How often an open circuit is probed.
    pub probing: Probing,
    /// Divides every wait.
    pub time_factor: f64,
}

/// The worker of one target.
pub struct Worker {
    store: Store,
    client: Client,
    clock: Clock,
    options: WorkerOptions,
    status: Status,
    knowledge: Knowledge,
    circuit: Circuit,
    pace: Pace,
    scan: Option<Scan>,
    /// When the next scan begins.
    scan_at: Timestamp,
    reading: bool,
    probing: bool,
    running: JoinSet<Finished>,
    held_by: HashSet<ScimId>,
    /// The credential that `/Me` last answered to (rule C8).
    known_as: Option<u64>,
    /// Admins whose deactivation is under way.
    leaving: HashSet<UpstreamId>,
    /// Calls that ended while the store could not take it.
    unrecorded: Vec<Arc<Ended>>,
    /// Whether anything is written at all.
    gate: Gate,
    /// Why nothing may be written to a target of this kind (rule E1).
    unsuitable: Option<Unsuitable>,
    /// What was refused for the target's shape since the last scan.
    refused: Option<String>,
    /// When the state was last told.
    reported_at: Timestamp,
    /// Calls that fail one after the other.
    trouble: Option<Trouble>,
    /// What is being taken in, if an operator ordered it.
    import: Option<Import>,
    /// When what the guard holds is looked at again.
    alarm_at: Timestamp,
}

/// A call that ended, to be recorded.
struct Ended {
    attempt: Attempt,
    result: Result<Answered<Reply>, DatabricksError>,
    step: NewStep,
}

/// A request that ended.
enum Finished {
    /// With the credential that it was sent with.
    Probe(u64, Result<Answered<WireUser>, DatabricksError>),
    Scan(Box<Scan>, Result<Progress, DatabricksError>),
    /// A group that an import wants the members of.
    Group(UpstreamId, Result<Answered<WireGroup>, DatabricksError>),
    Call {
        attempt: Box<Attempt>,
        result: Result<Answered<Reply>, DatabricksError>,
        millis: u64,
    },
}

impl Worker {
    /// A worker that has not looked at anything yet.
    pub fn new(store: Store, client: Client, clock: Clock, options: WorkerOptions, status: Status) -> Self {
        let now = clock.now();
        Self {
            knowledge: Knowledge {
                target: options.target.clone(),
                ..Knowledge::default()
            },
            circuit: Circuit::starting(options.probing, now),
            pace: Pace::at(options.policy.level, options.speed, now),
            scan: Some(Scan::reading(options.policy.workspaces())),
            scan_at: now,
            reading: false,
            probing: false,
            running: JoinSet::new(),
            held_by: HashSet::new(),
            known_as: None,
            leaving: HashSet::new(),
            unrecorded: Vec::new(),
            gate: if options.dry_run { Gate::DryRun } else { Gate::Open },
            unsuitable: None,
            refused: None,
            reported_at: Timestamp::default(),
            trouble: None,
            import: None,
            alarm_at: now,
            store,
            client,
            clock,
            options,
            status,
        }
    }

    /// Works until `stop`; then starts nothing new and waits for requests in flight up to `grace` (rule D6).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be used at all at the start.
    pub async fn run(mut self, stop: CancellationToken, grace: Duration) -> Result<(), StoreError> {
        self.recover().await?;
        while !stop.is_cancelled() {
            while let Some(finished) = self.running.try_join_next() {
                self.finish_joined(finished).await;
            }
            let wake_at = match self.work().await {
                Ok(None) => continue,
                Ok(Some(wake_at)) => wake_at,
                Err(error) => {
                    tracing::error!(%error, "the reconciler could not use the store");
                    self.clock.now().plus(Duration::from_secs(1))
                }
            };
            let sleep = wake_at.after(self.clock.now()).min(LONGEST_SLEEP);
            let store = self.store.clone();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(finished) = self.running.join_next(), if !self.running.is_empty() => {
                    self.finish_joined(finished).await;
                }
                () = store.signals().work() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
        let deadline = tokio::time::sleep(grace);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                () = &mut deadline => break,
                finished = self.running.join_next() => match finished {
                    Some(finished) => self.finish_joined(finished).await,
                    None => break,
                },
            }
        }
        Ok(())
    }

    /// Calls that were open when the process died have an unknown outcome (rule D1).
    async fn recover(&mut self) -> Result<(), StoreError> {
        let (target, now) = (self.options.target.clone(), self.clock.now());
        if !self.options.dry_run {
            // The configuration says it itself from now on: set back to dry-run it means what it says.
            self.store.write(|tx| tx.drop_fact("went_live")).await?;
        }
        self.read_gate()?;
        let former = self.store.read(|snapshot| snapshot.fact("admins"))?;
        self.remember_shape()?;
        self.knowledge.former_admins = former.map(|ids| ids.split_whitespace().filter_map(UpstreamId::parse).collect());
        let interrupted = self
            .store
            .write(move |tx| {
                let open = recover(tx, &target, now)?;
                tx.accept_undecided()?;
                tx.clamp_due(&target, now, backoff::LONGEST)?;
                Ok::<_, StoreError>(open)
            })
            .await?;
        if interrupted > 0 {
            tracing::info!(
                interrupted,
                "calls were under way when the bridge stopped; their outcome is looked up"
            );
        }
        Ok(())
    }

    /// Starts what can start; tells when to look again, `None` = at once.
    async fn work(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock.now();
        self.record_rest(now).await?;
        self.carry_out_orders(now).await?;
        if self.known_as.is_some_and(|known| known != self.client.credential()) {
            tracing::info!("the credential is new: who the bridge is at the target is asked again");
            self.known_as = None;
            self.circuit.start_again(now);
        }
        self.probe_if_due(now);
        // While a probe is under way its end wakes the worker.
        let probe_at = self.circuit.probe_at().filter(|_| !self.probing);
        let mut wake_at = probe_at.unwrap_or(now.plus(LONGEST_SLEEP));
        if self.circuit.admits() > 0 {
            if let Some(at) = self.scan_if_wanted(now) {
                wake_at = wake_at.min(at);
            }
            if self.go_on_importing(now).await? {
                return Ok(None);
            }
            if self.writes() && self.import.is_none() {
                let Some(next) = self.dispatch(now, wake_at).await? else {
                    return Ok(None);
                };
                wake_at = next;
            }
            self.rest_if_idle(now).await?;
        }
        let report_at = self.report(now);
        Ok(Some(report_at.map_or(wake_at, |at| at.min(wake_at))))
    }

    /// After an outage with nothing left to try, a good probe is enough.
    async fn rest_if_idle(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let target = self.options.target.clone();
        if !self.circuit.on_trial() {
            return Ok(());
        }
        let busy = self.pace.in_flight() > 0 || self.scan.is_some() || self.reading;
        // What is not written now cannot be tried.
        let to_try = self.writes() && self.store.read(|snapshot| snapshot.due_to_be_written(&target, now))? > 0;
        if busy || to_try || !self.circuit.rest() {
            return Ok(());
        }
        tracing::info!(%target, "the target works");
        self.store.write(move |tx| tx.end_event(&target, "out", now)).await
    }

    fn probe_if_due(&mut self, now: Timestamp) {
        let due = self.circuit.doubts() || self.circuit.probe_at().is_some_and(|at| at <= now);
        // A probe is the one call that an open circuit admits: it does not wait for slots that hang.
        if !due || self.probing {
            return;
        }
        self.pace.start_probe();
        self.probing = true;
        let client = self.client.clone();
        let (limit, credential) = (self.options.probing.first.max(SHORTEST_PROBE), client.credential());
        self.running
            .spawn(async move { Finished::Probe(credential, unbroken(within(limit, client.me())).await) });
    }

    /// Reads the next page of the scan, if there is one to read; tells when to ask again if the pace does not admit it yet.
    fn scan_if_wanted(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.reading {
            return None;
        }
        if self.scan.is_none() {
            let wanted = self.options.policy.drift.on || self.unsuitable.is_some();
            if !wanted || self.scan_at > now {
                return None;
            }
            self.scan = Some(Scan::reading(self.options.policy.workspaces()));
        }
        match self.pace.start_page(now) {
            Ok(()) => {}
            Err(Wait::Until(at)) => return Some(at),
            // The end of a call wakes the worker.
            Err(Wait::ForSlot) => return None,
        }
        let scan = self.scan.take()?;
        self.reading = true;
        let client = self.client.clone();
        self.running.spawn(async move {
            let kept = Box::new(scan.clone());
            Finished::Scan(kept, unbroken(scan.step(&client)).await)
        });
        None
    }

    /// Advances the most urgent rows that are due and that slots and tokens admit; `None` = there may be more.
    async fn dispatch(&mut self, now: Timestamp, mut wake_at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        for class in [QueueClass::Revocation, QueueClass::Grant, QueueClass::Verification] {
            // Nothing is created before the scan has told who is there; revocations need not wait for it.
            if class != QueueClass::Revocation && self.knowledge.scanned_at.is_none() {
                break;
            }
            for verb in [None, Some(Verb::Write), Some(Verb::GroupPatch), Some(Verb::Read)] {
                let number = verb.map_or(0, Verb::number);
                if let Some(verb) = verb {
                    match self.may_start(verb, class == QueueClass::Revocation, now) {
                        Ok(()) => {}
                        Err(Wait::Until(at)) if !self.due(class, number, now)?.is_empty() => {
                            wake_at = wake_at.min(at);
                            continue;
                        }
                        Err(_) => continue,
                    }
                }
                let ids = self.due(class, number, now)?;
                if !ids.is_empty() {
                    self.advance_all(ids, now).await?;
                    return Ok(None);
                }
            }
        }
        let target = self.options.target.clone();
        let next = self.store.read(|snapshot| snapshot.next_due(&target, now))?;
        Ok(Some(next.map_or(wake_at, |next| next.min(wake_at))))
    }

    /// The next rows of a class and rate class that no call holds.
    fn due(&self, class: QueueClass, number: i64, now: Timestamp) -> Result<Vec<ScimId>, StoreError> {
        let (target, held) = (&self.options.target, &self.held_by);
        let rows = self
            .store
            .read(|snapshot| snapshot.due(target, class, number, now, GLANCE + held.len()))?;
        let ids = rows.into_iter().map(|row| row.resource_id);
        Ok(ids.filter(|id| !held.contains(id)).take(GLANCE).collect())
    }

    fn may_start(&mut self, verb: Verb, revocation: bool, now: Timestamp) -> Result<(), Wait> {
        if self.pace.in_flight() >= self.circuit.admits() {
            return Err(Wait::ForSlot);
        }
        self.pace.check(verb, revocation, now)
    }

    fn admitted(&mut self, now: Timestamp) -> Admitted {
        Admitted {
            revocation: Verb::ALL.map(|verb| self.may_start(verb, true, now).is_ok()),
            other: Verb::ALL.map(|verb| self.may_start(verb, false, now).is_ok()),
            failing: Verb::ALL.map(|verb| self.pace.failing_at(verb, now)),
        }
    }

    /// Advances each resource once, in one transaction that ends with the first call: slots and tokens change with it.
    async fn advance_all(&mut self, ids: Vec<ScimId>, now: Timestamp) -> Result<(), StoreError> {
        let admitted = self.admitted(now);
        let (knowledge, policy) = (self.knowledge.clone(), self.options.policy.clone());
        let (settled, begun) = self
            .store
            .write(move |tx| {
                let mut settled = Vec::new();
                for id in ids {
                    match advance(tx, &knowledge, &policy, admitted, &id, now)? {
                        Advance::Begun(attempt) => return Ok((settled, Some(attempt))),
                        Advance::Settled(revision) => settled.push((id, revision)),
                        Advance::Later => {}
                    }
                }
                Ok::<_, StoreError>((settled, None))
            })
            .await?;
        for (id, revision) in settled {
            self.store.signals().settled(&id, revision);
        }
        if let Some(attempt) = begun {
            self.send(attempt, now);
        }
        Ok(())
    }

    fn send(&mut self, attempt: Box<Attempt>, now: Timestamp) {
        let revocation = attempt.call.class == QueueClass::Revocation;
        // Checked just before on this same task; a refusal here could only be a fault of ours.
        if self.pace.start(attempt.call.verb, revocation, now).is_err() {
            tracing::error!("a call was begun that the pace does not admit");
        }
        if attempt.is_failing && !revocation {
            self.pace.spend_failing(attempt.call.verb);
        }
        // Two admins who are deactivated at the same time must not both be the one who is not the last.
        if let Some(id) = attempt.call.action.deactivates()
            && self.knowledge.admins.remove(id)
        {
            self.leaving.insert(id.clone());
        }
        self.knowledge.busy.insert(attempt.call.binding);
        self.held_by.insert(attempt.binding.resource_id.clone());
        let (client, clock) = (self.client.clone(), self.clock);
        self.running.spawn(async move {
            let began = clock.now();
            let result = unbroken(carry_out(&client, &attempt.binding, &attempt.call.action)).await;
            let millis = u64::try_from(clock.now().since(began).as_millis()).unwrap_or(u64::MAX);
            Finished::Call {
                attempt,
                result,
                millis,
            }
        });
    }
}

/// The end of `call`, or no answer after `limit`: the next probe of a target that hangs must not wait for this one (rule D5).
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, DatabricksError>>,
) -> Result<T, DatabricksError> {
    tokio::time::timeout(limit, call)
        .await
        .unwrap_or(Err(DatabricksError::OutcomeUnknown(Unknown::TimedOut)))
}

/// The end of `call`; one that panics ends without an answer, and what it held is let go as after any other.
async fn unbroken<T>(call: impl Future<Output = Result<T, DatabricksError>>) -> Result<T, DatabricksError> {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a call to the target ended in a panic");
        Err(DatabricksError::OutcomeUnknown(Unknown::Cut))
    })
}

#[cfg(test)]
mod tests;
