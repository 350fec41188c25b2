//! `scim-bridge check-config`.

use std::io::Write;

use anyhow::Result;
use clap::Args;

use super::ConfigArgument;
use crate::config::{Config, Mode};

/// Arguments of `check-config`.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    config: ConfigArgument,
}

impl CheckConfig {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let mode = match config.target.mode {
            Mode::DryRun => "dry-run: changes are accepted and nothing is written to Databricks",
            Mode::Live => "live: Databricks follows",
        };
        let said = format!(
            "{}: usable\n  tenant URL  {}\n  workspace   {}\n  mode        {mode}\n",
            self.config.config.display(),
            config.server.public_url,
            config.target.workspace_url,
        );
        // Nobody reads it: the exit code says it too.
        let _ = std::io::stdout().write_all(said.as_bytes());
        Ok(())
    }
}
