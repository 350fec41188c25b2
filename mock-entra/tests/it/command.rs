//! The command line: exit codes and what is printed.

use std::process::{Command, Output};

use mock_entra::job::State;

use crate::support::{Server, TOKEN, crate_file};

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

/// Runs the command on a thread of its own, so that the server of the test can answer.
async fn mock_entra(arguments: Vec<String>) -> (i32, String, String) {
    let run = move || -> Output {
        Command::new(env!("CARGO_BIN_EXE_mock-entra"))
            .args(arguments)
            .env_remove("RUST_LOG")
            .output()
            .unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn run_provisions_and_continues_from_its_state() {
    let (server, files) = (Server::start().await, Files::new());
    let samples = crate_file("samples");
    let common = format!(
        "run --directory {}/contoso.json --state {} --url {} --token-file {} --request-log {}",
        samples.display(),
        files.path("state.json"),
        server.url(),
        files.path("token"),
        files.path("log.jsonl"),
    );
    let (code, out, err) = mock_entra(words(&common)).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("cycle: initial\n") && out.contains("failures: 0\n"),
        "{out}"
    );

    let day = format!("{common} --edits {}/contoso-day.json --json", samples.display());
    let (code, out, err) = mock_entra(words(&day)).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["cycle"], "incremental");
    assert_eq!(
        report["users"]["created"], 3,
        "two hired, one assigned through a new group"
    );
    assert!(server.user("julia.nowak-lis@contoso.test").is_some());
    let state = State::load(files.path("state.json").as_ref()).unwrap();
    assert!(state.watermark.is_some() && state.escrow.is_empty());
    let log = std::fs::read_to_string(files.path("log.jsonl")).unwrap();
    assert!(log.lines().count() > 100 && !log.contains(TOKEN));
}

#[tokio::test]
async fn test_connection_says_passed_or_why_not() {
    let (server, files) = (Server::start().await, Files::new());
    let line = format!(
        "test-connection --url {} --token-file {}",
        server.url(),
        files.path("token")
    );
    let (code, out, _) = mock_entra(words(&line)).await;
    assert_eq!(code, 0);
    assert!(out.starts_with("passed:"), "{out}");
    let (code, out, err) = mock_entra(words(&format!("test-connection --url {} --token wrong", server.url()))).await;
    assert_eq!(code, 1);
    assert!(out.starts_with("failed: InvalidCredentials:"), "{out}");
    assert!(err.contains("warning: --token is visible"), "{err}");
}

#[tokio::test]
async fn replay_prints_a_line_for_each_sequence_and_the_mismatch() {
    let (server, files) = (Server::start().await, Files::new());
    let good = crate_file("sequences/user-get-by-id.json");
    let bad = files.path("bad.json");
    let text = std::fs::read_to_string(&good).unwrap();
    // The first is the given user's, the second the expected one's.
    let at = text.rfind("\"Pat Example\"").unwrap();
    let text = format!("{}\"Somebody\"{}", &text[..at], &text[at + "\"Pat Example\"".len()..]);
    std::fs::write(&bad, text).unwrap();
    let common = format!("--url {} --token-file {}", server.url(), files.path("token"));
    let (code, out, _) = mock_entra(words(&format!("replay {} {common}", good.display()))).await;
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("held\tdocumented\t2\tuser-get-by-id\t"), "{out}");

    let (code, out, _) = mock_entra(words(&format!("replay {} {bad} {common}", good.display()))).await;
    assert_eq!(code, 1, "{out}");
    for part in [
        "differs\t",
        "bad, step 1: GET /Users/srv-",
        "expected \"Somebody\"",
        "actual   \"Pat Example\"",
        "1 of 2 good",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
}

#[tokio::test]
async fn whole_folder_of_sequences_can_be_replayed() {
    let (server, files) = (Server::start().await, Files::new());
    let line = format!(
        "replay {} --json --url {} --token-file {}",
        crate_file("sequences").display(),
        server.url(),
        files.path("token")
    );
    let (code, out, _) = mock_entra(words(&line)).await;
    let reports: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    assert!(reports.len() > 70);
    // The library below the test server refuses a raw quote itself.
    let bad = reports.iter().filter(|report| report["outcome"]["differs"].is_array());
    let bad: Vec<_> = bad.map(|report| report["slug"].as_str().unwrap()).collect();
    assert_eq!((code, bad), (1, vec!["test-connection-raw-quotes"]));
    let skipped = reports
        .iter()
        .filter(|report| report["outcome"]["skipped"].is_string())
        .count();
    assert_eq!(skipped, 9);
}

