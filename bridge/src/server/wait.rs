//! Waiting for the outcome of a write (rules A2, A3).

use scim::error::ScimError;
use tokio::sync::SemaphorePermit;

use super::Endpoint;
use crate::directory::DirectoryError;
use crate::id::ScimId;
use crate::store::{Answer, Listener};

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

    /// Returns once the revision has its outcome or the window is over.
    pub(super) async fn settled(mut self, revision: Option<i64>) {
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
        let (endpoint, id) = (self.endpoint, self.id.clone());
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
                tracing::info!(resource = %id, "the create was refused");
                Err(ScimError::uniqueness("the name is held by another object at the target").into())
            }
        }
    }
}
