//! What decides whether anything is written at all, and the orders of an operator.

use super::super::commands::{Done, IMPORT, execute};
use super::super::guard;
use super::Worker;
use crate::clock::Timestamp;
use crate::store::{Command, StoreError};

/// How often what the guard holds is looked at.
const ALARM_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// Whether the bridge writes upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// It does.
    Open,
    /// Not yet (rule E2).
    DryRun,
    /// Not before a person has let the restored store go (rule D3).
    Held,
}

impl Worker {
    /// Reads from the store whether the bridge writes: at start and after each order.
    pub(super) fn read_gate(&mut self) -> Result<(), StoreError> {
        let (held, went_live, restored) = self.store.read::<_, StoreError, _>(|snapshot| {
            Ok((
                snapshot.held()?,
                snapshot.fact("went_live")?,
                snapshot.restored_at_revision()?,
            ))
        })?;
        self.knowledge.restored_at = restored;
        self.gate = match (held, self.options.dry_run && went_live.is_none()) {
            (Some(_), _) => Gate::Held,
            (None, true) => Gate::DryRun,
            (None, false) => Gate::Open,
        };
        Ok(())
    }

    /// Carries out the orders that were left since the last look.
    pub(super) async fn carry_out_orders(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let open = self.store.read::<_, StoreError, _>(|snapshot| {
            let open = snapshot.open_commands()?;
            Ok(open)
        })?;
        for command in open {
            // One import at a time: it is open until it is done, and others have their turn after it.
            if command.name == IMPORT && self.import.is_some() {
                continue;
            }
            self.carry_out_order(command, now).await?;
        }
        if self.alarm_at <= now {
            self.alarm_at = now.plus(ALARM_EVERY.div_f64(self.options.time_factor));
            let (target, held) = (self.options.target.clone(), self.options.policy.guard);
            self.store
                .write(move |tx| guard::alarm(tx, &held, &target, now))
                .await?;
        }
        Ok(())
    }

    async fn carry_out_order(&mut self, command: Command, now: Timestamp) -> Result<(), StoreError> {
        let (knowledge, number, name) = (self.knowledge.clone(), command.number, command.name.clone());
        let done = self
            .store
            .write(move |tx| {
                let done = execute(tx, &knowledge, &command, now)?;
                if !matches!(done, Done::Import(_)) {
                    tx.end_command(command.number, &done.to_json(), now)?;
                }
                Ok::<_, StoreError>(done)
            })
            .await?;
        match done {
            Done::Well(what) => tracing::info!(command = %name, "an operator's order is carried out: {what}"),
            Done::Failed(why) => tracing::warn!(command = %name, "an operator's order cannot be carried out: {why}"),
            Done::Import(arguments) => return self.order_import(number, arguments).await,
        }
        self.read_gate()
    }
}
