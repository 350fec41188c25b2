//! `scim-bridge doctor` from outside: each step seen to pass and to fail, against a small workspace over TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_server::tls_rustls::RustlsConfig;
use serde_json::{Value, json};

use crate::support::write_configuration;

const BASE: &str = "/api/2.0/preview/scim/v2";

/// Answers that differ from those of a good workspace, by method and path.
type Odd = Vec<(&'static str, &'static str, u16, Value)>;

#[derive(Clone)]
struct Workspace {
    odd: Arc<Odd>,
    received: Arc<Mutex<Vec<String>>>,
}

async fn answer(workspace: State<Workspace>, request: Request) -> Response {
    let mut response = body(workspace, &request);
    let number = HeaderValue::from_static("1234567890123456");
    response.headers_mut().insert("x-databricks-org-id", number);
    response
}

fn body(State(workspace): State<Workspace>, request: &Request) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    workspace.received.lock().unwrap().push(format!("{method} {path}"));
    let odd = workspace
        .odd
        .iter()
        .find(|(verb, part, ..)| *verb == method && path.ends_with(part));
    if let Some((_, _, status, body)) = odd {
        return (StatusCode::from_u16(*status).unwrap(), axum::Json(body.clone())).into_response();
    }
    let (status, body) = match (method.as_str(), path.strip_prefix(BASE).unwrap_or(&path)) {
        ("GET", "/Me") => (
            200,
            json!({ "id": "1", "userName": "robot", "groups": [{ "display": "admins", "value": "7" }] }),
        ),
        ("GET", "/Users" | "/ServicePrincipals") => (200, json!({ "totalResults": 12, "Resources": [{ "id": "1" }] })),
        ("GET", "/Groups") => {
            let group = json!({ "id": "7", "displayName": "admins", "meta": { "resourceType": "WorkspaceGroup" } });
            (200, json!({ "totalResults": 1, "Resources": [group] }))
        }
        ("POST", "/Groups") => (201, json!({ "id": "4711" })),
        ("GET", "/Groups/4711") => (
            404,
            json!({ "error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not yet" }),
        ),
        ("DELETE", "/Groups/4711") => return StatusCode::NO_CONTENT.into_response(),
        ("GET", "/api/2.0/account/scim/v2/Groups") => (200, json!({ "totalResults": 0 })),
        _ => (
            404,
            json!({ "error_code": "ENDPOINT_NOT_FOUND", "message": "Endpoint not supported." }),
        ),
    };
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

/// A workspace that runs, and a configuration that leads to it.
struct Scene {
    folder: tempfile::TempDir,
    address: SocketAddr,
    workspace: Workspace,
    handle: axum_server::Handle<SocketAddr>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

impl Scene {
    async fn start() -> Self {
        Self::with(Vec::new(), "localhost").await
    }

    /// A workspace that answers oddly, with a certificate for `name`.
    async fn with(odd: Odd, name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        std::fs::write(folder.path().join("ca.pem"), &pem).unwrap();
        let tls = RustlsConfig::from_pem(pem.into(), key.into()).await.unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let workspace = Workspace {
            odd: Arc::new(odd),
            received: Arc::default(),
        };
        let handle = axum_server::Handle::new();
        let app = Router::new().fallback(answer).with_state(workspace.clone());
        let serving = axum_server::from_tcp_rustls(listener, tls)
            .unwrap()
            .handle(handle.clone());
        tokio::spawn(serving.serve(app.into_make_service()));
        Self {
            folder,
            address,
            workspace,
            handle,
        }
    }

    fn config(&self) -> PathBuf {
        let path = write_configuration(self.folder.path(), "ca_file = \"ca.pem\"\n");
        let url = format!("https://localhost:{}", self.address.port());
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            &path,
            text.replace("https://adb-1234567890123456.7.azuredatabricks.net", &url),
        )
        .unwrap();
        std::fs::write(self.folder.path().join("entra-token"), "0123456789abcdefghij\n").unwrap();
        path
    }

    fn received(&self) -> Vec<String> {
        self.workspace.received.lock().unwrap().clone()
    }

    /// Runs it beside the workspace, with these variables on top.
    async fn doctor(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        run(&self.config(), arguments, environment).await
    }

