//! What the bridge would do now, without doing it (rules E2, E6): the work of the queue is planned and
//! carried out on a copy of the store, against a target that does what it is asked.
//!
//! The surprise is that time is stepped at the configured pace: batches fill up while calls wait for
//! their turn, so only a rehearsal at that pace counts the calls that there will be.

mod tally;
mod target;

use std::time::Duration;

use super::advance::{Admitted, Advance, advance, conclude};
use super::attempt::Attempt;
use super::forecast::forecast;
use super::shape;
use super::view::Knowledge;
use super::worker::WorkerOptions;
use crate::clock::Timestamp;
use crate::databricks::Answered;
use crate::databricks::pace::{Pace, Verb, Wait};
use crate::id::{ScimId, UpstreamId};
use crate::store::{QueueClass, Scratch, Snapshot, StoreError};

pub use tally::{Adopted, Counts, Gain, Guarded, Loss, PlannedCall, Rehearsal, Unresolved, command, quoted};

use tally::Tally;
use target::Obedient;

/// Rows planned in one transaction.
const GLANCE: usize = 64;
/// Passes without a call after which nothing more is expected.
const MOST_IDLE_PASSES: u32 = 100_000;

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum CannotRehearse {
    /// Nobody knows what is at the target. Let the bridge scan it.
    #[error(
        "the target has not been scanned yet, so nothing can be planned: start `scim-bridge serve` (mode = \"dry-run\" \
         writes nothing) and try again once /health/targets says that the target works"
    )]
    NotScanned,
    /// The copy cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is rehearsed, as far as it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Calls so far.
    pub calls: u64,
    /// Rows that still wait to be written.
    pub left: u64,
}

/// Rehearses on `copy`, which is of no use afterwards.
///
/// # Errors
///
/// [`CannotRehearse`].
pub fn rehearse(
    copy: &Scratch,
    options: &WorkerOptions,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<Rehearsal, CannotRehearse> {
    let target = options.target.clone();
    let (knowledge, failing) = copy.run::<_, CannotRehearse>(|tx| {
        let knowledge = known(tx, &target)?;
        // Calls that are under way have no outcome in the copy.
        for intent in tx.open_intents(&target)? {
            tx.interrupt(intent.binding, now)?;
            tx.close_intent(intent.id)?;
        }
        tx.accept_undecided()?;
        Ok((knowledge, tx.troubles(&target, usize::MAX)?))
    })?;
    let scanned_at = knowledge.scanned_at.ok_or(CannotRehearse::NotScanned)?;
    let mut rehearsing = Rehearsing {
        copy,
        options,
        knowledge,
        pace: Pace::at(options.policy.level, options.speed, now),
        now,
        last_write: now,
        wake_at: None,
        obedient: Obedient::default(),
        tally: Tally::new(now),
    };
    let (mut idle, mut told) = (0, 0);
    while idle < MOST_IDLE_PASSES {
        let before = rehearsing.tally.all();
        if !rehearsing.pass()? && !rehearsing.go_on()? {
            break;
        }
        let calls = rehearsing.tally.all();
        idle = if calls == before { idle + 1 } else { 0 };
        if calls >= told + 100 {
            told = calls;
            let left = copy.run::<_, StoreError>(|tx| Ok(tx.queue_depth(&target)?.1))?;
            progress(Progress { calls, left });
        }
    }
    let took = rehearsing.last_write.since(now);
    let pace = Pace::at(options.policy.level, options.speed, now);
    let tally = rehearsing.tally;
    let rehearsal = copy.run::<_, StoreError>(|tx| {
        let takes = forecast(&pace, tally.by_verb());
        tally.end(tx, &target, options.dry_run, scanned_at, failing, takes, took)
    })?;
    Ok(rehearsal)
}

/// What the worker would know after a start, from the store alone.
pub(super) fn known(store: &Snapshot<'_>, target: &str) -> Result<Knowledge, StoreError> {
    let scanned_at = store.fact("scanned_at")?.and_then(|text| text.parse().ok());
    let me = store.fact("me")?;
    let me = me.as_deref().and_then(|text| text.split_once(' '));
    let admins = store.fact("admins")?.unwrap_or_default();
    Ok(Knowledge {
        target: target.to_owned(),
        scanned_at: scanned_at.map(Timestamp::from_micros),
        me: me.and_then(|(id, name)| Some((UpstreamId::parse(id)?, name.to_owned()))),
        admins: admins.split_whitespace().filter_map(UpstreamId::parse).collect(),
        shape: shape::remembered(store)?,
        restored_at: store.restored_at_revision()?,
        ..Knowledge::default()
    })
}

/// Whether the bridge is in dry-run. What the file says now is not what a running bridge was started with.
pub(super) fn is_dry_run(store: &Snapshot<'_>, configured: bool) -> Result<bool, StoreError> {
    let started = store.fact("started_mode")?;
    let dry_run = started.map_or(configured, |mode| mode == "dry-run");
    Ok(dry_run && store.fact("went_live")?.is_none())
}

/// What keeps the target as a whole from being written, as the worker noted it.
pub(super) fn obstacles(store: &Snapshot<'_>) -> Result<Vec<String>, StoreError> {
    let open = store.events(100)?.into_iter().filter(|event| event.ended_at.is_none());
    let open = open.filter_map(|event| match event.what.as_str() {
        "out" => Some(format!(
            "the target is out since {} ({}): {}",
            event.first_at, event.cause, event.detail
        )),
        "shape" => Some(format!(
            "nothing is written to a target of this shape: {}",
            event.detail
        )),
        _ => None,
    });
    Ok(open.collect())
}

struct Rehearsing<'a> {
    copy: &'a Scratch,
    options: &'a WorkerOptions,
    knowledge: Knowledge,
    pace: Pace,
    now: Timestamp,
    last_write: Timestamp,
    /// When a token is there for a call that waits for one.
    wake_at: Option<Timestamp>,
    obedient: Obedient,
    tally: Tally,
}

