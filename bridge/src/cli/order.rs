//! The commands that change something: they leave an order in the store, which the bridge
//! that serves from it carries out (rule D2).

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::ConfigArgument;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{NewCommand, StoreError, StoreLock, leave_command, read_beside};

/// How long the command line waits for the bridge to carry an order out.
const PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub(super) struct Resume {
    #[command(flatten)]
    config: ConfigArgument,
    /// Let only what concerns this user pass.
    #[arg(long, value_name = "NAME", conflicts_with = "after_restore")]
    only: Option<String>,
    /// Let a store that was restored from a backup write again.
    #[arg(long)]
    after_restore: bool,
}

impl Resume {
    pub(super) fn run(self) -> Result<()> {
        let arguments = json!({ "name": self.only, "after_restore": self.after_restore });
        give(&self.config, "resume", arguments)
    }
}

/// What is decided about a rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verdict {
    /// A new account takes over, the old one is retired.
    Approve,
    /// The account keeps its old name.
    Refuse,
}

/// Arguments of `rename`.
#[derive(Debug, Args)]
pub(super) struct Rename {
    /// What is decided.
    verdict: Verdict,
    /// The user's new userName, or the SCIM id.
    name: String,
    #[command(flatten)]
    config: ConfigArgument,
}

impl Rename {
    pub(super) fn run(self) -> Result<()> {
        let verdict = match self.verdict {
            Verdict::Approve => "approve",
            Verdict::Refuse => "refuse",
        };
        give(&self.config, "rename", json!({ "name": self.name, "verdict": verdict }))
    }
}

/// Arguments of the commands about one resource.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// userName, displayName or SCIM id.
    name: String,
    #[command(flatten)]
    config: ConfigArgument,
}

impl Named {
    pub(super) fn give(self, order: &str) -> Result<()> {
        give(&self.config, order, json!({ "name": self.name }))
    }
}

/// Leaves the order, waits until it is carried out, and says what came of it.
pub(super) fn give(config: &ConfigArgument, name: &str, arguments: Value) -> Result<()> {
    give_within(config, name, arguments, Some(PATIENCE))
}

/// The same for an order that takes its time: tells how far it is.
pub(super) fn give_and_follow(config: &ConfigArgument, name: &str, arguments: Value) -> Result<()> {
    give_within(config, name, arguments, None)
}

fn give_within(config: &ConfigArgument, name: &str, arguments: Value, patience: Option<Duration>) -> Result<()> {
    let config = Config::load(&config.config)?;
    let path = &config.store.path;
    let number = leave_command(
        path,
        &NewCommand {
            name: name.to_owned(),
            arguments,
            at: Clock::system().now(),
        },
    )?;
    if let Ok(lock) = StoreLock::acquire(path) {
        drop(lock);
        say("no bridge serves from this store: the order is carried out as soon as one does\n");
        return Ok(());
    }
    let clock = Clock::system();
    let began = clock.now();
    let mut last = String::new();
    loop {
        let command = read_beside::<_, StoreError, _>(path, |store| store.command(number))?;
        let outcome = command.and_then(|command| command.outcome).unwrap_or_default();
        if outcome.get("done").is_some() || outcome.get("failed").is_some() {
            return tell(&outcome);
        }
        let progress = outcome.get("progress").and_then(Value::as_str).unwrap_or_default();
        if progress != last {
            progress.clone_into(&mut last);
            let _ = writeln!(std::io::stderr(), "{last}");
        }
        if let Some(patience) = patience.filter(|patience| clock.now().since(began) >= *patience) {
            bail!(
                "the bridge has not carried the order out within {}s; its log tells why",
                patience.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn tell(outcome: &Value) -> Result<()> {
    if let Some(why) = outcome.get("failed").and_then(Value::as_str) {
        return Err(anyhow!("{why}"));
    }
    say(&format!(
        "{}\n",
        outcome.get("done").and_then(Value::as_str).unwrap_or("done")
    ));
    Ok(())
}

fn say(text: &str) {
    // Nobody reads it: the exit code says it too.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
