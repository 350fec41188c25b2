//! What the console shows: the state at one moment.

use crate::clock::Timestamp;
use crate::ops::Operations;
use crate::reconcile::Reported;
use crate::store::{Event, Gauges, LogEntry, LogQuery, StoreError, Trouble};

/// Changes shown.
const CHANGES: usize = 20;
/// Objects in trouble and events shown.
const MOST: usize = 50;

/// Everything at one moment.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) now: Timestamp,
    pub(super) targets: Vec<TargetReading>,
    /// Why nothing is written from this store until a person says so.
    pub(super) held: Option<String>,
    /// What concerns a whole target and is not over.
    pub(super) events: Vec<Event>,
    /// The last changes, oldest first.
    pub(super) changes: Vec<LogEntry>,
}

/// One target at that moment.
#[derive(Debug, Clone)]
pub(super) struct TargetReading {
    pub(super) name: String,
    pub(super) reported: Reported,
    pub(super) dry_run: bool,
    pub(super) gauges: Gauges,
    /// Objects held or failing, the longest first.
    pub(super) troubles: Vec<Trouble>,
}

/// Reads everything now.
pub(super) fn read(operations: &Operations) -> Result<Reading, StoreError> {
    operations.store.read(|store| {
        let dry_run = operations.dry_run && store.fact("went_live")?.is_none();
        let targets = operations.targets.iter().map(|(name, status)| {
            Ok(TargetReading {
                name: name.clone(),
                reported: status.get(),
                dry_run,
                gauges: store.gauges(name, &operations.endpoint)?,
                troubles: store.troubles(name, MOST)?,
            })
        });
        Ok(Reading {
            now: operations.clock.now(),
            targets: targets.collect::<Result<_, StoreError>>()?,
            held: store.held()?,
            events: store.open_events(MOST)?,
            changes: store.log(&LogQuery {
                limit: CHANGES,
                ..LogQuery::default()
            })?,
        })
    })
}
