//! The command line of `scim-conformance`: its words, its three commands, its exit codes.

mod arguments;
mod catalogue;
mod run;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// What the process says at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Every check passed or was skipped.
    Passed = 0,
    /// A check failed or was blocked.
    Failed = 1,
    /// Nothing could be checked.
    CouldNotRun = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The whole program: reads the process's arguments, does what they say, and gives back its exit code.
///
/// What it found goes to the standard output; why it could not run, one line, to the standard error.
pub async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::List(arguments) => catalogue::list(&arguments),
        Command::Explain(arguments) => catalogue::explain(&arguments),
    };
    outcome
        .unwrap_or_else(|why| {
            eprintln!("scim-conformance: {why}");
            Exit::CouldNotRun
        })
        .into()
}
