//! Carrying out one change: wait for its turn, record it, wait for its outcome. The same for a
//! request of its own and for an operation of a bulk request.

use scim::version::Preconditions;
use serde_json::Value;

use super::Endpoint;
use super::wait::Waiting;
use crate::directory::{Accepted, DirectoryError, Edit, Request};
use crate::id::ScimId;
use crate::store::Kind;

/// How a change is to be made, beside what it is.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// The id of the request it belongs to.
    pub(super) request_id: String,
    /// What it asks of the version that it meets.
    pub(super) preconditions: Preconditions,
    /// Whether its answer may wait for the outcome (rule A2).
    pub(super) may_wait: bool,
}

impl Endpoint {
    /// Creates a resource under an id that nothing has.
    pub(super) async fn create(
        &self,
        terms: Terms,
        kind: Kind,
        id: ScimId,
        body: Value,
    ) -> Result<Accepted, DirectoryError> {
        let (waiting, request) = self.begin(terms, &id);
        let accepted = self.directory().create(&request, kind, id.clone(), body).await?;
        // An imported resource was taken over under its own id: it is there, so there is nothing to wait for.
        if accepted.resource.id == id {
            waiting.decided(accepted.revision).await?;
        }
        Ok(accepted)
    }

    /// Replaces or changes a resource.
    pub(super) async fn edit(
        &self,
        terms: Terms,
        kind: Kind,
        id: &str,
        edit: Edit,
        body: Value,
    ) -> Result<Accepted, DirectoryError> {
        let (waiting, request) = self.begin(terms, &ScimId::new(id));
        let accepted = self.directory().edit(&request, kind, id, edit, body).await?;
        waiting.settled(accepted.revision).await;
        Ok(accepted)
    }

    /// Deletes a resource.
    pub(super) async fn delete(&self, terms: Terms, kind: Kind, id: &str) -> Result<(), DirectoryError> {
        let (waiting, request) = self.begin(terms, &ScimId::new(id));
        let revision = self.directory().delete(&request, kind, id).await?;
        waiting.settled(Some(revision)).await;
        Ok(())
    }

    fn begin(&self, terms: Terms, id: &ScimId) -> (Waiting<'_>, Request) {
        let waiting = if terms.may_wait {
            self.expect_outcome(id)
        } else {
            self.expect_nothing(id)
        };
        let request = Request {
            id: terms.request_id,
            waits: waiting.waits(),
            preconditions: terms.preconditions,
        };
        (waiting, request)
    }
}
