//! `scim-bridge forget`: a purged person leaves log and tombstones (rule D5).

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::{ConfigArgument, order};
use crate::app::CannotStart;
use crate::config::Config;
use crate::id::ScimId;
use crate::store::{Kind, Store, StoreError, read_beside};

/// Arguments of `forget`.
#[derive(Debug, Args)]
#[group(id = "who", required = true, multiple = false, args = ["name", "id"])]
pub(super) struct Forget {
    /// The userName of a deleted user.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The user's SCIM id, as the log tells it.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Forget {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let store = &config.store.path;
        let ids = self.who(store)?;
        for id in &ids {
            let may = read_beside::<_, StoreError, _>(store, |snapshot| snapshot.forgettable(id))?;
            may.map_err(|why| CannotStart(why.to_string()))?;
        }
        if !self.yes && !confirmed(ids.len())? {
            return Err(CannotStart("nothing was changed; --yes answers the question".to_owned()).into());
        }
        for id in &ids {
            match Store::open(store) {
                Ok(store) => forget(&store, id)?,
                // The id alone: what is forgotten must not stand in the order.
                Err(StoreError::Locked { .. }) => order::give(&self.config, "forget", json!({ "id": id.as_str() }))?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Ids of the deleted users that are meant. A name may have been several people's, one of whom is there.
    fn who(&self, store: &Path) -> Result<Vec<ScimId>> {
        if let Some(id) = &self.id {
            return Ok(vec![ScimId::new(id)]);
        }
        let name = self.name.as_deref().unwrap_or_default();
        let ids = read_beside::<_, StoreError, _>(store, |snapshot| snapshot.ever_named(Kind::User, name))?;
        if ids.is_empty() {
            let why = "no user has or had this name; `scim-bridge log --name` finds parts of names, --id takes an id";
            return Err(CannotStart(why.to_owned()).into());
        }
        Ok(ids)
    }
}

/// Forgets at once: no bridge serves.
fn forget(store: &Store, id: &ScimId) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .context("the runtime cannot be started")?;
    let who = id.clone();
    let forgotten = runtime.block_on(store.write::<_, StoreError, _>(move |tx| tx.forget(&who)))?;
    let forgotten = forgotten.map_err(|why| CannotStart(why.to_string()))?;
    // Nobody reads it: the exit code says it too.
    let _ = writeln!(io::stdout(), "{forgotten}");
    Ok(())
}

fn confirmed(people: usize) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(
        io::stderr(),
        "the names of {people} deleted user(s) leave log and tombstones for good; backups keep them. Go on? [y/N] "
    )?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
