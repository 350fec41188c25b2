//! The retry table of the reference, a test a row: what the client says may be done next. It never asks again by itself;
//! the one exception, a 401 with a token that can be renewed, is in `credentials.rs`.

use std::time::Duration;

use bridge::databricks::{Client, ClientOptions, Credential, DatabricksError, Network, Unknown, wire};
use bridge::id::UpstreamId;
use bridge::store::Kind;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::client::client_for;

/// What each of a read, a create, a PATCH and a DELETE comes to, each having been sent exactly once.
async fn outcomes(answer: ResponseTemplate) -> Vec<DatabricksError> {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let client = client_for(&server.uri(), folder.path());
    let errors = every_call(&client).await;
    let sent = server.received_requests().await.unwrap();
    let verbs: Vec<String> = sent.iter().map(|request| request.method.to_string()).collect();
    assert_eq!(verbs, ["GET", "POST", "PATCH", "DELETE"], "each once");
    errors
}

async fn every_call(client: &Client) -> Vec<DatabricksError> {
    let id = UpstreamId::parse("17").unwrap();
    vec![
        client.user(&id).await.unwrap_err(),
        client
            .create(Kind::Group, &wire::new_group("Ops", &[]))
            .await
            .unwrap_err(),
        client
            .patch(Kind::Group, &id, &[wire::remove_member("1")])
            .await
            .unwrap_err(),
        client.delete(Kind::Group, &id).await.unwrap_err(),
    ]
}

fn all(errors: &[DatabricksError], holds: impl Fn(&DatabricksError) -> bool) {
    assert_eq!(errors.len(), 4);
    for error in errors {
        assert!(holds(error), "{error:?}");
    }
}

fn scim_error(status: u16, detail: &str) -> ResponseTemplate {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail, "status": status.to_string(),
    });
    ResponseTemplate::new(status).set_body_json(body)
}

fn gateway(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error_code": code, "message": message }))
}

#[tokio::test]
async fn a_429_is_throttling_with_its_delay_or_none() {
    let throttled = || gateway(429, "REQUEST_LIMIT_EXCEEDED", "Too many requests");
    let errors = outcomes(throttled().insert_header("Retry-After", "7")).await;
    let seven = Some(Duration::from_secs(7));
    all(
        &errors,
        |error| matches!(error, DatabricksError::RateLimited { retry_after, status: 429, .. } if *retry_after == seven),
    );
    let errors = outcomes(throttled()).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::RateLimited { retry_after: None, .. })
    });
}

#[tokio::test]
async fn a_503_without_capacity_had_no_effect_and_any_other_proves_nothing() {
    let capacity = "No webapps are available to handle your request. Please try again later.";
    let errors = outcomes(ResponseTemplate::new(503).set_body_string(capacity)).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::Busy { status: 503, .. })
    });
    let words = "Authentication is temporarily unavailable. Please try again later.";
    let errors = outcomes(gateway(503, "TEMPORARILY_UNAVAILABLE", words)).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::ServerError(503)))
    });
}

#[tokio::test]
async fn a_500_with_a_throttling_marker_is_throttling() {
    for marker in [
        "REQUEST_LIMIT_EXCEEDED: Workspace 1 exceeded 4",
        "RPC token bucket limit has been exceeded",
    ] {
        let errors = outcomes(scim_error(500, marker)).await;
        all(&errors, |error| {
            matches!(error, DatabricksError::RateLimited { status: 500, .. })
        });
    }
}

#[tokio::test]
async fn a_500_with_a_transient_marker_had_no_effect() {
    for marker in [
        "Unexpected error",
        "please try again later",
        "TEMPORARILY_UNAVAILABLE",
        "DEADLINE_EXCEEDED",
    ] {
        let errors = outcomes(scim_error(500, marker)).await;
        all(&errors, |error| {
            matches!(error, DatabricksError::Busy { status: 500, .. })
        });
    }
}

#[tokio::test]
async fn another_500_a_502_and_a_504_prove_nothing() {
    for status in [500, 502, 504] {
        let errors = outcomes(ResponseTemplate::new(status)).await;
        all(
            &errors,
            |error| matches!(error, DatabricksError::OutcomeUnknown(Unknown::ServerError(found)) if *found == status),
        );
    }
    let errors = outcomes(scim_error(
        500,
        "Error in performing the patch operation on group resource.",
    ))
    .await;
    all(&errors, |error| {
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::Failed(500)))
    });
}

