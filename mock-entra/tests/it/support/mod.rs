//! A small SCIM server in memory, made for these tests only, and what drives a job.

mod discovery;
mod filter;
mod patch;
mod server;

use std::{path::PathBuf, sync::Arc};

use mock_entra::{
    client::Connection,
    clock::SteppedClock,
    directory::Directory,
    job::{Job, Options},
    wire::Dialect,
};

pub use self::server::{Fault, Server};

/// The token every test uses.
pub const TOKEN: &str = "test-token-1234";

/// A file of this crate.
pub fn crate_file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A connection to a base URL.
pub fn connection(url: &str, dialect: Dialect) -> Connection {
    let mut connection = Connection::new(url, TOKEN);
    connection.dialect = Some(dialect);
    connection
}

/// A clock that stands at the start of 2026.
pub fn clock() -> Arc<SteppedClock> {
    Arc::new(SteppedClock::at("2026-01-05T08:00:00Z".parse().unwrap()))
}

/// A job against a URL that waits for nothing.
pub fn job(url: &str, dialect: Dialect, directory: Directory) -> Job {
    let options = Options {
        clock: clock(),
        ..Options::default()
    };
    Job::new(connection(url, dialect), directory, options).unwrap()
}

/// The same, one object at a time: ids at the server follow the directory's order.
pub fn orderly_job(url: &str, dialect: Dialect, directory: Directory) -> Job {
    let options = Options {
        clock: clock(),
        parallel: 1,
        ..Options::default()
    };
    Job::new(connection(url, dialect), directory, options).unwrap()
}

/// A directory from its JSON parts.
pub fn directory(users: &str, groups: &str, assignments: &str) -> Directory {
    let text = format!(r#"{{"users":[{users}],"groups":[{groups}],"assignments":[{assignments}]}}"#);
    Directory::from_json(&text, "test directory").unwrap()
}

/// The id of the n-th test user.
pub fn user_id(n: u32) -> String {
    format!("11111111-0000-4000-8000-{n:012}")
}

/// The id of the n-th test group.
pub fn group_id(n: u32) -> String {
    format!("22222222-0000-4000-8000-{n:012}")
}

/// A user of a directory file: `u<n>@contoso.test`, with more keys.
pub fn user(n: u32, more: &str) -> String {
    let id = user_id(n);
    format!(
        r#"{{"id":"{id}","userPrincipalName":"u{n}@contoso.test","mailNickname":"u{n}","displayName":"User {n}"{more}}}"#
    )
}

/// A group of a directory file: `Group <n>` with user members.
pub fn group(n: u32, members: &[u32]) -> String {
    let members: Vec<_> = members.iter().map(|n| format!("\"{}\"", user_id(*n))).collect();
    format!(
        r#"{{"id":"{}","displayName":"Group {n}","members":[{}]}}"#,
        group_id(n),
        members.join(",")
    )
}

/// A quoted assignment of the n-th group.
pub fn assigned(n: u32) -> String {
    format!("\"{}\"", group_id(n))
}
