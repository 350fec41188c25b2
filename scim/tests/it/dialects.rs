//! The table of Entra's habits in `docs/dialects.md` and the functions in `src/entra` are one list.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of the public functions in `src/entra`.
fn functions() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/entra");
    let mut names = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let declared = text.lines().filter_map(|line| line.strip_prefix("pub fn "));
        names.extend(declared.map(|line| line.split(['(', '<']).next().unwrap().to_owned()));
    }
    names
}

/// The rows of the table, cell by cell.
fn rows() -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dialects.md");
    let text = fs::read_to_string(page).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| name |")).skip(2);
    table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn every_habit_has_a_line_and_every_name_a_function() {
    let named: Vec<String> = rows()
        .iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .filter(|name| name != "–")
        .collect();
    let unique: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(named.len(), unique.len(), "a name stands twice");
    assert_eq!(functions(), unique);
}

#[test]
fn every_line_says_what_the_rfc_says_and_where() {
    for row in rows() {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(row[2] == "–" || row[2].contains('§'), "{} names no section", row[0]);
    }
}
