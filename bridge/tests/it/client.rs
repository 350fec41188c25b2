//! The Databricks client against wiremock: what is sent, and how each answer is understood.

use std::time::Duration;

use bridge::databricks::{Client, ClientOptions, Credential, DatabricksError, Network, Place, Unknown, wire};
use bridge::id::UpstreamId;
use bridge::store::Kind;
use serde_json::{Value, json};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub fn client_for(url: &str, folder: &std::path::Path) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = folder.join("token");
    std::fs::write(&token, "dapi-test\n").unwrap();
    Client::new(ClientOptions {
        workspace_url: url.parse().unwrap(),
        credential: Credential::token_file(&token).unwrap(),
        network: Network {
            private_ranges: None,
            timeout: Duration::from_millis(500),
            connect_timeout: Duration::from_millis(500),
            ..Network::default()
        },
    })
    .unwrap()
}

/// The same server as workspace and as account.
fn client_at(url: &str, folder: &std::path::Path, place: Place) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = folder.join("token");
    std::fs::write(&token, "dapi-test\n").unwrap();
    let options = ClientOptions {
        workspace_url: url.parse().unwrap(),
        credential: Credential::token_file(&token).unwrap(),
        network: Network {
            private_ranges: None,
            ..Network::default()
        },
    };
    Client::at(options, place).unwrap()
}

fn id(text: &str) -> UpstreamId {
    UpstreamId::parse(text).unwrap()
}

async fn server_answering(answer: ResponseTemplate) -> (MockServer, tempfile::TempDir, Client) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let client = client_for(&server.uri(), folder.path());
    (server, folder, client)
}

#[tokio::test]
async fn requests_have_the_form_that_databricks_takes() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/2.0/preview/scim/v2/Users"))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({ "id": "17" })))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(204))
        .with_priority(9)
        .mount(&server)
        .await;
    let folder = tempfile::tempdir().unwrap();
    let client = client_for(&server.uri(), folder.path());
    let user = wire::NewUser {
        user_name: "ana@contoso.test".to_owned(),
        active: true,
        ..wire::NewUser::default()
    };
    let made = client.create(Kind::User, &user.to_json()).await.unwrap();
    assert_eq!((made.status, made.value), (201, Some(id("17"))));
    client
        .patch(Kind::User, &id("17"), &[wire::set_active(false)])
        .await
        .unwrap();
    client
        .patch(Kind::Group, &id("9"), &[wire::remove_member("17")])
        .await
        .unwrap();
    client.delete(Kind::Group, &id("9")).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let sent: Vec<(String, Value)> = requests
        .iter()
        .map(|request| {
            assert_eq!(request.headers["authorization"], "Bearer dapi-test");
            let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            (format!("{} {}", request.method, request.url.path()), body)
        })
        .collect();
    insta::assert_json_snapshot!(sent);
}

#[tokio::test]
async fn a_filter_is_encoded_with_percent_twenty_and_lower_case() {
    let (server, _folder, client) =
        server_answering(ResponseTemplate::new(200).set_body_json(json!({ "totalResults": 0 }))).await;
    let found = client.users_named("O'Brien+Ana@Contoso.test").await.unwrap();
    assert!(found.value.resources.is_empty());
    let request = server.received_requests().await.unwrap().pop().unwrap();
    let query = request.url.query().unwrap();
    assert!(!query.contains('+') && query.contains("%20eq%20"), "{query}");
    assert!(
        request
            .url
            .query_pairs()
            .any(|(key, value)| key == "filter" && value == "userName eq \"o'brien+ana@contoso.test\"")
    );
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let refused =
        ResponseTemplate::new(302).insert_header("location", "/login.html?error=private-link-validation-error:1");
    let (server, _folder, client) = server_answering(refused).await;
    let error = client.create(Kind::User, &json!({})).await.unwrap_err();
    assert!(matches!(error, DatabricksError::PrivateLink { .. }), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_answer_in_time_proves_nothing() {
    let (_server, _folder, client) =
        server_answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(5))).await;
    let error = client.me().await.unwrap_err();
    assert!(
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::TimedOut)),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_listening_proves_that_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let error = client_for(&format!("http://{address}"), folder.path())
        .me()
        .await
        .unwrap_err();
    assert!(matches!(error, DatabricksError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn half_an_answer_proves_nothing() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await;
        let _ = socket
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":")
            .await;
    });
    let folder = tempfile::tempdir().unwrap();
    let error = client_for(&format!("http://{address}"), folder.path())
        .me()
        .await
        .unwrap_err();
    assert!(
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::Cut)),
        "{error}"
    );
}

