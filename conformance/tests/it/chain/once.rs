//! `mock-stack` as its user runs it.

use std::process::{Command, Output};

use super::scene::PROGRAM;

/// Runs it where it finds no other program.
fn mock_stack(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).env("PATH", "").output().unwrap()
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

/// Two people, one of them blocked, in one assigned group; ids in either letter case.
const COMPANY: &str = r#"{
  "users": [
    {"id": "AAAAAAAA-0000-4000-8000-000000000001", "userPrincipalName": "ana@contoso.test",
     "mailNickname": "ana", "displayName": "Ana"},
    {"id": "bbbbbbbb-0000-4000-8000-000000000002", "userPrincipalName": "ben@contoso.test",
     "mailNickname": "ben", "displayName": "Ben", "accountEnabled": false}
  ],
  "groups": [
    {"id": "cccccccc-0000-4000-8000-000000000003", "displayName": "Ops",
     "members": ["aaaaaaaa-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"]},
    {"id": "dddddddd-0000-4000-8000-000000000004", "displayName": "Nobody"}
  ],
  "assignments": ["CCCCCCCC-0000-4000-8000-000000000003", "dddddddd-0000-4000-8000-000000000004"]
}"#;

fn file(text: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().display().to_string();
    (file, path)
}

#[test]
fn a_member_enabled_later_is_explained_and_files_may_be_written_by_windows_tools() {
    let (_company, directory) = file(&format!("\u{feff}{COMPANY}"));
    let (_day, edits) =
        file("\u{feff}{\"edits\":[{\"edit\":\"enable\",\"user\":\"bbbbbbbb-0000-4000-8000-000000000002\"}]}");
    let output = mock_stack(&[
        "--once",
        "--limits",
        "off",
        "--directory",
        &directory,
        "--edits",
        &edits,
    ]);
    let said = stdout(&output);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{errors}");
    assert!(
        said.contains("explained: group Ops: ben@contoso.test waits, Entra sends them when the group changes"),
        "{said}"
    );
    // Two people, two groups; then the one who is enabled, and nothing for the group.
    assert!(said.contains("a day of edits: 4 objects"), "{said}");
    assert!(said.contains("1 Databricks writes (least 1)"), "{said}");
}

#[test]
fn bad_usage_and_bad_files_exit_2_with_one_line() {
    let (_company, company) = file(COMPANY);
    let (_broken, broken) = file("{\"users\":[],\n\"groups\":[{\"id\":7}],\"assignments\":[]}");
    let (_misfit, misfit) =
        file("{\"edits\":[\n{\"edit\":\"enable\",\n\"user\":\"bbbbbbbb-0000-4000-8000-00000000000f\"}]}");
    let misfit_place = format!("{misfit}, line 3: edits[0].user: ");
    let broken_place = format!("{broken}, line 2");
    for (arguments, part) in [
        (vec!["--limits", "fast"], "--limits"),
        (vec!["--colour"], "--colour"),
        (vec!["twice"], "twice"),
        (vec!["--once", "--directory", "/nowhere.json"], "/nowhere.json"),
        (vec!["--once", "--directory", &broken], broken_place.as_str()),
        (vec!["--once", "--edits", &broken], broken.as_str()),
        (
            vec!["--once", "--directory", &company, "--edits", &misfit],
            &misfit_place,
        ),
        (vec!["--once", "--edits", &misfit], &misfit_place),
        (vec!["--ephemeral", "--ready-file", "/nowhere/up.json"], "--ready-file"),
    ] {
        let output = mock_stack(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(
            said.starts_with("mock-stack: ") && said.contains(part),
            "{arguments:?}: {said}"
        );
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}
