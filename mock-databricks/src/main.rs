//! `mock-databricks`: the mock as a program.

mod cli;
mod ready_file;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