    /// Runs it and reads its steps.
    async fn steps(&self, environment: &[(&str, &str)]) -> Steps {
        Steps::of(&self.doctor(&["--json"], environment).await)
    }
}

async fn run(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-bridge"));
    command.args(["doctor", "--config"]).arg(config).args(arguments);
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// What it said, and how it exited.
struct Steps {
    code: Option<i32>,
    said: Value,
}

impl Steps {
    fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        Self {
            code: output.status.code(),
            said: serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{errors}")),
        }
    }

    fn all(&self) -> Vec<(&str, &str)> {
        let steps = self.said["steps"].as_array().unwrap().iter();
        steps
            .map(|step| (step["step"].as_str().unwrap(), step["state"].as_str().unwrap()))
            .collect()
    }

    /// The one step that failed, the exit code being 1: its name, what was found and what to do.
    fn failed(&self) -> (&str, &str, &str) {
        assert_eq!(
            (self.code, &self.said["ok"]),
            (Some(1), &json!(false)),
            "{:#}",
            self.said
        );
        let steps = self.said["steps"].as_array().unwrap();
        let failed: Vec<&Value> = steps.iter().filter(|step| step["state"] == "fail").collect();
        assert_eq!(failed.len(), 1, "{:#}", self.said);
        let text = |key: &str| failed[0][key].as_str().unwrap();
        (text("step"), text("found"), text("remedy"))
    }

    fn state(&self, name: &str) -> &str {
        let found = self.all().into_iter().find(|(step, _)| *step == name);
        found.unwrap_or_else(|| panic!("no step {name}: {:#}", self.said)).1
    }

    fn text(&self, name: &str, key: &str) -> &str {
        let mut steps = self.said["steps"].as_array().unwrap().iter();
        steps.find(|step| step["step"] == name).unwrap()[key].as_str().unwrap()
    }
}

#[tokio::test]
async fn a_good_bridge_passes_every_step_in_order() {
    let scene = Scene::start().await;
    let steps = scene.steps(&[]).await;
    assert_eq!(steps.code, Some(0), "{:#}", steps.said);
    let expected = [
        "configuration",
        "name",
        "address class",
        "tcp",
        "tls",
        "certificate name",
        "credential",
        "role",
        "target shape",
        "limits used",
        "clock",
        "inbound certificate",
        "inbound token",
    ];
    assert_eq!(steps.all(), expected.map(|name| (name, "ok")), "{:#}", steps.said);
    assert_eq!(
        steps.text("limits used", "found"),
        "12 users and 12 service principals of 10000, 1 groups of 5000"
    );
    assert!(
        scene.received().iter().all(|call| call.starts_with("GET ")),
        "{:?}",
        scene.received()
    );
}

#[tokio::test]
async fn a_pipe_gets_a_line_a_step_and_what_to_do() {
    let scene = Scene::start().await;
    let output = scene.doctor(&[], &[("SCIM_BRIDGE_TEST_TIME_FACTOR", "60")]).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "a warning is no failure: {said}");
    let first: Vec<&str> = said.lines().take(2).collect();
    assert_eq!(
        first,
        [
            "warn    configuration: usable; mode dry-run, nothing is written; every interval is divided by 60",
            "    do: remove [test] time_factor: it is for rehearsals only",
        ]
    );
    assert!(
        said.contains("ok      certificate name: covers localhost\n") && !said.contains('\u{1b}'),
        "{said}"
    );
}

