//! `scim-conformance` as its user runs it: what it prints, what it writes, how it exits.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::Reply;
use crate::support::{Fault, Server, TOKEN};

async fn scim_conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scim-conformance"))
        .args(arguments)
        .output()
        .await
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server with this fault, and the token in a file.
struct World {
    server: Server,
    folder: TempDir,
}

impl World {
    async fn with(fault: Fault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        Self {
            server: Server::start(fault).await,
            folder,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, more: &[&str]) -> Output {
        let (url, token) = (self.server.url(), self.file("token").display().to_string());
        scim_conformance(&[&["run", "--url", &url, "--token-file", &token], more].concat()).await
    }
}

/// A server that answers a create with 200.
fn creates_with_200() -> Fault {
    Fault::in_answer(|call, reply| {
        if call.is("POST", "/Users") && reply.status == 201 {
            reply.status = 200;
        }
    })
}

#[tokio::test]
async fn a_run_in_which_all_pass_exits_0_and_writes_its_report() {
    let world = World::with(Fault::none()).await;
    let report = world.file("report.json");
    let to = format!("json={}", report.display());
    let output = world.run(&["--only", "DEL-", "--report", &to]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("pass  DEL-01"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours in a pipe: {said}");

    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["summary"]["failed"], 0);
    assert_eq!(report["checks"][0]["id"], "DEL-01");
    assert_eq!(report["checks"][0]["verdict"], "pass");
}

#[tokio::test]
async fn a_failure_exits_1_and_tells_rule_request_answer_and_hint() {
    let world = World::with(creates_with_200()).await;
    let report = world.file("report.json");
    let to = format!("json={}", report.display());
    let output = world.run(&["--only", "CRE-01", "--report", &to]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    for part in ["FAIL  CRE-01", "RFC 7644 §3.3", "expected  201", "curl", "hint"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let finding = &report["checks"][0]["findings"][0];
    assert_eq!(finding["answer"]["status"], 200);
    let curl = finding["curl"].as_str().unwrap();
    assert!(curl.starts_with("curl ") && curl.contains("/scim/Users"), "{curl}");
    assert!(!report.to_string().contains(TOKEN) && !said.contains(TOKEN));
}

#[tokio::test]
async fn a_block_exits_1_too() {
    let world = World::with(Fault::in_answer(|call, reply| {
        if call.is("POST", "/Users") {
            *reply = Reply::new(500, json!({}));
        }
    }))
    .await;
    let output = world.run(&["--only", "REA-01"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("needs what CRE-01 checks"),
        "{}",
        stdout(&output)
    );
}

#[tokio::test]
async fn what_cannot_be_run_exits_2_with_one_line() {
    let world = World::with(Fault::none()).await;
    let url = world.server.url();
    let token = world.file("token").display().to_string();
    let nowhere = world.file("no/such/folder/x").display().to_string();
    let report = format!("json={nowhere}");
    for (arguments, wanted) in [
        (vec!["run", "--url", &url, "--token-file", &nowhere], "--token-file"),
        (
            vec!["run", "--url", &url, "--token-file", &token, "--report", &report],
            "--report json=",
        ),
        (
            vec!["run", "--url", &url, "--token-file", &token, "--only", "XYZ"],
            "no check has an id that begins so",
        ),
        (
            vec!["run", "--url", &url, "--token-file", &token, "--ca-file", &nowhere],
            "--ca-file",
        ),
        (
            vec!["run", "--url", "http://127.0.0.1:9/scim", "--token-file", &token],
            "check that the server runs",
        ),
        (vec!["explain", "XYZ-01"], "there is no check XYZ-01"),
    ] {
        let output = scim_conformance(&arguments).await;
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.contains(wanted), "{arguments:?}: {said}");
    }
    for usage in [vec!["run"], vec!["run", "--url", &url], vec!["nonsense"]] {
        assert_eq!(scim_conformance(&usage).await.status.code(), Some(2), "{usage:?}");
    }
}

#[tokio::test]
async fn a_token_on_the_command_line_works_and_is_warned_about() {
    let world = World::with(Fault::none()).await;
    let url = world.server.url();
    let output = scim_conformance(&["run", "--url", &url, "--token", TOKEN, "--only", "DEL-01"]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("prefer --token-file"), "{}", stderr(&output));
}

#[tokio::test]
async fn the_catalogue_can_be_listed_and_each_check_explained() {
    let listed = stdout(&scim_conformance(&["list", "--profile", "strict"]).await);
    for id in super::list::ALL {
        assert!(listed.contains(id), "{id}: {listed}");
        let explained = scim_conformance(&["explain", id]).await;
        assert_eq!(explained.status.code(), Some(0), "{id}");
        assert!(stdout(&explained).contains("rule"), "{id}");
    }
    let help = stdout(&scim_conformance(&["run", "--help"]).await);
    assert!(help.contains("scim-conformance run --url"), "{help}");
}
