//! What comes of requests that end: what it says of the target, of the pace and of the object, recorded
//! before anything is concluded from it.

use std::sync::Arc;

use super::super::advance::follow;
use super::super::assign;
use super::super::attempt::Attempt;
use super::super::call::{Reply, describe};
use super::super::circuit::{Sign, State};
use super::super::drift::{self, DriftPolicy};
use super::super::outcome::{self, Failed, Then};
use super::super::scan::{self, Progress, Scan};
use super::super::shape;
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::databricks::wire::WireUser;
use crate::databricks::{Answered, DatabricksError, Unknown};
use crate::id::{UpstreamId, fold};
use crate::store::{NewStep, StoreError, Transaction};

use super::{Ended, Finished, Worker, suiting};

/// The first scan of a store, and one soon after another, make no object be read: a restart is no reason to.
fn is_time_to_look(tx: &Transaction<'_>, drift: &DriftPolicy, now: Timestamp) -> Result<bool, StoreError> {
    let last = tx.fact("looked_at")?.and_then(|text| text.parse().ok());
    let due = last.is_some_and(|last| now.since(Timestamp::from_micros(last)) >= drift.every.mul_f64(0.9));
    if due || last.is_none() {
        tx.set_fact("looked_at", &now.as_micros().to_string())?;
    }
    Ok(due)
}

/// What it says of the target when something is not read that is asked for by no single object.
pub(super) const fn sign_of_list(error: &DatabricksError) -> Sign {
    match error {
        DatabricksError::RateLimited { .. } => Sign::Throttled,
        DatabricksError::Busy { .. } | DatabricksError::OutcomeUnknown(_) => Sign::Suspicious(None),
        // A list that is refused is as good as no target.
        DatabricksError::Unreachable { .. }
        | DatabricksError::PrivateLink { .. }
        | DatabricksError::NotAdmitted { .. }
        | DatabricksError::AlreadyExists { .. }
        | DatabricksError::NotFound { .. }
        | DatabricksError::Refused { .. }
        | DatabricksError::WrongShape { .. } => Sign::Out,
    }
}

impl Worker {
    pub(super) async fn finish_joined(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        let now = self.clock.now();
        match finished {
            Ok(Finished::Probe(credential, result)) => self.probed(credential, result, now).await,
            Ok(Finished::Scan(kept, result)) => self.scanned(*kept, result, now).await,
            Ok(Finished::Group(group, result)) => {
                if let Err(error) = self.group_read(&group, result, now).await {
                    tracing::error!(%error, "what was read for the import could not be stored yet");
                }
            }
            Ok(Finished::Call {
                attempt,
                result,
                millis,
            }) => self.called(*attempt, result, millis, now).await,
            Err(error) => tracing::error!(%error, "a request ended abnormally"),
        }
    }

    pub(super) async fn probed(
        &mut self,
        credential: u64,
        result: Result<Answered<WireUser>, DatabricksError>,
        now: Timestamp,
    ) {
        self.probing = false;
        self.account_for(Verb::Read, result.as_ref().err(), now);
        // An answer that does not say who the bridge is is none.
        let result = result.and_then(|me| {
            let id = UpstreamId::parse(&me.value.id).ok_or(Unknown::Garbled(me.status));
            Ok((id.map_err(DatabricksError::OutcomeUnknown)?, fold(&me.value.user_name)))
        });
        match result {
            Ok(me) => {
                let said = format!("{} {}", me.0, me.1);
                if let Err::<(), StoreError>(error) = self.store.write(move |tx| tx.set_fact("me", &said)).await {
                    tracing::error!(%error, "who the bridge is could not be stored");
                }
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
                self.note_sign(Sign::Works, None, false, now).await;
            }
            Ok(Progress::Complete(seen)) => {
                self.note_sign(Sign::Works, None, false, now).await;
                let target = self.options.target.clone();
                if let Some(import) = self.import.as_mut().filter(|import| import.seen.is_none()) {
                    import.begin(&seen);
                }
                let admins = seen.admins.clone();
                let (mut knowledge, policy) = (self.knowledge.clone(), self.options.policy.clone());
                let (drift, refused) = (policy.drift, self.refused_lately(now));
                self.scan_at = now.plus(drift.every);
                let stored = self
                    .store
                    .write(move |tx| {
                        let (shape, unsuitable) = shape::settle(tx, &target, &policy, &seen, refused)?;
                        knowledge.shape = shape;
                        if unsuitable.is_none() {
                            suiting::forget(tx, &target, now)?;
                        }
                        let users: Vec<_> = seen.users.iter().map(|user| user.entry.clone()).collect();
                        scan::store(tx, &target, &users, &seen.groups, now)?;
                        let ids: Vec<&str> = seen.admins.iter().map(UpstreamId::as_str).collect();
                        tx.set_fact("admins", &ids.join(" "))?;
                        assign::look_after_scan(tx, &knowledge, &policy, &seen, now)?;
                        if drift.on && is_time_to_look(tx, &drift, now)? {
                            let looks = drift::look_after_scan(tx, &knowledge, &policy, &seen, now)?;
                            tracing::info!(
                                looks,
                                "the target was scanned; objects are read to find what somebody else changed"
                            );
                        }
                        tx.set_fact("scanned_at", &now.as_micros().to_string())?;
                        Ok((shape, unsuitable))
                    })
                    .await;
                match stored {
                    Ok((shape, unsuitable)) => {
                        self.knowledge.shape = shape;
                        self.suits(unsuitable, now).await;
                        self.knowledge.admins = admins;
                        self.knowledge.scanned_at = Some(now);
                    }
                    Err::<_, StoreError>(error) => {
                        tracing::error!(%error, "the scan could not be stored");
                        self.scan = Some(Scan::reading(self.options.policy.workspaces()));
                    }
                }
            }
            Err(error) => {
                if let Some(why) = shape::closed_way(self.options.policy.level, &error) {
                    // The target works; it is this way to it that does not exist.
                    self.note_sign(Sign::Works, None, false, now).await;
                    self.scan_at = now.plus(self.options.policy.drift.every);
                    self.suits(Some(why), now).await;
                    return;
                }
                self.scan = Some(kept);
                let sign = sign_of_list(&error);
                self.note_sign(sign, Some(&error), false, now).await;
            }
        }
    }

