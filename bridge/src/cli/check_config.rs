//! `scim-bridge check-config`.

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
        println!("{}: usable", self.config.config.display());
        println!("  tenant URL  {}", config.server.public_url);
        println!("  workspace   {}", config.target.workspace_url);
        println!("  mode        {mode}");
        Ok(())
    }
}
