//! `scim-bridge backup`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::ConfigArgument;
use crate::config::Config;
use crate::store::back_up;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where the copy goes. It holds names: keep it as safe as the store.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let revision = back_up(&config.store.path, &self.file, self.force)?;
        // Nobody reads it: the exit code says it too.
        let _ = writeln!(
            std::io::stdout(),
            "{}: the store as it was at revision {revision}",
            self.file.display()
        );
        Ok(())
    }
}
