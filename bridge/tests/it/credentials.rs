//! Each kind of credential over the wire: what the token endpoint and Databricks are sent, and what
//! each answer of the endpoint means for the call.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bridge::clock::Clock;
use bridge::databricks::{
    AzureWorkspace, Client, ClientOptions, Credential, CredentialKind, CredentialOptions, DatabricksError,
    MetadataEndpoint, Network, SecretFrom,
};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, path_regex, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const RESOURCE: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
const WORKSPACE_ID: &str = "/subscriptions/1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";

/// A workspace and its token endpoints, all on one server.
struct Scene {
    server: MockServer,
    folder: tempfile::TempDir,
}

impl Scene {
    /// Everybody is let in; `arm` adds or overrides answers.
    async fn start(arm: Vec<Mock>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = MockServer::start().await;
        for mock in arm {
            mock.mount(&server).await;
        }
        let me = ResponseTemplate::new(200).set_body_json(json!({ "id": "1", "userName": "robot" }));
        let at_me = Mock::given(path("/api/2.0/preview/scim/v2/Me")).respond_with(me);
        at_me.with_priority(9).mount(&server).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret+/=\n").unwrap();
        Self { server, folder }
    }

    fn secret_file(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    fn secret(&self) -> SecretFrom {
        SecretFrom::File(self.secret_file())
    }

    fn oauth(&self) -> CredentialKind {
        CredentialKind::OAuth {
            client_id: "robot-1".to_owned(),
            secret: self.secret(),
            token_url: None,
        }
    }

    fn entra(&self) -> CredentialKind {
        CredentialKind::Entra {
            login_url: self.server.uri().parse().unwrap(),
            tenant_id: "tenant-1".to_owned(),
            client_id: "app-1".to_owned(),
            secret: self.secret(),
        }
    }

    async fn client(&self, kind: CredentialKind) -> Client {
        self.client_on(kind, None, Network::default()).await
    }

    async fn client_on(&self, kind: CredentialKind, azure: Option<AzureWorkspace>, network: Network) -> Client {
        let network = Network {
            private_ranges: None,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            ..network
        };
        let workspace_url = self.server.uri().parse().unwrap();
        let options = CredentialOptions { kind, azure };
        let credential = Credential::open(options, &workspace_url, &network, Clock::system())
            .await
            .unwrap();
        Client::new(ClientOptions {
            workspace_url,
            credential,
            network: Network { proxy: None, ..network },
        })
        .unwrap()
    }

    async fn requests_to(&self, part: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter()
            .filter(|request| request.url.path().contains(part))
            .collect()
    }
}

fn granting(at: &str, token: &str) -> Mock {
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": "3600", "scope": "all-apis" });
    Mock::given(path(at)).respond_with(ResponseTemplate::new(200).set_body_json(body))
}

fn azure() -> AzureWorkspace {
    AzureWorkspace {
        resource_id: WORKSPACE_ID.to_owned(),
        management_url: "https://management.core.windows.net/".parse().unwrap(),
    }
}

fn form(request: &Request) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn oauth_asks_the_workspace_with_basic_and_keeps_the_token() {
    let scene = Scene::start(vec![granting("/oidc/v1/token", "token-1")]).await;
    let client = scene.client(scene.oauth()).await;
    assert_eq!(client.credential_expires_at(), None);
    client.me().await.unwrap();
    client.me().await.unwrap();
    let asked = scene.requests_to("/oidc/").await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method.as_str(), "POST");
    // robot-1:s3cret+/=
    assert_eq!(asked[0].headers["authorization"], "Basic cm9ib3QtMTpzM2NyZXQrLz0=");
    assert_eq!(
        form(&asked[0]),
        [pair("grant_type", "client_credentials"), pair("scope", "all-apis")]
    );
    for call in scene.requests_to("/Me").await {
        assert_eq!(call.headers["authorization"], "Bearer token-1");
        assert!(!call.headers.contains_key("x-databricks-azure-workspace-resource-id"));
    }
    let left = client.credential_expires_at().unwrap().after(Clock::system().now());
    assert!(
        left > Duration::from_secs(3590) && left <= Duration::from_hours(1),
        "{left:?}"
    );
    assert_eq!(client.credential_kind(), "oauth");
}

