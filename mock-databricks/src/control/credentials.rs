//! What works as a credential: tokens, OAuth secrets, applications in Entra.

use std::time::Duration;

use axum::extract::State;
use serde_json::{Value, json};

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::credentials::{AzureRole, MOST_SECRETS, Source, SourceKind};
use crate::mock::Mock;

/// A year: nothing here waits longer.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// `GET /credentials`: tokens by their beginning, and the clients that can get more; never a secret whole.
pub(super) async fn credentials(State(mock): Shared) -> Reply {
    let shared = mock.lock();
    let now = mock.clock.elapsed();
    let mut tokens: Vec<Value> = shared
        .credentials
        .tokens()
        .map(|(text, token)| {
            let left = token.expires.map(|at| at.saturating_sub(now));
            json!({
                "token": format!("{}…", text.chars().take(8).collect::<String>()),
                "kind": token.reach.name(),
                "valid": token.valid && left.is_none_or(|left| !left.is_zero()),
                "expires_in_ms": left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
                "client_id": token.source.as_ref().map(|source| &source.client_id),
            })
        })
        .collect();
    tokens.sort_by_key(Value::to_string);
    Reply::ok(json!({"tokens": tokens, "oauth_clients": shared.credentials.clients.oauth_ids()}))
}

/// `PUT /credentials`: `{"token":"…","valid":false}` makes a token stop or start to work, `user` (a userName) makes it
/// somebody's, `expires_in_ms` gives it an end; `{"client_id":"…","client_secret":"…","valid":…}` does the same to an OAuth
/// secret; `{"client_id":"…","subject_token":"…","valid":…}` lets an identity provider's token stand for a client. Whatever stops to
/// work ends the tokens that were got with it.
pub(super) async fn set(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    match fields.text("client_id")? {
        Some(client_id) => set_client(&mock, &client_id, fields),
        None => set_token(&mock, fields),
    }
}

fn set_token(mock: &Mock, mut fields: Fields) -> Result<Reply, BadInput> {
    let token = fields.required_text("token")?;
    let valid = fields.boolean("valid")?.unwrap_or(true);
    let user = fields.text("user")?;
    let expires_in = fields.number("expires_in_ms", LONGEST_MS)?;
    fields.finish()?;
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let problem = "must be visible ascii characters without blanks";
        return Err(BadInput::field("token", problem));
    }
    let mut shared = mock.lock();
    let owner = match &user {
        None => None,
        Some(name) => {
            let found = shared.workspace.users().named(name).next();
            let found = found.map(|user| user.id);
            Some(found.ok_or_else(|| BadInput::field("user", format!("names nobody in the workspace: `{name}`")))?)
        }
    };
    let admin = shared.workspace.reserved().admin;
    let credentials = &mut shared.credentials;
    credentials.set(&token, valid, owner.unwrap_or(admin));
    if let Some(owner) = owner {
        credentials.give(&token, owner);
    }
    let until = expires_in.map(|ms| mock.clock.elapsed() + Duration::from_millis(ms));
    credentials.expire(&token, until);
    Ok(Reply::ok(json!({"token": token, "valid": valid})))
}

fn set_client(mock: &Mock, client_id: &str, mut fields: Fields) -> Result<Reply, BadInput> {
    let mut shared = mock.lock();
    let known = shared.workspace.service_principals().named(client_id).next().is_some();
    if !known {
        let problem = format!("is no service principal's applicationId: `{client_id}`");
        return Err(BadInput::field("client_id", problem));
    }
    let subject = fields.text("subject_token")?;
    let valid = fields.boolean("valid")?.unwrap_or(true);
    let credentials = &mut shared.credentials;
    let source = if let Some(subject) = subject {
        fields.finish()?;
        if valid {
            credentials.clients.federate(&subject, client_id);
        } else {
            credentials.clients.end_federation(&subject);
        }
        Source::new(SourceKind::Federation, client_id, &subject)
    } else {
        let secret = fields.required_text("client_secret")?;
        fields.finish()?;
        if !valid {
            credentials.clients.withdraw_oauth(client_id, &secret);
        } else if credentials.clients.add_oauth(client_id, &secret).is_err() {
            let problem = format!("is one too many: a service principal has at most {MOST_SECRETS}");
            return Err(BadInput::field("client_secret", problem));
        }
        Source::new(SourceKind::Oauth, client_id, &secret)
    };
    if !valid {
        credentials.end_tokens_of(&source);
    }
    Ok(Reply::ok(json!({"client_id": client_id, "valid": valid})))
}

