//! The program: what it says and how it exits.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::write_configuration;

fn bridge() -> Command {
    Command::new(env!("CARGO_BIN_EXE_scim-bridge"))
}

pub fn run(arguments: &[&str]) -> Output {
    bridge().args(arguments).output().unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn config(folder: &Path) -> String {
    write_configuration(folder, "").display().to_string()
}

#[test]
fn bad_usage_exits_2_and_help_has_examples() {
    for (arguments, part) in [
        (&["serve"][..], "--config <FILE>"),
        (&["nonsense"], "nonsense"),
        (&["serve", "--colour"], "--colour"),
        (&["serve", "--config", "x", "--log", "loud"], "--log"),
        (&[], "a command is missing; try `scim-bridge --help`"),
    ] {
        let output = bridge()
            .args(arguments)
            .env_remove("SCIM_BRIDGE_CONFIG")
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(
            said.starts_with("scim-bridge: ") && said.contains(part),
            "{arguments:?}: {said}"
        );
    }
    let help = run(&["serve", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("scim-bridge serve --config"));
}

#[test]
fn a_broken_configuration_is_one_line_naming_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path());
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("mode = \"dry-run\"", "mode = \"wet\"");
    std::fs::write(&path, text).unwrap();
    let output = run(&["check-config", "--config", &path]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&format!("{path}:17: target.mode")), "{said}");
    let missing = run(&["serve", "--config", "/nowhere/bridge.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("/nowhere/bridge.toml"));
}

#[test]
fn a_missing_file_is_named_by_its_key() {
    for (file, key) in [
        ("entra-token", "server.token_file"),
        ("databricks-token", "target.token_file"),
        ("server.key", "server.private_key"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = config(folder.path());
        std::fs::remove_file(folder.path().join(file)).unwrap();
        let output = run(&["serve", "--config", &path]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(key) && stderr(&output).contains(file),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_taken_port_and_a_file_that_is_no_store_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = bridge()
        .args(["serve", "--config", &path])
        .env("SCIM_BRIDGE_SERVER_LISTEN", &address)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("server.listen") && stderr(&output).contains(&address),
        "{}",
        stderr(&output)
    );
    std::fs::write(
        folder.path().join("bridge.db"),
        "this is no database, whatever its name says, and long enough to look",
    )
    .unwrap();
    let output = run(&["serve", "--config", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("store.path") && stderr(&output).contains("bridge.db"),
        "{}",
        stderr(&output)
    );
}

/// A running `serve`, stopped when dropped.
pub struct Serving {
    child: std::process::Child,
    ready: serde_json::Value,
}

impl Serving {
    pub fn start(config: &str, folder: &Path) -> Self {
        let file = folder.join("ready.json");
        let mut child = bridge()
            .args(["serve", "--config", config, "--ready-file"])
            .arg(&file)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // The ready file is written right after this line; the reader below ends with the process.
        assert!(lines.any(|line| line.unwrap().contains("scim-bridge serves")));
        std::thread::spawn(move || lines.for_each(drop));
        let deadline = std::time::Duration::from_secs(10);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            loop {
                if let Ok(text) = std::fs::read_to_string(&file) {
                    let _ = tell.send(text);
                    return;
                }
                std::thread::yield_now();
            }
        });
        let ready = serde_json::from_str(&told.recv_timeout(deadline).unwrap()).unwrap();
        Self { child, ready }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_old_ready_file_is_gone_before_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path());
    let old = folder.path().join("ready.json");
    std::fs::write(&old, "left by an earlier run").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = bridge()
        .args(["serve", "--config", &path, "--ready-file"])
        .arg(&old)
        .env("SCIM_BRIDGE_SERVER_LISTEN", taken.local_addr().unwrap().to_string())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!old.exists());
}

#[test]
fn a_second_bridge_on_the_same_store_names_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path());
    let first = Serving::start(&path, folder.path());
    let output = run(&["serve", "--config", &path]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("in use by another bridge") && said.contains(&first.child.id().to_string()),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn sigterm_stops_it_cleanly_and_the_log_can_be_read_beside_it() {
    use rustix::process::{Pid, Signal, kill_process};
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path());
    let mut serving = Serving::start(&path, folder.path());
    assert_eq!(serving.ready["bridge"]["pid"], serving.child.id());
    let beside = run(&["log", "--config", &path, "--json"]);
    assert_eq!(beside.status.code(), Some(0), "{}", stderr(&beside));
    kill_process(Pid::from_child(&serving.child), Signal::TERM).unwrap();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_new_token_is_long_printed_once_or_written_where_nobody_else_reads() {
    let (first, second) = (run(&["token", "new"]), run(&["token", "new"]));
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let token = stdout(&first);
    assert_eq!((token.trim().len(), token.lines().count()), (43, 1), "{token}");
    assert_ne!(token, stdout(&second));
    assert!(stderr(&first).contains("two tokens are valid at once") && !stderr(&first).contains(token.trim()));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entra-token").display().to_string();
    let written = run(&["token", "new", "--to", &path]);
    assert_eq!((written.status.code(), stdout(&written)), (Some(0), String::new()));
    let token = std::fs::read_to_string(&path).unwrap();
    assert_eq!(token.trim().len(), 43);
    assert!(!stderr(&written).contains(token.trim()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = run(&["token", "new", "--to", &path]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("entra-token"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), token);
}
