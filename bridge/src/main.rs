//! `scim-bridge`: the production SCIM bridge. See `scim-bridge --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bridge::cli::main(std::env::args_os())
}
