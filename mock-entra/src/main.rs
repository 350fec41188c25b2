//! The command `mock-entra`.

mod cli;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    cli::logging::start(arguments.log);
    cli::run(arguments).await
}
