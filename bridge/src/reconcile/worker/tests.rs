//! The worker by itself: what it does when a call panics, a probe hangs or the store takes nothing.

use super::super::circuit::Sign;
use super::*;
use crate::databricks::{ClientOptions, Credential, Network};
use crate::directory::{Directory, Request, Rules};

/// A worker that knows its target, whose every slot is taken.
fn busy_worker(folder: &std::path::Path) -> Worker {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = folder.join("token");
    std::fs::write(&token, "dapi-test").unwrap();
    let client = Client::new(ClientOptions {
        workspace_url: "http://127.0.0.1:9".parse().unwrap(),
        credential: Credential::token_file(&token).unwrap(),
        network: Network {
            private_ranges: None,
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            ..Network::default()
        },
    });
    let options = WorkerOptions {
        target: "workspace".to_owned(),
        endpoint: "scim".to_owned(),
        dry_run: false,
        policy: Policy::default(),
        speed: Speed::Off,
        probing: Probing::default(),
        time_factor: 1.0,
    };
    let store = Store::open(&folder.join("bridge.db")).unwrap();
    let mut worker = Worker::new(store, client.unwrap(), Clock::system(), options, Status::default());
    let now = worker.clock.now();
    worker.circuit.probe_succeeded();
    worker.circuit.note(Sign::Works, "", "", now);
    worker.knowledge.scanned_at = Some(now);
    worker.scan = None;
    for _ in 0..4 {
        worker.pace.start_probe();
    }
    worker
}

#[tokio::test]
async fn a_row_that_waits_for_its_time_takes_nobodys_turn() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = busy_worker(folder.path());
    worker.pace = Pace::new(Speed::Published, worker.clock.now());
    let ids = [ScimId::new("ana"), ScimId::new("ben")];
    for id in &ids {
        let made = directory_of(&worker)
            .create_user(&Request::default(), id.clone(), user(id.as_str()))
            .await;
        assert!(made.is_ok());
    }
    worker.report(worker.clock.now().plus(Duration::from_secs(1)));
    let both = worker.status.get().forecast;
    let later = worker.clock.now().plus(Duration::from_mins(10));
    let put_off = worker.store.write(move |tx| {
        let row = tx.queued("workspace", &ids[0])?.expect("it was just queued");
        let row = crate::store::QueueRow { due_at: later, ..row };
        tx.reschedule("workspace", &row, None)
    });
    assert!(put_off.await.is_ok_and(|()| true));
    worker.report(worker.clock.now().plus(Duration::from_secs(2)));
    assert_eq!(worker.status.get().pending, 2);
    assert_eq!(worker.status.get().forecast, both / 2);
}

fn directory_of(worker: &Worker) -> Directory {
    let rules = Rules {
        endpoint: "scim".to_owned(),
        targets: vec!["workspace".to_owned()],
        protected_users: std::collections::BTreeSet::new(),
        protected_groups: std::collections::BTreeSet::new(),
        settle_for: Duration::ZERO,
        settle_at_most: Duration::ZERO,
    };
    Directory::new(worker.store.clone(), worker.clock, rules)
}

fn user(name: &str) -> serde_json::Value {
    serde_json::json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("{name}@contoso.test") })
}

#[tokio::test]
async fn a_pass_over_a_long_queue_ends_early_for_what_came_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = busy_worker(folder.path());
    let directory = directory_of(&worker);
    for number in 0..100 {
        let body = user(&format!("user{number}"));
        let made = directory.create_user(&Request::default(), ScimId::random(), body).await;
        assert!(made.is_ok());
    }
    let unplanned = |worker: &Worker| {
        let now = worker.clock.now();
        let rows = worker
            .store
            .read(|snapshot| snapshot.due("workspace", QueueClass::Grant, 0, now, 1000));
        rows.map(|rows| rows.len()).unwrap()
    };
    for left in [100 - GLANCE, 0] {
        assert_eq!(worker.work().await.unwrap(), None);
        assert_eq!(unplanned(&worker), left);
    }
    assert!(worker.work().await.unwrap().is_some());
}

