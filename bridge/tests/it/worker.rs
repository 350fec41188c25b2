//! The worker against wiremock: what is written to the store becomes requests, and what
//! Databricks answers becomes state and health.

use std::time::Duration;

use bridge::clock::Clock;
use bridge::databricks::pace::{Speed, Verb};
use bridge::directory::{Directory, Request, Rules};
use bridge::id::ScimId;
use bridge::reconcile::circuit::Probing;
use bridge::reconcile::policy::Policy;
use bridge::reconcile::{Reported, Status, Worker, WorkerOptions};
use bridge::store::{Kind, LogQuery, Lookup, NewCommand, Store, StoreError, leave_command};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::client::client_for;

const BASE: &str = "/api/2.0/preview/scim/v2";

struct Scene {
    server: MockServer,
    store: Store,
    directory: Directory,
    status: Status,
    stop: CancellationToken,
    folder: tempfile::TempDir,
}

impl Scene {
    /// A worker in front of a Databricks that is there and empty; `arm` adds or overrides answers.
    async fn start(arm: Vec<Mock>) -> Self {
        let server = MockServer::start().await;
        for mock in arm {
            mock.mount(&server).await;
        }
        let answers = [
            (
                "GET",
                format!("{BASE}/Me"),
                json!({ "id": "1", "userName": "admin@contoso.test" }),
            ),
            ("GET", format!("{BASE}/Users"), json!({ "totalResults": 0 })),
            ("GET", format!("{BASE}/Groups"), json!({ "totalResults": 0 })),
            ("POST", format!("{BASE}/Users"), json!({ "id": "17" })),
            ("POST", format!("{BASE}/Groups"), json!({ "id": "9" })),
        ];
        for (verb, at, body) in answers {
            let answer = ResponseTemplate::new(200).set_body_json(body);
            Mock::given(method(verb))
                .and(path(at))
                .respond_with(answer)
                .with_priority(9)
                .mount(&server)
                .await;
        }
        let done = ResponseTemplate::new(200).set_body_json(json!({}));
        Mock::given(method("PATCH"))
            .respond_with(done)
            .with_priority(9)
            .mount(&server)
            .await;
        let active = ResponseTemplate::new(200)
            .set_body_json(json!({ "id": "17", "userName": "ana@contoso.test", "active": false }));
        let one_user = Mock::given(method("GET")).and(path_regex("/Users/[0-9]+$"));
        one_user.respond_with(active).with_priority(9).mount(&server).await;

        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        let clock = Clock::system();
        let status = Status::default();
        let factor = 60.0;
        let options = WorkerOptions {
            target: "workspace".to_owned(),
            endpoint: "scim".to_owned(),
            dry_run: false,
            policy: Policy {
                proof: Duration::from_secs(90).div_f64(factor),
                verify_after: Duration::from_secs(5).div_f64(factor),
                patience: Duration::from_secs(10).div_f64(factor),
                ..Policy::default()
            },
            speed: Speed::Off,
            probing: Probing {
                first: Duration::from_secs(15).div_f64(factor),
                longest: Duration::from_secs(30).div_f64(factor),
            },
            time_factor: factor,
        };
        let rules = Rules {
            endpoint: "scim".to_owned(),
            targets: vec!["workspace".to_owned()],
            protected_users: std::collections::BTreeSet::new(),
            protected_groups: Policy::default().protected_groups,
            settle_for: Duration::ZERO,
            settle_at_most: Duration::ZERO,
        };
        let client = client_for(&server.uri(), folder.path());
        let worker = Worker::new(store.clone(), client, clock, options, status.clone());
        let stop = CancellationToken::new();
        tokio::spawn(worker.run(stop.clone(), Duration::from_secs(1)));
        Self {
            directory: Directory::new(store.clone(), clock, rules),
            server,
            store,
            status,
            stop,
            folder,
        }
    }