#[tokio::test]
async fn it_cannot_run_without_a_configuration() {
    let output = run(Path::new("/nowhere/bridge.toml"), &[], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/bridge.toml"));
}

#[tokio::test]
async fn a_name_that_the_name_server_does_not_give_ends_the_way_at_the_first_step() {
    let scene = Scene::start().await;
    let closed = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let variables = [
        ("SCIM_BRIDGE_TARGET_RESOLVE", "[]"),
        ("SCIM_BRIDGE_TARGET_DNS_SERVER", closed.as_str()),
    ];
    let steps = scene.steps(&variables).await;
    let (step, found, remedy) = steps.failed();
    assert_eq!(step, "name");
    assert!(
        found.contains(&closed) && remedy.contains("target.dns_server"),
        "{found} {remedy}"
    );
    for after in [
        "address class",
        "tcp",
        "tls",
        "certificate name",
        "credential",
        "role",
        "clock",
    ] {
        assert_eq!(steps.state(after), "skipped", "{after}");
    }
    assert_eq!(steps.text("credential", "found"), "needs: name");
    assert_eq!(
        steps.state("inbound certificate"),
        "ok",
        "what needs no way is looked at all the same"
    );
}

#[tokio::test]
async fn a_public_address_is_named_before_anything_is_sent() {
    let scene = Scene::start().await;
    let steps = scene
        .steps(&[("SCIM_BRIDGE_TARGET_PRIVATE_RANGES", "[\"10.0.0.0/8\"]")])
        .await;
    let (step, found, remedy) = steps.failed();
    assert_eq!(step, "address class");
    assert!(
        found.contains("127.0.0.1") && remedy.contains("privatelink.azuredatabricks.net"),
        "{found} {remedy}"
    );
    assert!(scene.received().is_empty());
}

#[tokio::test]
async fn public_addresses_beside_private_ones_are_a_warning() {
    let scene = Scene::start().await;
    let steps = scene
        .steps(&[("SCIM_BRIDGE_TARGET_RESOLVE", "[\"20.42.4.209\", \"127.0.0.1\"]")])
        .await;
    assert_eq!(
        (steps.code, steps.state("address class"), steps.state("tls")),
        (Some(0), "warn", "ok")
    );
}

#[tokio::test]
async fn nobody_behind_the_address_fails_at_tcp() {
    let scene = Scene::start().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("https://localhost:{}", closed.port());
    let steps = scene.steps(&[("SCIM_BRIDGE_TARGET_WORKSPACE_URL", &url)]).await;
    let (step, found, remedy) = steps.failed();
    assert_eq!(step, "tcp");
    assert!(
        found.starts_with(&closed.to_string()) && remedy.contains("private endpoint"),
        "{found} {remedy}"
    );
    assert_eq!(steps.state("tls"), "skipped");
}

#[tokio::test]
async fn a_certificate_of_somebody_unknown_fails_at_tls() {
    let scene = Scene::start().await;
    // The certificate of the bridge itself: well formed, and no authority of the workspace.
    let steps = scene.steps(&[("SCIM_BRIDGE_TARGET_CA_FILE", "server.pem")]).await;
    let (step, _, remedy) = steps.failed();
    assert_eq!(step, "tls");
    assert!(remedy.contains("target.ca_file"), "{remedy}");
    assert_eq!(steps.state("certificate name"), "skipped");
}

#[tokio::test]
async fn whoever_speaks_no_tls_fails_at_tls() {
    let scene = Scene::start().await;
    let plain = wiremock::MockServer::start().await;
    let url = format!("https://localhost:{}", plain.address().port());
    let steps = scene.steps(&[("SCIM_BRIDGE_TARGET_WORKSPACE_URL", &url)]).await;
    assert_eq!(steps.failed().0, "tls");
}

#[tokio::test]
async fn a_certificate_for_another_name_passes_tls_and_fails_at_the_name() {
    let scene = Scene::with(Vec::new(), "adb-1.2.azuredatabricks.test").await;
    let steps = scene.steps(&[]).await;
    let (step, _, remedy) = steps.failed();
    assert_eq!((step, steps.state("tls")), ("certificate name", "ok"));
    assert!(remedy.contains("target.workspace_url"), "{remedy}");
    assert_eq!(steps.text("credential", "found"), "needs: certificate name");
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_or_is_refused_says_what_to_do() {
    let scene = Scene::start().await;
    let steps = scene
        .steps(&[("SCIM_BRIDGE_TARGET_TOKEN_FILE", "/nowhere/token")])
        .await;
    let (step, found, _) = steps.failed();
    assert_eq!(step, "credential");
    assert!(found.starts_with("target.token_file: /nowhere/token: "), "{found}");

    let refusals = [
        ("Invalid access token.", "make a new token"),
        (
            "Source IP address: 1.2.3.4 is blocked by Databricks IP ACL for workspace: 1",
            "IP access list",
        ),
        ("Unauthorized access to Org: 1", "add this identity to the workspace"),
        (
            "/2.0/preview/scim/v2/Me is only accessible by admins",
            "add it to the group admins",
        ),
        ("Unauthorized network access to workspace: 1", "private endpoint"),
    ];
    for (message, part) in refusals {
        let scene = Scene::with(
            vec![("GET", "/Me", 403, json!({ "error_code": 403, "message": message }))],
            "localhost",
        )
        .await;
        let steps = scene.steps(&[]).await;
        let (step, found, remedy) = steps.failed();
        assert_eq!(step, "credential", "{message}");
        assert!(found.contains(message) && remedy.contains(part), "{found} {remedy}");
        assert_eq!(steps.text("role", "found"), "needs: credential");
    }
}

#[tokio::test]
async fn an_identity_that_is_no_admin_fails_at_the_role_and_one_in_the_group_itself_does_not() {
    let me = json!({ "id": "1", "userName": "robot" });
    let admins = |members: Value| json!({ "id": "7", "displayName": "admins", "members": members });
    let odd = vec![
        ("GET", "/Me", 200, me.clone()),
        ("GET", "/Groups/7", 200, admins(json!([{ "value": "2" }]))),
    ];
    let steps = Scene::with(odd, "localhost").await.steps(&[]).await;
    let (step, found, _) = steps.failed();
    assert_eq!((step, found), ("role", "robot is no member of admins"));
    let odd = vec![
        ("GET", "/Me", 200, me),
        (
            "GET",
            "/Groups/7",
            200,
            admins(json!([{ "value": "2" }, { "value": "1" }])),
        ),
    ];
    let steps = Scene::with(odd, "localhost").await.steps(&[]).await;
    assert_eq!((steps.code, steps.state("role")), (Some(0), "ok"));
}

#[tokio::test]
async fn nearly_full_and_full_limits_are_told() {
    let users = |count: u64| ("GET", "/Users", 200, json!({ "totalResults": count }));
    let steps = Scene::with(vec![users(9_000)], "localhost").await.steps(&[]).await;
    assert_eq!((steps.code, steps.state("limits used")), (Some(0), "warn"));
    let steps = Scene::with(vec![users(10_000)], "localhost").await.steps(&[]).await;
    assert_eq!(steps.failed().0, "limits used");
}

#[tokio::test]
async fn groups_of_the_account_beside_others_are_a_warning_and_alone_the_wrong_level() {
    let group = |name: &str, kind: &str| json!({ "id": "9", "displayName": name, "meta": { "resourceType": kind } });
    let own = group("Ops", "WorkspaceGroup");
    for (groups, state) in [
        (vec![own, group("Finance", "Group")], "warn"),
        (vec![group("Finance", "Group")], "fail"),
    ] {
        let shown = json!({ "totalResults": groups.len(), "Resources": groups });
        let steps = Scene::with(vec![("GET", "v2/Groups", 200, shown)], "localhost")
            .await
            .steps(&[])
            .await;
        assert_eq!(steps.state("target shape"), state, "{:#}", steps.said);
        assert!(steps.text("target shape", "found").contains("\"Finance\""));
        assert!(
            steps
                .text("target shape", "remedy")
                .contains("account-through-workspace")
        );
    }
}

#[tokio::test]
async fn another_workspace_under_the_name_of_this_one_is_seen() {
    for (name, state) in [
        ("adb-1234567890123456.7.azuredatabricks.test", "ok"),
        ("adb-6543210987654321.7.azuredatabricks.test", "fail"),
    ] {
        let scene = Scene::with(Vec::new(), name).await;
        let url = format!("https://{name}:{}", scene.address.port());
        let steps = scene.steps(&[("SCIM_BRIDGE_TARGET_WORKSPACE_URL", &url)]).await;
        assert_eq!(steps.state("target shape"), state, "{:#}", steps.said);
    }
}

#[tokio::test]
async fn an_inbound_certificate_for_another_host_and_a_missing_token_fail() {
    let scene = Scene::start().await;
    let steps = scene
        .steps(&[("SCIM_BRIDGE_SERVER_PUBLIC_URL", "https://bridge.contoso.test/scim")])
        .await;
    let (step, found, _) = steps.failed();
    assert_eq!(step, "inbound certificate");
    assert!(
        found.contains("does not cover bridge.contoso.test") && found.ends_with("it covers localhost"),
        "{found}"
    );
    let steps = scene
        .steps(&[("SCIM_BRIDGE_SERVER_TOKEN_FILE", "/nowhere/token")])
        .await;
    assert_eq!(steps.failed().0, "inbound token");
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_used_and_a_configured_one_is_told() {
    let scene = Scene::start().await;
    let dead = "http://127.0.0.1:9";
    let steps = scene
        .steps(&[("HTTPS_PROXY", dead), ("ALL_PROXY", dead), ("https_proxy", dead)])
        .await;
    assert_eq!(steps.code, Some(0), "{:#}", steps.said);
    let steps = scene
        .steps(&[("SCIM_BRIDGE_TARGET_PROXY", dead), ("SCIM_BRIDGE_TARGET_RESOLVE", "[]")])
        .await;
    assert_eq!(steps.failed().0, "tcp");
    assert_eq!(
        (steps.state("name"), steps.state("address class"), steps.state("tls")),
        ("skipped", "warn", "skipped")
    );
    assert!(steps.text("address class", "found").contains("check is off"));
}

#[tokio::test]
async fn a_write_probe_needs_consent_and_leaves_nothing() {
    let scene = Scene::start().await;
    let output = scene.doctor(&["--probe-writes"], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("add --yes"));
    assert!(scene.received().is_empty());
    let steps = Steps::of(&scene.doctor(&["--probe-writes", "--yes", "--json"], &[]).await);
    assert_eq!(
        (steps.code, steps.state("writes")),
        (Some(0), "warn"),
        "{:#}",
        steps.said
    );
    let writes: Vec<String> = scene
        .received()
        .into_iter()
        .filter(|call| !call.starts_with("GET"))
        .collect();
    assert_eq!(
        writes,
        [format!("POST {BASE}/Groups"), format!("DELETE {BASE}/Groups/4711")]
    );
}

#[tokio::test]
async fn a_group_that_cannot_be_removed_is_named_with_its_id() {
    let refused = json!({ "error_code": "BAD_REQUEST", "message": "no" });
    let scene = Scene::with(vec![("DELETE", "/Groups/4711", 400, refused)], "localhost").await;
    let steps = Steps::of(&scene.doctor(&["--probe-writes", "--yes", "--json"], &[]).await);
    let (step, found, remedy) = steps.failed();
    assert_eq!(step, "writes");
    assert!(
        found.contains("scim-bridge-probe-") && found.contains("4711"),
        "{found}"
    );
    assert!(remedy.starts_with("delete the group scim-bridge-probe-"), "{remedy}");
}

#[tokio::test]
async fn a_group_that_is_made_without_an_answer_is_looked_for() {
    let gone = json!({ "error_code": "INTERNAL_ERROR", "message": "?" });
    let scene = Scene::with(vec![("POST", "/Groups", 502, gone)], "localhost").await;
    let steps = Steps::of(&scene.doctor(&["--probe-writes", "--yes", "--json"], &[]).await);
    let (step, found, remedy) = steps.failed();
    assert_eq!(step, "writes");
    assert!(
        found.contains("is not known") && remedy.contains("scim-bridge-probe-"),
        "{found} {remedy}"
    );
    assert_eq!(scene.received().last().unwrap(), &format!("GET {BASE}/Groups"));
}

#[tokio::test]
async fn it_works_beside_a_running_bridge_and_leaves_its_store_alone() {
    let scene = Scene::start().await;
    let config = scene.config();
    let (before, serving) = {
        let (config, folder) = (config.clone(), scene.folder.path().to_owned());
        let start = move || crate::program::Serving::start(config.to_str().unwrap(), &folder);
        let serving = tokio::task::spawn_blocking(start).await.unwrap();
        (
            std::fs::metadata(scene.folder.path().join("bridge.db")).unwrap().len(),
            serving,
        )
    };
    // The same files: a second configuration would bring other certificates.
    let steps = Steps::of(&run(&config, &["--json"], &[]).await);
    assert_eq!(steps.code, Some(0), "{:#}", steps.said);
    assert_eq!(
        std::fs::metadata(scene.folder.path().join("bridge.db")).unwrap().len(),
        before
    );
    drop(serving);
}
