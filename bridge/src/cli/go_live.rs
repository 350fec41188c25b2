//! `scim-bridge go-live`: from dry-run to writing, with consent to what that does (rule E2).

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::plan::{Form, print, rehearsed};
use super::{ConfigArgument, order};
use crate::app::CannotStart;
use crate::config::Config;
use crate::store::{StoreError, read_beside};

/// Names in a list.
const NAMES: usize = 20;

/// Arguments of `go-live`.
#[derive(Debug, Args)]
pub(super) struct GoLive {
    #[command(flatten)]
    config: ConfigArgument,
    /// Consents to what is printed.
    #[arg(long)]
    yes: bool,
}

impl GoLive {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let (went_live, started) = read_beside::<_, StoreError, _>(&config.store.path, |store| {
            Ok((store.fact("went_live")?, store.fact("started_mode")?))
        })?;
        let mut out = io::stdout();
        // Nobody reads it: the exit code says it too.
        // What the file says now is not what a running bridge was started with: only the store knows.
        if went_live.is_some() || started.as_deref() == Some("live") {
            let _ = writeln!(out, "the target is live already: nothing was changed");
            return Ok(());
        }
        if !self.yes && !io::stdin().is_terminal() {
            let why =
                "nobody can be asked here, and nothing was changed; --yes consents to what `scim-bridge plan` prints";
            return Err(CannotStart(why.to_owned()).into());
        }
        let rehearsal = rehearsed(&config)?;
        let _ = out.write_all(print(&rehearsal, &[], NAMES, Form::of_stdout()).as_bytes());
        if !self.yes && !confirmed()? {
            return Err(CannotStart("nothing was changed".to_owned()).into());
        }
        order::give(&self.config, "go-live", json!({}))
    }
}

fn confirmed() -> Result<bool> {
    write!(
        io::stderr(),
        "from now on the bridge writes to Databricks as above. Go on? [y/N] "
    )?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
