//! `mock-stack` from its start to its end, whatever ends it.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};

use super::scene::{PATIENCE, PROGRAM};

/// A `mock-stack` with a folder of its own for everything temporary.
struct Running {
    child: Child,
    folder: tempfile::TempDir,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        std::fs::write(folder.path().join("up.json"), "left by an earlier run").unwrap();
        let child = Command::new(PROGRAM)
            .args(arguments)
            .arg("--ready-file")
            .arg(folder.path().join("up.json"))
            .env("TMPDIR", folder.path().join("tmp"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn ready_file(&self) -> PathBuf {
        self.folder.path().join("up.json")
    }

    /// The ready file of this run.
    fn ready(&mut self) -> Value {
        let path = self.ready_file();
        self.until("ready", || {
            serde_json::from_str(&std::fs::read_to_string(&path).ok()?).ok()
        })
    }

    /// What the program left in its folder for temporary things.
    fn leftovers(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn until<T>(&mut self, what: &str, mut reached: impl FnMut() -> Option<T>) -> T {
        let deadline = now() + PATIENCE;
        loop {
            if let Some(found) = reached() {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("not {what}, it ended with {status}: {}", self.complaint());
            }
            assert!(now() < deadline, "never {what}");
            std::thread::yield_now();
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn end(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn complaint(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answers(ready: &Value) -> bool {
    let address = ready["bridge"]["ops_url"].as_str().unwrap();
    TcpStream::connect(address.trim_start_matches("http://")).is_ok()
}

#[expect(clippy::disallowed_methods, reason = "deadlines of the tests themselves")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn tokens_are_for_the_owner_alone_and_an_old_ready_file_is_not_taken_for_ours() {
    let mut running = Running::start(&["--ephemeral"]);
    let folder = running.folder.path().join("tmp");
    let path = running.ready_file();
    let mut seen = None;
    running.until("started", || {
        let made = std::fs::read_dir(&folder).unwrap().next().is_some();
        // Looked at in this order, so that a new one cannot be taken for the old one.
        seen = std::fs::read_to_string(&path).ok();
        made.then_some(())
    });
    assert_ne!(seen.as_deref(), Some("left by an earlier run"));
    let ready = running.ready();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    let config = PathBuf::from(ready["bridge"]["config"].as_str().unwrap());
    assert_eq!(mode(config.parent().unwrap()), 0o700);
    // As Ctrl-C at a terminal does, which reaches the bridge too.
    kill_process_group(Pid::from_child(&running.child), Signal::INT).unwrap();
    assert_eq!(running.end().code(), Some(0), "{}", running.complaint());
    assert_eq!(running.leftovers(), Vec::<PathBuf>::new());
    assert!(!answers(&ready));
}

#[test]
fn sigterm_while_it_starts_leaves_nothing() {
    let mut running = Running::start(&["--ephemeral"]);
    let folder = running.folder.path().join("tmp");
    running.until("started", || {
        std::fs::read_dir(&folder).unwrap().next().map(Result::unwrap)
    });
    running.signal(Signal::TERM);
    assert_eq!(running.end().code(), Some(0), "{}", running.complaint());
    assert_eq!(running.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn sigterm_in_the_middle_of_once_stops_the_bridge_and_leaves_nothing() {
    let mut running = Running::start(&["--once", "--limits", "published"]);
    let mut lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("initial cycle")));
    let ready = running.ready();
    running.signal(Signal::TERM);
    assert_eq!(running.end().code(), Some(2));
    assert_eq!(running.complaint(), "mock-stack: stopped before the end\n");
    assert_eq!(running.leftovers(), Vec::<PathBuf>::new());
    assert!(!answers(&ready));
}

#[test]
fn sigkill_leaves_no_bridge_behind() {
    let mut running = Running::start(&["--ephemeral"]);
    let ready = running.ready();
    running.signal(Signal::KILL);
    running.end();
    let deadline = now() + PATIENCE;
    while answers(&ready) {
        assert!(now() < deadline, "the bridge lives on");
        std::thread::yield_now();
    }
}

#[test]
fn a_bridge_that_dies_ends_it_and_its_log_stays() {
    for mode in [&["--ephemeral"][..], &["--once", "--limits", "published"]] {
        let mut running = Running::start(mode);
        let ready = running.ready();
        let pid = ready["bridge"]["pid"].as_i64().unwrap();
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        assert_eq!(running.end().code(), Some(2));
        let said = running.complaint();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with("mock-stack: the bridge ended with signal: 9"),
            "{said}"
        );
        let log = said.trim_end().rsplit(' ').next().unwrap();
        assert!(
            std::fs::read_to_string(log).unwrap().contains("scim-bridge serves"),
            "{said}"
        );
    }
}

#[test]
fn a_reader_who_goes_away_changes_nothing() {
    let mut running = Running::start(&["--once", "--limits", "off"]);
    let mut reader = BufReader::new(running.child.stdout.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    assert_eq!(running.end().code(), Some(0), "{}", running.complaint());
}

#[test]
fn a_call_that_databricks_holds_does_not_hold_the_stop() {
    let mut running = Running::start(&["--ephemeral", "--limits", "off"]);
    let ready = running.ready();
    let control = ready["databricks"]["control_url"].as_str().unwrap().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pem = std::fs::read(ready["ca_file"].as_str().unwrap()).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .no_proxy()
            .build()
            .unwrap();
        let rule = json!({ "match": { "method": "POST" }, "times": 0, "answer": { "hang_ms": 600_000 } });
        let armed = client
            .post(format!("{control}/faults"))
            .body(rule.to_string())
            .send()
            .await;
        assert_eq!(armed.unwrap().status(), 201);
        let user = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana@contoso.test" });
        let made = client
            .post(format!("{}/Users", ready["bridge"]["url"].as_str().unwrap()))
            .bearer_auth(ready["bridge"]["token"].as_str().unwrap())
            .header("content-type", "application/scim+json")
            .body(user.to_string())
            .send()
            .await;
        assert_eq!(made.unwrap().status(), 201);
    });
    let asked = now();
    running.signal(Signal::TERM);
    assert_eq!(running.end().code(), Some(0), "{}", running.complaint());
    // The bridge alone may take eight seconds for calls in flight.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert_eq!(running.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    for address in ["127.0.0.1:8445", "127.0.0.1:8585"] {
        // Ours, or already somebody else's: taken either way.
        let _taken = std::net::TcpListener::bind(address);
        let mut running = Running::start(&[]);
        assert_eq!(running.end().code(), Some(2));
        let said = running.complaint();
        assert!(said.starts_with("mock-stack: cannot listen on 127.0.0."), "{said}");
        assert!(
            said.ends_with("the port is taken; stop the other program or use --ephemeral\n"),
            "{said}"
        );
        assert_eq!(running.leftovers(), Vec::<PathBuf>::new());
    }
}
