//! The command line. Exit code 2 is bad usage, configuration or a machine that does not
//! let it start, always with one clear line.

mod backup;
mod check_config;
mod doctor;
mod drift;
mod explain;
mod forget;
mod go_live;
mod ids;
mod import;
mod log;
mod order;
mod plan;
mod restore;
mod serve;
mod token;
mod when;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::app::CannotStart;
use crate::config::ConfigError;
use crate::store::StoreError;

/// The SCIM bridge between Microsoft Entra ID and a private Azure Databricks workspace.
#[derive(Debug, Parser)]
#[command(name = "scim-bridge", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How log lines are written to standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogForm::Human)]
    log: LogForm,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogForm {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve SCIM and make Databricks follow, until stopped.
    #[command(
        after_help = "Example:\n  scim-bridge serve --config bridge.toml\n  scim-bridge serve --config bridge.toml --log json"
    )]
    Serve(serve::Serve),
    /// Read a configuration, say whether it can be used, and stop.
    #[command(
        name = "check-config",
        after_help = "Example:\n  scim-bridge check-config --config bridge.toml"
    )]
    CheckConfig(check_config::CheckConfig),
    /// Look at everything the bridge needs, in order, and say what to do. Works beside a running bridge.
    #[command(
        after_help = "Exits 0 when no step failed, 1 when one did, 2 when it cannot run.\n\nExamples:\n  scim-bridge doctor --config bridge.toml\n  scim-bridge doctor --config bridge.toml --json\n  scim-bridge doctor --config bridge.toml --probe-writes"
    )]
    Doctor(doctor::Doctor),
    /// Read the provisioning log: each change with the calls it took. Works beside a running bridge.
    #[command(
        name = "log",
        after_help = "Examples:\n  scim-bridge log --config bridge.toml\n  scim-bridge log --config bridge.toml --name ana@ --json\n  scim-bridge log --config bridge.toml --outcome held\n  scim-bridge log --config bridge.toml --person ana@contoso.com --since 30d\n  scim-bridge log --config bridge.toml --all --format csv > changes.csv"
    )]
    Log(log::Log),
    /// Take in what is at the target before Entra writes anything; nothing of it is changed before Entra does.
    #[command(
        after_help = "Examples:\n  scim-bridge import --config bridge.toml\n  scim-bridge import --keep-ids --config bridge.toml\n  scim-bridge import --mapping ids.csv --config bridge.toml"
    )]
    Import(import::Import),
    /// Say what the bridge would do now: calls, who gains, who loses, what waits for a person, how long it takes.
    /// Writes nothing; works beside a running bridge.
    #[command(
        after_help = "Examples:\n  scim-bridge plan --config bridge.toml\n  scim-bridge plan --calls --limit 100 --config bridge.toml\n  scim-bridge plan --json --config bridge.toml"
    )]
    Plan(plan::Plan),
    /// Say why a user, a group or a membership is as it is, and what it waits for. Works beside a running bridge.
    #[command(
        after_help = "Exits 1 when nothing is called so.\n\nExamples:\n  scim-bridge explain ana@contoso.com --config bridge.toml\n  scim-bridge explain ana@contoso.com data-engineers --config bridge.toml\n  scim-bridge explain data-engineers --json --config bridge.toml"
    )]
    Explain(explain::Explain),
    /// Let a bridge in dry-run write from now on, after saying what that does.
    #[command(
        after_help = "Examples:\n  scim-bridge go-live --config bridge.toml\n  scim-bridge go-live --yes --config bridge.toml"
    )]
    GoLive(go_live::GoLive),
    /// List what somebody else changed at the target. Works beside a running bridge.
    #[command(
        after_help = "Examples:\n  scim-bridge drift --config bridge.toml\n  scim-bridge drift --json --config bridge.toml"
    )]
    Drift(drift::Drift),
    /// Copy the store to a file, as it is at one moment. Works beside a running bridge.
    #[command(after_help = "Example:\n  scim-bridge backup /backup/bridge-monday.db --config bridge.toml")]
    Backup(backup::Backup),
    /// Put a copy in the place of the store. The bridge must not run; nothing is written to Databricks until a person says so.
    #[command(after_help = "Example:\n  scim-bridge restore /backup/bridge-monday.db --config bridge.toml")]
    Restore(restore::Restore),
    /// The map of SCIM ids to ids at the target, which outlives the store.
    Ids(ids::Ids),
    /// Take a deleted person's name out of log and tombstones.
    #[command(
        after_help = "Examples:\n  scim-bridge forget ana@contoso.com --config bridge.toml\n  scim-bridge forget --id 1f0c77aa-... --yes --config bridge.toml"
    )]
    Forget(forget::Forget),
    /// Tokens for Entra to send.
    Token(token::Token),
    /// Let pass what the guard holds, or let a restored store write again.
    #[command(
        after_help = "Examples:\n  scim-bridge resume --config bridge.toml\n  scim-bridge resume --only ana@contoso.com --config bridge.toml\n  scim-bridge resume --after-restore --config bridge.toml"
    )]
    Resume(order::Resume),
    /// Decide about a renamed user who is held.
    #[command(after_help = "Example:\n  scim-bridge rename approve ana.smith@contoso.com --config bridge.toml")]
    Rename(order::Rename),
    /// Take over the user or group that exists at the target under the name of one that is held.
    #[command(after_help = "Example:\n  scim-bridge adopt data-engineers --config bridge.toml")]
    Adopt(order::Named),
    /// Make an object again that somebody deleted at the target.
    #[command(after_help = "Example:\n  scim-bridge recreate ana@contoso.com --config bridge.toml")]
    Recreate(order::Named),
    /// Remove the members of a group that were there when it was adopted and that Entra never spoke of.
    #[command(after_help = "Example:\n  scim-bridge prune data-engineers --config bridge.toml")]
    Prune(order::Named),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigArgument {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "SCIM_BRIDGE_CONFIG")]
    config: PathBuf,
}