    async fn create_user(&self, name: &str) -> ScimId {
        let id = ScimId::random();
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "displayName": "Ana", "externalId": name });
        self.directory.create_user(&request(), id.clone(), body).await.unwrap();
        id
    }

    async fn patch_user(&self, id: &ScimId, operation: Value) {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
        self.directory.patch_user(&request(), id.as_str(), body).await.unwrap();
    }

    /// Waits until `reached` holds; gives up after ten seconds and says what was the case.
    async fn until(&self, what: &str, reached: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            while !reached(self) {
                ticks.tick().await;
            }
        });
        assert!(
            waited.await.is_ok(),
            "never {what}: {:?}\n{:?}",
            self.status.get(),
            self.log()
        );
    }

    fn log(&self) -> Vec<String> {
        let query = LogQuery {
            limit: 100,
            ..LogQuery::default()
        };
        let entries = self.store.read::<_, StoreError, _>(|store| store.log(&query)).unwrap();
        entries
            .into_iter()
            .map(|entry| format!("{} {} {}", entry.name, entry.action, entry.outcome))
            .collect()
    }

    fn outcome(&self, text: &str) -> bool {
        self.log().iter().any(|line| line.contains(text))
    }

    /// The writes that Databricks got, in order.
    async fn writes(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let writes = requests
            .iter()
            .filter(|request| request.method != wiremock::http::Method::GET);
        writes
            .map(|request| {
                format!(
                    "{} {} {}",
                    request.method,
                    request.url.path().trim_start_matches(BASE),
                    String::from_utf8_lossy(&request.body)
                )
            })
            .collect()
    }
}

/// Writes with their bodies as JSON, for snapshots.
fn bodies(writes: &[String]) -> Vec<(String, Value)> {
    let parse = |write: &String| {
        let (line, body) = write.split_once(" {").unwrap();
        (line.to_owned(), serde_json::from_str(&format!("{{{body}")).unwrap())
    };
    writes.iter().map(parse).collect()
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn request() -> Request {
    Request {
        id: "test".to_owned(),
        ..Request::default()
    }
}

fn answer(verb: &str, at: &str, times: u64, template: ResponseTemplate) -> Mock {
    Mock::given(method(verb))
        .and(path_regex(at))
        .respond_with(template)
        .up_to_n_times(times)
        .with_priority(1)
}

fn scim_error(status: u16, detail: &str) -> ResponseTemplate {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail, "status": status.to_string() });
    ResponseTemplate::new(status).set_body_json(body)
}

