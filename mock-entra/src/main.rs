//! The command `mock-entra`.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match cli::arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    cli::logging::start(arguments.log);
    cli::run(arguments).await
}