#[tokio::test]
async fn each_level_is_asked_under_its_own_path_and_says_who_the_bridge_is() {
    let server = MockServer::start().await;
    let robots = json!({ "totalResults": 2, "Resources": [
        { "id": "8", "applicationId": "other" },
        { "id": "7", "applicationId": "9F5C", "displayName": "bridge", "roles": [{ "value": "account_admin" }] },
    ] });
    let answers = [
        (
            "/api/2.0/preview/scim/v2/Me",
            json!({ "id": "1", "userName": "admin@contoso.test" }),
        ),
        ("/api/2.0/accounts/b4ae/scim/v2/ServicePrincipals", robots),
        ("/api/2.0/accounts/b4ae/scim/v2/Users/17", json!({ "id": "17" })),
        ("/api/2.0/account/scim/v2/Users/17", json!({ "id": "17" })),
    ];
    for (at, body) in answers {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let account = |application: &str| Place::Account {
        url: server.uri().parse().unwrap(),
        id: "b4ae".to_owned(),
        application: application.to_owned(),
    };
    let through = client_at(&server.uri(), folder.path(), Place::AccountThroughWorkspace);
    assert_eq!(through.me().await.unwrap().value.user_name, "admin@contoso.test");
    assert_eq!(through.user(&id("17")).await.unwrap().value.id, "17");
    let direct = client_at("https://adb-1.2.azuredatabricks.net", folder.path(), account("9f5c"));
    let me = direct.me().await.unwrap().value;
    assert_eq!((me.id.as_str(), me.user_name.as_str()), ("7", "9F5C"));
    assert_eq!(direct.inspect().await.unwrap().me.id, "7");
    assert_eq!(direct.user(&id("17")).await.unwrap().value.id, "17");
    let stranger = client_at(&server.uri(), folder.path(), account("none"));
    let error = stranger.me().await.unwrap_err();
    assert!(
        matches!(error, DatabricksError::NotAdmitted { status: 200, .. })
            && error.to_string().contains("unknown principal: "),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_group_stands_for_is_given_in_the_recorded_forms() {
    let server = MockServer::start().await;
    let listed = json!({ "permission_assignments": [
        { "principal": { "principal_id": 12, "group_name": "Ops" }, "permissions": ["USER"] },
        { "principal": { "principal_id": 13, "user_name": "ana@contoso.test" }, "permissions": ["ADMIN"] },
    ] });
    let lists = ResponseTemplate::new(200).set_body_json(listed);
    Mock::given(method("GET")).respond_with(lists).mount(&server).await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .with_priority(9)
        .mount(&server)
        .await;
    let folder = tempfile::tempdir().unwrap();
    let account = Place::Account {
        url: server.uri().parse().unwrap(),
        id: "b4ae".to_owned(),
        application: "9f5c".to_owned(),
    };
    let direct = client_at(&server.uri(), folder.path(), account);
    let through = client_at(&server.uri(), folder.path(), Place::AccountThroughWorkspace);
    direct
        .assign(Some(77), &id("12"), Some(wire::Permission::User))
        .await
        .unwrap();
    through
        .assign(None, &id("12"), Some(wire::Permission::Admin))
        .await
        .unwrap();
    through.assign(None, &id("12"), None).await.unwrap();
    let listed = direct.assignments(Some(77)).await.unwrap().value;
    let ids = listed
        .permission_assignments
        .iter()
        .map(|one| one.principal.principal_id);
    assert_eq!(ids.collect::<Vec<_>>(), [12, 13]);
    let add = wire::add_entitlements(&["workspace-access".to_owned()]);
    let workspace = client_at(&server.uri(), folder.path(), Place::Workspace);
    workspace.patch(Kind::Group, &id("12"), &[add]).await.unwrap();
    let sent: Vec<(String, Value)> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter(|request| request.method.as_str() != "GET")
        .map(|request| {
            let call = format!("{} {}", request.method, request.url.path());
            (call, request.body_json().unwrap())
        })
        .collect();
    let of_account = "PUT /api/2.0/accounts/b4ae/workspaces/77/permissionassignments/principals/12".to_owned();
    let of_workspace = "PUT /api/2.0/preview/permissionassignments/principals/12".to_owned();
    let entitled = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "add", "path": "entitlements", "value": [{ "value": "workspace-access" }] }],
    });
    assert_eq!(
        sent,
        [
            (of_account, json!({ "permissions": ["USER"] })),
            (of_workspace.clone(), json!({ "permissions": ["ADMIN"] })),
            (of_workspace, json!({ "permissions": [] })),
            ("PATCH /api/2.0/preview/scim/v2/Groups/12".to_owned(), entitled),
        ]
    );
}