#[tokio::test]
async fn a_user_is_created_once_and_deactivated_by_the_form_that_works() {
    let scene = Scene::start(vec![]).await;
    let ana = scene.create_user("Ana@Contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
    scene
        .patch_user(&ana, json!({ "op": "Replace", "path": "active", "value": "False" }))
        .await;
    scene.until("disabled", |scene| scene.outcome("disable applied")).await;
    insta::assert_json_snapshot!(bodies(&scene.writes().await));
}

#[tokio::test]
async fn the_log_has_the_steps_of_a_rename_that_need_no_call() {
    let made = |id| ResponseTemplate::new(200).set_body_json(json!({ "id": id }));
    let new = json!({ "id": "18", "userName": "ana.smith@contoso.test", "displayName": "Ana", "active": true });
    let new = ResponseTemplate::new(200).set_body_json(new);
    let scene = Scene::start(vec![
        answer("POST", "/Users$", 1, made("17")),
        answer("POST", "/Users$", 1, made("18")),
        answer("GET", "/Users/18$", 1000, new),
    ])
    .await;
    let ana = scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
    let renamed = json!({ "op": "Replace", "path": "userName", "value": "ana.smith@contoso.test" });
    scene.patch_user(&ana, renamed).await;
    scene.until("renamed", |scene| scene.outcome("rename applied")).await;
    let query = LogQuery {
        limit: 1,
        ..LogQuery::default()
    };
    let entries = scene.store.read::<_, StoreError, _>(|store| store.log(&query)).unwrap();
    let steps: Vec<&str> = entries[0].steps.iter().map(|step| step.call.as_str()).collect();
    let order = [
        "under the new name is to take over",
        "POST /Users",
        "PATCH /Users/17 active=false",
    ];
    let found = order.map(|part| steps.iter().position(|step| step.contains(part)));
    assert!(found.is_sorted() && found[0].is_some(), "{steps:#?}");
    assert_eq!(entries[0].steps[found[0].unwrap()].status, None);
}

#[tokio::test]
async fn throttling_in_the_open_and_in_disguise_delays_and_loses_nothing() {
    let scene = Scene::start(vec![
        answer(
            "POST",
            "/Users$",
            1,
            ResponseTemplate::new(429).set_body_json(json!({ "error_code": "RESOURCE_EXHAUSTED", "message": "slow" })),
        ),
        answer(
            "POST",
            "/Users$",
            1,
            scim_error(
                500,
                "REQUEST_LIMIT_EXCEEDED: Workspace 1 exceeded the concurrent limit of 4 requests.",
            ),
        ),
        answer(
            "POST",
            "/Users$",
            1,
            ResponseTemplate::new(503)
                .set_body_string("No webapps are available to handle your request. Please try again later."),
        ),
    ])
    .await;
    scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
    assert_eq!(scene.writes().await.len(), 4);
    // Each of them was counted as what it was.
    let meters = scene.status.meters();
    let counted = |outcome| {
        meters
            .calls
            .get_or_create(&[("verb", "write"), ("outcome", outcome)])
            .get()
    };
    assert_eq!([counted("rate-limited"), counted("busy"), counted("ok")], [2, 1, 1]);
    let throttled = |verb| meters.throttled.get_or_create(&[("verb", verb)]).get();
    assert_eq!([throttled("write"), throttled("read")], [2, 0]);
    let last_minute = meters.in_last_minute(Verb::Write, Clock::system().now());
    assert_eq!(last_minute, 4);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_and_not_made_again() {
    let scene = Scene::start(vec![answer("POST", "/Users$", 1, ResponseTemplate::new(502))]).await;
    let found = json!({ "totalResults": 1, "Resources": [{ "id": "17", "userName": "ana@contoso.test", "displayName": "Ana", "externalId": "ana@contoso.test", "active": true }] });
    // Lists are empty; only a look-up by name shows the user that the lost create made.
    Mock::given(method("GET"))
        .and(path(format!("{BASE}/Users")))
        .and(wiremock::matchers::query_param_contains("filter", "ana@contoso.test"))
        .respond_with(ResponseTemplate::new(200).set_body_json(found))
        .with_priority(1)
        .mount(&scene.server)
        .await;
    scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
    assert_eq!(scene.writes().await.len(), 1, "{:?}", scene.writes().await);
}

#[tokio::test]
async fn a_create_whose_request_was_lost_is_made_again_once_absence_is_proven() {
    let scene = Scene::start(vec![answer("POST", "/Users$", 1, ResponseTemplate::new(504))]).await;
    scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
    assert_eq!(scene.writes().await.len(), 2);
}

#[tokio::test]
async fn a_name_held_by_an_inactive_stranger_waits_for_a_person() {
    let scene = Scene::start(vec![answer(
        "POST",
        "/Users$",
        9,
        scim_error(409, "User with username ana@contoso.test already exists."),
    )])
    .await;
    let found =
        json!({ "totalResults": 1, "Resources": [{ "id": "55", "userName": "ana@contoso.test", "active": false }] });
    Mock::given(method("GET"))
        .and(path(format!("{BASE}/Users")))
        .and(wiremock::matchers::query_param_contains("filter", "ana@contoso.test"))
        .respond_with(ResponseTemplate::new(200).set_body_json(found))
        .with_priority(1)
        .mount(&scene.server)
        .await;
    scene.create_user("ana@contoso.test").await;
    scene
        .until("held", |scene| scene.outcome("create held: adopt_inactive"))
        .await;
    assert_eq!(scene.writes().await.len(), 1, "the stranger is not touched");
}

#[tokio::test]
async fn an_active_account_of_the_same_name_is_adopted() {
    let listed =
        json!({ "totalResults": 1, "Resources": [{ "id": "55", "userName": "ana@contoso.test", "active": true }] });
    let page = ResponseTemplate::new(200).set_body_json(listed);
    let scene = Scene::start(vec![
        answer("GET", "/Users$", 1, page),
        answer("GET", "/Users/55$", 9, ResponseTemplate::new(200).set_body_json(json!({ "id": "55", "userName": "ana@contoso.test", "displayName": "Old", "externalId": "ana@contoso.test", "active": true }))),
    ])
    .await;
    scene.create_user("Ana@contoso.test").await;
    scene.until("adopted", |scene| scene.outcome("create applied")).await;
    insta::assert_json_snapshot!(bodies(&scene.writes().await));
}

#[tokio::test]
async fn the_identity_of_the_bridge_is_never_written() {
    let scene = Scene::start(vec![]).await;
    let admin = scene.create_user("Admin@contoso.test").await;
    scene
        .until("protected", |scene| scene.outcome("create protected"))
        .await;
    scene
        .patch_user(&admin, json!({ "op": "Replace", "path": "active", "value": "False" }))
        .await;
    scene
        .until("still protected", |scene| scene.outcome("disable protected"))
        .await;
    assert!(scene.writes().await.is_empty());
}

#[tokio::test]
async fn a_target_that_is_out_is_one_event_and_recovers_by_itself() {
    let login =
        ResponseTemplate::new(302).insert_header("location", "/login.html?error=private-link-validation-error:1");
    let scene = Scene::start(vec![answer("GET", "/Me$", 3, login)]).await;
    scene.create_user("ana@contoso.test").await;
    scene
        .until("out", |scene| scene.status.get().cause == Some("private-link"))
        .await;
    assert!(scene.writes().await.is_empty());
    scene.until("created", |scene| scene.outcome("create applied")).await;
    scene
        .until("ok", |scene| {
            matches!(
                scene.status.get(),
                Reported {
                    state: "ok",
                    cause: None,
                    ..
                }
            )
        })
        .await;
    let events = scene.store.read::<_, StoreError, _>(|store| store.events(10)).unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].cause.as_str(), events[0].count), ("private-link", 3));
    assert!(events[0].ended_at.is_some());
}

