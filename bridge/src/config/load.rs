//! Reading the file: parse, lay the environment over it, check; every error with its place.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::Config;

/// What environment variables begin with: `SCIM_BRIDGE_TARGET_PACE` is `[target] pace`.
const PREFIX: &str = "SCIM_BRIDGE_";
/// Characters of a value that an error tells.
const LONGEST_VALUE: usize = 80;
const SECTIONS: [&str; 11] = [
    "server",
    "store",
    "target",
    "ops",
    "reconcile",
    "adopt",
    "assign",
    "drift",
    "guard",
    "record",
    "test",
];
/// Tables inside a section: `SCIM_BRIDGE_TARGET_ENTRA_TENANT_ID` is `[target.entra] tenant_id`.
const INNER: [(&str, &str); 3] = [("target", "oauth"), ("target", "entra"), ("target", "managed_identity")];

/// A configuration that cannot be used, on one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something in the file is wrong.
    #[error("{path}:{line}: {what}")]
    InFile {
        /// The file.
        path: PathBuf,
        /// The line, from one.
        line: usize,
        /// Key and remedy.
        what: String,
    },
    /// Something in the environment is wrong.
    #[error("environment variable {variable}: {what}")]
    InEnvironment {
        /// The variable.
        variable: String,
        /// Remedy.
        what: String,
    },
}

pub(super) fn load(path: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut table: Table =
        toml::from_str(text).map_err(|error| in_file(path, line_at(text, error.span()), one_line(error.message())))?;
    let overridden = overlay(&mut table, environment)?;
    let at_key = |key: &str, what: String| match overridden.iter().find(|(_, name)| name == key) {
        Some((variable, _)) => ConfigError::InEnvironment {
            variable: variable.clone(),
            what,
        },
        None => in_file(path, line_of(text, key), format!("{key}: {what}")),
    };
    let place = |key: &str, reason: String| at_key(key, with_value(&table, key, &reason));
    let read: Result<Config, _> = serde_path_to_error::deserialize(Value::Table(table.clone()));
    let mut config = read.map_err(|error| {
        let key = error.path().to_string();
        let message = one_line(error.inner().message());
        let unknown = message
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next());
        let missing = message
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next());
        let joined = |name: &str| {
            if key == "." || key.is_empty() || key.ends_with(name) {
                key.trim_matches('.').to_owned()
            } else {
                format!("{key}.{name}")
            }
        };
        match (unknown, missing) {
            (Some(name), _) => {
                let key = joined(name);
                let key = if key.is_empty() { name.to_owned() } else { key };
                // Its value is not told: it may be a secret that stands in the wrong place.
                at_key(&key, format!("there is no such key ({message})"))
            }
            (_, Some(name)) => {
                let key = joined(name);
                let key = if key.is_empty() { name.to_owned() } else { key };
                place(
                    &key,
                    "this key is missing; see the smallest configuration in the README".to_owned(),
                )
            }
            _ => place(&key, message),
        }
    })?;
    config
        .check()
        .map_err(|(section, key, why)| place(&format!("{section}.{key}"), why))?;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    config.resolve_paths(path.parent().unwrap_or_else(|| Path::new(".")));
    Ok(config)
}

/// Lays `SCIM_BRIDGE_SECTION_KEY=value` over the table; gives the variables used and their keys.
fn overlay(
    table: &mut Table,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut used = Vec::new();
    for (variable, text) in environment {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        let lower = name.to_ascii_lowercase();
        let split = SECTIONS
            .iter()
            .find_map(|section| Some((*section, lower.strip_prefix(section)?.strip_prefix('_')?)));
        let Some((section, key)) = split else {
            continue;
        };
        let entry = table
            .entry(section.to_owned())
            .or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(entry) = entry else {
            return Err(ConfigError::InEnvironment {
                variable,
                what: format!("[{section}] is not a section"),
            });
        };
        let inner = INNER.iter().find_map(|(outer, inner)| {
            let key = key.strip_prefix(inner)?.strip_prefix('_')?;
            (*outer == section).then_some((*inner, key))
        });
        let (entry, key, place) = match inner {
            None => (entry, key, section.to_owned()),
            Some((inner, key)) => {
                let table = entry
                    .entry(inner.to_owned())
                    .or_insert_with(|| Value::Table(Table::new()));
                let Value::Table(table) = table else {
                    return Err(ConfigError::InEnvironment {
                        variable,
                        what: format!("[{section}.{inner}] is not a section"),
                    });
                };
                (table, key, format!("{section}.{inner}"))
            }
        };
        entry.insert(key.to_owned(), parse_value(&text));
        used.push((variable.clone(), format!("{place}.{key}")));
    }
    Ok(used)
}

