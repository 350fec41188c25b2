//! The bridge killed as power kills it, anywhere in a cycle.

use std::collections::BTreeMap;
use std::time::Duration;

use conformance::equal::{Baseline, Directory, Intent, compare};
use conformance::stack::once::Rehearsal;
use conformance::stack::{Stack, StackOptions};
use mock_entra::directory::Directory as EntraDirectory;
use mock_entra::job::{Cycle, Job, Options};
use mock_entra::wire::Dialect;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::scene::{PATIENCE, PROGRAM, Scene, quick};

const SEED: u64 = 20_261_123;
const POINTS: usize = 10;

fn job(stack: &Stack, rehearsal: &Rehearsal) -> Job {
    let directory = EntraDirectory::from_json(&rehearsal.directory, "sample").unwrap();
    let options = Options {
        retries: 0,
        ..Options::default()
    };
    Job::new(stack.connection(Dialect::Legacy), directory, options).unwrap()
}

fn intent(rehearsal: &Rehearsal) -> Intent {
    Directory::parse(&rehearsal.directory).unwrap().intent()
}

/// Nothing is there twice, and both sides are equal.
async fn check(stack: &Stack, rehearsal: &Rehearsal, baseline: &Baseline) {
    let state = stack.control().state().await.unwrap();
    let compared = compare(&intent(rehearsal), &[], &state, baseline);
    assert!(compared.is_equal(), "{:#?}", compared.differences);
    let mut created: BTreeMap<String, usize> = BTreeMap::new();
    for received in stack.control().history(0).await.unwrap() {
        if received.method == "POST" && received.status == Some(201) {
            let name = received
                .body
                .get("userName")
                .or_else(|| received.body.get("displayName"));
            *created.entry(name.unwrap().to_string()).or_default() += 1;
        }
    }
    let twice: Vec<_> = created.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "created twice: {twice:?}");
}

/// Returns once Databricks has received `count` writes.
async fn writes_reached(stack: &Stack, count: usize) {
    let mut ticks = tokio::time::interval(Duration::from_millis(2));
    loop {
        ticks.tick().await;
        let received = stack.control().history(0).await.unwrap_or_default();
        if received.iter().filter(|one| one.is_write()).count() >= count {
            return;
        }
    }
}

/// Kills the bridge at the `count`-th write of an initial cycle, starts it again and resumes the cycle.
async fn killed_at(count: usize) {
    let rehearsal = Rehearsal::sample();
    let mut stack = Stack::start(StackOptions::new(PROGRAM)).await.unwrap();
    let baseline = Baseline::of(&stack.control().state().await.unwrap());
    let mut job = job(&stack, &rehearsal);
    {
        let cycle = job.run(Cycle::Initial, |_| {});
        tokio::pin!(cycle);
        tokio::select! {
            _ = &mut cycle => {}
            () = writes_reached(&stack, count) => {}
        }
        // The cycle's requests in flight fail with the bridge, as they would for the real agent.
    }
    stack.bridge().kill().await.unwrap();
    stack.bridge().start_again().await.unwrap();
    let report = job.run(Cycle::Initial, |_| {}).await;
    assert!(report.is_clean(), "{:?}", report.failures);
    stack.settled(PATIENCE).await.unwrap();
    check(&stack, &rehearsal, &baseline).await;
}

#[tokio::test]
async fn killed_at_ten_points_of_a_cycle_it_resumes_with_nothing_lost_and_nothing_twice() {
    let mut rng = StdRng::seed_from_u64(SEED);
    let points: Vec<usize> = (0..POINTS).map(|_| rng.random_range(1..70)).collect();
    println!("seed {SEED}: killed at the writes {points:?}");
    for pair in points.chunks(2) {
        futures_util::future::join_all(pair.iter().map(|count| killed_at(*count))).await;
    }
}

#[tokio::test]
async fn a_fresh_process_on_the_same_store_converges_without_a_request() {
    let mut scene = Scene::with(StackOptions {
        // Accepted at once: when it is killed, most of the work is still to be done.
        environment: vec![("SCIM_BRIDGE_SERVER_ACKNOWLEDGE_WITHIN".to_owned(), "0s".to_owned())],
        ..StackOptions::new(PROGRAM)
    })
    .await;
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(scene.create_user(&format!("user{number}@contoso.test")).await);
    }
    let members: Vec<&str> = ids.iter().map(String::as_str).collect();
    scene.create_group("Everybody", &members).await;
    let leaver = serde_json::json!({ "op": "Replace", "path": "active", "value": "False" });
    scene.patch(&format!("/Users/{}", ids[0]), leaver).await;
    scene.stack.bridge().kill().await.unwrap();
    let before = scene.state().await.users.len();
    assert!(before < 41, "the bridge was quicker than the kill: {before}");
    scene.stack.bridge().start_again().await.unwrap();
    scene.settled().await;
    let state = scene.state().await;
    assert_eq!(
        state
            .users
            .iter()
            .filter(|user| user.user_name.starts_with("user") && user.active)
            .count(),
        39
    );
    assert!(!state.user("user0@contoso.test").unwrap().active);
    assert_eq!(state.members("Everybody").len(), 40);
}

#[tokio::test]
async fn killed_with_answers_outstanding_it_finds_what_it_made() {
    let mut scene = Scene::with(quick()).await;
    // The call is held, its effect comes from inside, the answer never does; then the process dies.
    let hang = serde_json::json!({ "match": { "method": "POST", "path": "/Users" }, "times": 1, "answer": { "hang_ms": 600_000 } });
    scene.arm(hang).await;
    let body = serde_json::json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana@contoso.test", "displayName": "Ana" });
    let (status, _) = scene.send(reqwest::Method::POST, "/Users", Some(body)).await;
    assert_eq!(status, 201);
    writes_reached(&scene.stack, 1).await;
    let held = scene.writes_since(0).await.remove(0);
    let control = scene.stack.control();
    control.edit(&held.method, &held.path, held.body).await.unwrap();
    scene.stack.bridge().kill().await.unwrap();
    scene.stack.bridge().start_again().await.unwrap();
    scene.settled().await;
    let posts = scene.writes_since(0).await;
    assert_eq!(posts.iter().filter(|one| one.method == "POST").count(), 1, "{posts:?}");
}
