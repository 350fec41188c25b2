//! The worker: takes what is due, plans it, sends what pace and circuit admit, records
//! what came of it. One task decides; the requests run beside it.
//!
//! It may be killed at any instruction. What it knows is in the store or can be read
//! again; nothing is settled before it is recorded.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::advance::{Admitted, Advance, advance, follow};
use super::attempt::Attempt;
use super::backoff;
use super::call::{Reply, carry_out, describe};
use super::circuit::{Circuit, Probing, Sign, State};
use super::outcome::{self, Then};
use super::policy::Policy;
use super::scan::{Progress, Scan};
use super::view::Knowledge;
use crate::clock::{Clock, Timestamp};
use crate::databricks::pace::{Pace, Speed, Verb, Wait};
use crate::databricks::wire::WireUser;
use crate::databricks::{Answered, Client, DatabricksError, Unknown};
use crate::id::{ScimId, UpstreamId, fold};
use crate::store::{Kind, NewStep, QueueClass, Store, StoreError};

/// Rows planned in one transaction. Between two of them whatever came meanwhile has its turn: calls that
/// ended, revocations, the end.
const GLANCE: usize = 64;
/// The longest sleep: a hint that got lost costs no more than this.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// How the worker is set up.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The target's name in the store.
    pub target: String,
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

/// What others may know of the worker: the health of the target and a forecast.
#[derive(Debug, Clone, Default)]
pub struct Status {
    inner: Arc<Mutex<Reported>>,
}

/// The state of the target as last reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// `ok`, `starting`, `out` or `dry-run`.
    pub state: &'static str,
    /// One word for the cause of an outage.
    pub cause: Option<&'static str>,
    /// The cause in a sentence.
    pub detail: Option<String>,
    /// Since when the target is out.
    pub since: Option<Timestamp>,
    /// Rows of the queue.
    pub queued: u64,
    /// Of these, rows that wait to be written.
    pub pending: u64,
    /// How long the writes that wait would take.
    pub forecast: Duration,
}

