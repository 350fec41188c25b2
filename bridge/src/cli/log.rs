//! `scim-bridge log`: the provisioning log, read beside a running bridge.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};

use super::ConfigArgument;
use crate::config::Config;
use crate::store::{Event, LogEntry, LogQuery, Snapshot, StoreError, read_beside};

/// Arguments of `log`.
#[derive(Debug, Args)]
pub(super) struct Log {
    #[command(flatten)]
    config: ConfigArgument,
    /// Only resources whose userName or displayName contains this.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Only changes with this outcome: applied, pending, held, failing.
    #[arg(long, value_name = "WORD")]
    outcome: Option<String>,
    /// Only changes after this revision.
    #[arg(long, value_name = "REVISION", default_value_t = 0)]
    after: i64,
    /// The newest so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// What happened to the target as a whole, instead of changes.
    #[arg(long)]
    events: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Log {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let query = LogQuery {
            name: self.name.clone(),
            outcome: self.outcome.clone(),
            after: self.after,
            limit: self.limit,
        };
        let read = |store: &Snapshot<'_>| {
            if self.events {
                Ok((Vec::new(), store.events(self.limit)?))
            } else {
                Ok((store.log(&query)?, Vec::new()))
            }
        };
        let (entries, events) = read_beside::<_, StoreError, _>(&config.store.path, read)?;
        let text = if self.json {
            as_json(&entries, &events)?
        } else if std::io::stdout().is_terminal() {
            as_table(&entries, &events)
        } else {
            as_lines(&entries, &events)
        };
        // A reader that has seen enough (`| head`) is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}

fn as_json(entries: &[LogEntry], events: &[Event]) -> Result<String> {
    let mut text = String::new();
    for entry in entries {
        writeln!(text, "{}", serde_json::to_string(entry)?)?;
    }
    for event in events {
        writeln!(text, "{}", serde_json::to_string(event)?)?;
    }
    Ok(text)
}

fn as_lines(entries: &[LogEntry], events: &[Event]) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(
            text,
            "{} {} {} {} {} {}",
            entry.revision, entry.at, entry.kind, entry.name, entry.action, entry.outcome
        );
        for step in &entry.steps {
            let status = step.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            let _ = writeln!(
                text,
                "    {} {} {} {} {}ms",
                step.at, step.call, status, step.outcome, step.millis
            );
        }
    }
    for event in events {
        let ended = event.ended_at.as_deref().unwrap_or("still so");
        let _ = writeln!(
            text,
            "{} {} {} x{} last {} ended {}: {}",
            event.first_at, event.what, event.cause, event.count, event.last_at, ended, event.detail
        );
    }
    text
}

fn as_table(entries: &[LogEntry], events: &[Event]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if events.is_empty() {
        table.set_header(["revision", "accepted", "resource", "change", "outcome", "calls"]);
    } else {
        table.set_header(["first", "last", "what", "cause", "count", "ended", "detail"]);
    }
    for entry in entries {
        let calls: Vec<String> = entry
            .steps
            .iter()
            .map(|step| {
                let status = step.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
                format!("{} {status}", step.call)
            })
            .collect();
        table.add_row([
            entry.revision.to_string(),
            entry.at.clone(),
            format!("{} {}", entry.kind, entry.name),
            entry.action.clone(),
            entry.outcome.clone(),
            calls.join("\n"),
        ]);
    }
    for event in events {
        table.add_row([
            event.first_at.clone(),
            event.last_at.clone(),
            event.what.clone(),
            event.cause.clone(),
            event.count.to_string(),
            event.ended_at.clone().unwrap_or_else(|| "still so".to_owned()),
            event.detail.clone(),
        ]);
    }
    format!("{table}\n")
}
