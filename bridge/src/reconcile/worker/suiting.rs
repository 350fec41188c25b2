//! Whether the target can be written as configured (rule E1). While it cannot, nothing is written, and a scan
//! looks again now and then.

use std::time::Duration;

use super::super::scan::Scan;
use super::super::shape::{self, Evidence, Unsuitable, unsuitable};
use super::{Gate, Worker};
use crate::clock::Timestamp;
use crate::store::{StoreError, Transaction};

/// How soon it is looked at again whether the target has become suitable.
const LOOK_AGAIN: Duration = Duration::from_mins(15);
/// What the event is called. It ends with the scan that finds the target suitable, perhaps after a restart.
const EVENT: &str = "shape";
/// Where the store keeps why the target was unsuitable when it was last looked at.
const FACT: &str = "unsuitable";

/// The target is suitable: whatever was said of it before is over.
pub(super) fn forget(tx: &Transaction<'_>, target: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.end_event(target, EVENT, now)?;
    tx.set_fact(FACT, "")
}

impl Worker {
    /// Whether anything is written upstream.
    pub(super) fn writes(&self) -> bool {
        self.gate == Gate::Open && self.unsuitable.is_none()
    }

    /// A target that was unsuitable is so until a scan says otherwise: a restart alone lets nothing pass.
    pub(super) fn remember_shape(&mut self) -> Result<(), StoreError> {
        self.knowledge.shape = self.store.read(shape::remembered)?;
        let known = self.store.read(|snapshot| snapshot.fact(FACT))?;
        self.unsuitable = known.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(why) = &self.unsuitable {
            tracing::error!(target = %self.options.target, "nothing is written to this target: {why}");
        }
        Ok(())
    }

    /// Takes in how a classification ended: said once, and recorded as one event with beginning and end.
    pub(super) async fn suits(&mut self, found: Option<Unsuitable>, now: Timestamp) {
        if found.is_some() {
            let soon = now.plus(self.options.policy.scale(LOOK_AGAIN));
            self.scan_at = self.scan_at.min(soon);
        }
        if found == self.unsuitable {
            return;
        }
        let target = self.options.target.clone();
        if let Some(why) = found.clone() {
            tracing::error!(%target, "nothing is written to this target: {why}");
            let noted = self
                .store
                .write(move |tx| {
                    tx.set_fact(FACT, &serde_json::json!(why).to_string())?;
                    tx.note_event(&target, EVENT, "unsuitable-shape", &why.to_string(), now)
                })
                .await;
            if let Err::<(), StoreError>(error) = noted {
                tracing::error!(%error, "the target's shape could not be recorded");
            }
        } else {
            tracing::info!(%target, "the target is suitable now: it is written again");
        }
        self.unsuitable = found;
    }

    /// A write was refused for the target's shape: nothing more is written, and the target is looked at at once.
    pub(super) async fn refused_for_shape(&mut self, said: &str, now: Timestamp) {
        let refused = Some(said.to_owned());
        let evidence = Evidence {
            refused: refused.clone(),
            ..Evidence::default()
        };
        self.refused = refused;
        if self.unsuitable.is_none() {
            self.suits(unsuitable(self.options.policy.level, &evidence), now).await;
        }
        if self.scan.is_none() && !self.reading {
            self.scan = Some(Scan::reading(self.options.policy.workspaces()));
        }
    }
}
