//! Waiting for the outcome of a write (rules A2, A3).

use scim::error::ScimError;
use tokio::sync::SemaphorePermit;

use super::Endpoint;
use crate::clock::Clock;
use crate::directory::DirectoryError;
use crate::id::ScimId;
use crate::store::{Answer, Listener, StoreError};

/// A write that may wait for its outcome.
pub(super) struct Waiting<'a> {
    endpoint: &'a Endpoint,
    id: ScimId,
    outcome: Option<(Listener<'a>, SemaphorePermit<'a>)>,
}

impl Endpoint {
    /// Decides, before the write, whether its answer is worth waiting with: not when the queue's
    /// forecast says that the window is too short, and not when too many wait already.
    pub(super) fn expect_outcome(&self, id: &ScimId) -> Waiting<'_> {
        let window = self.options().acknowledge_within;
        let signals = self.directory().store().signals();
        let outcome = (!window.is_zero() && signals.forecast() < window)
            .then(|| self.inner.waiting.try_acquire().ok())
            .flatten()
            .map(|permit| (signals.listen(id), permit));
        Waiting {
            endpoint: self,
            id: id.clone(),
            outcome,
        }
    }

    /// A write whose answer does not wait: one of many in a bulk request (rule A2).
    pub(super) fn expect_nothing(&self, id: &ScimId) -> Waiting<'_> {
        Waiting {
            endpoint: self,
            id: id.clone(),
            outcome: None,
        }
    }
}

impl Waiting<'_> {
    /// Whether the answer waits.
    pub(super) fn waits(&self) -> bool {
        self.outcome.is_some()
    }

    /// Whether the window is over before the change is even tried: changes of one group are gathered first.
    fn comes_too_late(&self) -> bool {
        let directory = self.endpoint.directory();
        let closes = Clock::system().now().plus(self.endpoint.options().acknowledge_within);
        directory.rules().targets.iter().any(|target| {
            let row = directory.store().read(|snapshot| snapshot.queued(target, &self.id));
            matches!(row, Ok::<_, StoreError>(Some(row)) if row.due_at >= closes)
        })
    }

    /// Returns once the revision has its outcome or the window is over.
    pub(super) async fn settled(mut self, revision: Option<i64>) {
        if self.outcome.is_some() && self.comes_too_late() {
            return;
        }
        let (Some((outcome, _)), Some(revision)) = (&mut self.outcome, revision) else {
            return;
        };
        let window = self.endpoint.options().acknowledge_within;
        let _ = tokio::time::timeout(window, outcome.settled(revision)).await;
    }

    /// The same for a create, whose one answer is then decided (rule A3).
    ///
    /// # Errors
    ///
    /// 409 `uniqueness` when the refusal won; a store error when the decision cannot be stored.
    pub(super) async fn decided(self, revision: Option<i64>) -> Result<(), DirectoryError> {
        let waited = self.waits();
        let endpoint = self.endpoint;
        self.settled(revision).await;
        let (true, Some(revision)) = (waited, revision) else {
            return Ok(());
        };
        let decided = endpoint
            .directory()
            .store()
            .write(move |tx| tx.decide(revision, Answer::Accepted))
            .await?;
        match decided {
            Answer::Accepted | Answer::Undecided => Ok(()),
            Answer::Refused => {
                let store = endpoint.directory().store();
                let refusal = store.read::<_, StoreError, _>(|snapshot| snapshot.refusal(revision))?;
                Err(refused(refusal.as_deref().unwrap_or_default()).into())
            }
        }
    }
}

/// What a refused create is answered: the whitelist of rule A4.
fn refused(refusal: &str) -> ScimError {
    match refusal.strip_prefix("invalid-value: ") {
        Some(detail) => {
            ScimError::invalid_value(format!("databricks does not take a value of this resource: {detail}"))
        }
        None => ScimError::uniqueness("the name is held by another object at the target"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{JsonLimits, ServerOptions, Tokens};
    use super::*;
    use crate::directory::{Directory, Request, Rules};
    use crate::store::Store;

    #[tokio::test]
    async fn a_change_that_is_gathered_for_longer_than_the_window_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        std::fs::write(&file, "a-token-that-is-long-enough-for-this-test\n").unwrap();
        let rules = Rules {
            endpoint: "scim".to_owned(),
            targets: vec!["workspace".to_owned()],
            protected_users: std::collections::BTreeSet::new(),
            protected_groups: std::collections::BTreeSet::new(),
            settle_for: Duration::from_hours(2),
            settle_at_most: Duration::from_hours(2),
        };
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        let options = ServerOptions {
            public_url: "https://bridge.test/scim".to_owned(),
            // Nobody works here: whoever waits, waits this long.
            acknowledge_within: Duration::from_hours(1),
            waiting: 1,
            max_body_bytes: 1,
            body_timeout: Duration::ZERO,
            json: JsonLimits {
                max_depth: 1,
                max_values: 1,
            },
            bulk_operations: 1,
            default_page: 1,
            max_page: 1,
            in_flight: 1,
            filter: scim::filter::Limits::default(),
        };
        let directory = Directory::new(store, Clock::system(), rules);
        let endpoint = Endpoint::new(directory, Tokens::open(&file).unwrap(), options);
        let id = ScimId::new("ops");
        let waiting = endpoint.expect_outcome(&id);
        let body =
            serde_json::json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Ops" });
        let made = endpoint
            .directory()
            .create_group(&Request::default(), id.clone(), body)
            .await;
        let revision = made.ok().and_then(|accepted| accepted.revision);
        assert!(waiting.waits() && revision.is_some());
        let settled = tokio::time::timeout(Duration::from_secs(5), waiting.settled(revision));
        assert!(settled.await.is_ok());
    }
}
