//! `scim-bridge drift`: what somebody else changed at the target (rule B4), read beside a running bridge.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};

use super::ConfigArgument;
use crate::config::Config;
use crate::store::{DriftEntry, StoreError, read_beside};

/// Arguments of `drift`.
#[derive(Debug, Args)]
pub(super) struct Drift {
    #[command(flatten)]
    config: ConfigArgument,
    /// The oldest so many.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Drift {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let entries = read_beside::<_, StoreError, _>(&config.store.path, |store| store.drift(self.limit))?;
        let text = if self.json {
            entries
                .iter()
                .map(|entry| Ok(serde_json::to_string(entry)? + "\n"))
                .collect::<Result<String>>()?
        } else if entries.is_empty() {
            "nothing: the target is as the bridge left it\n".to_owned()
        } else if std::io::stdout().is_terminal() {
            table(&entries)
        } else {
            lines(&entries)
        };
        // A reader that has seen enough (`| head`) is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}

/// What would end it.
fn remedy(entry: &DriftEntry) -> &'static str {
    match (entry.contested, entry.confirmed_at.is_some(), entry.widens) {
        (true, _, _) => "contested: undone twice within a day, and left alone since",
        (false, false, _) => "to be confirmed by a second read",
        (false, true, true) => "drift.widen = \"repair\", or Entra writing it again, gives it back",
        (false, true, false) => "drift.mode = \"repair\" undoes it",
    }
}

fn lines(entries: &[DriftEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(
            text,
            "{} {} {} {} {}: {}",
            entry.first_at,
            entry.kind,
            entry.name,
            entry.what,
            entry.part,
            remedy(entry)
        );
    }
    text
}

fn table(entries: &[DriftEntry]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["since", "object", "what", "part", "what ends it"]);
    for entry in entries {
        table.add_row([
            entry.first_at.clone(),
            format!("{} {}", entry.kind, entry.name),
            entry.what.clone(),
            entry.part.clone(),
            remedy(entry).to_owned(),
        ]);
    }
    format!("{table}\n")
}