#[tokio::test]
async fn a_call_that_panics_is_a_call_without_an_answer() {
    let broken = unbroken::<()>(async { panic!("as the test wants it") });
    assert!(matches!(
        broken.await,
        Err(DatabricksError::OutcomeUnknown(Unknown::Cut))
    ));
}

#[tokio::test]
async fn an_outcome_that_the_store_cannot_take_is_kept_and_recorded_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = busy_worker(folder.path());
    let made = directory_of(&worker)
        .create_user(&Request::default(), ScimId::new("ana"), user("ana"))
        .await;
    assert!(made.is_ok());
    let now = worker.clock.now();
    let everything = Admitted {
        revocation: [true; 3],
        other: [true; 3],
        failing: [None; 3],
    };
    let (knowledge, policy) = (worker.knowledge.clone(), worker.options.policy.clone());
    let begun = worker
        .store
        .write(move |tx| advance(tx, &knowledge, &policy, everything, &ScimId::new("ana"), now))
        .await;
    let Ok::<_, StoreError>(Advance::Begun(attempt)) = begun else {
        panic!("a create begins");
    };
    let binding = attempt.call.binding;
    worker.knowledge.busy.insert(binding);
    let beside = rusqlite::Connection::open(worker.store.path()).unwrap();
    beside
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'full'); END;")
        .unwrap();
    let created = Reply::Created(UpstreamId::parse("17"));
    let answered = Ok(Answered {
        status: 201,
        value: created,
    });
    worker.called(*attempt, answered, 1, now).await;
    assert!(worker.knowledge.busy.contains(&binding), "nobody touches it meanwhile");
    beside.execute_batch("DROP TRIGGER full").unwrap();
    worker.work().await.unwrap();
    assert!(worker.knowledge.busy.is_empty());
    let bound = worker
        .store
        .read::<_, StoreError, _>(|snapshot| snapshot.binding(binding));
    assert_eq!(bound.unwrap().unwrap().upstream_id, UpstreamId::parse("17"));
}

#[tokio::test]
async fn a_probe_that_hangs_is_given_up() {
    let hangs = within(Duration::from_millis(1), std::future::pending::<Result<(), _>>());
    assert!(matches!(
        hangs.await,
        Err(DatabricksError::OutcomeUnknown(Unknown::TimedOut))
    ));
}

#[tokio::test]
async fn e2_a_target_that_is_set_back_to_dry_run_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = busy_worker(folder.path());
    let went_live = worker.store.write(|tx| tx.set_fact("went_live", "1")).await;
    assert!(went_live.is_ok());
    for (dry_run, gate) in [(true, Gate::Open), (false, Gate::Open), (true, Gate::DryRun)] {
        worker.options.dry_run = dry_run;
        assert!(worker.recover().await.is_ok());
        assert_eq!(worker.gate, gate, "{dry_run}");
    }
}

#[tokio::test]
async fn a_restart_alone_writes_nothing_to_a_target_that_was_unsuitable() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = busy_worker(folder.path());
    let now = worker.clock.now();
    assert!(worker.writes());
    worker.refused_for_shape("Members attribute not supported", now).await;
    assert!(!worker.writes());
    worker.report(now.plus(Duration::from_secs(1)));
    let told = worker.status.get();
    assert_eq!((told.state, told.cause), ("held", Some("unsuitable-shape")));
    assert!(told.detail.unwrap().contains("target.level"));
    worker.unsuitable = None;
    worker.recover().await.unwrap();
    assert!(!worker.writes(), "not before a scan has said otherwise");
    worker
        .store
        .write(move |tx| super::suiting::forget(tx, "workspace", now))
        .await
        .unwrap();
    worker.recover().await.unwrap();
    assert!(worker.writes());
}