#[tokio::test]
async fn oauth_may_ask_the_account_instead() {
    let at = "/oidc/accounts/11111111-2222-4333-8444-555555555555/v1/token";
    let scene = Scene::start(vec![granting(at, "token-1")]).await;
    let token_url = Some(format!("{}{at}", scene.server.uri()).parse().unwrap());
    let kind = CredentialKind::OAuth {
        client_id: "robot-1".to_owned(),
        secret: scene.secret(),
        token_url,
    };
    scene.client(kind).await.me().await.unwrap();
    assert_eq!(scene.requests_to(at).await.len(), 1);
}

#[tokio::test]
async fn entra_asks_version_two_for_the_databricks_resource() {
    let scene = Scene::start(vec![granting("/tenant-1/oauth2/v2.0/token", "jwt-1")]).await;
    scene.client(scene.entra()).await.me().await.unwrap();
    let asked = scene.requests_to("/oauth2/").await;
    let expected = [
        pair("grant_type", "client_credentials"),
        pair("client_id", "app-1"),
        pair("client_secret", "s3cret+/="),
        pair("scope", &format!("{RESOURCE}/.default")),
    ];
    assert_eq!((asked.len(), form(&asked[0])), (1, expected.to_vec()));
    assert_eq!(
        scene.requests_to("/Me").await[0].headers["authorization"],
        "Bearer jwt-1"
    );
}

#[tokio::test]
async fn a_workspace_resource_id_brings_the_management_token_along() {
    let at = "/tenant-1/oauth2/v2.0/token";
    let management =
        ResponseTemplate::new(200).set_body_json(json!({ "access_token": "jwt-management", "expires_in": 3599 }));
    let management = Mock::given(path(at))
        .and(wiremock::matchers::body_string_contains("management.core.windows.net"))
        .respond_with(management)
        .with_priority(1);
    let scene = Scene::start(vec![management, granting(at, "jwt-databricks")]).await;
    let client = scene.client_on(scene.entra(), Some(azure()), Network::default()).await;
    client.me().await.unwrap();
    let asked = scene.requests_to("/oauth2/").await;
    let scopes: Vec<String> = asked
        .iter()
        .flat_map(form)
        .filter(|(name, _)| name == "scope")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(
        scopes,
        [
            format!("{RESOURCE}/.default"),
            "https://management.core.windows.net//.default".to_owned()
        ]
    );
    let call = scene.requests_to("/Me").await.remove(0);
    assert_eq!(call.headers["authorization"], "Bearer jwt-databricks");
    assert_eq!(call.headers["x-databricks-azure-sp-management-token"], "jwt-management");
    assert_eq!(call.headers["x-databricks-azure-workspace-resource-id"], WORKSPACE_ID);
}

/// A proxy that nobody runs: whoever uses it gets nowhere.
fn dead_proxy() -> Network {
    Network {
        proxy: Some("http://127.0.0.1:9".parse().unwrap()),
        ..Network::default()
    }
}