/// `POST /credentials/rotate {"token":"old","grace_ms":N}`: a new personal access token for the same owner; the old one, the run's
/// own unless named, stops at once or after the grace.
pub(super) async fn rotate(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let old = fields.text("token")?.unwrap_or_else(|| mock.secrets.token.clone());
    let grace = fields.number("grace_ms", LONGEST_MS)?.unwrap_or(0);
    fields.finish()?;
    let until = mock.clock.elapsed() + Duration::from_millis(grace);
    let new = mock.lock().credentials.rotate(&old, until);
    let new = new.ok_or_else(|| BadInput::field("token", "is no personal access token of this mock"))?;
    Ok(Reply::ok(json!({"token": new})))
}

/// `GET /azure`: the workspace's place in Azure, and the applications in its tenant, without their secrets.
pub(super) async fn azure(State(mock): Shared) -> Reply {
    let shared = mock.lock();
    let applications: Vec<Value> = shared
        .credentials
        .clients
        .applications()
        .map(|(client_id, application)| {
            json!({
                "client_id": client_id,
                "role": application.role.map(AzureRole::name),
                "managed_identity": application.managed_identity,
            })
        })
        .collect();
    Reply::ok(json!({
        "tenant_id": mock.azure.tenant_id,
        "resource_id": mock.azure.resource_id,
        "applications": applications,
    }))
}

/// `PUT /azure/applications {"client_id","client_secret","valid","role":"contributor"|"owner"|null,"managed_identity"}`: registers
/// an application in Entra or changes one; what is left out stays.
pub(super) async fn set_application(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let client_id = fields.required_text("client_id")?;
    let secret = fields.text("client_secret")?;
    let valid = fields.boolean("valid")?;
    let role = match fields.take_raw("role") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => Some(parse_role(&value)?),
    };
    let managed_identity = fields.boolean("managed_identity")?;
    fields.finish()?;
    if client_id.is_empty() {
        return Err(BadInput::field("client_id", "is empty"));
    }
    if valid.is_some() && secret.is_none() {
        return Err(BadInput::field("valid", "says nothing without `client_secret`"));
    }
    let mut shared = mock.lock();
    let credentials = &mut shared.credentials;
    let application = credentials.clients.register(&client_id);
    application.role = role.unwrap_or(application.role);
    application.managed_identity = managed_identity.unwrap_or(application.managed_identity);
    if let Some(secret) = &secret {
        if valid == Some(false) {
            application.withdraw_secret(secret);
            credentials.end_tokens_of(&Source::new(SourceKind::Entra, &client_id, secret));
        } else {
            application.add_secret(secret);
        }
    }
    if managed_identity == Some(false) {
        credentials.end_tokens_of(&Source::new(SourceKind::ManagedIdentity, &client_id, ""));
    }
    Ok(Reply::ok(json!({"client_id": client_id})))
}

/// The name of a role; "none" is as good as null.
fn parse_role(value: &Value) -> Result<Option<AzureRole>, BadInput> {
    let name = value.as_str().unwrap_or_default();
    if name == "none" {
        return Ok(None);
    }
    let role = AzureRole::parse(name);
    let problem = "must be \"contributor\", \"owner\" or null";
    role.map(Some).ok_or_else(|| BadInput::field("role", problem))
}
