//! What the metrics are written from: the state at one moment.

use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::meters::Meters;
use crate::ops::Operations;
use crate::reconcile::Reported;
use crate::store::{DriftKind, Gauges, GuardClass, StoreError};

/// Everything at one moment.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// That moment.
    pub(super) now: Timestamp,
    /// Each target.
    pub(super) targets: Vec<TargetReading>,
    /// Writes whose answer waits for an outcome.
    pub(super) waiting_answers: u64,
    /// Whether a person must let writing begin again.
    pub(super) held: bool,
    /// When the certificate of the SCIM endpoint ends, if that could be read.
    pub(super) certificate_expires: Option<Timestamp>,
    /// Bytes that the store's files take.
    pub(super) store_bytes: u64,
    /// Bytes free on its disk, if the file system says.
    pub(super) free_bytes: Option<u64>,
}

/// One target at that moment.
#[derive(Debug, Clone)]
pub(super) struct TargetReading {
    /// Its name.
    pub(super) name: String,
    /// What the worker tells of it.
    pub(super) reported: Reported,
    /// Its state in numbers.
    pub(super) gauges: Gauges,
    /// The classes that the guard holds.
    pub(super) guarded: Vec<GuardClass>,
    /// What differs by somebody else's hand, by kind; zeros are left out.
    pub(super) drift: Vec<(DriftKind, u64)>,
    /// How much of it is no longer written because somebody else writes it too.
    pub(super) contested: u64,
    /// What was counted.
    pub(super) meters: Meters,
    /// Share of the rate that was used in the last minute, by rate class; `None` = no limit.
    pub(super) used: [(Verb, Option<f64>); 3],
    /// Whether nothing is written upstream.
    pub(super) dry_run: bool,
}

/// Reads everything now.
pub(super) fn read(operations: &Operations) -> Result<Reading, StoreError> {
    let now = operations.clock.now();
    let (held, went_live) = operations
        .store
        .read::<_, StoreError, _>(|store| Ok((store.held()?.is_some(), store.fact("went_live")?.is_some())))?;
    let targets = operations
        .targets
        .iter()
        .map(|(name, status)| {
            let (gauges, held, (drift, contested)) = operations.store.read::<_, StoreError, _>(|store| {
                let gauges = store.gauges(name, &operations.endpoint)?;
                Ok((gauges, store.guard_holds(name)?, store.drift_counts(name)?))
            })?;
            let meters = status.meters().clone();
            let used = Verb::ALL.map(|verb| {
                let rate = operations.speed.per_minute(operations.level, verb);
                (
                    verb,
                    rate.map(|rate| f64::from(meters.in_last_minute(verb, now)) / rate),
                )
            });
            Ok(TargetReading {
                name: name.clone(),
                reported: status.get(),
                gauges,
                guarded: held.into_iter().map(|hold| hold.class).collect(),
                drift,
                contested,
                meters,
                used,
                dry_run: operations.dry_run && !went_live,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Reading {
        now,
        targets,
        waiting_answers: u64::try_from(operations.store.signals().listening()).unwrap_or(u64::MAX),
        held,
        certificate_expires: operations.certificate_expires,
        store_bytes: operations.store.bytes_on_disk(),
        free_bytes: operations.store.free_bytes(),
    })
}