/// A number, a boolean or a list where the text is one in TOML; else the text itself.
fn parse_value(text: &str) -> Value {
    #[derive(Deserialize)]
    struct Holder {
        v: Value,
    }
    match toml::from_str::<Holder>(&format!("v = {text}")) {
        Ok(Holder {
            v: v @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Array(_)),
        }) => v,
        _ => Value::String(text.to_owned()),
    }
}

/// What is wrong with a key, and the value that it has.
fn with_value(table: &Table, key: &str, reason: &str) -> String {
    let mut value = None;
    let mut inside = Some(table);
    for name in key.split('.') {
        value = inside.and_then(|table| table.get(name));
        inside = value.and_then(Value::as_table);
    }
    let shown = match value {
        // A URL may hold a password.
        Some(Value::String(text)) if text.contains("://") && text.contains('@') => return reason.to_owned(),
        Some(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_))) => value.to_string(),
        Some(Value::String(text)) if text.chars().count() <= LONGEST_VALUE => format!("{text:?}"),
        Some(_) | None => return reason.to_owned(),
    };
    // Some reasons tell the value themselves.
    if reason.contains(shown.trim_matches('"')) {
        reason.to_owned()
    } else {
        format!("{reason} (it is {shown})")
    }
}

fn in_file(path: &Path, line: usize, what: String) -> ConfigError {
    ConfigError::InFile {
        path: path.to_owned(),
        line,
        what,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_at(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let at = span.map_or(0, |span| span.start.min(text.len()));
    text[..at].matches('\n').count() + 1
}

/// The line of `section.key`; of the section if the key is missing; else the first.
fn line_of(text: &str, key: &str) -> usize {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let inner = INNER
        .iter()
        .find(|(outer, inner)| *outer == section && name.split('.').next() == Some(*inner));
    if let (Some((outer, inner)), Some((_, name))) = (inner, name.split_once('.')) {
        return line_in(text, &format!("{outer}.{inner}"), name);
    }
    line_in(text, section, name)
}

/// The line of `name` in the table `[section]`.
fn line_in(text: &str, section: &str, name: &str) -> usize {
    let name = name.split(['.', '[']).next().unwrap_or_default();
    let (mut inside, mut section_line) = (section.is_empty(), 1);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default().trim();
            inside = header == section || (section.is_empty() && header == name);
            if inside {
                section_line = index + 1;
            }
        } else if inside
            && line
                .split('=')
                .next()
                .is_some_and(|left| left.trim().trim_matches('"') == name)
        {
            return index + 1;
        }
    }
    section_line
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"[server]
listen = "127.0.0.1:8585"
public_url = "https://localhost:8585/scim"
certificate = "server.pem"
private_key = "server.key"
token_file = "entra-token"

[store]
path = "bridge.db"

[target]
workspace_url = "https://adb-1234567890123456.7.azuredatabricks.net"
token_file = "databricks-token"
mode = "dry-run"
"#;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bridge.toml");
        std::fs::write(&path, text).unwrap();
        let variables = environment
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        load(&path, variables).map_err(|error| {
            let text = error.to_string();
            text.replace(&dir.path().display().to_string(), "")
        })
    }

    #[test]
    fn the_smallest_configuration_is_enough() {
        let config = read(SMALLEST, &[]).unwrap();
        assert_eq!(config.target.mode, super::super::Mode::DryRun);
        assert!(config.store.path.is_absolute());
    }

    #[test]
    fn errors_name_line_key_and_remedy() {
        let cases = [
            (
                SMALLEST.replace("listen = \"127.0.0.1:8585\"", "lisen = \"127.0.0.1:8585\""),
                "/bridge.toml:2: server.lisen: there is no such key",
            ),
            (
                SMALLEST.replace("mode = \"dry-run\"", "mode = \"wet\""),
                "/bridge.toml:14: target.mode: unknown variant `wet`",
            ),
            (
                SMALLEST.replace("path = \"bridge.db\"", ""),
                "/bridge.toml:8: store.path: this key is missing",
            ),
            (
                SMALLEST.replace("https://adb", "http://adb"),
                "/bridge.toml:12: target.workspace_url: must begin with https:// (it is \"http://adb-1234567890123456.7",
            ),
            (
                SMALLEST.replace("[store]", "max_json_depth = 1000\n[store]"),
                "/bridge.toml:8: server.max_json_depth: must be between 8 and 100 (it is 1000)",
            ),
            (
                SMALLEST.replace("[store]", "body_timeout = \"soon\"\n[store]"),
                "/bridge.toml:8: server.body_timeout: \"soon\" is not a length of time; write for example",
            ),
            (
                SMALLEST.replace("[store]", "token = \"s3cret\"\n[store]"),
                "/bridge.toml:8: server.token: there is no such key",
            ),
            (SMALLEST.replace("[store]", "[store"), "/bridge.toml:8: "),
            (
                SMALLEST.replace("https://localhost:8585/scim", "localhost"),
                "/bridge.toml:3: server.public_url: ",
            ),
        ];
        for (text, expected) in cases {
            let error = read(&text, &[]).unwrap_err();
            assert!(error.starts_with(expected), "{error}\n{expected}");
            assert_eq!(error.lines().count(), 1, "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn the_environment_overrides_a_key_and_is_named_when_it_is_wrong() {
        let config = read(
            SMALLEST,
            &[
                ("SCIM_BRIDGE_TARGET_PACE", "x60"),
                ("SCIM_BRIDGE_SERVER_MAX_PAGE", "50"),
            ],
        )
        .unwrap();
        assert_eq!((config.server.max_page, config.target.pace.as_str()), (50, "x60"));
        let error = read(SMALLEST, &[("SCIM_BRIDGE_TARGET_PACE", "fast")]).unwrap_err();
        assert!(
            error.starts_with("environment variable SCIM_BRIDGE_TARGET_PACE: "),
            "{error}"
        );
    }

    #[test]
    fn exactly_one_credential_is_configured_and_the_complaint_names_what_is_there() {
        let token = "token_file = \"databricks-token\"\n";
        let none = read(&SMALLEST.replace(token, ""), &[]).unwrap_err();
        assert!(
            none.starts_with("/bridge.toml:11: target.token_file: exactly one credential is needed"),
            "{none}"
        );
        assert!(none.ends_with("; there is none"), "{none}");
        let entra = "[target.entra]\ntenant_id = \"t\"\nclient_id = \"c\"\nclient_secret_file = \"secret\"\n";
        let two = read(&format!("{SMALLEST}{entra}"), &[]).unwrap_err();
        assert!(
            two.starts_with("/bridge.toml:13: target.token_file: ")
                && two.contains("there are token_file and [target.entra]"),
            "{two}"
        );
        let one = read(&format!("{}{entra}", SMALLEST.replace(token, "")), &[]).unwrap();
        let entra = one.target.entra.unwrap();
        assert_eq!(entra.login_url.as_str(), "https://login.microsoftonline.com/");
        assert!(entra.client_secret_file.unwrap().is_absolute());
    }

    #[test]
    fn the_account_asks_for_its_id_and_for_a_credential_that_works_there() {
        let at = |level: &str, credential: &str| {
            let text = SMALLEST.replace("token_file = \"databricks-token\"\n", level);
            read(&format!("{text}{credential}"), &[])
        };
        let account = "level = \"account\"\naccount_id = \"b4ae-11\"\n";
        let oauth = "[target.oauth]\nclient_id = \"9f5c\"\nclient_secret_file = \"secret\"\n";
        let target = at(account, oauth).unwrap().target;
        let token_url = target.oauth.as_ref().unwrap().token_url(&target).unwrap();
        assert_eq!(
            token_url.as_str(),
            "https://accounts.azuredatabricks.net/oidc/accounts/b4ae-11/v1/token"
        );
        assert_eq!(
            target.place(),
            crate::databricks::Place::Account {
                url: "https://accounts.azuredatabricks.net".parse().unwrap(),
                id: "b4ae-11".to_owned(),
                application: "9f5c".to_owned(),
            }
        );
        let cases = [
            (
                "level = \"account\"\n".to_owned(),
                oauth.to_owned(),
                "target.account_id: is needed for level",
            ),
            (
                format!("{account}token_file = \"t\"\n"),
                String::new(),
                "target.token_file: a personal access token does not work at the account",
            ),
            (
                account.to_owned(),
                format!("{oauth}account_id = \"other\"\n"),
                "target.oauth.account_id: must be that of target.account_id",
            ),
            (
                account.to_owned(),
                "[target.managed_identity]\n".to_owned(),
                "target.managed_identity.client_id: is needed for level",
            ),
            (
                "account_id = \"b4ae-11\"\n".to_owned(),
                oauth.to_owned(),
                "target.account_id: only goes with level",
            ),
            (
                format!("{account}account_url = \"https://accounts.test/x\"\n"),
                oauth.to_owned(),
                "target.account_url: must be the account's address alone",
            ),
            (
                "level = \"tenant\"\n".to_owned(),
                oauth.to_owned(),
                "target.level: unknown variant `tenant`",
            ),
        ];
        for (level, credential, expected) in cases {
            let error = at(&level, &credential).unwrap_err();
            assert!(error.contains(expected), "{error}\n{expected}");
        }
    }

    #[test]
    fn what_groups_are_given_goes_with_the_level() {
        let with = |sections: &str| read(&format!("{SMALLEST}{sections}"), &[]);
        let config = with("[entitlements]\n\"Data-*\" = [\"workspace-access\"]\n").unwrap();
        assert_eq!(
            config.entitlements.patterns(),
            [("data-*".to_owned(), vec!["workspace-access".to_owned()])]
        );
        let error = with("[entitlements]\n\"data-*\" = [\"sudo\"]\n").unwrap_err();
        assert!(
            error.starts_with("/bridge.toml:16: entitlements.data-*: there is no entitlement \"sudo\""),
            "{error}"
        );
        let error = with("[assign]\npermission = \"USER\"\n").unwrap_err();
        assert!(
            error.contains("assign.workspace_ids: assignments are for identities of the account"),
            "{error}"
        );
        let through = SMALLEST.replace("mode =", "level = \"account-through-workspace\"\nmode =");
        let error = read(&format!("{through}[entitlements]\nops = [\"workspace-access\"]\n"), &[]).unwrap_err();
        assert!(
            error.contains("entitlements.ops: only workspaces know entitlements"),
            "{error}"
        );
        let error = read(&format!("{through}[assign]\nworkspace_ids = [77]\n"), &[]).unwrap_err();
        assert!(
            error.contains("assign.workspace_ids: only goes with target.level"),
            "{error}"
        );
        let assign = read(&format!("{through}[assign]\n"), &[]).unwrap().assign.unwrap();
        assert_eq!(
            (assign.groups, assign.permission.as_str()),
            (vec!["*".to_owned()], "USER")
        );
    }

    #[test]
    fn a_credential_may_come_from_the_environment_alone() {
        let text = SMALLEST.replace("token_file = \"databricks-token\"\n", "");
        let variables = [
            ("SCIM_BRIDGE_TARGET_OAUTH_CLIENT_ID", "robot"),
            ("SCIM_BRIDGE_TARGET_OAUTH_CLIENT_SECRET_FILE", "/run/secrets/robot"),
        ];
        let oauth = read(&text, &variables).unwrap().target.oauth.unwrap();
        assert_eq!(oauth.client_id, "robot");
        let error = read(&text, &variables[..1]).unwrap_err();
        assert!(
            error.contains("target.oauth.client_secret_file: exactly one of"),
            "{error}"
        );
        let error = read(
            &text,
            &[
                variables[0],
                variables[1],
                ("SCIM_BRIDGE_TARGET_OAUTH_ACCOUNT_URL", "ftp://x"),
            ],
        )
        .unwrap_err();
        assert!(
            error.starts_with("environment variable SCIM_BRIDGE_TARGET_OAUTH_ACCOUNT_URL: "),
            "{error}"
        );
    }

    #[test]
    fn an_error_in_an_inner_table_names_its_line() {
        let text = SMALLEST.replace("token_file = \"databricks-token\"\n", "");
        let identity = format!("{text}[target.managed_identity]\nendpoint = \"ftp://x\"\n");
        let error = read(&identity, &[]).unwrap_err();
        assert!(
            error.starts_with("/bridge.toml:15: target.managed_identity.endpoint: must begin with http://"),
            "{error}"
        );
        let unknown = read(&identity.replace("endpoint", "end_point"), &[]).unwrap_err();
        assert!(
            unknown.starts_with("/bridge.toml:15: target.managed_identity.end_point: there is no such key"),
            "{unknown}"
        );
        let missing = format!("{text}\n[target.entra]\nclient_id = \"c\"\n");
        let error = read(&missing, &[]).unwrap_err();
        assert!(
            error.starts_with("/bridge.toml:15: target.entra.tenant_id: this key is missing"),
            "{error}"
        );
    }

    #[test]
    fn a_proxy_stands_without_a_password_which_no_error_tells() {
        let proxy = |url: &str| read(SMALLEST, &[("SCIM_BRIDGE_TARGET_PROXY", url)]);
        assert!(proxy("http://proxy.contoso.test:3128").is_ok());
        for wrong in ["http://ana:s3cret@proxy.contoso.test:3128", "socks5://proxy", "s3cret"] {
            let error = proxy(wrong).unwrap_err();
            assert!(
                error.starts_with("environment variable SCIM_BRIDGE_TARGET_PROXY: "),
                "{error}"
            );
            assert!(wrong == "s3cret" || !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_name_server_is_an_address_with_or_without_a_port() {
        let server = |text: &str| {
            let read = read(SMALLEST, &[("SCIM_BRIDGE_TARGET_DNS_SERVER", text)]);
            read.map(|config| config.target.dns_server.unwrap().to_string())
        };
        assert_eq!(server("10.0.0.4").unwrap(), "10.0.0.4:53");
        assert_eq!(server("10.0.0.4:5353").unwrap(), "10.0.0.4:5353");
        assert_eq!(server("fd00::4").unwrap(), "[fd00::4]:53");
        assert!(
            server("dns.contoso.test")
                .unwrap_err()
                .contains("must be an address such as")
        );
    }
}
