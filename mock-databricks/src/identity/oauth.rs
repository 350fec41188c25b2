//! Databricks' own token endpoint: client credentials and token exchange, for the workspace and for the account.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Form, jwt};
use crate::answer::Answer;
use crate::credentials::{Holder, Reach, Source, SourceKind, Token};
use crate::mock::Mock;
use crate::network::front_end::Call;
use crate::network::site::ACCOUNT_HOST;
use crate::state::Level;
use crate::switches::{Switch, Switches};

/// The scope of everything; the narrower `scim` is documented.
const ALL: &str = "all-apis";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const SUBJECT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Answers `POST …/v1/token` [fixture].
pub(super) fn token(mock: &Mock, call: &Call, account: Option<&str>) -> Answer {
    let form = Form::parse(&call.body);
    match grant(mock, call, &form, account) {
        Ok(body) => Answer::json(StatusCode::OK, &body),
        Err(refusal) => refusal,
    }
}

fn grant(mock: &Mock, call: &Call, form: &Form, account: Option<&str>) -> Result<Value, Answer> {
    if account.is_some_and(|account| account != mock.account_id()) {
        return Err(error(StatusCode::BAD_REQUEST, "invalid_request", "Account not found"));
    }
    let source = match form.get("grant_type") {
        Some("client_credentials") => client(mock, call, form)?,
        Some(EXCHANGE) => exchange(mock, form)?,
        Some(_) => {
            let text = "The grant type is not supported";
            return Err(error(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
        }
        None => {
            let text = "grant_type is required";
            return Err(error(StatusCode::BAD_REQUEST, "invalid_request", text));
        }
    };
    let client_id = source.client_id.clone();
    let mut shared = mock.lock();
    let scope = form.get("scope").unwrap_or(ALL);
    let is_known = scope.split(' ').all(|part| [ALL, "scim"].contains(&part));
    if !is_known && shared.switches.is(Switch::UnknownOauthScope, "refused") {
        let text = "The scope is not known";
        return Err(error(StatusCode::BAD_REQUEST, "invalid_scope", text));
    }
    let found = shared.workspace.service_principals().named(&client_id).next();
    let level = if account.is_some() {
        Level::Account
    } else {
        Level::Workspace
    };
    let Some(principal) = found.filter(|found| found.is_active(level)).map(|found| found.id) else {
        return Err(invalid_client(&shared.switches));
    };
    let lifetime = shared.switches.number(Switch::OauthLifetimeS);
    let elapsed = mock.clock.elapsed();
    let now = mock.clock.now_unix();
    let claims = json!({
        "client_id": client_id, "scope": scope, "sub": client_id,
        "iss": account.map_or_else(
            || format!("https://{}/oidc", mock.workspace_host),
            |account| format!("https://{ACCOUNT_HOST}/oidc/accounts/{account}"),
        ),
        "aud": account.unwrap_or(&mock.workspace_id),
        "iat": now, "exp": now + lifetime, "jti": shared.credentials.uuid(),
    });
    let noise = shared.credentials.noise();
    let text = jwt::write(&claims, &noise);
    let token = Token {
        reach: if account.is_some() {
            Reach::AccountOauth
        } else {
            Reach::WorkspaceOauth
        },
        holder: Holder::Principal(principal),
        valid: true,
        expires: Some(elapsed + std::time::Duration::from_secs(lifetime)),
        source: Some(source),
    };
    shared.credentials.hand_out(&text, token, elapsed);
    let expires_in: Value = if shared.switches.is(Switch::ExpiresInForm, "string") {
        lifetime.to_string().into()
    } else {
        lifetime.into()
    };
    Ok(json!({"access_token": text, "token_type": "Bearer", "expires_in": expires_in, "scope": scope}))
}

/// The client a request proves to be: by Basic authentication, or by fields of the form [fixture; fields: inferred].
fn client(mock: &Mock, call: &Call, form: &Form) -> Result<Source, Answer> {
    let basic = call.header("authorization").and_then(basic);
    let fields = || {
        let (id, secret) = (form.get("client_id")?, form.get("client_secret")?);
        Some((id.to_owned(), secret.to_owned()))
    };
    let fields = fields();
    if basic.is_some() && fields.is_some() {
        let text = "More than one way of client authentication";
        return Err(error(StatusCode::BAD_REQUEST, "invalid_request", text));
    }
    let shared = mock.lock();
    let (id, secret) = basic.or(fields).ok_or_else(|| invalid_client(&shared.switches))?;
    if shared.credentials.clients.is_oauth(&id, &secret) {
        Ok(Source::new(SourceKind::Oauth, &id, &secret))
    } else {
        Err(invalid_client(&shared.switches))
    }
}

/// `Basic base64(client_id:client_secret)`.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The client an identity provider's token stands for [fixture].
fn exchange(mock: &Mock, form: &Form) -> Result<Source, Answer> {
    if form.get("subject_token_type") != Some(SUBJECT) {
        let text = "subject_token_type is not supported";
        return Err(error(StatusCode::BAD_REQUEST, "invalid_request", text));
    }
    let subject = form.get("subject_token").unwrap_or_default();
    let shared = mock.lock();
    let found = shared.credentials.clients.federated(subject);
    let found = found.filter(|client_id| form.get("client_id").is_none_or(|named| named == *client_id));
    let source = found.map(|client_id| Source::new(SourceKind::Federation, client_id, subject));
    source.ok_or_else(|| {
        error(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "The subject token is not valid",
        )
    })
}

fn invalid_client(switches: &Switches) -> Answer {
    let status = switches.status(Switch::InvalidClientStatus);
    error(status, "invalid_client", "Client authentication failed")
}

fn error(status: StatusCode, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({"error": error, "error_description": description}))
}
