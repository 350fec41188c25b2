//! The connection test: what is asked, and what each answer means.

use mock_entra::{
    directory::Directory,
    job::{ErrorCode, Job, Options, ProbeFailure, Verdict},
    wire::Dialect,
};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{Server, clock, connection};

async fn verdict(answer: ResponseTemplate) -> Verdict {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    test(&server.uri()).await
}

async fn test(url: &str) -> Verdict {
    let options = Options {
        clock: clock(),
        ..Options::default()
    };
    let job = Job::new(connection(url, Dialect::Legacy), Directory::default(), options).unwrap();
    job.test_connection().await
}

async fn failure(answer: ResponseTemplate) -> ProbeFailure {
    match verdict(answer).await {
        Verdict::Failed(failure) => failure,
        Verdict::Passed => panic!("passed"),
    }
}

fn list(total: u64) -> ResponseTemplate {
    let resources: Vec<_> = (0..total).map(|n| json!({"id": n.to_string()})).collect();
    ResponseTemplate::new(200).set_body_json(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total, "startIndex": 1, "itemsPerPage": 0, "Resources": resources
    }))
}

#[tokio::test]
async fn users_and_groups_are_asked_for_the_same_random_guid() {
    let server = Server::start().await;
    assert_eq!(test(&server.url()).await, Verdict::Passed);
    let history = server.history();
    assert_eq!(history.len(), 2);
    let guid = |path: &str| path.rsplit("%22").nth(1).unwrap().to_owned();
    assert_eq!(guid(&history[0].1), guid(&history[1].1));
    assert!(uuid::Uuid::parse_str(&guid(&history[0].1)).is_ok(), "{history:?}");
    test(&server.url()).await;
    assert_ne!(guid(&server.history()[0].1), guid(&history[0].1));
}

#[tokio::test]
async fn each_answer_has_the_code_of_the_portal() {
    let text = |status| ResponseTemplate::new(status).set_body_string("<html>login</html>");
    let table = [
        (text(200), ErrorCode::ServiceIncompatible),
        (
            ResponseTemplate::new(200).set_body_json(json!({"Resources": []})),
            ErrorCode::ServiceIncompatible,
        ),
        (list(1), ErrorCode::ServiceIncompatible),
        (list(2), ErrorCode::MultipleEntriesInResponse),
        (text(400), ErrorCode::BadRequest),
        (text(401), ErrorCode::InvalidCredentials),
        (text(403), ErrorCode::InvalidCredentials),
        (text(404), ErrorCode::CredentialValidationUnavailable),
        (text(302), ErrorCode::CredentialValidationUnavailable),
        (text(429), ErrorCode::CredentialValidationUnavailable),
        (text(500), ErrorCode::CredentialValidationUnavailable),
        (text(503), ErrorCode::CredentialValidationUnavailable),
    ];
    for (answer, code) in table {
        let failure = failure(answer).await;
        assert_eq!(failure.code, code, "{failure}");
    }
}

#[tokio::test]
async fn message_names_resource_operation_and_status_as_the_portal_does() {
    let failure = failure(ResponseTemplate::new(500)).await;
    assert!(failure.message.contains("/Users?filter=userName+eq+\""), "{failure}");
    assert!(
        failure
            .message
            .ends_with("Operation: GET Response Status Code: InternalServerError"),
        "{failure}"
    );
}

#[tokio::test]
async fn endpoint_where_nothing_listens_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scim", listener.local_addr().unwrap());
    drop(listener);
    let Verdict::Failed(failure) = test(&url).await else {
        panic!("passed")
    };
    assert_eq!(failure.code, ErrorCode::CredentialValidationUnavailable);
    assert_eq!(failure.status, None);
}

#[tokio::test]
async fn wrong_token_is_invalid_credentials() {
    let server = Server::start().await;
    let mut connection = connection(&server.url(), Dialect::Legacy);
    connection.token = "another-token".into();
    let job = Job::new(connection, Directory::default(), Options::default()).unwrap();
    let Verdict::Failed(failure) = job.test_connection().await else {
        panic!("passed")
    };
    assert_eq!(failure.code, ErrorCode::InvalidCredentials);
}
