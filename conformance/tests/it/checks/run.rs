//! What a run does around its checks: gates, blocks, discovery that fails, clean-up, stopping.

use std::future::{pending, ready};

use conformance::check::Profile;
use conformance::event::Silent;
use conformance::run::{Plan, run};
use conformance::selection::Selection;
use conformance::target::{CannotRun, Options, Target, Token};
use conformance::verdict::Verdict;
use serde_json::json;

use super::list::ALL;
use super::{checked, ids, options};
use crate::support::Reply;
use crate::support::{Fault, Server, TOKEN};

#[tokio::test]
async fn a_right_server_passes_every_check_and_is_left_clean() {
    let report = checked(Fault::none(), &[]).await;
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| !check.verdict.findings().is_empty())
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    // Over plain HTTP there is no TLS to look at.
    assert_eq!(ids(&report, "skipped"), ["AUT-08"]);
    assert_eq!(report.checks.len(), ALL.len());
    assert!(report.clean_up.left.is_empty());
    assert!(report.clean_up.removed > 50, "{}", report.clean_up.removed);
}

#[tokio::test]
async fn discovery_that_fails_stops_nothing_and_is_told() {
    let report = checked(
        Fault::in_answer(|call, reply| {
            if matches!(
                call.path.as_str(),
                "/ServiceProviderConfig" | "/ResourceTypes" | "/Schemas"
            ) {
                *reply = Reply::error(404, None, "not here");
            }
        }),
        &["PAT-01", "GRP-01", "DEL-01"],
    )
    .await;
    assert_eq!(ids(&report, "pass"), ["PAT-01", "GRP-01", "DEL-01"]);
    assert_eq!(report.discovered.problems.len(), 3);
    assert!(report.discovered.problems[0].contains("/ServiceProviderConfig was answered 404"));
}

#[tokio::test]
async fn what_is_not_announced_is_skipped_with_its_reason() {
    let report = checked(
        Fault::in_answer(|call, reply| match call.path.as_str() {
            "/ServiceProviderConfig" => reply.body.as_mut().unwrap()["patch"]["supported"] = json!(false),
            "/ResourceTypes" => reply.keep(|kind| kind["name"] == "User"),
            _ => {}
        }),
        &["PAT-01", "GRP-01", "DEL-"],
    )
    .await;
    assert_eq!(ids(&report, "skipped"), ["PAT-01", "GRP-01", "DEL-07"]);
    assert_eq!(
        ids(&report, "pass"),
        ["DEL-01", "DEL-02", "DEL-03", "DEL-04", "DEL-05", "DEL-06"]
    );
    let Verdict::Skipped { reason } = &report.checks[0].verdict else {
        unreachable!()
    };
    assert_eq!(reason, "patch.supported is announced as false");
    assert!(report.all_passed());
}

#[tokio::test]
async fn a_check_without_its_facts_is_blocked_and_names_the_check_of_the_fact() {
    let report = checked(
        Fault::in_answer(|call, reply| {
            if call.is("POST", "/Users") {
                *reply = Reply::error(500, None, "broken");
            }
        }),
        &["CRE-01", "REA-01", "GRP-06"],
    )
    .await;
    assert_eq!(ids(&report, "fail"), ["CRE-01"]);
    assert_eq!(ids(&report, "blocked"), ["REA-01", "GRP-06"]);
    let Verdict::Blocked { by, findings } = &report.checks[1].verdict else {
        unreachable!()
    };
    assert_eq!(by, "CRE-01");
    assert_eq!(findings[0].message, "POST /Users was answered 500");
    assert!(!report.all_passed());
}

#[tokio::test]
async fn what_cannot_be_removed_is_listed_with_the_reason() {
    let report = checked(
        Fault::in_answer(|call, reply| {
            if call.is("DELETE", "/Groups") {
                *reply = Reply::error(403, None, "groups stay");
            }
        }),
        &["GRP-09"],
    )
    .await;
    assert_eq!(report.clean_up.removed, 2);
    let [left] = report.clean_up.left.as_slice() else {
        panic!("{:?}", report.clean_up)
    };
    assert!(left.entry.name.starts_with("conformance-test1-grp-09-"));
    assert!(left.reason.contains("groups stay"), "{}", left.reason);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_looked_up_and_removed() {
    let report = checked(
        Fault::in_answer(|call, reply| {
            if call.is("POST", "/Users") {
                *reply = Reply::error(500, None, "made, but not told");
            }
        }),
        &["CRE-01"],
    )
    .await;
    assert_eq!(report.clean_up.removed, 1);
    assert!(report.clean_up.left.is_empty());
}

#[tokio::test]
async fn fail_fast_stops_and_an_interruption_still_cleans_up() {
    let server = Server::start(Fault::in_answer(|call, reply| {
        if call.is("POST", "/Users") && reply.status == 201 {
            reply.status = 200;
        }
    }))
    .await;
    let target = Target::connect(options(&server.url(), TOKEN)).await.unwrap();
    let plan = Plan {
        checks: Selection {
            only: vec!["CRE-".to_owned()],
            ..Selection::of(Profile::Rfc)
        }
        .checks()
        .unwrap(),
        fail_fast: true,
    };
    let report = run(&target, &plan, &mut Silent, pending()).await;
    assert_eq!(ids(&report, "fail"), ["CRE-01"]);
    assert_eq!(report.summary.skipped, plan.checks.len() - 1);
    assert_eq!(report.clean_up.removed, 1);

    let report = run(&target, &plan, &mut Silent, ready(())).await;
    assert_eq!(report.summary.skipped, plan.checks.len());
}

#[tokio::test]
async fn the_token_is_in_no_part_of_the_report() {
    let report = checked(
        Fault::in_answer(|call, reply| {
            if call.is("POST", "/Users") {
                *reply = Reply::error(400, None, &format!("your token {TOKEN} is fine"));
            }
        }),
        &["CRE-01"],
    )
    .await;
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains("your token [token] is fine"), "{json}");
    assert!(!json.contains(TOKEN));
}

#[tokio::test]
async fn a_target_that_cannot_be_checked_says_in_one_line_why() {
    let server = Server::start(Fault::none()).await;
    let unreachable = "http://127.0.0.1:9/scim".to_owned();
    for (url, token, wanted) in [
        (server.url(), "wrong", "answered 401 to the token"),
        (unreachable, TOKEN, "check that the server runs, and the port in --url"),
        ("scim".to_owned(), TOKEN, "is not a URL"),
    ] {
        let why = Target::connect(options(&url, token)).await.unwrap_err();
        let line = why.to_string();
        assert!(line.contains(wanted) && !line.contains('\n'), "{line}");
    }
    let why = Target::connect(Options::new(server.url(), Token::new("a\u{1}b").unwrap())).await;
    assert!(matches!(why, Err(CannotRun::Token)));
}