#[tokio::test]
async fn a_409_on_a_post_is_a_name_to_look_up() {
    for answer in [
        scim_error(409, "Group with name Ops already exists."),
        scim_error(409, "something else"),
        scim_error(400, "User with email a@b.test already exists in this account."),
    ] {
        let errors = outcomes(answer).await;
        assert!(
            matches!(errors[1], DatabricksError::AlreadyExists { .. }),
            "{:?}",
            errors[1]
        );
    }
    for code in ["ABORTED", "RESOURCE_CONFLICT"] {
        let errors = outcomes(gateway(409, code, "again")).await;
        all(&errors, |error| {
            matches!(error, DatabricksError::Busy { status: 409, .. })
        });
    }
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let errors = every_call(&client_for(&format!("http://{address}"), folder.path())).await;
    all(&errors, |error| matches!(error, DatabricksError::Unreachable { .. }));
}

#[tokio::test]
async fn a_connection_reset_after_the_request_proves_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            // Not read to its end: closing resets.
            drop(socket);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let errors = every_call(&client_for(&format!("http://{address}"), folder.path())).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::Cut))
    });
}

/// A client of a host that never finishes a TLS handshake, or of a name that nobody knows.
fn impatient(url: &str, network: Network, folder: &tempfile::TempDir) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = folder.path().join("token");
    std::fs::write(&token, "dapi-test").unwrap();
    Client::new(ClientOptions {
        workspace_url: url.parse().unwrap(),
        credential: Credential::token_file(&token).unwrap(),
        network: Network {
            private_ranges: None,
            connect_timeout: Duration::from_millis(100),
            timeout: Duration::from_secs(20),
            ..network
        },
    })
    .unwrap()
}

#[tokio::test]
async fn a_tls_handshake_that_times_out_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            silent.push(socket);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let errors = every_call(&impatient(&url, Network::default(), &folder)).await;
    all(&errors, |error| matches!(error, DatabricksError::Unreachable { .. }));
    assert!(errors[0].to_string().ends_with("connecting timed out"), "{}", errors[0]);
}

#[tokio::test]
async fn whoever_does_not_speak_tls_got_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let errors = every_call(&impatient(&url, Network::default(), &folder)).await;
    all(&errors, |error| matches!(error, DatabricksError::Unreachable { .. }));
}

#[tokio::test]
async fn a_name_that_dns_does_not_give_sent_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let network = Network {
        dns_server: Some(closed),
        ..Network::default()
    };
    let errors = every_call(&impatient("https://adb-1.2.azuredatabricks.test", network, &folder)).await;
    all(&errors, |error| matches!(error, DatabricksError::Unreachable { .. }));
}

#[tokio::test]
async fn a_404_of_databricks_is_absence_and_one_of_a_stranger_is_not() {
    for answer in [
        scim_error(404, "Group with id 1234 is not found"),
        gateway(404, "RESOURCE_DOES_NOT_EXIST", "No such group"),
        gateway(404, "NOT_FOUND", "Item not found"),
    ] {
        all(&outcomes(answer).await, |error| {
            matches!(error, DatabricksError::NotFound { .. })
        });
    }
    let errors = outcomes(gateway(404, "ENDPOINT_NOT_FOUND", "Endpoint not supported.")).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::Refused { status: 404, .. })
    });
    let errors = outcomes(scim_error(404, "Endpoint not supported.")).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::Refused { status: 404, .. })
    });
    let errors = outcomes(ResponseTemplate::new(404).set_body_string("not here")).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::Garbled(404)))
    });
}

#[tokio::test]
async fn a_400_and_another_403_are_definite_refusals() {
    for status in [400, 403] {
        let errors = outcomes(scim_error(status, "Cannot change the object 2468013579246801.")).await;
        all(
            &errors,
            |error| matches!(error, DatabricksError::Refused { status: found, .. } if *found == status),
        );
    }
    let errors = outcomes(gateway(403, "PERMISSION_DENIED", "Cannot change 2468013579246801")).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::Refused { status: 403, .. })
    });
}

#[tokio::test]
async fn no_answer_within_the_time_of_one_call_proves_nothing() {
    let errors = outcomes(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    all(&errors, |error| {
        matches!(error, DatabricksError::OutcomeUnknown(Unknown::TimedOut))
    });
}
