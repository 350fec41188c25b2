//! `docs/configuration.md` is made from the comments beside the keys, and must say what they say.

use std::fmt::Write as _;
use std::path::Path;

/// The sections, each a file of `bridge/src/config/`.
const SECTIONS: [&str; 12] = [
    "server",
    "store",
    "target",
    "ops",
    "reconcile",
    "adopt",
    "entitlements",
    "assign",
    "drift",
    "guard",
    "record",
    "test",
];

const HEAD: &str = "\
# Configuration

Every key of the bridge's configuration file. A relative path is relative to the file. A variable of the environment overrides the file. A length of time is
written `90s`, `1.5s`, `200ms`, `2m`, `3h` or `30d`. `scim-bridge check-config --config FILE` says what is wrong, and where.
";

#[test]
fn the_reference_of_keys_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = reference(&root.join("src/config"));
    let path = root.join("../docs/configuration.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written, page,
        "run UPDATE_DOCS=1 cargo test -p bridge configuration, and read the difference"
    );
}

fn reference(folder: &Path) -> String {
    let mut page = HEAD.to_owned();
    for section in SECTIONS {
        let source = std::fs::read_to_string(folder.join(format!("{section}.rs"))).unwrap();
        let about = source.lines().next().unwrap().trim_start_matches("//! ").to_owned();
        if section == "entitlements" {
            write_free_keys(&mut page, section, &about, &source);
            continue;
        }
        write_section(&mut page, section, &about, &source);
        if section == "target" {
            let source = std::fs::read_to_string(folder.join("credential.rs")).unwrap();
            for inner in source.split("\n/// `[").skip(1) {
                let about = inner.lines().next().unwrap();
                let (name, _) = about.split_once(']').unwrap();
                write_section(&mut page, name, about, inner);
            }
        }
    }
    page
}

/// One table: `about` begins with the section's name and a colon, `source` holds its structure.
fn write_section(page: &mut String, section: &str, about: &str, source: &str) {
    let (_, about) = about.split_once(": ").unwrap();
    let about = about[..1].to_uppercase() + &about[1..];
    let keys = keys(source);
    assert!(!keys.is_empty(), "[{section}] has no keys");
    let _ = write!(
        page,
        "\n## [{section}]\n\n{about}\n\n| key | what it is | variable |\n|---|---|---|\n"
    );
    for (key, what) in keys {
        let section = section.to_uppercase().replace('.', "_");
        let named = format!("`SCIM_BRIDGE_{section}_{}`", key.to_uppercase());
        let what = what
            .strip_suffix(&named)
            .unwrap_or_else(|| panic!("[{section}] {key}: the comment should end with {named}"));
        let _ = writeln!(page, "| `{key}` | {} | {named} |", what.trim().replace('|', "\\|"));
    }
}

/// A section whose keys are the reader's own: the comment of its structure says what they are.
fn write_free_keys(page: &mut String, section: &str, about: &str, source: &str) {
    let (_, about) = about.split_once(": ").unwrap();
    let about = about[..1].to_uppercase() + &about[1..];
    let start = source.find(&format!("/// `[{section}]`. ")).unwrap();
    let comment = source[start..].lines().map_while(|line| line.strip_prefix("/// "));
    let comment = comment.collect::<Vec<_>>().join(" ");
    let what = comment.trim_start_matches(&format!("`[{section}]`. "));
    let _ = write!(page, "\n## [{section}]\n\n{about}\n\n{what}\n");
}

/// The public fields of the section's structure, with their comments.
fn keys(source: &str) -> Vec<(String, String)> {
    let start = source.find("Section {").unwrap();
    let body = &source[start..];
    let body = &body[..body.find("\n}").unwrap()];
    let (mut keys, mut comment) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            let gap = if comment.is_empty() { "" } else { " " };
            comment = [&comment, gap, text].concat();
        } else if let Some((key, _)) = line.strip_prefix("pub ").and_then(|field| field.split_once(':')) {
            keys.push((key.to_owned(), std::mem::take(&mut comment)));
        }
    }
    keys
}