    pub(super) async fn called(
        &mut self,
        attempt: Attempt,
        result: Result<Answered<Reply>, DatabricksError>,
        millis: u64,
        now: Timestamp,
    ) {
        self.account_for(attempt.call.verb, result.as_ref().err(), now);
        let sign = outcome::sign(&result, attempt.call.binding);
        let writes = attempt.call.action.writes();
        self.note_sign(sign, result.as_ref().err(), writes, now).await;
        if let Err(DatabricksError::WrongShape { detail, .. }) = &result {
            self.refused_for_shape(detail, now).await;
        }
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
    pub(super) async fn record_rest(&mut self, now: Timestamp) -> Result<(), StoreError> {
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
        let outcome = Arc::clone(ended);
        let recorded = self
            .store
            .write(move |tx| {
                let Ended { attempt, result, step } = &*outcome;
                let row = tx.queued(&knowledge.target, &attempt.binding.resource_id)?;
                let failed = row.map_or_else(Failed::default, |row| Failed {
                    attempts: row.attempts,
                    refusals: row.refusals,
                });
                tx.add_step(step)?;
                let then: Then = outcome::record(tx, &knowledge, &policy, attempt, result, failed, now)?;
                follow(
                    tx,
                    &knowledge,
                    &policy,
                    attempt,
                    &then,
                    outcome::is_refusal(result),
                    now,
                )
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

    pub(super) fn account_for(&mut self, verb: Verb, error: Option<&DatabricksError>, now: Timestamp) {
        let throttled = matches!(error, Some(DatabricksError::RateLimited { .. }));
        let outcome = error.map_or("ok", DatabricksError::cause);
        self.status.meters().called(verb, outcome, throttled, now);
        match error {
            Some(DatabricksError::RateLimited {
                retry_after,
                concurrency,
                ..
            }) => self.pace.throttled(verb, *concurrency, *retry_after, now),
            _ => self.pace.ended(verb),
        }
    }

    pub(super) async fn note_sign(
        &mut self,
        sign: Sign,
        error: Option<&DatabricksError>,
        writes: bool,
        now: Timestamp,
    ) {
        self.note_lasting_trouble(sign, error, writes, now).await;
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

    /// One entry for calls that fail one after the other while the target as a whole works.
    async fn note_lasting_trouble(
        &mut self,
        sign: Sign,
        error: Option<&DatabricksError>,
        writes: bool,
        now: Timestamp,
    ) {
        let Some(began) = self.note_trouble(sign, error, writes, now) else {
            return;
        };
        let target = self.options.target.clone();
        let noted = match error.filter(|_| began) {
            Some(error) => {
                let (cause, detail) = (error.cause(), error.to_string());
                tracing::warn!(target = %target, cause, "calls fail one after the other: {detail}");
                self.store
                    .write(move |tx| tx.note_event(&target, "degraded", cause, &detail, now))
                    .await
            }
            None => self.store.write(move |tx| tx.end_event(&target, "degraded", now)).await,
        };
        if let Err::<(), StoreError>(error) = noted {
            tracing::error!(%error, "what fails could not be recorded");
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
}
