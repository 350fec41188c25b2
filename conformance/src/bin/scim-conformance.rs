//! `scim-conformance`: is this SCIM endpoint fit for Entra?

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    conformance::cli::main().await
}