#[tokio::test]
async fn a_managed_identity_asks_the_machine_and_never_through_a_proxy() {
    let at = "/metadata/identity/oauth2/token";
    let body =
        json!({ "access_token": "jwt-1", "token_type": "Bearer", "expires_on": "4102444800", "resource": RESOURCE });
    let machine = Mock::given(method("GET"))
        .and(path(at))
        .and(header("Metadata", "true"))
        .and(query_param("api-version", "2018-02-01"))
        .and(query_param("client_id", "identity-1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body));
    let scene = Scene::start(vec![machine]).await;
    let kind = CredentialKind::ManagedIdentity {
        client_id: Some("identity-1".to_owned()),
        endpoint: MetadataEndpoint::Machine(scene.server.uri().parse().unwrap()),
    };
    let client = scene.client_on(kind, Some(azure()), dead_proxy()).await;
    client.me().await.unwrap();
    let asked = scene.requests_to(at).await;
    let resources: Vec<String> = asked
        .iter()
        .flat_map(|request| request.url.query_pairs().into_owned().collect::<Vec<_>>())
        .filter(|(name, _)| name == "resource")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(resources, [RESOURCE, "https://management.core.windows.net/"]);
    assert!(
        asked
            .iter()
            .all(|request| !request.headers.contains_key("x-forwarded-for"))
    );
    let call = scene.requests_to("/Me").await.remove(0);
    assert_eq!(call.headers["x-databricks-azure-workspace-resource-id"], WORKSPACE_ID);
    assert_eq!(client.credential(), 1);
}

#[tokio::test]
async fn a_managed_identity_of_app_service_shows_its_header() {
    let app_service = Mock::given(path("/msi/token"))
        .and(header("X-IDENTITY-HEADER", "proof"))
        .and(query_param("api-version", "2019-08-01"))
        .and(query_param("resource", RESOURCE))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({ "access_token": "jwt-1", "expires_on": 4_102_444_800_u64 })),
        );
    let scene = Scene::start(vec![app_service]).await;
    let kind = CredentialKind::ManagedIdentity {
        client_id: None,
        endpoint: MetadataEndpoint::AppService {
            url: format!("{}/msi/token", scene.server.uri()).parse().unwrap(),
            header: "proof".to_owned().into(),
        },
    };
    scene.client(kind).await.me().await.unwrap();
    let asked = scene.requests_to("/msi/").await;
    assert!(!asked[0].url.query_pairs().any(|(name, _)| name == "client_id"));
}

fn unauthorized() -> ResponseTemplate {
    let body =
        json!({ "error_code": 401, "message": "Credential was not sent or was of an unsupported type for this API." });
    ResponseTemplate::new(401).set_body_json(body)
}

fn at_me(answer: ResponseTemplate) -> Mock {
    Mock::given(path_regex("/Me$")).respond_with(answer)
}

#[tokio::test]
async fn a_401_drops_the_token_fetches_once_and_asks_once_more() {
    let first = at_me(unauthorized()).up_to_n_times(1).with_priority(1);
    let scene = Scene::start(vec![first, granting("/oidc/v1/token", "token-1")]).await;
    let client = scene.client(scene.oauth()).await;
    let generation = client.credential();
    client.me().await.unwrap();
    assert_eq!(scene.requests_to("/oidc/").await.len(), 2);
    assert_eq!(scene.requests_to("/Me").await.len(), 2);
    assert_eq!(
        client.credential(),
        generation,
        "a renewed token is the same credential"
    );
}

#[tokio::test]
async fn a_401_that_stays_is_no_loop() {
    let scene = Scene::start(vec![at_me(unauthorized()), granting("/oidc/v1/token", "token-1")]).await;
    let client = scene.client(scene.oauth()).await;
    for _ in 0..3 {
        let error = client.me().await.unwrap_err();
        assert!(
            matches!(error, DatabricksError::NotAdmitted { status: 401, .. }),
            "{error}"
        );
    }
    assert_eq!(scene.requests_to("/oidc/").await.len(), 2);
    assert_eq!(scene.requests_to("/Me").await.len(), 4);
}

#[tokio::test]
async fn a_403_never_fetches_a_token() {
    let body = json!({ "error_code": 403, "message": "Invalid access token." });
    let answer = at_me(ResponseTemplate::new(403).set_body_json(body));
    let scene = Scene::start(vec![answer, granting("/oidc/v1/token", "token-1")]).await;
    let client = scene.client(scene.oauth()).await;
    for _ in 0..3 {
        assert_eq!(client.me().await.unwrap_err().cause(), "not-admitted");
    }
    assert_eq!(scene.requests_to("/oidc/").await.len(), 1);
}

#[tokio::test]
async fn a_401_from_a_stranger_proves_nothing_and_is_not_repeated() {
    let answer = at_me(ResponseTemplate::new(401).set_body_string("who are you"));
    let scene = Scene::start(vec![answer, granting("/oidc/v1/token", "token-1")]).await;
    let error = scene.client(scene.oauth()).await.me().await.unwrap_err();
    assert!(matches!(error, DatabricksError::OutcomeUnknown(_)), "{error}");
    assert_eq!(scene.requests_to("/Me").await.len(), 1);
}

