//! `mock-stack` as its user runs it.

use std::process::{Command, Output};

use super::scene::PROGRAM;

fn mock_stack(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn ends_equal(dialect: &str) {
    let output = mock_stack(&["--once", "--dialect", dialect]);
    let said = stdout(&output);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("equal: Databricks is what the directory says"), "{said}");
    assert!(said.contains("second cycle: 63 objects"), "{said}");
    assert!(said.contains("0 Databricks writes (least 0), 0 reads"), "{said}");
}

#[test]
fn the_whole_chain_ends_equal_in_entras_older_dialect() {
    ends_equal("legacy");
}

#[test]
fn the_whole_chain_ends_equal_in_entras_compliant_dialect() {
    ends_equal("compliant");
}

#[test]
fn one_corrupted_membership_is_seen_and_exits_1() {
    let output = mock_stack(&["--once", "--limits", "off", "--corrupt", "Finance & Business Analytics"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("different: group Finance & Business Analytics: "),
        "{said}"
    );
    assert_eq!(said.matches("different:").count(), 1, "{said}");
}

#[test]
fn bad_usage_and_bad_files_exit_2_with_one_line() {
    let broken = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        broken.path(),
        "{\"users\":[],\n\"groups\":[{\"id\":7}],\"assignments\":[]}",
    )
    .unwrap();
    let path = broken.path().display().to_string();
    for arguments in [
        vec!["--limits", "fast"],
        vec!["--once", "--directory", "/nowhere.json"],
        vec!["--once", "--directory", &path],
    ] {
        let output = mock_stack(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let output = mock_stack(&["--once", "--directory", &path]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&path), "{said}");
}
