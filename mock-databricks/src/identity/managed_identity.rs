//! The stand-in for the token endpoint of a machine that runs as a managed identity.
//!
//! It refuses what came through a proxy, and what does not say that it means it [documented].

use http::StatusCode;
use serde_json::json;

use super::Form as Fields;
use super::entra::{self, Resource};
use crate::answer::Answer;
use crate::credentials::{NoIdentity, Source, SourceKind};
use crate::mock::Mock;
use crate::network::front_end::Call;
use crate::switches::Switch;

/// Which of the two endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `169.254.169.254`, with the header `Metadata: true`.
    Machine,
    /// App Service and Container Apps, with a secret in `X-IDENTITY-HEADER`.
    AppService,
}

/// Answers `GET …?api-version=…&resource=…[&client_id=…]`.
pub(super) fn token(mock: &Mock, call: &Call, form: Form) -> Answer {
    let query = Fields::parse(call.query.as_deref().unwrap_or_default().as_bytes());
    let version = match form {
        Form::Machine => "2018-02-01",
        Form::AppService => "2019-08-01",
    };
    let allowed = match form {
        Form::Machine => {
            // All in lower case [documented].
            let says_so = call.header("metadata") == Some("true");
            says_so.then_some(()).ok_or("Required metadata header not specified")
        }
        Form::AppService => {
            let secret = call.header("x-identity-header") == Some(mock.azure.identity_header.as_str());
            secret.then_some(()).ok_or("The identity header is missing or wrong")
        }
    };
    if let Err(problem) = allowed {
        return refused(problem);
    }
    if call.header("x-forwarded-for").is_some() {
        return refused("Requests with the header X-Forwarded-For are not allowed");
    }
    if query.get("api-version").is_none_or(|asked| asked < version) {
        return refused("Required query variable 'api-version' is missing or too old");
    }
    let Some(named) = query.get("resource") else {
        return refused("Required query variable 'resource' is missing");
    };
    let Some(resource) = Resource::parse(named) else {
        return refused("The resource is not known in the tenant");
    };
    let mut shared = mock.lock();
    let client_id = match shared.credentials.clients.managed_identity(query.get("client_id")) {
        Ok(client_id) => client_id.to_owned(),
        Err(NoIdentity::Absent) => return refused("Identity not found"),
        Err(NoIdentity::Several) => {
            return refused(
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the \
                 token request",
            );
        }
    };
    let lifetime = shared.switches.number(Switch::ManagedIdentityLifetimeS);
    let source = Source::new(SourceKind::ManagedIdentity, &client_id, "");
    let issued = entra::issue(mock, &mut shared, source, resource, lifetime);
    let expires_on = (issued.now + issued.lifetime).to_string();
    let body = match form {
        Form::Machine => json!({
            "access_token": issued.text, "client_id": client_id, "expires_in": issued.lifetime.to_string(),
            "expires_on": expires_on, "ext_expires_in": issued.lifetime.to_string(),
            "not_before": issued.now.to_string(), "resource": named, "token_type": "Bearer",
        }),
        Form::AppService => json!({
            "access_token": issued.text, "client_id": client_id, "expires_on": expires_on, "resource": named,
            "token_type": "Bearer",
        }),
    };
    Answer::json(StatusCode::OK, &body)
}

fn refused(problem: &str) -> Answer {
    let body = json!({"error": "invalid_request", "error_description": problem});
    Answer::json(StatusCode::BAD_REQUEST, &body)
}
