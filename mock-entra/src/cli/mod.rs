//! The command line: what is typed, what is shown, and the exit code.
//!
//! 0: everything went well. 1: something was tried and failed. 2: bad usage, or a file that
//! cannot be used, said in one line.

/// As `println!`; a reader who has gone is no reason to panic.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)));
    }};
}

mod connection;
mod job;
pub(crate) mod logging;
mod replay;
mod show;
mod stop;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand, error::ErrorKind};

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

/// The command line, or the exit code of a program that ends here.
pub(crate) fn arguments() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody reads it: nothing to do about it.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            complain("a command is missing; try `mock-entra --help`");
            ExitCode::from(2)
        }
        _ => {
            let text = error.to_string();
            let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
            let line = lines.collect::<Vec<_>>().join(" ");
            complain(line.strip_prefix("error: ").unwrap_or(&line));
            ExitCode::from(2)
        }
    })
}

/// One line on stderr.
fn complain(problem: &str) {
    let _ = writeln!(io::stderr(), "mock-entra: {problem}");
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
            complain(&format!("{error:#}"));
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
