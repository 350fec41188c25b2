//! Plays one exchange: the recorded answer from a server, the fitting call from the client.

use std::path::Path;
use std::time::Duration;

use bridge::clock::Clock;
use bridge::databricks::{
    AzureWorkspace, Client, ClientOptions, Credential, CredentialKind, CredentialOptions, DatabricksError,
    MetadataEndpoint, Network, SecretFrom, wire,
};
use bridge::id::UpstreamId;
use bridge::store::Kind;
use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::table::{Act, Row};

/// A request as it is compared.
#[derive(Debug, Default)]
pub struct Asked {
    pub line: String,
    pub body: String,
    pub content_type: String,
}

/// What came of an exchange.
#[derive(Debug)]
pub struct Played {
    pub recorded: Asked,
    pub sent: Asked,
    pub concluded: String,
}

/// Where the client's calls about itself go.
const ME: &str = "/api/2.0/preview/scim/v2/Me";

pub async fn play(folder: &Path, row: &Row) -> Played {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let text = std::fs::read_to_string(folder.join(format!("{}.json", row.file))).unwrap();
    let recording: Value = serde_json::from_str(&numbered(&text)).unwrap();
    let exchange = &recording["exchanges"][row.exchange];
    let server = MockServer::start().await;
    let answer = template(&exchange["response"]);
    let is_token = row.act.trades_a_token();
    if is_token {
        let me = ResponseTemplate::new(200).set_body_json(json!({ "id": "1", "userName": "robot" }));
        Mock::given(path(ME))
            .respond_with(me)
            .with_priority(1)
            .mount(&server)
            .await;
    }
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let scratch = tempfile::tempdir().unwrap();
    let client = client(&server, &row.act, scratch.path()).await;
    let concluded = match call(&client, row).await {
        Ok(said) => said,
        Err(error) => format!("{} {}", error.cause(), told(&error)),
    };
    let requests = server.received_requests().await.unwrap();
    let request = requests.iter().find(|request| !is_token || request.url.path() != ME);
    Played {
        recorded: recorded(&exchange["request"]),
        sent: request.map(sent).unwrap_or_default(),
        concluded,
    }
}

/// The finer words of a failure: up to the first colon, and the status.
fn told(error: &DatabricksError) -> String {
    let status = error
        .status()
        .map_or_else(|| "-".to_owned(), |status| status.to_string());
    match error {
        DatabricksError::NotAdmitted { detail, .. } => {
            format!("{status} {}", detail.split(':').next().unwrap_or_default())
        }
        DatabricksError::RateLimited { retry_after, .. } => {
            let after = retry_after.map_or_else(|| "-".to_owned(), |after| format!("{}s", after.as_secs()));
            format!("{status} after {after}")
        }
        _ => status,
    }
}

/// Stand-ins of test servers as the numbers that they are in real life.
fn numbered(text: &str) -> String {
    let mut text = text.to_owned();
    for (stand_in, number) in [("abc", "1001"), ("bcd", "2002"), ("def", "3003"), ("eerste", "4004")] {
        for (before, after) in [("/", "?"), ("/", "\""), ("\"", "\""), ("\\\"", "\\\"")] {
            let (from, to) = (format!("{before}{stand_in}{after}"), format!("{before}{number}{after}"));
            text = text.replace(&from, &to);
        }
    }
    text
}

fn template(response: &Value) -> ResponseTemplate {
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let mut template = ResponseTemplate::new(status);
    template = match response.get("body") {
        None | Some(Value::Null) => template,
        Some(Value::String(text)) => template.set_body_string(text.clone()),
        Some(body) => template.set_body_json(body),
    };
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        template = template.insert_header(name.as_str(), value.as_str().unwrap());
    }
    template
}