#[tokio::test]
async fn a_refused_batch_of_members_is_split_until_only_the_bad_edge_is_left_out() {
    let scene = Scene::start(vec![]).await;
    for (number, name) in ["a", "b", "c", "d"].iter().enumerate() {
        let made = ResponseTemplate::new(200).set_body_json(json!({ "id": format!("{}", 20 + number) }));
        Mock::given(method("POST"))
            .and(path(format!("{BASE}/Users")))
            .and(wiremock::matchers::body_string_contains(format!("{name}@contoso.test")))
            .respond_with(made)
            .with_priority(1)
            .mount(&scene.server)
            .await;
    }
    // Whatever names member 22 is refused.
    Mock::given(method("PATCH"))
        .and(wiremock::matchers::body_string_contains("\"22\""))
        .respond_with(scim_error(400, "no such member"))
        .with_priority(1)
        .mount(&scene.server)
        .await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(scene.create_user(&format!("{name}@contoso.test")).await);
    }
    scene
        .until("all created", |scene| {
            scene
                .log()
                .iter()
                .filter(|line| line.ends_with("create applied"))
                .count()
                == 4
        })
        .await;
    let group = ScimId::random();
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Ops" });
    scene
        .directory
        .create_group(&request(), group.clone(), body)
        .await
        .unwrap();
    scene
        .until("group created", |scene| scene.outcome("Ops create applied"))
        .await;
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id.as_str() })).collect();
    let add = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "add", "path": "members", "value": members }] });
    scene
        .directory
        .patch_group(&request(), group.as_str(), add)
        .await
        .unwrap();
    scene
        .until("settled", |scene| scene.outcome("Ops update applied"))
        .await;
    let patches: Vec<String> = scene
        .writes()
        .await
        .into_iter()
        .filter(|write| write.starts_with("PATCH"))
        .collect();
    let good: Vec<&String> = patches.iter().filter(|write| !write.contains("\"22\"")).collect();
    let added = |id: &str| good.iter().any(|write| write.contains(&format!("\"{id}\"")));
    assert!(added("20") && added("21") && added("23"), "{patches:?}");
    assert!(
        patches.iter().filter(|write| write.contains("\"22\"")).count() <= 3,
        "{patches:?}"
    );
}

#[tokio::test]
async fn a_probe_that_is_asked_for_patience_shows_that_the_target_works() {
    let login =
        || ResponseTemplate::new(302).insert_header("location", "/login.html?error=private-link-validation-error:1");
    let me = json!({ "id": "1", "userName": "admin@contoso.test" });
    let scene = Scene::start(vec![
        answer("POST", "/Users$", 1, login()),
        answer("GET", "/Me$", 1, ResponseTemplate::new(200).set_body_json(me)),
        answer("GET", "/Me$", 1, ResponseTemplate::new(429)),
        answer("GET", "/Me$", 99, login()),
    ])
    .await;
    scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
}

#[tokio::test]
async fn nothing_is_written_before_the_target_says_who_the_bridge_is() {
    let nobody = ResponseTemplate::new(200).set_body_json(json!({}));
    let scene = Scene::start(vec![answer("GET", "/Me$", 2, nobody)]).await;
    scene.create_user("ana@contoso.test").await;
    scene
        .until("out", |scene| scene.status.get().cause == Some("garbled"))
        .await;
    assert!(scene.writes().await.is_empty());
    scene.until("created", |scene| scene.outcome("create applied")).await;
}