impl Status {
    /// The state as last reported.
    pub fn get(&self) -> Reported {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, reported: Reported) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = reported;
    }
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
    Scan(Scan, Result<Progress, DatabricksError>),
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
            pace: Pace::new(options.speed, now),
            scan: Some(Scan::default()),
            reading: false,
            probing: false,
            running: JoinSet::new(),
            held_by: HashSet::new(),
            known_as: None,
            leaving: HashSet::new(),
            unrecorded: Vec::new(),
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
        let former = self.store.read(|snapshot| snapshot.fact("admins"))?;
        self.knowledge.former_admins = former.map(|ids| ids.split_whitespace().filter_map(UpstreamId::parse).collect());
        let interrupted = self
            .store
            .write(move |tx| {
                let open = tx.open_intents(&target)?;
                for intent in &open {
                    tx.interrupt(intent.binding, now)?;
                    tx.close_intent(intent.id)?;
                }
                tx.clamp_due(&target, now, backoff::LONGEST)?;
                Ok::<_, StoreError>(open.len())
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
            if !self.options.dry_run {
                let Some(next) = self.dispatch(now, wake_at).await? else {
                    return Ok(None);
                };
                wake_at = next;
            }
        }
        self.report();
        Ok(Some(wake_at))
    }

    fn probe_if_due(&mut self, now: Timestamp) {
        let due = self.circuit.probe_at().is_some_and(|at| at <= now);
        // A probe is the one call that an open circuit admits: it does not wait for slots that hang.
        if !due || self.probing {
            return;
        }
        self.pace.start_probe();
        self.probing = true;
        let client = self.client.clone();
        let (limit, credential) = (self.options.probing.first, client.credential());
        self.running
            .spawn(async move { Finished::Probe(credential, unbroken(within(limit, client.me())).await) });
    }

    /// Reads the next page of the scan, if there is one to read; tells when to ask again if the pace does not admit it yet.
    fn scan_if_wanted(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.reading || self.scan.is_none() {
            return None;
        }
        match self.pace.start(Verb::Read, false, now) {
            Ok(()) => {}
            Err(Wait::Until(at)) => return Some(at),
            // The end of a call wakes the worker.
            Err(Wait::ForSlot) => return None,
        }
        let scan = self.scan.take()?;
        self.reading = true;
        let client = self.client.clone();
        self.running.spawn(async move {
            let kept = scan.clone();
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

    async fn finish_joined(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        let now = self.clock.now();
        match finished {
            Ok(Finished::Probe(credential, result)) => self.probed(credential, result, now).await,
            Ok(Finished::Scan(kept, result)) => self.scanned(kept, result, now).await,
            Ok(Finished::Call {
                attempt,
                result,
                millis,
            }) => self.called(*attempt, result, millis, now).await,
            Err(error) => tracing::error!(%error, "a request ended abnormally"),
        }
    }

    async fn probed(&mut self, credential: u64, result: Result<Answered<WireUser>, DatabricksError>, now: Timestamp) {
        self.probing = false;
        self.account_for(Verb::Read, result.as_ref().err(), now);
        // An answer that does not say who the bridge is is none.
        let result = result.and_then(|me| {
            let id = UpstreamId::parse(&me.value.id).ok_or(Unknown::Garbled(me.status));
            Ok((id.map_err(DatabricksError::OutcomeUnknown)?, fold(&me.value.user_name)))
        });
        match result {
            Ok(me) => {
                self.knowledge.me = Some(me);
                self.known_as = Some(credential);
                self.circuit.probe_succeeded();
            }
            // Whoever asks for patience works. Who the bridge is has to be known first, though (rule C8).
            Err(DatabricksError::RateLimited { .. }) if self.known_as == Some(credential) => {
                self.circuit.probe_succeeded();
            }
            Err(error) => {
                self.circuit.probe_failed(error.cause(), &error.to_string(), now);
                self.note_outage(&error, now).await;
            }
        }
    }

    async fn scanned(&mut self, kept: Scan, result: Result<Progress, DatabricksError>, now: Timestamp) {
        self.reading = false;
        self.account_for(Verb::Read, result.as_ref().err(), now);
        match result {
            Ok(Progress::More(scan)) => {
                self.scan = Some(scan);
                self.note_sign(Sign::Works, None, now).await;
            }
            Ok(Progress::Complete(seen)) => {
                self.note_sign(Sign::Works, None, now).await;
                let target = self.options.target.clone();
                let admins = seen.admins.clone();
                let stored = self
                    .store
                    .write(move |tx| {
                        tx.replace_inventory(&target, Kind::User, &seen.users)?;
                        tx.replace_inventory(&target, Kind::Group, &seen.groups)?;
                        let ids: Vec<&str> = seen.admins.iter().map(UpstreamId::as_str).collect();
                        tx.set_fact("admins", &ids.join(" "))?;
                        tx.set_fact("scanned_at", &now.as_micros().to_string())
                    })
                    .await;
                match stored {
                    Ok(()) => {
                        self.knowledge.admins = admins;
                        self.knowledge.scanned_at = Some(now);
                    }
                    Err::<(), StoreError>(error) => {
                        tracing::error!(%error, "the scan could not be stored");
                        self.scan = Some(Scan::default());
                    }
                }
            }
            Err(error) => {
                self.scan = Some(kept);
                let sign = match &error {
                    DatabricksError::RateLimited { .. } => Sign::Throttled,
                    DatabricksError::Busy { .. } | DatabricksError::OutcomeUnknown(_) => Sign::Suspicious(None),
                    // A list that is refused is as good as no target.
                    _ => Sign::Out,
                };
                self.note_sign(sign, Some(&error), now).await;
            }
        }
    }

    async fn called(
        &mut self,
        attempt: Attempt,
        result: Result<Answered<Reply>, DatabricksError>,
        millis: u64,
        now: Timestamp,
    ) {
        self.account_for(attempt.call.verb, result.as_ref().err(), now);
        let sign = outcome::sign(&result, attempt.call.binding);
        self.note_sign(sign, result.as_ref().err(), now).await;
        if let Some(id) = attempt.call.action.deactivates()
            && self.leaving.remove(id)
            && !matches!(result, Ok(_) | Err(DatabricksError::OutcomeUnknown(_)))
        {
            self.knowledge.admins.insert(id.clone());
        }
        let step = self.step_of(&attempt, &result, millis);
        let ended = Arc::new(Ended { attempt, result, step });
        if let Err(error) = self.record(&ended, now).await {
            tracing::error!(%error, "an outcome could not be recorded yet");
            self.unrecorded.push(ended);
        }
    }

    /// Records what could not be recorded before; what still cannot be counts as unknown as soon as the store
    /// takes anything at all. Until then nothing else happens to the object.
    async fn record_rest(&mut self, now: Timestamp) -> Result<(), StoreError> {
        while let Some(ended) = self.unrecorded.last().cloned() {
            if let Err(error) = self.record(&ended, now).await {
                let (binding, intent) = (ended.attempt.call.binding, ended.attempt.intent);
                self.store
                    .write(move |tx| {
                        tx.interrupt(binding, now)?;
                        intent.map_or(Ok(()), |intent| tx.close_intent(intent))
                    })
                    .await?;
                tracing::error!(%error, "an outcome cannot be recorded; it counts as unknown");
                self.release(&ended.attempt);
            }
            self.unrecorded.pop();
        }
        Ok(())
    }

    fn release(&mut self, attempt: &Attempt) {
        self.knowledge.busy.remove(&attempt.call.binding);
        self.held_by.remove(&attempt.binding.resource_id);
    }

    async fn record(&mut self, ended: &Arc<Ended>, now: Timestamp) -> Result<(), StoreError> {
        let (mut knowledge, policy) = (self.knowledge.clone(), self.options.policy.clone());
        knowledge.busy.remove(&ended.attempt.call.binding);
        let factor = self.options.time_factor;
        let outcome = Arc::clone(ended);
        let recorded = self
            .store
            .write(move |tx| {
                let Ended { attempt, result, step } = &*outcome;
                let row = tx.queued(&knowledge.target, &attempt.binding.resource_id)?;
                let attempts = row.map_or(0, |row| row.attempts);
                tx.add_step(step)?;
                let then: Then = outcome::record(tx, &knowledge, &policy, attempt, result, attempts, now)?;
                follow(tx, &knowledge, &policy, attempt, &then, factor, now)
            })
            .await?;
        self.release(&ended.attempt);
        if let Some((id, revision)) = recorded {
            self.store.signals().settled(&id, revision);
        }
        Ok::<_, StoreError>(())
    }

    fn step_of(&self, attempt: &Attempt, result: &Result<Answered<Reply>, DatabricksError>, millis: u64) -> NewStep {
        let call = describe(attempt.binding.kind, &attempt.call.action);
        let (status, outcome) = match result {
            Ok(answered) => (Some(answered.status), "ok".to_owned()),
            Err(error) => (error.status(), error.to_string()),
        };
        match result {
            Ok(_) => tracing::debug!(%call, ?status, millis, "databricks"),
            Err(error) => tracing::warn!(%call, ?status, millis, cause = error.cause(), "databricks: {error}"),
        }
        NewStep {
            at: attempt.at,
            target: self.options.target.clone(),
            resource_id: attempt.binding.resource_id.clone(),
            revision: attempt.revision,
            call,
            status,
            outcome,
            millis,
        }
    }

    fn account_for(&mut self, verb: Verb, error: Option<&DatabricksError>, now: Timestamp) {
        match error {
            Some(DatabricksError::RateLimited {
                retry_after,
                concurrency,
                ..
            }) => self.pace.throttled(verb, *concurrency, *retry_after, now),
            _ => self.pace.ended(verb),
        }
    }

    async fn note_sign(&mut self, sign: Sign, error: Option<&DatabricksError>, now: Timestamp) {
        let was_out = !matches!(self.circuit.state(), State::Closed);
        let (cause, detail) = error.map_or(("", String::new()), |error| (error.cause(), error.to_string()));
        self.circuit.note(sign, cause, &detail, now);
        let is_out = matches!(self.circuit.state(), State::Open { .. });
        if let (true, Some(error)) = (is_out, error) {
            self.note_outage(error, now).await;
        }
        if was_out && matches!(self.circuit.state(), State::Closed) {
            tracing::info!(target = %self.options.target, "the target works");
            let target = self.options.target.clone();
            let ended = self.store.write(move |tx| tx.end_event(&target, "out", now)).await;
            if let Err::<(), StoreError>(error) = ended {
                tracing::error!(%error, "the end of an outage could not be recorded");
            }
        }
    }

    /// One entry a target-wide outage, with count, first and last (rule D5).
    async fn note_outage(&mut self, error: &DatabricksError, now: Timestamp) {
        let (cause, detail) = (error.cause(), error.to_string());
        tracing::warn!(target = %self.options.target, cause, "the target is out: {detail}");
        let target = self.options.target.clone();
        let noted = self
            .store
            .write(move |tx| tx.note_event(&target, "out", cause, &detail, now))
            .await;
        if let Err::<(), StoreError>(error) = noted {
            tracing::error!(%error, "an outage could not be recorded");
        }
    }

    fn report(&self) {
        let target = &self.options.target;
        let (queued, pending) = self
            .store
            .read(|snapshot| snapshot.queue_depth(target))
            .unwrap_or((0, 0));
        let (state, cause, detail, since) = match self.circuit.state() {
            State::Closed if self.options.dry_run => ("dry-run", None, None, None),
            State::Closed => ("ok", None, None, None),
            State::Trial { since } => ("ok", None, None, Some(*since)),
            State::Open {
                cause, detail, since, ..
            } => {
                let state = if *cause == "starting" { "starting" } else { "out" };
                (state, Some(*cause), Some(detail.clone()), Some(*since))
            }
        };
        let now = self.clock.now();
        let due = self.store.read(|snapshot| snapshot.due_to_be_written(target, now));
        let forecast = match self.circuit.state() {
            State::Closed if !self.options.dry_run => self.pace.forecast(Verb::Write, due.unwrap_or(pending)),
            _ => Duration::MAX,
        };
        self.store.signals().set_forecast(forecast);
        self.status.set(Reported {
            state,
            cause,
            detail,
            since,
            queued,
            pending,
            forecast,
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
mod tests {
    use super::*;
    use crate::databricks::{ClientOptions, PatFile};
    use crate::directory::{Directory, Request, Rules};

    /// A worker that knows its target, whose every slot is taken.
    fn busy_worker(folder: &std::path::Path) -> Worker {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = folder.join("token");
        std::fs::write(&token, "dapi-test").unwrap();
        let client = Client::new(ClientOptions {
            workspace_url: "http://127.0.0.1:9".parse().unwrap(),
            credential: PatFile::open(&token).unwrap(),
            resolve: Vec::new(),
            private_ranges: None,
            ca_file: None,
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
        });
        let options = WorkerOptions {
            target: "workspace".to_owned(),
            dry_run: false,
            policy: Policy::default(),
            speed: Speed::Off,
            probing: Probing::default(),
            time_factor: 1.0,
        };
        let store = Store::open(&folder.join("bridge.db")).unwrap();
        let mut worker = Worker::new(store, client.unwrap(), Clock::system(), options, Status::default());
        let now = worker.clock.now();
        worker.circuit.probe_succeeded();
        worker.circuit.note(Sign::Works, "", "", now);
        worker.knowledge.scanned_at = Some(now);
        worker.scan = None;
        for _ in 0..4 {
            worker.pace.start_probe();
        }
        worker
    }

    #[tokio::test]
    async fn a_row_that_waits_for_its_time_takes_nobodys_turn() {
        let folder = tempfile::tempdir().unwrap();
        let mut worker = busy_worker(folder.path());
        worker.pace = Pace::new(Speed::Published, worker.clock.now());
        let ids = [ScimId::new("ana"), ScimId::new("ben")];
        for id in &ids {
            let made = directory_of(&worker)
                .create_user(&Request::default(), id.clone(), user(id.as_str()))
                .await;
            assert!(made.is_ok());
        }
        worker.report();
        let both = worker.status.get().forecast;
        let later = worker.clock.now().plus(Duration::from_mins(10));
        let put_off = worker.store.write(move |tx| {
            let row = tx.queued("workspace", &ids[0])?.expect("it was just queued");
            let row = crate::store::QueueRow { due_at: later, ..row };
            tx.reschedule("workspace", &row, None)
        });
        assert!(put_off.await.is_ok_and(|()| true));
        worker.report();
        assert_eq!(worker.status.get().pending, 2);
        assert_eq!(worker.status.get().forecast, both / 2);
    }

    fn directory_of(worker: &Worker) -> Directory {
        let rules = Rules {
            endpoint: "scim".to_owned(),
            targets: vec!["workspace".to_owned()],
            protected_users: std::collections::BTreeSet::new(),
            protected_groups: std::collections::BTreeSet::new(),
            settle_for: Duration::ZERO,
            settle_at_most: Duration::ZERO,
        };
        Directory::new(worker.store.clone(), worker.clock, rules)
    }

    fn user(name: &str) -> serde_json::Value {
        serde_json::json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": format!("{name}@contoso.test") })
    }

    #[tokio::test]
    async fn a_pass_over_a_long_queue_ends_early_for_what_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let mut worker = busy_worker(folder.path());
        let directory = directory_of(&worker);
        for number in 0..100 {
            let body = user(&format!("user{number}"));
            let made = directory.create_user(&Request::default(), ScimId::random(), body).await;
            assert!(made.is_ok());
        }
        let unplanned = |worker: &Worker| {
            let now = worker.clock.now();
            let rows = worker
                .store
                .read(|snapshot| snapshot.due("workspace", QueueClass::Grant, 0, now, 1000));
            rows.map(|rows| rows.len()).unwrap()
        };
        for left in [100 - GLANCE, 0] {
            assert_eq!(worker.work().await.unwrap(), None);
            assert_eq!(unplanned(&worker), left);
        }
        assert!(worker.work().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_call_that_panics_is_a_call_without_an_answer() {
        let broken = unbroken::<()>(async { panic!("as the test wants it") });
        assert!(matches!(
            broken.await,
            Err(DatabricksError::OutcomeUnknown(Unknown::Cut))
        ));
    }

    #[tokio::test]
    async fn an_outcome_that_the_store_cannot_take_is_kept_and_recorded_later() {
        let folder = tempfile::tempdir().unwrap();
        let mut worker = busy_worker(folder.path());
        let made = directory_of(&worker)
            .create_user(&Request::default(), ScimId::new("ana"), user("ana"))
            .await;
        assert!(made.is_ok());
        let now = worker.clock.now();
        let everything = Admitted {
            revocation: [true; 3],
            other: [true; 3],
        };
        let (knowledge, policy) = (worker.knowledge.clone(), worker.options.policy.clone());
        let begun = worker
            .store
            .write(move |tx| advance(tx, &knowledge, &policy, everything, &ScimId::new("ana"), now))
            .await;
        let Ok::<_, StoreError>(Advance::Begun(attempt)) = begun else {
            panic!("a create begins");
        };
        let binding = attempt.call.binding;
        worker.knowledge.busy.insert(binding);
        let beside = rusqlite::Connection::open(worker.store.path()).unwrap();
        beside
            .execute_batch("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'full'); END;")
            .unwrap();
        let created = Reply::Created(UpstreamId::parse("17"));
        let answered = Ok(Answered {
            status: 201,
            value: created,
        });
        worker.called(*attempt, answered, 1, now).await;
        assert!(worker.knowledge.busy.contains(&binding), "nobody touches it meanwhile");
        beside.execute_batch("DROP TRIGGER full").unwrap();
        worker.work().await.unwrap();
        assert!(worker.knowledge.busy.is_empty());
        let bound = worker
            .store
            .read::<_, StoreError, _>(|snapshot| snapshot.binding(binding));
        assert_eq!(bound.unwrap().unwrap().upstream_id, UpstreamId::parse("17"));
    }

    #[tokio::test]
    async fn a_probe_that_hangs_is_given_up() {
        let hangs = within(Duration::from_millis(1), std::future::pending::<Result<(), _>>());
        assert!(matches!(
            hangs.await,
            Err(DatabricksError::OutcomeUnknown(Unknown::TimedOut))
        ));
    }
}
