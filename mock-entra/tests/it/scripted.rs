//! Sequences whose answers are failures: the file is the server, and our client is judged.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use mock_entra::{
    client::{Connection, token::FederatedCredential},
    directory::{Directory, Edits},
    job::{Cycle, ErrorCode, Job, Options, State, Verdict},
    replay::{Sequence, SequenceResponse},
    wire::Dialect,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{header, method, path},
};

use crate::support::{clock, connection, crate_file};

const PAT: &str = "5171a35d82074e068ce2";
const SOURCE: &str = "11111111-0000-4000-8000-000000000001";

fn script(slug: &str) -> Sequence {
    let sequence = Sequence::load(&crate_file(&format!("sequences/{slug}.json"))).unwrap();
    assert!(sequence.scripted);
    sequence
}

fn template(response: &SequenceResponse) -> ResponseTemplate {
    let mut template = ResponseTemplate::new(response.status);
    if let Some(body) = &response.body {
        template = template.set_body_json(body);
    }
    for (name, value) in &response.headers {
        template = template.insert_header(name.as_str(), value.as_str());
    }
    template
}

/// Answers in order, then 418.
struct InOrder(Mutex<VecDeque<ResponseTemplate>>);

impl Respond for InOrder {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.0
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| ResponseTemplate::new(418))
    }
}

async fn play_steps(server: &MockServer, sequence: &Sequence, verb: &str) {
    let answers = sequence
        .steps
        .iter()
        .filter(|step| step.request.method == verb)
        .map(|step| template(&step.response));
    Mock::given(method(verb))
        .and(path(sequence.steps[0].request.path.as_str()))
        .respond_with(InOrder(Mutex::new(answers.collect())))
        .mount(server)
        .await;
}

fn empty_list() -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
           "totalResults": 0, "startIndex": 1, "itemsPerPage": 20, "Resources": []})
}

async fn answer_lists(server: &MockServer) {
    for endpoint in ["/Users", "/Groups"] {
        Mock::given(method("GET"))
            .and(path(endpoint))
            .respond_with(ResponseTemplate::new(200).set_body_json(empty_list()))
            .with_priority(9)
            .mount(server)
            .await;
    }
}

fn pat() -> Directory {
    let text = format!(
        r#"{{"users":[{{"id":"{SOURCE}","userPrincipalName":"pat.example@contoso.test",
            "mailNickname":"pexample","displayName":"Pat Example","givenName":"Pat","surname":"Example",
            "mail":"pat.example@contoso.test","jobTitle":"Old"}}],
          "groups":[],"assignments":["{SOURCE}"]}}"#
    );
    Directory::from_json(&text, "pat").unwrap()
}

/// A state in which Pat is linked and was read with the title `Old`.
fn linked() -> State {
    serde_json::from_value(json!({
        "version": 1, "watermark": 1, "groups": {}, "escrow": {}, "seen": {},
        "users": {SOURCE: {"target": PAT, "active": true}}
    }))
    .unwrap()
}

#[tokio::test]
async fn failing_connection_tests_have_the_verdict_of_the_portal() {
    let table = [
        ("401", ErrorCode::InvalidCredentials, "invalid token"),
        ("403", ErrorCode::InvalidCredentials, "forbidden"),
        (
            "404",
            ErrorCode::CredentialValidationUnavailable,
            "404 NotFound came instead of the wanted 200",
        ),
        ("500", ErrorCode::CredentialValidationUnavailable, "InternalServerError"),
        ("503", ErrorCode::CredentialValidationUnavailable, "ServiceUnavailable"),
    ];
    for (status, code, text) in table {
        let sequence = script(&format!("test-connection-fail-{status}"));
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/Users"))
            .respond_with(template(&sequence.steps[0].response))
            .mount(&server)
            .await;
        let options = Options {
            clock: clock(),
            ..Options::default()
        };
        let mut job = Job::new(connection(&server.uri(), Dialect::Legacy), pat(), options).unwrap();
        let Verdict::Failed(failure) = job.test_connection().await else {
            panic!("passed")
        };
        assert_eq!(failure.code, code);
        assert_eq!(failure.status, Some(status.parse().unwrap()));
        assert!(failure.message.contains(text), "{failure}");
        let report = job.run(Cycle::Initial, |_| {}).await;
        assert_eq!(report.quarantine.unwrap().code, code);
        let sent = server.received_requests().await.unwrap();
        assert!(sent.iter().all(|request| request.method == "GET"));
        let shape = |text: &str| text.split("%22").next().unwrap().to_owned();
        let query = sent[0].url.query().unwrap();
        assert_eq!(
            shape(&format!("/Users?{query}")),
            shape(&sequence.steps[0].request.path)
        );
    }
}

