//! Whether the target can be written as configured (rule E1). While it cannot, nothing is written, and a scan
//! looks again now and then.

use std::time::Duration;

use super::super::scan::Scan;
use super::super::shape::{Evidence, Unsuitable, unsuitable};
use super::{Gate, Worker};
use crate::clock::Timestamp;
use crate::store::StoreError;

/// How soon it is looked at again whether the target has become suitable.
const LOOK_AGAIN: Duration = Duration::from_mins(15);
/// What the event is called. It ends with the scan that finds the target suitable, perhaps after a restart.
pub(super) const EVENT: &str = "shape";

impl Worker {
    /// Whether anything is written upstream.
    pub(super) fn writes(&self) -> bool {
        self.gate == Gate::Open && self.unsuitable.is_none()
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
        if let Some(why) = found.as_ref().map(ToString::to_string) {
            tracing::error!(%target, "nothing is written to this target: {why}");
            let noted = self
                .store
                .write(move |tx| tx.note_event(&target, EVENT, "unsuitable-shape", &why, now))
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