#[tokio::test]
async fn a_personal_access_token_has_nothing_to_fetch_after_a_401() {
    let scene = Scene::start(vec![at_me(unauthorized())]).await;
    let client = scene.client(CredentialKind::Pat(scene.secret())).await;
    assert_eq!(client.me().await.unwrap_err().status(), Some(401));
    assert_eq!(scene.requests_to("/Me").await.len(), 1);
}

async fn without_a_token(answer: ResponseTemplate) -> DatabricksError {
    let scene = Scene::start(vec![Mock::given(path("/oidc/v1/token")).respond_with(answer)]).await;
    let error = scene.client(scene.oauth()).await.me().await.unwrap_err();
    assert_eq!(
        scene.requests_to("/Me").await.len(),
        0,
        "nothing is sent without a token"
    );
    assert_eq!(
        scene.requests_to("/login.html").await.len(),
        0,
        "no redirect is followed"
    );
    assert!(!error.to_string().contains("s3cret"), "{error}");
    error
}

fn oauth_error(status: u16, error: &str, description: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": error, "error_description": description }))
}

#[tokio::test]
async fn a_client_that_the_token_endpoint_refuses_is_not_admitted() {
    let error = without_a_token(oauth_error(401, "invalid_client", "Client authentication failed")).await;
    assert_eq!((error.cause(), error.status()), ("not-admitted", Some(401)));
    assert!(
        error
            .to_string()
            .ends_with("credential refused: 127.0.0.1: invalid_client: Client authentication failed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_endpoint_that_cannot_be_asked_makes_databricks_unreachable() {
    let throttled = oauth_error(400, "invalid_request", "Temporarily throttled, too many requests");
    let redirect = ResponseTemplate::new(302).insert_header("location", "/login.html");
    for answer in [
        throttled,
        ResponseTemplate::new(504),
        ResponseTemplate::new(429),
        redirect,
    ] {
        let error = without_a_token(answer).await;
        assert_eq!(error.cause(), "unreachable");
        assert!(
            error.to_string().contains("credential unavailable: 127.0.0.1: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_token_endpoint_is_asked_through_the_proxy() {
    let scene = Scene::start(vec![granting("/oidc/v1/token", "token-1")]).await;
    let client = scene.client_on(scene.oauth(), None, dead_proxy()).await;
    let error = client.me().await.unwrap_err();
    assert!(error.to_string().contains("credential unavailable: "), "{error}");
    assert_eq!(scene.requests_to("/oidc/").await.len(), 0);
}

#[tokio::test]
async fn a_changed_secret_is_another_credential_and_trades_a_new_token() {
    let scene = Scene::start(vec![granting("/oidc/v1/token", "token-1")]).await;
    let client = scene.client(scene.oauth()).await;
    client.me().await.unwrap();
    let before = client.credential();
    rewrite(&scene.secret_file(), "another");
    assert_ne!(client.credential(), before);
    client.me().await.unwrap();
    let asked = scene.requests_to("/oidc/").await;
    assert_eq!(asked.len(), 2);
    // robot-1:another
    assert_eq!(asked[1].headers["authorization"], "Basic cm9ib3QtMTphbm90aGVy");
}

fn rewrite(path: &Path, text: &str) {
    let later = std::fs::metadata(path).unwrap().modified().unwrap() + Duration::from_secs(5);
    std::fs::write(path, text).unwrap();
    std::fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(later)
        .unwrap();
}

#[tokio::test]
async fn a_rest_body_is_sent_again_after_a_401() {
    let first = Mock::given(method("POST"))
        .and(path_regex("/Users$"))
        .respond_with(unauthorized())
        .up_to_n_times(1)
        .with_priority(1);
    let made = ResponseTemplate::new(201).set_body_json(json!({ "id": "17" }));
    let second = Mock::given(method("POST"))
        .and(path_regex("/Users$"))
        .respond_with(made);
    let scene = Scene::start(vec![first, second, granting("/oidc/v1/token", "token-1")]).await;
    let body = json!({ "userName": "ana@contoso.test" });
    let client = scene.client(scene.oauth()).await;
    client.create(bridge::store::Kind::User, &body).await.unwrap();
    let sent = scene.requests_to("/Users").await;
    let bodies: Vec<Value> = sent
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(bodies, [body.clone(), body]);
}
