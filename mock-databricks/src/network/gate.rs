//! Who the public front end lets in, before any credential is looked at.
//!
//! Private Link comes first, then the IP access list [inferred order]. The account's host is public in every mode, and so
//! are Azure's own [documented]; traffic through the private endpoint is never refused here.

use super::front_end::Call;
use crate::answer::Answer;
use crate::errors;
use crate::history::Listener;
use crate::identity::Endpoint;
use crate::mock::Mock;
use crate::state::Level;
use crate::switches::Switch;

impl Mock {
    /// What a client gets that the network does not let in, if so.
    pub(crate) fn network_refusal(
        &self,
        listener: Listener,
        call: &Call,
        endpoint: Option<&Endpoint>,
    ) -> Option<Answer> {
        if listener != Listener::Public || endpoint.is_some_and(Endpoint::is_of_azure) {
            return None;
        }
        let level = match endpoint {
            Some(endpoint) if !endpoint.is_of_workspace() => Level::Account,
            None if call.is_for_account() => Level::Account,
            _ => Level::Workspace,
        };
        let now = self.clock.elapsed();
        let mut shared = self.lock();
        let is_closed = level == Level::Workspace && !shared.private_link.public_access;
        let answers = |switch| endpoint.is_some() && shared.switches.is(switch, "answers");
        if is_closed && !answers(Switch::OidcBehindPrivateLink) {
            drop(shared);
            return Some(self.refusal());
        }
        if answers(Switch::OidcBehindIpAccessList) {
            return None;
        }
        let source = shared.ip_access.refused(level, call.peer, now)?;
        Some(match level {
            Level::Workspace => errors::ip_refused(source, Some((&self.workspace_id, shared.request_ids.uuid()))),
            Level::Account => errors::ip_refused(source, None),
        })
    }

    /// The Private Link refusal in its present form.
    pub(crate) fn refusal(&self) -> Answer {
        let shared = self.lock();
        let redirect = shared.switches.status(Switch::RedirectStatus);
        shared.private_link.refuse(&self.workspace_id, redirect)
    }
}
