//! Whole cycles against the server of these tests, in both dialects.

use std::collections::{BTreeMap, BTreeSet};

use mock_entra::{
    directory::{Directory, Edit, Edits, ObjectId, User},
    job::{Cycle, CycleReport, Job, Options, State},
    scope::Scope,
    wire::Dialect,
};
use serde_json::{Value, json};

use crate::support::{
    Server, assigned, clock, connection, crate_file, directory, group, group_id, job, orderly_job, user, user_id,
};

const DIALECTS: [Dialect; 2] = [Dialect::Legacy, Dialect::Compliant];

async fn run(job: &mut Job, cycle: Cycle) -> CycleReport {
    let report = job.run(cycle, |_| {}).await;
    assert!(report.is_clean(), "{:?} {:?}", report.failures, report.quarantine);
    report
}

fn edits(text: &str) -> Edits {
    Edits::from_json(&format!(r#"{{"edits":[{text}]}}"#), "edits").unwrap()
}

fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

fn contoso() -> Directory {
    Directory::load(crate_file("samples/contoso.json")).unwrap()
}

fn day() -> Edits {
    Edits::load(crate_file("samples/contoso-day.json")).unwrap()
}

/// The login name as it must arrive, worked out without the crate.
fn login(user: &User) -> String {
    let name = &user.user_principal_name;
    match name.split_once("#EXT#") {
        Some((local, _)) => {
            let at = local.rfind('_').unwrap();
            format!("{}@{}", &local[..at], &local[at + 1..])
        }
        None => name.clone(),
    }
}

fn should_be_active(directory: &Directory) -> BTreeMap<ObjectId, &User> {
    let scope = Scope::of(directory);
    directory
        .live_users()
        .filter(|user| user.account_enabled && scope.has_user(&user.id))
        .map(|user| (user.id.clone(), user))
        .collect()
}

/// Active users with their values, and assigned groups with their active members, are the same on
/// both sides.
fn assert_equal(server: &Server, directory: &Directory) {
    let wanted = should_be_active(directory);
    let actual: BTreeSet<_> = server
        .users()
        .iter()
        .filter(|user| user["active"] == true)
        .map(|user| user["userName"].as_str().unwrap().to_owned())
        .collect();
    let names: BTreeSet<_> = wanted.values().map(|user| login(user)).collect();
    assert_eq!(names, actual);
    for person in wanted.values() {
        let stored = server.user(&login(person)).unwrap();
        assert_eq!(stored["displayName"], person.display_name.as_str());
        assert_eq!(stored["externalId"], person.mail_nickname.as_str());
        assert_eq!(stored["title"].as_str(), person.job_title.as_deref());
        let mail = stored["emails"][0]["value"].as_str();
        assert_eq!(mail, person.mail.as_deref());
        let manager = directory.manager_of(person).and_then(|manager| wanted.get(manager));
        let shown = &stored["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"];
        if let Some(manager) = manager {
            assert_eq!(shown["value"], server.user(&login(manager)).unwrap()["id"]);
        }
    }
    let groups: BTreeSet<_> = server
        .groups()
        .iter()
        .map(|group| group["displayName"].as_str().unwrap().to_owned())
        .collect();
    let scope = Scope::of(directory);
    let assigned = directory.groups().filter(|group| scope.has_group(&group.id));
    let mut names = BTreeSet::new();
    for group in assigned {
        names.insert(group.display_name.clone());
        let members: BTreeSet<_> = group
            .members
            .iter()
            .filter_map(|id| wanted.get(id))
            .map(|user| login(user))
            .collect();
        let active = |name: &String| server.user(name).is_some_and(|user| user["active"] == true);
        let actual: BTreeSet<_> = server.members(&group.display_name).into_iter().filter(active).collect();
        assert_eq!(members, actual, "{}", group.display_name);
    }
    assert_eq!(names, groups);
}

#[tokio::test]
async fn initial_cycle_brings_the_whole_directory() {
    for dialect in DIALECTS {
        let server = Server::start().await;
        let mut job = job(&server.url(), dialect, contoso());
        assert!(job.test_connection().await.is_passed());
        let report = run(&mut job, Cycle::Initial).await;
        assert_equal(&server, &contoso());
        assert_eq!(report.users.created, server.users().len() as u64);
        assert_eq!(report.groups.created, 7);
        assert_eq!(report.created, report.users.created + report.groups.created);
        assert!(report.managers_set > 40, "{}", report.managers_set);
        let memberships: usize = server
            .groups()
            .iter()
            .map(|group| group["members"].as_array().unwrap().len())
            .sum();
        assert_eq!(report.members_added, memberships as u64);
        assert_eq!(report.requests["POST"], report.created);
        assert!(
            server.user("quentin.roy@contoso.test").is_none(),
            "disabled, so never made"
        );
        assert!(
            server.user("walter.klein@contoso.test").is_none(),
            "only in a nested group"
        );
        assert!(server.user("raul_ortega+contoso@fabrikam.test").is_some(), "a guest");
        assert!(
            server
                .user("svc.reporting@contoso.test")
                .unwrap()
                .get("emails")
                .is_none()
        );
    }
}

#[tokio::test]
async fn second_initial_cycle_only_probes_and_reads() {
    for dialect in DIALECTS {
        let server = Server::start().await;
        let mut job = job(&server.url(), dialect, contoso());
        run(&mut job, Cycle::Initial).await;
        server.history();
        let report = run(&mut job, Cycle::Initial).await;
        let methods: BTreeSet<_> = report.requests.keys().map(String::as_str).collect();
        assert_eq!(methods, BTreeSet::from(["GET"]));
        assert_eq!(server.writes(), []);
        assert_eq!(report.writes(), 0);
    }
}

#[tokio::test]
async fn incremental_cycle_without_changes_only_probes() {
    let server = Server::start().await;
    let mut job = job(&server.url(), Dialect::Legacy, contoso());
    run(&mut job, Cycle::Initial).await;
    server.history();
    run(&mut job, Cycle::Incremental).await;
    let paths: Vec<_> = server.history().into_iter().map(|(_, path, _)| path).collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(paths[0].starts_with("/Users?filter=userName+eq+%22"), "{paths:?}");
    let group_probe = "/Groups?excludedAttributes=members&filter=displayName+eq+%22";
    assert!(paths[1].starts_with(group_probe), "{paths:?}");
}

#[tokio::test]
async fn day_of_edits_arrives_with_the_incremental_cycle() {
    for dialect in DIALECTS {
        let server = Server::start().await;
        let mut job = job(&server.url(), dialect, contoso());
        run(&mut job, Cycle::Initial).await;
        job.apply(&day()).unwrap();
        let report = run(&mut job, Cycle::Incremental).await;
        assert_equal(&server, job.directory());
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(report, {
                ".requests.GET" => "[reads]",
                ".milliseconds" => "[time]",
            });
        }
        let renamed = server.user("julia.nowak-lis@contoso.test").unwrap();
        assert_eq!(renamed["externalId"], "julia.nowak-lis");
        assert!(server.user("oscar.nystrom@contoso.test").is_none(), "hard-deleted");
        assert_eq!(server.user("noah.becker@contoso.test").unwrap()["active"], false);
        server.history();
        run(&mut job, Cycle::Initial).await;
        assert_eq!(server.writes(), []);
    }
}

#[tokio::test]
async fn edits_applied_before_the_first_cycle_give_the_same_end() {
    let server = Server::start().await;
    let mut directory = contoso();
    directory.apply(&day()).unwrap();
    run(
        &mut job(&server.url(), Dialect::Compliant, directory.clone()),
        Cycle::Initial,
    )
    .await;
    assert_equal(&server, &directory);
}

/// Two users in an assigned group, the first managing the second.
fn pair() -> Directory {
    let manager = format!(r#","jobTitle":"T","manager":"{}""#, user_id(1));
    let users = format!("{},{}", user(1, ""), user(2, &manager));
    directory(&users, &group(1, &[1, 2]), &assigned(1))
}

/// Method and path of each write, with server ids.
fn lines(writes: &[(String, String, Value)]) -> Vec<String> {
    writes
        .iter()
        .map(|(method, path, body)| match &body["Operations"][0] {
            Value::Null => format!("{method} {path}"),
            operation => format!("{method} {path} {operation}"),
        })
        .collect()
}

async fn started(directory: Directory) -> (Server, Job) {
    let server = Server::start().await;
    let mut job = orderly_job(&server.url(), Dialect::Legacy, directory);
    run(&mut job, Cycle::Initial).await;
    server.history();
    (server, job)
}

#[tokio::test]
async fn new_user_is_looked_up_made_and_looked_up_again() {
    let server = Server::start().await;
    let users = user(1, "");
    let mut job = job(
        &server.url(),
        Dialect::Legacy,
        directory(&users, "", &format!("\"{}\"", user_id(1))),
    );
    run(&mut job, Cycle::Initial).await;
    let sent: Vec<_> = server
        .history()
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(
        sent[2..],
        [
            "GET /Users?filter=userName+eq+%22u1%40contoso.test%22",
            "POST /Users",
            "GET /Users/srv-1"
        ]
    );
}

#[tokio::test]
async fn lost_assignment_disables_the_user_before_the_group_loses_the_member() {
    let (server, mut job) = started(pair()).await;
    job.apply(&edits(&format!(
        r#"{{"edit":"remove_member","group":"{}","user":"{}"}}"#,
        group_id(1),
        user_id(2)
    )))
    .unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    let sent: Vec<_> = server.history()[2..]
        .iter()
        .map(|(method, path, body)| format!("{method} {path} {}", body["Operations"]))
        .collect();
    assert_eq!(
        sent,
        [
            "GET /Users/srv-2 null",
            r#"PATCH /Users/srv-2 [{"op":"Replace","path":"active","value":"False"}]"#,
            "GET /Groups/srv-3?excludedAttributes=members null",
            r#"PATCH /Groups/srv-3 [{"op":"Remove","path":"members","value":[{"value":"srv-2"}]}]"#,
        ]
    );
    assert_eq!((report.disabled, report.members_removed), (1, 1));
}

#[tokio::test]
async fn user_put_into_an_assigned_group_is_made_and_added() {
    let users = format!("{},{}", user(1, ""), user(2, ""));
    let (server, mut job) = started(directory(&users, &group(1, &[1]), &assigned(1))).await;
    assert!(server.user("u2@contoso.test").is_none());
    let added = format!(
        r#"{{"edit":"add_member","group":"{}","user":"{}"}}"#,
        group_id(1),
        user_id(2)
    );
    job.apply(&edits(&added)).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!((report.created, report.members_added), (1, 1));
    assert_equal(&server, job.directory());
}

#[tokio::test]
async fn user_who_left_and_comes_back_keeps_the_id() {
    let (server, mut job) = started(pair()).await;
    let two = user_id(2);
    job.apply(&edits(&format!(r#"{{"edit":"leave","user":"{two}"}}"#)))
        .unwrap();
    run(&mut job, Cycle::Incremental).await;
    assert_eq!(server.user("u2@contoso.test").unwrap()["active"], false);
    assert_eq!(
        server.members("Group 1"),
        BTreeSet::from(["u1@contoso.test".to_owned()])
    );
    server.history();
    let back = format!(r#"{{"edit":"return","user":"{two}","groups":["{}"]}}"#, group_id(1));
    job.apply(&edits(&back)).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(report.restored, 1);
    assert_eq!(
        lines(&server.writes()),
        [
            r#"PATCH /Users/srv-2 {"op":"Replace","path":"active","value":"True"}"#,
            r#"PATCH /Groups/srv-3 {"op":"Add","path":"members","value":[{"$ref":null,"value":"srv-2"}]}"#,
        ]
    );
}

#[tokio::test]
async fn hard_delete_is_a_delete_and_needs_no_membership_change() {
    let (server, mut job) = started(pair()).await;
    job.apply(&edits(&format!(r#"{{"edit":"hard_delete","user":"{}"}}"#, user_id(2))))
        .unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(report.deleted, 1);
    assert_eq!(lines(&server.writes()), ["DELETE /Users/srv-2"]);
    assert!(!job.state().users.contains_key(&id(&user_id(2))));
}

#[tokio::test]
async fn user_unassigned_first_and_purged_later_is_never_deleted() {
    let (server, mut job) = started(pair()).await;
    let (one, two) = (group_id(1), user_id(2));
    let lost = format!(r#"{{"edit":"remove_member","group":"{one}","user":"{two}"}}"#);
    job.apply(&edits(&lost)).unwrap();
    run(&mut job, Cycle::Incremental).await;
    server.history();
    job.apply(&edits(&format!(r#"{{"edit":"hard_delete","user":"{two}"}}"#)))
        .unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!((report.deleted, report.users.skipped), (0, 1));
    assert_eq!(lines(&server.writes()), [""; 0]);
}

#[tokio::test]
async fn purge_after_leaving_is_a_delete() {
    let (server, mut job) = started(pair()).await;
    let two = user_id(2);
    job.apply(&edits(&format!(r#"{{"edit":"leave","user":"{two}"}}"#)))
        .unwrap();
    run(&mut job, Cycle::Incremental).await;
    server.history();
    job.apply(&edits(&format!(r#"{{"edit":"hard_delete","user":"{two}"}}"#)))
        .unwrap();
    assert_eq!(run(&mut job, Cycle::Incremental).await.deleted, 1);
    assert_eq!(lines(&server.writes()), ["DELETE /Users/srv-2"]);
}

#[tokio::test]
async fn blocked_sign_in_disables_and_keeps_the_membership() {
    let (server, mut job) = started(pair()).await;
    let two = user_id(2);
    job.apply(&edits(&format!(r#"{{"edit":"disable","user":"{two}"}}"#)))
        .unwrap();
    run(&mut job, Cycle::Incremental).await;
    assert_eq!(
        lines(&server.writes()),
        [r#"PATCH /Users/srv-2 {"op":"Replace","path":"active","value":"False"}"#]
    );
    job.apply(&edits(&format!(r#"{{"edit":"enable","user":"{two}"}}"#)))
        .unwrap();
    run(&mut job, Cycle::Incremental).await;
    assert_equal(&server, job.directory());
}

#[tokio::test]
async fn group_that_is_deleted_or_unassigned_is_deleted() {
    for edit in [
        format!(r#"{{"edit":"delete_group","group":"{}"}}"#, group_id(2)),
        format!(r#"{{"edit":"unassign","principal":"{}"}}"#, group_id(2)),
    ] {
        let users = format!("{},{}", user(1, ""), user(2, ""));
        let groups = format!("{},{}", group(1, &[1, 2]), group(2, &[2]));
        let assignments = format!("{},{}", assigned(1), assigned(2));
        let (server, mut job) = started(directory(&users, &groups, &assignments)).await;
        job.apply(&edits(&edit)).unwrap();
        let report = run(&mut job, Cycle::Incremental).await;
        assert_eq!(report.groups.deleted, 1);
        assert_eq!(lines(&server.writes()), ["DELETE /Groups/srv-4"], "{edit}");
    }
}

#[tokio::test]
async fn user_who_is_there_already_is_matched_and_changed() {
    let server = Server::start().await;
    server.edit(|users, _| {
        users.push(json!({"schemas": [], "id": "old-1", "userName": "U1@contoso.test",
            "active": true, "displayName": "User 1", "externalId": "u1", "nickName": "kept"}));
    });
    let assignment = format!("\"{}\"", user_id(1));
    let mut job = job(&server.url(), Dialect::Legacy, directory(&user(1, ""), "", &assignment));
    let report = run(&mut job, Cycle::Initial).await;
    assert_eq!((report.created, report.updated), (0, 1));
    assert_eq!(
        lines(&server.writes()),
        [r#"PATCH /Users/old-1 {"op":"Replace","path":"userName","value":"u1@contoso.test"}"#]
    );
    assert_eq!(server.users()[0]["nickName"], "kept");
}

#[tokio::test]
async fn manager_is_changed_by_replace_and_taken_away_by_remove() {
    let users = format!(
        "{},{},{}",
        user(1, ""),
        user(2, &format!(r#","manager":"{}""#, user_id(1))),
        user(3, "")
    );
    let (server, mut job) = started(directory(&users, &group(1, &[1, 2, 3]), &assigned(1))).await;
    let manager = |to: &str| {
        edits(&format!(
            r#"{{"edit":"set_manager","user":"{}","manager":{to}}}"#,
            user_id(2)
        ))
    };
    job.apply(&manager(&format!("\"{}\"", user_id(3)))).unwrap();
    assert_eq!(run(&mut job, Cycle::Incremental).await.managers_set, 1);
    job.apply(&manager("null")).unwrap();
    assert_eq!(run(&mut job, Cycle::Incremental).await.managers_cleared, 1);
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    assert_eq!(
        lines(&server.writes()),
        [
            format!(r#"PATCH /Users/srv-2 {{"op":"Replace","path":"{path}","value":"srv-3"}}"#),
            format!(r#"PATCH /Users/srv-2 {{"op":"Remove","path":"{path}"}}"#),
        ]
    );
}

#[tokio::test]
async fn cleared_attribute_is_not_sent() {
    let (server, mut job) = started(pair()).await;
    let clear = format!(
        r#"{{"edit":"update","user":"{}","set":{{"jobTitle":null}}}}"#,
        user_id(2)
    );
    job.apply(&edits(&clear)).unwrap();
    let report = run(&mut job, Cycle::Incremental).await;
    assert_eq!(report.users.unchanged, 1);
    assert_eq!(server.writes(), []);
    assert_eq!(server.user("u2@contoso.test").unwrap()["title"], "T");
}

#[tokio::test]
async fn many_members_go_in_batches() {
    let users: Vec<_> = (1..=25).map(|n| user(n, "")).collect();
    let members: Vec<_> = (1..=25).collect();
    let directory = directory(&users.join(","), &group(1, &members), &assigned(1));
    let server = Server::start().await;
    let options = Options {
        members_per_patch: 10,
        clock: clock(),
        ..Options::default()
    };
    let connection = connection(&server.url(), Dialect::Compliant);
    let mut job = Job::new(connection, directory, options).unwrap();
    run(&mut job, Cycle::Initial).await;
    let sizes: Vec<_> = server
        .writes()
        .iter()
        .filter(|(method, path, _)| method == "PATCH" && path.starts_with("/Groups"))
        .map(|(_, _, body)| body["Operations"][0]["value"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 10, 5]);
}

#[tokio::test]
async fn initial_cycle_puts_back_a_member_somebody_took_away() {
    let (server, mut job) = started(pair()).await;
    server.edit(|_, groups| groups[0]["members"] = json!([]));
    run(&mut job, Cycle::Incremental).await;
    assert!(
        server.members("Group 1").is_empty(),
        "the target is never searched for changes"
    );
    let report = run(&mut job, Cycle::Initial).await;
    assert_eq!(report.members_added, 2);
    assert_equal(&server, job.directory());
}

#[tokio::test]
async fn stored_state_continues_where_the_job_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let (server, mut first) = started(pair()).await;
    run(&mut first, Cycle::Incremental).await;
    first.state().save(&path).unwrap();
    server.history();

    let mut directory = pair();
    let rename = format!(
        r#"{{"edit":"update","user":"{}","set":{{"displayName":"X"}}}}"#,
        user_id(2)
    );
    directory.apply(&edits(&rename)).unwrap();
    let state = State::load(&path).unwrap();
    let mut second = orderly_job(&server.url(), Dialect::Legacy, directory).with_state(state);
    run(&mut second, Cycle::Incremental).await;
    assert_eq!(
        lines(&server.writes()),
        [r#"PATCH /Users/srv-2 {"op":"Replace","path":"displayName","value":"X"}"#]
    );
}

#[tokio::test]
async fn user_missing_in_the_file_of_a_continued_job_is_disabled_and_never_deleted() {
    let (server, first) = started(pair()).await;
    let state = first.state().clone();
    let shorter = directory(&user(1, ""), &group(1, &[1]), &assigned(1));
    let mut second = orderly_job(&server.url(), Dialect::Legacy, shorter).with_state(state);
    run(&mut second, Cycle::Incremental).await;
    let writes = lines(&server.writes());
    assert!(
        writes[0].starts_with("PATCH /Users/srv-2") && writes[0].contains("active"),
        "{writes:?}"
    );
    assert!(writes.iter().all(|line| !line.starts_with("DELETE")), "{writes:?}");
}

#[tokio::test]
async fn flag_of_the_tenant_url_selects_the_dialect_and_stays_here() {
    let server = Server::start().await;
    let mut connection = connection(&format!("{}?aadOptscim062020", server.url()), Dialect::Legacy);
    connection.dialect = None;
    let options = Options {
        clock: clock(),
        ..Options::default()
    };
    let mut job = Job::new(connection, pair(), options).unwrap();
    run(&mut job, Cycle::Initial).await;
    job.apply(&edits(&format!(r#"{{"edit":"disable","user":"{}"}}"#, user_id(2))))
        .unwrap();
    run(&mut job, Cycle::Incremental).await;
    let history = server.history();
    assert!(
        history.iter().all(|(_, path, _)| !path.contains("aadOptscim")),
        "{history:?}"
    );
    assert_eq!(
        history.last().unwrap().2["Operations"],
        json!([{"op": "replace", "path": "active", "value": false}])
    );
}

#[tokio::test]
async fn request_log_holds_every_exchange_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.jsonl");
    let server = Server::start().await;
    let options = Options {
        request_log: Some(file.clone()),
        clock: clock(),
        ..Options::default()
    };
    let mut job = Job::new(connection(&server.url(), Dialect::Legacy), pair(), options).unwrap();
    let report = run(&mut job, Cycle::Initial).await;
    let text = std::fs::read_to_string(&file).unwrap();
    let kept = job.requests();
    assert_eq!(text.lines().count(), kept.len());
    assert_eq!(report.requests.values().sum::<u64>(), kept.len() as u64);
    assert!(!text.contains(crate::support::TOKEN));
    let post = kept.iter().find(|exchange| exchange.method == "POST").unwrap();
    assert_eq!((post.path.as_str(), post.status), ("/Users", Some(201)));
    assert_eq!(post.body.as_ref().unwrap()["userName"], "u1@contoso.test");
    assert_eq!(post.answer.as_ref().unwrap()["id"], "srv-1");
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["seq"], 1);
}

#[tokio::test]
async fn progress_counts_every_phase_to_its_end() {
    let server = Server::start().await;
    let mut job = job(&server.url(), Dialect::Legacy, pair());
    let seen = std::sync::Mutex::new(BTreeMap::new());
    job.run(Cycle::Initial, |progress| {
        let phase = format!("{:?}", progress.phase);
        seen.lock().unwrap().insert(phase, (progress.done, progress.total));
    })
    .await;
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen["Users"], (2, 2));
    assert_eq!(seen["Groups"], (1, 1));
    assert_eq!(seen["Managers"], (1, 1));
    assert_eq!(seen["Members"], (1, 1));
}

#[tokio::test]
async fn cycle_can_run_on_another_task() {
    let server = Server::start().await;
    let mut job = job(&server.url(), Dialect::Legacy, pair());
    let report = tokio::spawn(async move { job.run(Cycle::Initial, |_| {}).await })
        .await
        .unwrap();
    assert_eq!(report.users.created, 2);
}

#[test]
fn edit_that_does_not_fit_changes_nothing() {
    let mut directory = pair();
    let before = directory.to_file();
    let bad = vec![
        Edit::Leave { user: id(&user_id(1)) },
        Edit::Leave { user: id(&user_id(1)) },
    ];
    let error = directory.apply(&bad.into()).unwrap_err().to_string();
    assert!(error.starts_with("edits: edits[1].user: "), "{error}");
    assert_eq!(directory.to_file(), before);
}
