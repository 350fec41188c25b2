//! `scim-bridge restore`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::ConfigArgument;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::restore;

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// A copy that `backup` made.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

impl Restore {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let restored = restore(&self.file, &config.store.path, Clock::system().now())?;
        let kept = restored.replaced.map_or_else(String::new, |kept| {
            format!("  the store that stood there is kept as {}\n", kept.display())
        });
        let said = format!(
            "{}: restored as it was at revision {}\n{kept}  it is held: it is served, and nothing is written to Databricks until `scim-bridge resume --after-restore`\n  \
             next: start `scim-bridge serve`, restart provisioning in Entra with its state cleared, wait for the cycle to end, then resume\n",
            config.store.path.display(),
            restored.revision,
        );
        // Nobody reads it: the exit code says it too.
        let _ = std::io::stdout().write_all(said.as_bytes());
        Ok(())
    }
}
