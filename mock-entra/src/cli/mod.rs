//! The command line: what is typed, what is shown, and the exit code.
//!
//! 0: everything went well. 1: something was tried and failed. 2: bad usage, or a file that
//! cannot be used, said in one line.

mod connection;
mod job;
pub(crate) mod logging;
mod replay;
mod show;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  Test the connection as the portal's button does:
    mock-entra test-connection --url https://localhost:8585/scim --token-file entra-token --ca-file ca.pem

  Provision a directory, then a day of edits, remembering links in between:
    mock-entra run --directory samples/contoso.json --state job.json --url https://localhost:8585/scim --token-file entra-token
    mock-entra run --directory samples/contoso.json --edits samples/contoso-day.json --state job.json --url https://localhost:8585/scim --token-file entra-token

  Play every recorded sequence against an empty endpoint:
    mock-entra replay sequences/*.json --url https://localhost:8585/scim --token-file entra-token";

/// A stand-in for Microsoft Entra's provisioning service: the SCIM client.
#[derive(Debug, Parser)]
#[command(name = "mock-entra", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// How log lines on stderr look.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) log: logging::Format,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs one cycle of a provisioning job.
    Run(job::RunArguments),
    /// Plays recorded sequences and compares the answers.
    Replay(replay::ReplayArguments),
    /// Tests a connection without changing anything.
    TestConnection(job::TestArguments),
}

/// Whether what was asked for went well. Errors are usage: exit 2.
pub(crate) type Done = anyhow::Result<bool>;

pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Run(arguments) => job::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::TestConnection(arguments) => job::test(arguments).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("mock-entra: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_fit_together() {
        Arguments::command().debug_assert();
    }
}