/// Both retry scripts: a title is changed, the first PATCH fails, the second is taken.
async fn retried(slug: &str, wait: Duration) {
    let sequence = script(slug);
    let server = MockServer::start().await;
    answer_lists(&server).await;
    play_steps(&server, &sequence, "PATCH").await;
    let mut old = sequence.steps[1].response.body.clone().unwrap();
    old["title"] = json!("Old");
    Mock::given(method("GET"))
        .and(path(format!("/Users/{PAT}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(old))
        .mount(&server)
        .await;
    let clock = clock();
    let options = Options {
        clock: clock.clone(),
        ..Options::default()
    };
    let mut job = Job::new(connection(&server.uri(), Dialect::Legacy), pat(), options)
        .unwrap()
        .with_state(linked());
    let edit = format!(r#"{{"edits":[{{"edit":"update","user":"{SOURCE}","set":{{"jobTitle":"X"}}}}]}}"#);
    job.apply(&Edits::from_json(&edit, "edit").unwrap()).unwrap();
    let report = job.run(Cycle::Incremental, |_| {}).await;
    assert!(report.is_clean(), "{:?}", report.failures);
    assert_eq!(report.updated, 1);
    assert_eq!(clock.waits(), [wait]);
    let sent = server.received_requests().await.unwrap();
    let bodies: Vec<Value> = sent
        .iter()
        .filter(|request| request.method == "PATCH")
        .map(|request| request.body_json().unwrap())
        .collect();
    let wanted: Vec<Value> = sequence
        .steps
        .iter()
        .map(|step| step.request.body.clone().unwrap())
        .collect();
    assert_eq!(bodies, wanted, "word for word as recorded");
}

#[tokio::test]
async fn throttled_change_waits_as_long_as_the_answer_says() {
    retried("throttling-429", Duration::from_secs(5)).await;
}

#[tokio::test]
async fn change_answered_503_is_sent_again() {
    retried("server-error-retry", Duration::from_secs(1)).await;
}

#[tokio::test]
async fn several_hits_are_duplicate_target_entries_and_nothing_is_written() {
    let sequence = script("user-match-multiple");
    let server = MockServer::start().await;
    answer_lists(&server).await;
    let recorded = url::Url::parse(&format!("http://h{}", sequence.steps[0].request.path)).unwrap();
    let filter = recorded.query_pairs().next().unwrap().1.into_owned();
    Mock::given(method("GET"))
        .and(path("/Users"))
        .and(wiremock::matchers::query_param("filter", filter))
        .respond_with(template(&sequence.steps[0].response))
        .mount(&server)
        .await;
    let options = Options {
        clock: clock(),
        ..Options::default()
    };
    let mut job = Job::new(connection(&server.uri(), Dialect::Legacy), pat(), options).unwrap();
    let report = job.run(Cycle::Initial, |_| {}).await;
    assert_eq!(report.failures.len(), 1);
    assert_eq!(report.failures[0].code, ErrorCode::DuplicateTargetEntries);
    assert_eq!(report.writes(), 0);
    assert!(job.state().users.is_empty());
}

#[tokio::test]
async fn federated_assertion_is_exchanged_for_the_bearer_token() {
    let sequence = script("federated-token");
    let step = &sequence.steps[0];
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/token"))
        .and(header("Content-Type", step.request.headers["Content-Type"].as_str()))
        .respond_with(template(&step.response))
        .mount(&server)
        .await;
    answer_lists(&server).await;
    let credential = FederatedCredential {
        token_endpoint: format!("{}/token", server.uri()),
        client_id: "PLACEHOLDER".to_owned(),
        assertion: "PLACEHOLDER.JWT".into(),
        scope: "PLACEHOLDER".to_owned(),
    };
    let access = credential.exchange().await.unwrap();
    assert_eq!(access.expires_in, 3600);
    let wanted = step.response.body.as_ref().unwrap()["access_token"].as_str().unwrap();
    assert_eq!(access.token.expose_secret(), wanted);
    let form = String::from_utf8(server.received_requests().await.unwrap()[0].body.clone());
    assert_eq!(form.unwrap(), step.request.body.as_ref().unwrap().as_str().unwrap());

    let connection = Connection::new(server.uri(), access.token);
    let options = Options {
        clock: clock(),
        ..Options::default()
    };
    let job = Job::new(connection, Directory::default(), options).unwrap();
    assert!(job.test_connection().await.is_passed());
    let sent = server.received_requests().await.unwrap();
    let bearer = sent[1].headers["authorization"].to_str().unwrap();
    assert_eq!(bearer, format!("Bearer {wanted}"));
}

#[tokio::test]
async fn refused_assertion_says_so_without_showing_it() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    let credential = FederatedCredential {
        token_endpoint: server.uri(),
        client_id: "app".to_owned(),
        assertion: "very.secret.jwt".into(),
        scope: "s".to_owned(),
    };
    let error = credential.exchange().await.unwrap_err().to_string();
    assert_eq!(error, "token endpoint answered 401");
    assert!(!format!("{credential:?}").contains("very.secret.jwt"));
}

#[tokio::test]
async fn recorded_headers_are_the_ones_sent() {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    let options = Options {
        clock: clock(),
        ..Options::default()
    };
    let job = Job::new(connection(&server.uri(), Dialect::Legacy), pat(), options).unwrap();
    job.test_connection().await;
    let sent = server.received_requests().await.unwrap();
    let mut names: Vec<_> = sent[0].headers.keys().map(ToString::to_string).collect();
    names.sort();
    assert_eq!(names, ["accept", "authorization", "host"]);
    assert_eq!(sent[0].headers["accept"], "application/scim+json");
}
