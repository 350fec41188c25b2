//! The worker's part of an import: nothing is written upstream while it runs (rule C4).

use serde_json::json;

use super::super::import::{Import, ImportOptions, Order, by_name, import_group, import_members, import_user};
use super::super::scan::Scan;
use super::{Finished, Worker, unbroken};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::databricks::wire::WireGroup;
use crate::databricks::{Answered, DatabricksError};
use crate::id::UpstreamId;
use crate::store::{Kind, StoreError};

/// Objects taken in between two looks at everything else.
const GLANCE: usize = 100;

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
        let groups: Vec<_> = if users.is_empty() {
            left.groups.drain(..left.groups.len().min(GLANCE)).collect()
        } else {
            Vec::new()
        };
        if users.is_empty() && groups.is_empty() {
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
        for group in groups {
            let taken = self.take_in(mapping.clone(), keep_ids, move |tx, _, policy, order| {
                import_group(tx, policy, order, &group, now)
            });
            let taken = taken.await?;
            self.count(Kind::Group, taken);
        }
        self.tell_progress().await?;
        Ok(true)
    }

    /// One object, one transaction.
    async fn take_in(
        &self,
        mapping: std::sync::Arc<std::collections::HashMap<String, super::super::import::Mapped>>,
        keep_ids: bool,
        work: impl FnOnce(
            &crate::store::Transaction<'_>,
            &super::super::view::Knowledge,
            &super::super::policy::Policy,
            &Order<'_>,
        ) -> Result<super::super::import::Imported, StoreError>
        + Send
        + 'static,
    ) -> Result<super::super::import::Imported, StoreError> {
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
        let Some(group) = left.unread.front().cloned() else {
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
        let done = match result {
            Ok(read) => {
                let knowledge = self.knowledge.clone();
                let members = self
                    .store
                    .write(move |tx| import_members(tx, &knowledge, &read.value))
                    .await?;
                if let Some(import) = &mut self.import {
                    import.counts.members += members;
                }
                true
            }
            // It is gone meanwhile.
            Err(DatabricksError::NotFound { .. }) => true,
            // Whatever the trouble is, it is read again; an outage shows in the health of the target.
            Err(error) => {
                let sign = super::ended::sign_of_list(&error);
                self.note_sign(sign, Some(&error), false, now).await;
                false
            }
        };
        if done && let Some(left) = self.import.as_mut().and_then(|import| import.seen.as_mut()) {
            left.unread.retain(|other| other != group);
        }
        self.tell_progress().await
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
