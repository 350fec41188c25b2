//! What the job does when the endpoint does not do its part.

use std::time::Duration;

use mock_entra::{
    directory::{Directory, Edits},
    job::{Cycle, CycleReport, ErrorCode, Job, Options},
    wire::Dialect,
};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{Fault, Server, assigned, clock, connection, directory, group, orderly_job as job, user, user_id};

fn fault(method: &'static str, path: &str, status: u16, times: usize) -> Fault {
    let answer = ResponseTemplate::new(status);
    Fault {
        method,
        path: path.to_owned(),
        answer,
        times,
        after: false,
    }
}

fn two() -> Directory {
    let second = user(2, &format!(r#","manager":"{}""#, user_id(1)));
    directory(&format!("{},{second}", user(1, "")), &group(1, &[1, 2]), &assigned(1))
}

fn title(n: u32, title: &str) -> Edits {
    let text = format!(
        r#"{{"edits":[{{"edit":"update","user":"{}","set":{{"jobTitle":"{title}"}}}}]}}"#,
        user_id(n)
    );
    Edits::from_json(&text, "edits").unwrap()
}

async fn run(job: &mut Job, cycle: Cycle) -> CycleReport {
    job.run(cycle, |_| {}).await
}

fn codes(report: &CycleReport) -> Vec<ErrorCode> {
    report.failures.iter().map(|failure| failure.code).collect()
}

/// A server and a job after a clean initial cycle.
async fn started() -> (Server, Job) {
    let server = Server::start().await;
    let mut job = job(&server.url(), Dialect::Legacy, two());
    assert!(run(&mut job, Cycle::Initial).await.is_clean());
    server.history();
    (server, job)
}

#[tokio::test]
async fn user_deleted_behind_the_back_is_invalid_anchor_and_made_again_in_the_next_cycle() {
    let (server, mut job) = started().await;
    server.edit(|users, groups| {
        users.remove(0);
        groups[0]["members"] = json!([{"value": "srv-2"}]);
        users[0]["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({});
    });
    job.apply(&title(1, "New")).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(codes(&report), [ErrorCode::InvalidAnchor]);
    assert_eq!(report.writes(), 0);

    let report = run(&mut job, Cycle::Incremental).await;
    assert!(report.is_clean(), "{:?}", report.failures);
    assert_eq!((report.created, report.members_added, report.managers_set), (1, 1, 1));
    assert_eq!(server.members("Group 1").len(), 2);
    let made = server.user("u1@contoso.test").unwrap();
    let report_of = server.user("u2@contoso.test").unwrap();
    let extension = &report_of["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!(extension["manager"]["value"], made["id"]);
    assert!(run(&mut job, Cycle::Incremental).await.is_clean());
}

#[tokio::test]
async fn user_deleted_between_read_and_change_is_invalid_anchor_too() {
    let (server, mut job) = started().await;
    server.arm(fault("PATCH", "/Users/srv-1", 404, 1));
    job.apply(&title(1, "New")).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(codes(&report), [ErrorCode::InvalidAnchor]);
    assert!(run(&mut job, Cycle::Incremental).await.is_clean(), "matched again");
    assert_eq!(server.user("u1@contoso.test").unwrap()["title"], "New");
}

#[tokio::test]
async fn group_deleted_behind_the_back_is_made_again_with_its_members() {
    let (server, mut job) = started().await;
    server.edit(|_, groups| groups.clear());
    let report = run(&mut job, Cycle::Initial).await;
    assert_eq!(codes(&report), [ErrorCode::InvalidAnchor]);
    let report = run(&mut job, Cycle::Incremental).await;
    assert!(report.is_clean());
    assert_eq!((report.groups.created, report.members_added), (1, 2));
}

#[tokio::test]
async fn lost_credential_in_the_middle_quarantines_and_keeps_the_watermark() {
    let (server, mut job) = started().await;
    let watermark = job.state().watermark;
    server.arm(fault("PATCH", "/Users", 401, 1));
    job.apply(&title(1, "New")).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(report.quarantine.unwrap().code, ErrorCode::Unauthorized);
    assert_eq!(job.state().watermark, watermark);
    let report = run(&mut job, Cycle::Incremental).await;
    assert!(report.is_clean());
    assert_eq!(server.user("u1@contoso.test").unwrap()["title"], "New");
}

#[tokio::test]
async fn failed_probe_quarantines_before_anything_is_written() {
    for status in [401, 403, 404, 500] {
        let (server, mut job) = started().await;
        server.arm(fault("GET", "/Users?filter", status, 1));
        job.apply(&title(1, "New")).unwrap();
        let report = run(&mut job, Cycle::Incremental).await;
        assert_eq!(report.quarantine.as_ref().unwrap().status, Some(status));
        assert_eq!(server.history().len(), 1);
        assert!(
            run(&mut job, Cycle::Incremental).await.is_clean(),
            "a passing probe lifts it"
        );
    }
}

#[tokio::test]
async fn not_found_on_a_match_query_quarantines() {
    let server = Server::start().await;
    server.arm(fault("GET", "u1%40contoso", 404, 1));
    let mut job = job(&server.url(), Dialect::Legacy, two());
    let report = run(&mut job, Cycle::Initial).await;
    let quarantine = report.quarantine.unwrap();
    assert!(
        quarantine
            .detail
            .starts_with("404 NotFound came instead of the wanted 200")
    );
    assert_eq!(job.state().watermark, None);
}

#[tokio::test]
async fn refusal_of_one_object_does_not_stop_the_others() {
    for (status, code) in [
        (400, ErrorCode::BadRequest),
        (403, ErrorCode::InsufficientRights),
        (405, ErrorCode::MethodNotAllowed),
        (409, ErrorCode::EntryConflict),
        (422, ErrorCode::UnprocessableEntity),
        (501, ErrorCode::NotImplemented),
        (302, ErrorCode::WebExceptionProtocolError),
    ] {
        let (server, mut job) = started().await;
        server.arm(fault("PATCH", "/Users/srv-1", status, 1));
        job.apply(&title(1, "One")).unwrap();
        job.apply(&title(2, "Two")).unwrap();
        let report = run(&mut job, Cycle::Incremental).await;
        assert_eq!(codes(&report), [code], "{status}");
        assert_eq!(report.failure_counts()[&code], 1);
        assert_eq!(server.user("u2@contoso.test").unwrap()["title"], "Two");
        assert_eq!(job.state().escrow.len(), 1);
        assert!(run(&mut job, Cycle::Incremental).await.is_clean(), "{status}");
        assert_eq!(server.user("u1@contoso.test").unwrap()["title"], "One");
        assert!(job.state().escrow.is_empty());
    }
}

#[tokio::test]
async fn create_answered_with_an_error_after_its_effect_is_found_and_not_made_twice() {
    let server = Server::start().await;
    server.arm(Fault {
        after: true,
        ..fault("POST", "/Users", 500, 1)
    });
    let mut job = job(&server.url(), Dialect::Legacy, two());
    let report = run(&mut job, Cycle::Initial).await;
    assert!(report.is_clean(), "{:?}", report.failures);
    assert_eq!(server.users().len(), 2);
    assert_eq!(server.members("Group 1").len(), 2);
}

#[tokio::test]
async fn throttled_object_is_tried_again_a_bounded_number_of_times_and_then_reported() {
    let (server, mut job) = started().await;
    server.arm(fault("PATCH", "/Users/srv-1", 429, 3));
    job.apply(&title(1, "New")).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(codes(&report), [ErrorCode::TooManyRequests]);
    assert_eq!(report.requests["PATCH"], 3, "once and two retries");
    assert!(run(&mut job, Cycle::Incremental).await.is_clean());
    assert_eq!(server.user("u1@contoso.test").unwrap()["title"], "New");
}

#[tokio::test]
async fn membership_of_a_user_who_could_not_be_made_follows_in_the_next_cycle() {
    let server = Server::start().await;
    server.arm(fault("POST", "/Users", 400, 1));
    let mut job = job(&server.url(), Dialect::Legacy, two());
    let report = run(&mut job, Cycle::Initial).await;
    let counts = report.failure_counts();
    assert_eq!(counts[&ErrorCode::BadRequest], 1);
    assert!(counts[&ErrorCode::UnableToResolveReferenceAttributeValue] >= 1);
    assert_eq!(report.members_added, 1);
    assert!(run(&mut job, Cycle::Incremental).await.is_clean());
    assert_eq!(server.members("Group 1").len(), 2);
}

#[tokio::test]
async fn page_of_a_login_form_is_no_success() {
    let (server, mut job) = started().await;
    let page = ResponseTemplate::new(200).set_body_string("<html>sign in</html>");
    server.arm(Fault {
        answer: page,
        ..fault("PATCH", "/Users/srv-1", 200, 1)
    });
    job.apply(&title(1, "New")).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(codes(&report), [ErrorCode::ServiceIncompatible]);
    assert_eq!(report.updated, 0);
}

#[tokio::test]
async fn filter_that_is_ignored_by_the_server_links_nothing() {
    let server = Server::start().await;
    let other = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
        "startIndex": 1, "itemsPerPage": 1, "Resources": [{"id": "x", "userName": "else@contoso.test"}]
    });
    let answer = ResponseTemplate::new(200).set_body_json(other);
    server.arm(Fault {
        answer,
        ..fault("GET", "u1%40contoso", 200, 1)
    });
    let mut job = job(&server.url(), Dialect::Legacy, two());
    let report = run(&mut job, Cycle::Initial).await;
    assert!(codes(&report).contains(&ErrorCode::ServiceIncompatible));
    assert!(server.writes().iter().all(|(_, path, _)| path != "/Users/x"));
}

#[tokio::test]
async fn group_answer_with_members_although_excluded_fails_the_group() {
    let (server, mut job) = started().await;
    let shown = json!({"id": "srv-3", "displayName": "Group 1", "members": [{"value": "srv-1"}]});
    let answer = ResponseTemplate::new(200).set_body_json(shown);
    server.arm(Fault {
        answer,
        ..fault("GET", "/Groups/srv-3", 200, 1)
    });
    let report = run(&mut job, Cycle::Initial).await;
    assert_eq!(codes(&report), [ErrorCode::MultipleEntriesInResponse]);
}

#[tokio::test]
async fn two_source_groups_of_one_name_do_not_share_a_target() {
    let groups = format!("{},{}", group(1, &[1]), group(2, &[2]).replace("Group 2", "group 1"));
    let users = format!("{},{}", user(1, ""), user(2, ""));
    let assignments = format!("{},{}", assigned(1), assigned(2));
    let server = Server::start().await;
    let options = Options {
        clock: clock(),
        parallel: 1,
        ..Options::default()
    };
    let directory = directory(&users, &groups, &assignments);
    let mut job = Job::new(connection(&server.url(), Dialect::Legacy), directory, options).unwrap();
    let report = run(&mut job, Cycle::Initial).await;
    assert_eq!(codes(&report), [ErrorCode::DuplicateSourceEntries]);
    assert_eq!(server.groups()[0]["displayName"], "Group 1");
    assert_eq!(server.members("Group 1").len(), 1);
}

#[tokio::test]
async fn slow_answer_is_a_timeout() {
    let (server, _) = started().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    server.arm(Fault {
        answer: slow,
        ..fault("POST", "/Users", 200, 9)
    });
    let mut connection = connection(&server.url(), Dialect::Legacy);
    connection.timeout = Duration::from_millis(300);
    let directory = directory(&user(7, ""), "", &format!("\"{}\"", user_id(7)));
    let options = Options {
        clock: clock(),
        retries: 0,
        ..Options::default()
    };
    let mut job = Job::new(connection, directory, options).unwrap();
    let report = run(&mut job, Cycle::Initial).await;
    assert_eq!(codes(&report), [ErrorCode::Timeout]);
    assert_eq!(report.failures[0].status, None);
    assert_eq!(report.failures[0].step, "EntryExportAdd");
}

#[tokio::test]
async fn token_that_is_echoed_is_made_unreadable_in_the_log() {
    let (server, mut job) = started().await;
    let echo = ResponseTemplate::new(400)
        .set_body_json(json!({"detail": format!("no such thing as {}", crate::support::TOKEN)}));
    server.arm(Fault {
        answer: echo,
        ..fault("PATCH", "/Users/srv-1", 400, 1)
    });
    job.apply(&title(1, "New")).unwrap();
    run(&mut job, Cycle::Incremental).await;
    let log = serde_json::to_string(&job.requests()).unwrap();
    assert!(log.contains("no such thing as [redacted]"));
    assert!(!log.contains(crate::support::TOKEN));
}
