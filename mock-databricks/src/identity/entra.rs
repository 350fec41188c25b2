//! The stand-in for Entra's token endpoint, in its two versions.
//!
//! The old one gives numbers as strings and names a `resource`, the new one a `scope` [documented]; the vendor's SDKs still use
//! the old one [fixture].

use http::StatusCode;
use serde_json::{Value, json};

use super::{Form, jwt};
use crate::answer::Answer;
use crate::credentials::{Holder, Reach, Source, SourceKind, Token};
use crate::mock::{Mock, Shared};
use crate::network::front_end::Call;
use crate::switches::Switch;

/// The resource that is Databricks, the same in all clouds [documented].
pub(crate) const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
/// Azure's management [documented], under its old and its new name.
const MANAGEMENT: [&str; 2] = ["https://management.core.windows.net", "https://management.azure.com"];

/// Which of the two endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Databricks,
    Management,
}

impl Resource {
    /// Reads a resource as a client names it; a slash at the end does not matter.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        if text == DATABRICKS {
            Some(Self::Databricks)
        } else {
            MANAGEMENT.contains(&text).then_some(Self::Management)
        }
    }
}

/// A token that was made, with what the answers say about it.
pub(super) struct Issued {
    pub(super) text: String,
    pub(super) lifetime: u64,
    /// Epoch seconds.
    pub(super) now: u64,
}

/// Answers `POST /{tenant}/oauth2/…token`.
pub(super) fn token(mock: &Mock, call: &Call, tenant: &str, version: Version) -> Answer {
    let form = Form::parse(&call.body);
    let mut shared = mock.lock();
    match grant(mock, &mut shared, &form, tenant, version) {
        Ok(body) => Answer::json(StatusCode::OK, &body),
        Err(refusal) => refusal.answer(mock, &mut shared),
    }
}

/// Why Entra gives no token; the numbers are Microsoft's [documented].
struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    text: String,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self {
            status,
            error,
            code,
            text: text.into(),
        }
    }

    fn answer(self, mock: &Mock, shared: &mut Shared) -> Answer {
        let body = json!({
            "error": self.error,
            "error_description": format!("AADSTS{}: {}", self.code, self.text),
            "error_codes": [self.code],
            "timestamp": mock.clock.now_text("%Y-%m-%d %H:%M:%SZ"),
            "trace_id": shared.credentials.uuid(),
            "correlation_id": shared.credentials.uuid(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        Answer::json(self.status, &body)
    }
}

fn grant(mock: &Mock, shared: &mut Shared, form: &Form, tenant: &str, version: Version) -> Result<Value, Refusal> {
    let bad = StatusCode::BAD_REQUEST;
    if tenant != mock.azure.tenant_id {
        let text = format!("Tenant '{tenant}' not found.");
        return Err(Refusal::new(bad, "invalid_request", 90_002, text));
    }
    let required = |name: &str| {
        form.get(name).ok_or_else(|| {
            let text = format!("The request body must contain the following parameter: '{name}'.");
            Refusal::new(bad, "invalid_request", 900_144, text)
        })
    };
    if required("grant_type")? != "client_credentials" {
        let text = "The app requested an unsupported grant type.";
        return Err(Refusal::new(bad, "unsupported_grant_type", 70_003, text));
    }
    let client_id = required("client_id")?;
    let named = match version {
        Version::V1 => required("resource")?,
        Version::V2 => {
            let scope = required("scope")?;
            scope.strip_suffix("/.default").ok_or_else(|| {
                let text = format!("The provided value for scope {scope} is not valid.");
                Refusal::new(bad, "invalid_scope", 1_002_012, text)
            })?
        }
    };
    let secret = required("client_secret")?;
    let application = shared.credentials.clients.application(client_id);
    let application = application.ok_or_else(|| {
        let text = format!("Application with identifier '{client_id}' was not found in the directory.");
        Refusal::new(bad, "unauthorized_client", 700_016, text)
    })?;
    if !application.is_secret(secret) {
        let text =
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.";
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            7_000_215,
            text,
        ));
    }
    let resource = Resource::parse(named).ok_or_else(|| {
        let text = format!("The resource principal named {named} was not found in the tenant.");
        Refusal::new(bad, "invalid_resource", 500_011, text)
    })?;
    let lifetime = shared.switches.number(Switch::EntraLifetimeS);
    let source = Source::new(SourceKind::Entra, client_id, secret);
    let issued = issue(mock, shared, source, resource, lifetime);
    Ok(match version {
        Version::V2 => json!({
            "token_type": "Bearer", "expires_in": issued.lifetime, "ext_expires_in": issued.lifetime,
            "access_token": issued.text,
        }),
        Version::V1 => json!({
            "token_type": "Bearer", "expires_in": issued.lifetime.to_string(),
            "ext_expires_in": issued.lifetime.to_string(),
            "expires_on": (issued.now + issued.lifetime).to_string(), "not_before": issued.now.to_string(),
            "resource": named, "access_token": issued.text,
        }),
    })
}

/// Makes a token of an application for a resource.
pub(super) fn issue(mock: &Mock, shared: &mut Shared, source: Source, resource: Resource, lifetime: u64) -> Issued {
    let client_id = &source.client_id;
    let (now, elapsed) = (mock.clock.now_unix(), mock.clock.elapsed());
    let (audience, reach) = match resource {
        Resource::Databricks => (DATABRICKS, Reach::Entra),
        Resource::Management => (MANAGEMENT[0], Reach::Management),
    };
    let tenant = &mock.azure.tenant_id;
    let claims = json!({
        "aud": audience, "iss": format!("https://sts.windows.net/{tenant}/"), "appid": client_id,
        "oid": client_id, "tid": tenant, "iat": now, "nbf": now, "exp": now + lifetime,
        "uti": shared.credentials.uuid(),
    });
    let text = jwt::write(&claims, &shared.credentials.noise());
    let token = Token {
        holder: Holder::Application(client_id.clone()),
        reach,
        valid: true,
        expires: Some(elapsed + std::time::Duration::from_secs(lifetime)),
        source: Some(source),
    };
    shared.credentials.hand_out(&text, token, elapsed);
    Issued { text, lifetime, now }
}
