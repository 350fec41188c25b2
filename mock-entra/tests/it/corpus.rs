//! Every recorded sequence holds against a server that does what the sequences say.

use std::collections::BTreeSet;

use mock_entra::{
    replay::{self, Evidence, Outcome, Sequence},
    wire::Dialect,
};

use crate::support::{self, Fault, Server};

fn all() -> Vec<Sequence> {
    let files = replay::corpus(&support::crate_file("sequences")).unwrap();
    files.iter().map(|file| Sequence::load(file).unwrap()).collect()
}

fn one(slug: &str) -> Sequence {
    Sequence::load(&support::crate_file(&format!("sequences/{slug}.json"))).unwrap()
}

/// The library below the test server refuses a raw quote itself; this sequence has a test of its own.
const RAW: &str = "test-connection-raw-quotes";

#[tokio::test]
async fn every_sequence_holds_and_leaves_nothing_behind() {
    let server = Server::start().await;
    let connection = support::connection(&server.url(), Dialect::Legacy);
    let mut bad = Vec::new();
    for sequence in all().into_iter().filter(|sequence| sequence.slug() != RAW) {
        let report = replay::play(&sequence, &connection).await.unwrap();
        if !report.is_good() {
            bad.push(serde_json::to_string_pretty(&report).unwrap());
        }
        assert!(
            server.users().is_empty() && server.groups().is_empty(),
            "{}",
            report.slug
        );
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn sequences_whose_answers_are_failures_are_scripts() {
    let scripts: BTreeSet<_> = all()
        .iter()
        .filter(|sequence| sequence.scripted)
        .map(Sequence::slug)
        .collect();
    let wanted = [
        "federated-token",
        "server-error-retry",
        "test-connection-fail-401",
        "test-connection-fail-403",
        "test-connection-fail-404",
        "test-connection-fail-500",
        "test-connection-fail-503",
        "throttling-429",
        "user-match-multiple",
    ];
    assert_eq!(scripts, wanted.map(str::to_owned).into());
}

#[test]
fn evidence_follows_the_sources() {
    for sequence in all() {
        if sequence.name.contains("[inferred]") {
            assert_eq!(sequence.evidence, Evidence::Inferred, "{}", sequence.slug());
        } else if sequence.source.contains("captures") {
            assert_eq!(sequence.evidence, Evidence::Captured, "{}", sequence.slug());
        }
    }
}

#[test]
fn adapted_values_name_their_field_and_reason() {
    let adapted: Vec<_> = all()
        .iter()
        .flat_map(|sequence| {
            let slug = sequence.slug();
            sequence
                .adapted
                .clone()
                .into_iter()
                .map(move |adapted| (slug.clone(), adapted))
        })
        .map(|(slug, adapted)| format!("{slug} {}: {}: {}", adapted.step, adapted.field, adapted.why))
        .collect();
    insta::assert_snapshot!(adapted.join("\n"));
}

#[tokio::test]
async fn wrong_value_is_reported_with_request_path_expected_and_actual() {
    let server = Server::start().await;
    let connection = support::connection(&server.url(), Dialect::Legacy);
    let mut sequence = one("user-update-single-legacy");
    sequence.steps[1].response.body.as_mut().unwrap()["displayName"] = "Somebody".into();
    let report = replay::play(&sequence, &connection).await.unwrap();
    let Outcome::Differs(mismatches) = &report.outcome else {
        panic!("{report:?}")
    };
    assert_eq!(mismatches[0].step, 2);
    assert!(mismatches[0].request.starts_with("PATCH /Users/srv-"), "{mismatches:?}");
    let difference = &mismatches[0].differences[0];
    assert_eq!(difference.path, "$.displayName");
    assert_eq!(difference.expected, "\"Somebody\"");
    assert_eq!(difference.actual, "\"Pat E. Example\"");
}

#[tokio::test]
async fn recorded_headers_are_sent_as_they_are() {
    let server = wiremock::MockServer::start().await;
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let mut sequence = one("user-get-by-id");
    sequence.given.clear();
    let headers = &mut sequence.steps[0].request.headers;
    headers.insert("Accept".to_owned(), "application/json".to_owned());
    headers.insert("X-Why".to_owned(), "test".to_owned());
    let connection = support::connection(&server.uri(), Dialect::Legacy);
    replay::play(&sequence, &connection).await.unwrap();
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent[0].headers["accept"], "application/json");
    assert_eq!(sent[0].headers["x-why"], "test");
    assert_eq!(
        sent[0].headers["authorization"],
        format!("Bearer {}", support::TOKEN).as_str()
    );
}

/// Answers one request with an empty list; gives the request's lines.
async fn answer_one(listener: tokio::net::TcpListener) -> Vec<String> {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let mut connection = BufReader::new(listener.accept().await.unwrap().0);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"startIndex":1,"itemsPerPage":20}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    connection.write_all(answer.as_bytes()).await.unwrap();
    lines
}

#[tokio::test]
async fn raw_quotes_are_on_the_wire_as_the_file_has_them() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/scim", listener.local_addr().unwrap());
    let connection = support::connection(&url, Dialect::Legacy);
    let sequence = one(RAW);
    let (report, lines) = tokio::join!(replay::play(&sequence, &connection), answer_one(listener));
    assert_eq!(report.unwrap().outcome, Outcome::Held);
    assert_eq!(
        lines[0],
        r#"GET /scim/Users?filter=userName+eq+"8646d011-1693-4cd3-9ee6-0d7482ca2219" HTTP/1.1"#
    );
    let mut names: Vec<_> = lines[1..].iter().map(|line| line.split(':').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "connection", "host"]);
}

#[tokio::test]
async fn other_status_is_reported_and_the_sequence_goes_on() {
    let server = Server::start().await;
    server.arm(Fault {
        method: "PATCH",
        path: "/Users/".to_owned(),
        answer: wiremock::ResponseTemplate::new(503),
        times: 1,
        after: false,
    });
    let connection = support::connection(&server.url(), Dialect::Legacy);
    let report = replay::play(&one("user-disable-legacy"), &connection).await.unwrap();
    let Outcome::Differs(mismatches) = &report.outcome else {
        panic!("{report:?}")
    };
    let paths: Vec<_> = mismatches[0].differences.iter().map(|one| one.path.as_str()).collect();
    assert!(paths.contains(&"status"), "{paths:?}");
    assert_eq!(mismatches.len(), 2, "the later step sees the user still active");
    assert!(server.users().is_empty(), "it cleans up all the same");
}

#[tokio::test]
async fn given_that_cannot_be_made_blocks_the_sequence() {
    let server = Server::start().await;
    server.edit(|users, _| {
        users.push(serde_json::json!({"id": "old", "userName": "pat.example@contoso.test"}));
    });
    let connection = support::connection(&server.url(), Dialect::Legacy);
    let report = replay::play(&one("user-disable-legacy"), &connection).await.unwrap();
    let Outcome::Blocked(reason) = &report.outcome else {
        panic!("{report:?}")
    };
    assert!(reason.contains("POST /Users answered 409"), "{reason}");
    assert_eq!(server.users().len(), 1, "what it has not made it does not delete");
}
