//! The worker's part of an import: nothing is written upstream while it runs (rule C4).

use serde_json::json;

use super::super::circuit::Sign;
use super::super::import::{Import, ImportOptions, Order, by_name, import_group, import_user};
use super::super::scan::Scan;
use super::ended::sign_of_list;
use super::{Finished, Worker, unbroken};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::databricks::wire::WireGroup;
use crate::databricks::{Answered, DatabricksError, Unknown};
use crate::id::UpstreamId;
use crate::store::{Kind, StoreError};

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
    /// An import was ordered; one that is under way goes on.
    pub(super) async fn order_import(&mut self, command: i64, arguments: serde_json::Value) -> Result<(), StoreError> {
        if self.import.as_ref().is_some_and(|import| import.command == command) {
            return Ok(());
        }
        if self.import.is_some() {
            // One at a time; this one has its turn.
            return Ok(());
        }
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
        let Some(import) = &mut self.import else {
            return Ok(false);
        };
        let Some(left) = &mut import.seen else {
            return Ok(false);
        };
        let users: Vec<_> = left.users.drain(..left.users.len().min(GLANCE)).collect();
        if users.is_empty() {
            return self.read_next_group(now).await;
        }
        let mapping = std::sync::Arc::new(by_name(&import.options));
        let keep_ids = import.options.keep_ids;
        for user in users {
            let taken = self.take_in(mapping.clone(), keep_ids, move |tx, knowledge, policy, order| {
                import_user(tx, knowledge, policy, order, &user, now)
            });
            let taken = taken.await?;
            self.count(Kind::User, taken);
        }
        self.tell_progress().await?;
        Ok(true)
    }

    /// One object, one transaction.
    async fn take_in<T: Send + 'static>(
        &self,
        mapping: std::sync::Arc<std::collections::HashMap<String, super::super::import::Mapped>>,
        keep_ids: bool,
        work: impl FnOnce(
            &crate::store::Transaction<'_>,
            &super::super::view::Knowledge,
            &super::super::policy::Policy,
            &Order<'_>,
        ) -> Result<T, StoreError>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let (knowledge, policy) = (self.knowledge.clone(), self.options.policy.clone());
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

    fn count(&mut self, kind: Kind, taken: super::super::import::Imported) {
        if let Some(import) = &mut self.import {
            import.counts.add(kind, taken);
        }
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
        let (mapping, keep_ids) = (std::sync::Arc::new(by_name(&import.options)), import.options.keep_ids);
        let taken = self.take_in(mapping, keep_ids, move |tx, knowledge, policy, order| {
            import_group(tx, knowledge, policy, order, &entry, &read, now)
        });
        let (taken, members) = taken.await?;
        self.count(Kind::Group, taken);
        if let Some(import) = &mut self.import {
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