#[tokio::test]
async fn a_new_token_is_asked_whose_it_is() {
    let scene = Scene::start(vec![]).await;
    scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
    let other = json!({ "id": "2", "userName": "ben@contoso.test" });
    answer("GET", "/Me$", 9, ResponseTemplate::new(200).set_body_json(other))
        .mount(&scene.server)
        .await;
    std::fs::write(scene.folder.path().join("token"), "dapi-other").unwrap();
    scene.create_user("ben@contoso.test").await;
    scene
        .until("protected", |scene| scene.outcome("create protected"))
        .await;
    assert_eq!(scene.writes().await.len(), 1);
}

#[tokio::test]
async fn of_two_admins_who_are_disabled_at_once_one_stays() {
    let user = |id: &str, name: &str| json!({ "id": id, "userName": name, "displayName": "Ana", "externalId": name, "active": true });
    let (ana, ben) = (user("55", "ana@contoso.test"), user("56", "ben@contoso.test"));
    let body = |value: &Value| ResponseTemplate::new(200).set_body_json(value.clone());
    let listed = json!({ "totalResults": 2, "Resources": [ana, ben] });
    let groups = json!({ "totalResults": 1, "Resources": [{ "id": "3", "displayName": "admins" }] });
    let admins = json!({ "id": "3", "displayName": "admins", "members": [{ "value": "55" }, { "value": "56" }] });
    let scene = Scene::start(vec![
        answer("GET", "/Users$", 1, body(&listed)),
        answer("GET", "/Groups$", 1, body(&groups)),
        answer("GET", "/Groups/3$", 1, body(&admins)),
        answer("GET", "/Users/55$", 1, body(&ana)),
        answer("GET", "/Users/56$", 1, body(&ben)),
    ])
    .await;
    let ids = [
        scene.create_user("ana@contoso.test").await,
        scene.create_user("ben@contoso.test").await,
    ];
    scene
        .until("both adopted", |scene| {
            scene
                .log()
                .iter()
                .filter(|line| line.ends_with("create applied"))
                .count()
                == 2
        })
        .await;
    for id in &ids {
        let disable = json!({ "op": "Replace", "path": "active", "value": "False" });
        scene.patch_user(id, disable).await;
    }
    scene
        .until("one disabled", |scene| scene.outcome("disable applied"))
        .await;
    scene
        .until("one kept", |scene| scene.outcome("disable protected"))
        .await;
    assert_eq!(scene.writes().await.len(), 1);
}

#[tokio::test]
async fn an_import_takes_in_a_group_with_its_members_or_not_at_all_and_comes_to_an_end() {
    let groups = json!({ "totalResults": 2, "Resources": [{ "id": "9", "displayName": "Ops" }, { "id": "8", "displayName": "Lab" }] });
    let lab = json!({ "id": "8", "displayName": "Lab", "members": [] });
    let listed = Mock::given(method("GET")).and(path(format!("{BASE}/Groups")));
    let scene = Scene::start(vec![
        listed
            .and(wiremock::matchers::query_param("startIndex", "1"))
            .respond_with(ResponseTemplate::new(200).set_body_json(groups))
            .with_priority(1),
        answer("GET", "/Groups/9$", 100, scim_error(500, "the group cannot be shown")),
        answer("GET", "/Groups/8$", 100, ResponseTemplate::new(200).set_body_json(lab)),
    ])
    .await;
    let order = NewCommand {
        name: "import".to_owned(),
        arguments: json!({}),
        at: Clock::system().now(),
    };
    let number = leave_command(&scene.folder.path().join("bridge.db"), &order).unwrap();
    let said = |scene: &Scene| {
        let command = scene.store.read(|store| store.command(number)).unwrap().unwrap();
        command.outcome.unwrap_or_default().to_string()
    };
    scene.until("imported", |scene| said(scene).contains("done")).await;
    assert!(said(&scene).contains("1 groups could not be read"), "{}", said(&scene));
    let named = |name: &str| {
        let key = Lookup::NameKey(name.to_owned());
        scene
            .store
            .read(|store| store.lookup("scim", Kind::Group, &key))
            .unwrap()
            .len()
    };
    assert_eq!((named("ops"), named("lab")), (0, 1));
    // Nothing waits for it any more.
    scene.create_user("ana@contoso.test").await;
    scene.until("created", |scene| scene.outcome("create applied")).await;
}