#[tokio::test]
async fn files_that_cannot_be_used_exit_2_with_one_line() {
    let files = Files::new();
    let broken = files.path("broken.json");
    std::fs::write(&broken, "{\"users\":[{}]}").unwrap();
    std::fs::write(files.path("empty"), "\n").unwrap();
    let (token, samples) = (files.path("token"), crate_file("samples"));
    let contoso = format!("{}/contoso.json", samples.display());
    let url = "http://127.0.0.1:9/scim";
    let table = [
        (
            format!("run --directory {broken} --url {url} --token-file {token}"),
            "missing field `id`",
        ),
        (
            format!("run --directory nowhere.json --url {url} --token-file {token}"),
            "nowhere.json: cannot be read",
        ),
        (
            format!("run --directory {contoso} --edits {broken} --url {url} --token-file {token}"),
            "unknown field `users`",
        ),
        (
            format!("run --directory {contoso} --state {broken} --url {url} --token-file {token}"),
            "remove the file",
        ),
        (
            format!(
                "run --directory {contoso} --url {url} --token-file {}",
                files.path("empty")
            ),
            "is empty",
        ),
        (
            format!("run --directory {contoso} --url ldap://x --token-file {token}"),
            "not an http or https url",
        ),
        (
            format!("run --directory {contoso} --url https://x --ca-file {broken} --token-file {token}"),
            "ca file",
        ),
        (
            format!("replay nowhere.json --url {url} --token-file {token}"),
            "nowhere.json: cannot be read",
        ),
        (
            format!("replay {broken} --url {url} --token-file {token}"),
            "correct the sequence file",
        ),
    ];
    for (line, part) in table {
        let (code, out, err) = mock_entra(words(&line)).await;
        assert_eq!(code, 2, "{line}: {out}{err}");
        assert_eq!(err.lines().count(), 1, "{line}: {err}");
        assert!(err.contains(part), "{line}: {err}");
    }
}

#[tokio::test]
async fn bad_usage_is_one_line_and_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().display().to_string();
    let run = "run --directory x --url http://127.0.0.1:9/scim --token t --rate";
    for (line, part) in [
        (String::new(), "a command is missing; try `mock-entra --help`"),
        ("dance".to_owned(), "dance"),
        ("run --directory x".to_owned(), "--url <URL>"),
        (format!("{run} 0"), "--rate <N>"),
        (format!("{run} NaN"), "must be a positive number"),
        (format!("{run} -1"), "must be a positive number"),
        (format!("{run} inf"), "must be a positive number"),
        (
            format!("replay {empty} --url http://127.0.0.1:9/scim --token-file x"),
            &format!("{empty}: holds no sequence"),
        ),
    ] {
        let (code, out, err) = mock_entra(words(&line)).await;
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        assert_eq!(err.lines().count(), 1, "{line}: {err}");
        assert!(err.starts_with("mock-entra: ") && err.contains(part), "{line}: {err}");
    }
}

#[tokio::test]
async fn state_that_cannot_be_written_is_found_out_before_anything_is_sent() {
    let (server, files) = (Server::start().await, Files::new());
    let line = format!(
        "run --directory {} --state {}/state.json --url {} --token-file {}",
        crate_file("samples/contoso.json").display(),
        files.path("nowhere"),
        server.url(),
        files.path("token"),
    );
    let (code, out, err) = mock_entra(words(&line)).await;
    assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{err}");
    assert!(err.contains("nowhere/state.json: "), "{err}");
    assert!(server.history().is_empty());
}

/// A run that takes half a minute, once it has made more users than it works on at once.
#[cfg(unix)]
async fn slow_run(server: &Server, files: &Files) -> std::process::Child {
    std::fs::create_dir(files.path("kept")).unwrap();
    let line = format!(
        "run --directory {} --state {} --url {} --token-file {} --rate 20",
        crate_file("samples/contoso.json").display(),
        files.path("kept/state.json"),
        server.url(),
        files.path("token"),
    );
    let child = Command::new(env!("CARGO_BIN_EXE_mock-entra"))
        .args(words(&line))
        .env_remove("RUST_LOG")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while server.users().len() < 6 {
        tokio::task::yield_now().await;
    }
    child
}

#[cfg(unix)]
async fn stopped(child: std::process::Child) -> Output {
    use rustix::process::{Pid, Signal, kill_process};
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
        .await
        .unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn run_that_is_stopped_keeps_what_it_has_linked() {
    let (server, files) = (Server::start().await, Files::new());
    let output = stopped(slow_run(&server, &files).await).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "mock-entra: stopped before the end of the cycle\n");
    let state = State::load(files.path("kept/state.json").as_ref()).unwrap();
    assert!(!state.users.is_empty() && state.watermark.is_none(), "{state:?}");
    let known: Vec<String> = server
        .users()
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(state.users.values().all(|link| known.contains(&link.target)));
}

#[cfg(unix)]
#[tokio::test]
async fn state_that_cannot_be_written_at_the_end_is_said_with_its_name() {
    let (server, files) = (Server::start().await, Files::new());
    let child = slow_run(&server, &files).await;
    std::fs::remove_dir_all(files.path("kept")).unwrap();
    let output = stopped(child).await;
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().last().unwrap().contains("kept/state.json: "), "{said}");
}

#[tokio::test]
async fn reader_who_goes_away_is_no_reason_to_panic() {
    let (server, files) = (Server::start().await, Files::new());
    let line = format!(
        "test-connection --url {} --token-file {}",
        server.url(),
        files.path("token")
    );
    let run = move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mock-entra"))
            .args(words(&line))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn failed_cycle_exits_1() {
    let files = Files::new();
    let line = format!(
        "run --directory {} --url http://127.0.0.1:9/scim --token-file {}",
        crate_file("samples/contoso.json").display(),
        files.path("token")
    );
    let (code, out, _) = mock_entra(words(&line)).await;
    assert_eq!(code, 1);
    assert!(
        out.contains("quarantine: SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"),
        "{out}"
    );
}

#[tokio::test]
async fn help_shows_examples() {
    let (code, out, _) = mock_entra(words("--help")).await;
    assert_eq!(code, 0);
    assert!(
        out.contains("Examples:") && out.contains("mock-entra replay sequences/"),
        "{out}"
    );
}
