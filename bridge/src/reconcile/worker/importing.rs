//! The worker's part of an import: nothing is written upstream while it runs (rule C4).

use serde_json::json;

use super::super::circuit::Sign;
use super::super::import::{Import, ImportOptions, Order, import_group, import_user};
use super::super::policy::Policy;
use super::super::scan::Scan;
use super::super::view::Knowledge;
use super::ended::sign_of_list;
use super::{Finished, Worker, unbroken};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::databricks::wire::WireGroup;
use crate::databricks::{Answered, DatabricksError, Unknown};
use crate::id::UpstreamId;
use crate::store::{Kind, StoreError, Transaction};

/// Objects taken in between two looks at everything else.
const GLANCE: usize = 100;

/// What it says of the target when one group is not read: a refusal is about that group.
const fn sign_of_group(error: &DatabricksError) -> Sign {
    match error {
        DatabricksError::Refused { .. }
        | DatabricksError::AlreadyExists { .. }
        | DatabricksError::OutcomeUnknown(Unknown::Failed(_)) => Sign::Works,
        other => sign_of_list(other),
    }
}

impl Worker {
    /// An import was ordered.
    pub(super) async fn order_import(&mut self, command: i64, arguments: serde_json::Value) -> Result<(), StoreError> {
        match serde_json::from_value::<ImportOptions>(arguments) {
            Ok(options) => {
                tracing::info!("an import begins: nothing is written to the target before it is done");
                self.import = Some(Import::new(command, options));
                self.scan = Some(Scan::reading(self.options.policy.workspaces()));
                Ok(())
            }
            Err(error) => {
                let outcome = json!({ "failed": format!("the order cannot be read: {error}") });
                let now = self.clock.now();
                self.store.write(move |tx| tx.end_command(command, &outcome, now)).await
            }
        }
    }

    /// Takes in what is there to be taken in; true if there is more to do at once.
    pub(super) async fn go_on_importing(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let Some(left) = self.import.as_ref().and_then(|import| import.seen.as_ref()) else {
            return Ok(false);
        };
        let users: Vec<_> = left.users.iter().take(GLANCE).cloned().collect();
        if users.is_empty() {
            return self.read_next_group(now).await;
        }
        for user in users {
            let taken =
                self.take_in(move |tx, knowledge, policy, order| import_user(tx, knowledge, policy, order, &user, now));
            let taken = taken.await?;
            if let Some(import) = &mut self.import {
                import.counts.add(Kind::User, taken);
                // Only now: what the store could not take has its turn again.
                import.seen.as_mut().map(|left| left.users.pop_front());
            }
        }
        self.tell_progress().await?;
        Ok(true)
    }

    /// One object, one transaction.
    async fn take_in<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &Knowledge, &Policy, &Order<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (knowledge, policy) = (self.knowledge.clone(), self.options.policy.clone());
        let import = self.import.as_ref();
        let keep_ids = import.is_some_and(|import| import.keep_ids);
        let mapping = import.map(|import| import.mapping.clone()).unwrap_or_default();
        let endpoint = self.options.endpoint.clone();
        self.store
            .write(move |tx| {
                let order = Order {
                    target: &knowledge.target,
                    endpoint: &endpoint,
                    keep_ids,
                    mapping: &mapping,
                };
                work(tx, &knowledge, &policy, &order)
            })
            .await
    }

    /// The members of the next group, or the end of it all.
    async fn read_next_group(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let Some(left) = self.import.as_mut().and_then(|import| import.seen.as_mut()) else {
            return Ok(false);
        };
        let Some(group) = left.groups.front().map(|group| group.upstream_id.clone()) else {
            self.end_import(now).await?;
            return Ok(true);
        };
        if self.reading || self.pace.start(Verb::Read, false, now).is_err() {
            return Ok(false);
        }
        self.reading = true;
        let client = self.client.clone();
        self.running.spawn(async move {
            let read = unbroken(client.group(&group)).await;
            Finished::Group(group, read)
        });
        Ok(false)
    }

    /// A group was read for its members.
    pub(super) async fn group_read(
        &mut self,
        group: &UpstreamId,
        result: Result<Answered<WireGroup>, DatabricksError>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.reading = false;
        self.account_for(Verb::Read, result.as_ref().err(), now);
        match result {
            Ok(read) => {
                self.note_sign(Sign::Works, None, false, now).await;
                self.take_in_group(group, read.value, now).await?;
            }
            // It is gone meanwhile.
            Err(DatabricksError::NotFound { .. }) => {
                self.note_sign(Sign::Works, None, false, now).await;
                if let Some(left) = self.import.as_mut().and_then(|import| import.seen.as_mut()) {
                    left.done_with(group);
                }
            }
            // It is read again; an outage shows in the health of the target.
            Err(error) => {
                let sign = sign_of_group(&error);
                self.note_sign(sign, Some(&error), false, now).await;
                // These say nothing of the group. Whatever else comes back while probes succeed is its own trouble.
                let elsewhere = matches!(
                    error,
                    DatabricksError::RateLimited { .. }
                        | DatabricksError::Unreachable { .. }
                        | DatabricksError::PrivateLink { .. }
                );
                if !elsewhere {
                    self.leave_out(group, &error);
                }
            }
        }
        self.tell_progress().await
    }

    /// One group with its members, one transaction.
    async fn take_in_group(&mut self, group: &UpstreamId, read: WireGroup, now: Timestamp) -> Result<(), StoreError> {
        let Some(import) = &self.import else { return Ok(()) };
        let listed = import.seen.iter().flat_map(|left| &left.groups);
        let Some(entry) = listed.clone().find(|entry| entry.upstream_id == *group).cloned() else {
            return Ok(());
        };
        let taken = self.take_in(move |tx, knowledge, policy, order| {
            import_group(tx, knowledge, policy, order, &entry, &read, now)
        });
        let (taken, members) = taken.await?;
        if let Some(import) = &mut self.import {
            import.counts.add(Kind::Group, taken);
            import.counts.members += members;
            if let Some(left) = &mut import.seen {
                left.done_with(group);
            }
        }
        Ok(())
    }

    /// A group that is not read again and again does not keep everything else waiting.
    fn leave_out(&mut self, group: &UpstreamId, error: &DatabricksError) {
        let Some(import) = &mut self.import else { return };
        if import.seen.as_mut().is_some_and(|left| left.was_not_read(group)) {
            tracing::error!(%group, "the import leaves out a group that cannot be read: {error}");
            import.counts.unread += 1;
        }
    }

    async fn tell_progress(&self) -> Result<(), StoreError> {
        let Some(import) = &self.import else { return Ok(()) };
        let (command, progress) = (import.command, json!({ "progress": import.progress() }));
        self.store.write(move |tx| tx.tell_of_command(command, &progress)).await
    }

    async fn end_import(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let Some(import) = self.import.take() else {
            return Ok(());
        };
        let sentence = import.counts.sentence();
        tracing::info!("the import is done: {sentence}");
        let outcome = json!({ "done": sentence });
        self.store
            .write(move |tx| tx.end_command(import.command, &outcome, now))
            .await
    }
}