/// Runs the program with these arguments, the first being its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    start_logging(arguments.log);
    let done = match arguments.command {
        Command::Serve(serve) => serve.run().map(well),
        Command::CheckConfig(check) => check.run().map(well),
        Command::Doctor(doctor) => doctor.run(),
        Command::Log(log) => log.run().map(well),
        Command::Import(import) => import.run().map(well),
        Command::Plan(plan) => plan.run().map(well),
        Command::Explain(explain) => explain.run(),
        Command::GoLive(go_live) => go_live.run().map(well),
        Command::Drift(drift) => drift.run().map(well),
        Command::Backup(backup) => backup.run().map(well),
        Command::Restore(restore) => restore.run().map(well),
        Command::Ids(ids) => ids.run().map(well),
        Command::Forget(forget) => forget.run().map(well),
        Command::Token(token) => token.run().map(well),
        Command::Resume(resume) => resume.run().map(well),
        Command::Rename(rename) => rename.run().map(well),
        Command::Adopt(named) => named.give("adopt").map(well),
        Command::Recreate(named) => named.give("recreate").map(well),
        Command::Prune(named) => named.give("prune").map(well),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            let usage = error.downcast_ref::<ConfigError>().is_some()
                || error.downcast_ref::<CannotStart>().is_some()
                || error.downcast_ref::<StoreError>().is_some();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

const fn well((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Help as it is; a complaint as one line.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody reads it: nothing to do about it.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            complain("a command is missing; try `scim-bridge --help`");
        }
        _ => {
            let text = error.to_string();
            let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
            let line = lines.collect::<Vec<_>>().join(" ");
            complain(line.strip_prefix("error: ").unwrap_or(&line));
        }
    }
    ExitCode::from(2)
}

/// One line on standard error.
fn complain(problem: &str) {
    let _ = writeln!(std::io::stderr(), "scim-bridge: {problem}");
}

fn start_logging(form: LogForm) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process keeps the first.
    let _ = match form {
        LogForm::Human => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogForm::Json => builder.json().try_init(),
    };
}