impl Rehearsing<'_> {
    /// Plans what is due in the worker's order, up to one call; false if nothing can be done now.
    fn pass(&mut self) -> Result<bool, StoreError> {
        self.wake_at = None;
        if !self.waits_to_be_written()? {
            return Ok(false);
        }
        for class in [QueueClass::Revocation, QueueClass::Grant, QueueClass::Verification] {
            for verb in [None, Some(Verb::Write), Some(Verb::GroupPatch), Some(Verb::Read)] {
                let ids = self.due(class, verb.map_or(0, Verb::number))?;
                if ids.is_empty() {
                    continue;
                }
                match verb.map(|verb| self.pace.check(verb, class == QueueClass::Revocation, self.now)) {
                    None | Some(Ok(())) => {
                        self.advance_all(ids)?;
                        return Ok(true);
                    }
                    Some(Err(Wait::Until(at))) => self.wake_at = Some(self.wake_at.map_or(at, |other| other.min(at))),
                    Some(Err(Wait::ForSlot)) => {}
                }
            }
        }
        Ok(false)
    }

    fn waits_to_be_written(&self) -> Result<bool, StoreError> {
        self.copy.run(|tx| tx.waits_to_be_written(&self.options.target))
    }

    fn due(&self, class: QueueClass, verb: i64) -> Result<Vec<ScimId>, StoreError> {
        self.copy.run(|tx| {
            let rows = tx.due(&self.options.target, class, verb, self.now, GLANCE)?;
            Ok(rows.into_iter().map(|row| row.resource_id).collect())
        })
    }

    /// On to the next moment at which something can be done; false if that is beyond what is under way now.
    fn go_on(&mut self) -> Result<bool, StoreError> {
        if !self.waits_to_be_written()? {
            return Ok(false);
        }
        let next = self
            .copy
            .run::<_, StoreError>(|tx| tx.next_due(&self.options.target, self.now))?;
        let next = next.into_iter().chain(self.wake_at).min();
        // What still waits then waits for a person, or was refused again and again.
        let policy = &self.options.policy;
        let patience = (policy.proof * 4).max(policy.scale(Duration::from_mins(2)));
        match next {
            Some(next) if next <= self.last_write.plus(patience) => {
                self.now = next;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn advance_all(&mut self, ids: Vec<ScimId>) -> Result<(), StoreError> {
        let now = self.now;
        let admitted = Admitted {
            revocation: Verb::ALL.map(|verb| self.pace.check(verb, true, now).is_ok()),
            other: Verb::ALL.map(|verb| self.pace.check(verb, false, now).is_ok()),
            failing: [None; 3],
        };
        let (knowledge, policy) = (&self.knowledge, &self.options.policy);
        let begun = self.copy.run::<_, StoreError>(|tx| {
            for id in ids {
                if let Advance::Begun(attempt) = advance(tx, knowledge, policy, admitted, &id, now)? {
                    return Ok(Some(attempt));
                }
            }
            Ok(None)
        })?;
        begun.map_or(Ok(()), |attempt| self.answer(&attempt))
    }

    /// The call is made, and done at once.
    fn answer(&mut self, attempt: &Attempt) -> Result<(), StoreError> {
        let (now, verb) = (self.now, attempt.call.verb);
        // Checked just before.
        let _ = self.pace.start(verb, attempt.call.class == QueueClass::Revocation, now);
        self.pace.ended(verb);
        if attempt.call.action.writes() {
            self.last_write = now;
        }
        if let Some(id) = attempt.call.action.deactivates() {
            self.knowledge.admins.remove(id);
        }
        let (knowledge, policy) = (&self.knowledge, &self.options.policy);
        let (obedient, tally) = (&mut self.obedient, &mut self.tally);
        self.copy.run(|tx| {
            tally.note(tx, &knowledge.target, attempt, now)?;
            let answered = Answered {
                status: 200,
                value: obedient.reply(tx, &knowledge.target, attempt)?,
            };
            conclude(tx, knowledge, policy, attempt, &Ok(answered), now)?;
            tally.note_adoption(tx, attempt)
        })
    }
}
