//! The program: its command line, its ready file, its end.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::support::{eventually, text};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-databricks"));
    command.env_remove("RUST_LOG").env_remove("MOCK_DATABRICKS_TOKEN_FILE");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program runs")
}

/// Ends the program even if a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn help_has_examples_and_exits_0() {
    let output = run(&["serve", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    for part in [
        "Examples:",
        "--limits",
        "--ready-file",
        "--time-factor",
        "mock-databricks serve --ephemeral",
    ] {
        assert!(help.contains(part), "{part}");
    }
}

#[test]
fn bad_usage_is_one_line_and_exit_2() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "dapi with blanks").unwrap();
    let blanks = file.path().display().to_string();
    for (arguments, part) in [
        (&["serve", "--limits", "fast"][..], "`published`, `off`, or `x`"),
        (&["serve", "--time-factor", "0", "--ephemeral"], "--time-factor"),
        (&["serve", "--listen-private", "nowhere"], "--listen-private"),
        (
            &[
                "serve",
                "--listen-private",
                "127.0.0.2:1",
                "--listen-public",
                "127.0.0.1:2",
            ],
            "the same port",
        ),
        (&["serve", "--control", "0.0.0.0:0"], "--control"),
        (&["serve", "--colour"], "--colour"),
        (
            &["serve", "--ephemeral", "--token-file", "/nonexistent/token"],
            "--token-file",
        ),
        (
            &["serve", "--ephemeral", "--ready-file", "/nonexistent/ready.json"],
            "--ready-file",
        ),
        (
            &["serve", "--ephemeral", "--token-file", &blanks],
            &format!("cannot use --token-file {blanks}: the token must be"),
        ),
        (&["serve", "--ephemeral", "--ca-dir", &blanks], "cannot use "),
        (
            &["serve", "--ephemeral", "--state", "/nonexistent/state.json"],
            "--state /nonexistent/state.json: cannot be read",
        ),
        (
            &["serve", "--ephemeral", "--state", &blanks],
            "the document must be a JSON object",
        ),
        (&["dance"], "dance"),
        (&[], "serve --help"),
    ] {
        let output = run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        let complaints: Vec<&str> = errors
            .lines()
            .filter(|line| line.starts_with("mock-databricks: "))
            .collect();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(
            matches!(complaints[..], [line] if line.contains(part)),
            "{arguments:?}: {errors}"
        );
        assert!(errors.matches("os error").count() <= 1, "said twice: {errors}");
    }
}

#[test]
fn a_taken_port_is_named_and_exit_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen-private", "127.0.0.2:0", "--control", &address]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    let expected = format!(
        "mock-databricks: cannot listen on {address} (control listener): the port is taken; choose another with --control\n"
    );
    assert_eq!(errors, expected);
}

#[cfg(unix)]
#[tokio::test]
async fn it_serves_writes_the_ready_file_and_ends_cleanly_on_sigterm_and_sigint() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let (file, ca) = (dir.path().join("ready.json"), dir.path().join("ca"));
        std::fs::write(&file, "left by an earlier run").unwrap();
        let mut command = program();
        command.args([
            "serve",
            "--ephemeral",
            "--seed",
            "11",
            "--log",
            "json",
            "--limits",
            "x60",
        ]);
        command.arg("--ready-file").arg(&file).arg("--ca-dir").arg(&ca);
        let mut running = Running(command.spawn().unwrap());
        let ready = eventually("a fresh ready file", async || {
            let text = std::fs::read_to_string(&file).ok()?;
            serde_json::from_str::<Value>(&text).ok()
        })
        .await;
        assert_eq!(text(&ready["ca_file"]), ca.join("ca.pem").to_str().unwrap());
        let databricks = &ready["databricks"];
        let keys: Vec<&String> = databricks.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "workspace_host",
                "private_url",
                "public_url",
                "control_url",
                "dns",
                "dns_outside",
                "azure_url",
                "token",
                "account_id",
                "account_host",
                "account_token",
                "oauth",
                "entra"
            ]
        );
        assert_eq!(
            databricks["workspace_host"],
            "adb-1234567890123456.7.azuredatabricks.net"
        );
        let certificate = reqwest::Certificate::from_pem(&std::fs::read(ca.join("ca.pem")).unwrap()).unwrap();
        // The provider is process-wide; the library installs it when it starts, and here it runs elsewhere.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([certificate])
            .build()
            .unwrap();
        let url = format!("{}/api/2.0/preview/scim/v2/Me", text(&databricks["private_url"]));
        let me = client
            .get(url)
            .bearer_auth(text(&databricks["token"]))
            .send()
            .await
            .unwrap();
        assert_eq!(me.status(), 200);
        drop(client);

        kill_process(Pid::from_child(&running.0), signal).unwrap();
        let status = eventually("the end", async || running.0.try_wait().unwrap()).await;
        assert_eq!(status.code(), Some(0));
        let mut log = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        for line in log.lines() {
            serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        }
        assert!(log.contains("\"seed\":11") && log.contains("stopping"), "{log}");
        // Its own credentials are its output, and the first line has them.
        let first = log.lines().next().unwrap_or_default();
        let secrets = [
            "/token",
            "/account_token",
            "/oauth/client_secret",
            "/entra/client_secret",
        ];
        for pointer in secrets {
            let secret = text(databricks.pointer(pointer).expect("a secret"));
            assert!(first.contains(&secret), "{pointer}: {first}");
            assert_eq!(log.matches(&secret).count(), 1, "{pointer}: {log}");
        }
    }
}