/// The recorded request, relative to its host, without the query: the client asks for attributes of its own.
fn recorded(request: &Value) -> Asked {
    let path = request["path"].as_str().unwrap();
    let path = path
        .split_once("://")
        .map_or(path, |(_, rest)| &rest[rest.find('/').unwrap()..]);
    let path = path.split('?').next().unwrap().replace("<tenant>", "tenant-1");
    let body = match &request["body"] {
        Value::Null => String::new(),
        // A form of tokens.
        Value::String(text) => text
            .replace("<id>", "client-1")
            .replace("<secret>", "s3cret")
            .replace("<bad>", "s3cret"),
        body => body.to_string(),
    };
    Asked {
        line: format!("{} {path}", request["method"].as_str().unwrap()),
        body,
        content_type: request["headers"]["Content-Type"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

fn sent(request: &Request) -> Asked {
    let text = String::from_utf8(request.body.clone()).unwrap();
    // In the same spelling as a recording that was read.
    let body = serde_json::from_str::<Value>(&text).map_or(text, |body| body.to_string());
    let content_type = request.headers.get("content-type");
    Asked {
        line: format!("{} {}", request.method, request.url.path()),
        body,
        content_type: content_type.map_or("", |value| value.to_str().unwrap()).to_owned(),
    }
}

async fn client(server: &MockServer, act: &Act, scratch: &Path) -> Client {
    let path = scratch.join("secret");
    std::fs::write(&path, "s3cret").unwrap();
    let (secret, client_id) = (SecretFrom::File(path), "client-1".to_owned());
    let workspace_url: url::Url = server.uri().parse().unwrap();
    let kind = match act {
        Act::OAuth(None) => CredentialKind::OAuth {
            client_id,
            secret,
            token_url: None,
        },
        Act::OAuth(Some(path)) => CredentialKind::OAuth {
            client_id,
            secret,
            token_url: Some(workspace_url.join(path).unwrap()),
        },
        Act::Entra => CredentialKind::Entra {
            login_url: workspace_url.clone(),
            tenant_id: "tenant-1".to_owned(),
            client_id,
            secret,
        },
        Act::ManagedIdentity => CredentialKind::ManagedIdentity {
            client_id: None,
            endpoint: MetadataEndpoint::Machine(workspace_url.clone()),
        },
        _ => CredentialKind::Pat(secret),
    };
    let network = Network {
        private_ranges: None,
        timeout: Duration::from_secs(20),
        ..Network::default()
    };
    let azure: Option<AzureWorkspace> = None;
    let options = CredentialOptions { kind, azure };
    let credential = Credential::open(options, &workspace_url, &network, Clock::system());
    Client::new(ClientOptions {
        credential: credential.await.unwrap(),
        workspace_url,
        network,
    })
    .unwrap()
}

fn id(text: &str) -> UpstreamId {
    UpstreamId::parse(text).unwrap()
}

/// Makes the call, and says in a few words what the client makes of the answer.
async fn call(client: &Client, row: &Row) -> Result<String, DatabricksError> {
    let values = |values: &[wire::WireValue]| {
        values
            .iter()
            .map(|value| value.value.clone())
            .collect::<Vec<_>>()
            .join(",")
    };
    Ok(match &row.act {
        Act::Me => {
            let seen = client.inspect().await?;
            let workspace = seen.workspace_id.unwrap_or_default();
            format!("me {} {} at [{workspace}]", seen.me.id, seen.me.user_name)
        }
        Act::OAuth(_) | Act::Entra | Act::ManagedIdentity => {
            client.me().await?;
            let left = client.credential_expires_at().unwrap().after(Clock::system().now());
            format!("token for {} minutes", (left.as_secs() + 30) / 60)
        }
        Act::User(user) => {
            let found = client.user(&id(user)).await?.value;
            let active = found.is_active();
            let (roles, groups) = (values(&found.roles), values(&found.groups));
            format!(
                "user {} {} active {active:?} roles [{roles}] groups [{groups}]",
                found.id, found.user_name
            )
        }
        Act::Group(group) => {
            let found = client.group(&id(group)).await?.value;
            format!(
                "group {} {} members [{}]",
                found.id,
                found.display_name,
                values(&found.members)
            )
        }
        Act::Users => {
            let found = client.users(1).await?.value;
            let names: Vec<String> = found
                .resources
                .iter()
                .map(|user| format!("{}={}", user.id, user.user_name))
                .collect();
            format!("users {} of {}", names.join(","), found.total_results)
        }
        Act::Groups => format!("groups {}", client.groups(1).await?.value.resources.len()),
        Act::UsersNamed(name) => {
            let found = client.users_named(name).await?.value;
            format!(
                "users {}",
                found
                    .resources
                    .iter()
                    .map(|user| user.id.clone())
                    .collect::<Vec<_>>()
                    .join(",")
            )
        }
        Act::GroupsNamed(name) => {
            let found = client.groups_named(name).await?.value.resources;
            let shown: Vec<String> = found
                .iter()
                .map(|group| format!("{}={}", group.id, values(&group.members)))
                .collect();
            format!("groups {}", shown.join(";"))
        }
        Act::Create(kind, body) => {
            let made = client.create(*kind, body).await?;
            format!(
                "created {}",
                made.value.map_or_else(|| "?".to_owned(), |id| id.to_string())
            )
        }
        Act::Patch(kind, upstream, operations) => {
            client.patch(*kind, &id(upstream), operations).await?;
            "done".to_owned()
        }
        Act::Delete(kind, upstream) => {
            client.delete(*kind, &id(upstream)).await?;
            "done".to_owned()
        }
    })
}

impl Act {
    const fn trades_a_token(&self) -> bool {
        matches!(self, Self::OAuth(_) | Self::Entra | Self::ManagedIdentity)
    }

    /// The first members, or none.
    pub fn create_group(name: &str) -> Self {
        Self::Create(Kind::Group, wire::new_group(name, &[]))
    }
}
