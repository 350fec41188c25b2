//! The log for people: lines, or a table on a terminal.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

use crate::store::{Event, LogEntry, StepEntry};

pub(super) fn lines_of_entries(out: &mut impl Write, entries: &[LogEntry]) -> io::Result<()> {
    for entry in entries {
        writeln!(
            out,
            "{} {} {} {} {} {}",
            entry.revision,
            entry.at,
            entry.kind,
            entry.name,
            action(entry),
            entry.outcome
        )?;
        for step in &entry.steps {
            writeln!(
                out,
                "    {} {} {} {} {}ms",
                step.at,
                step.call,
                status(step),
                step.outcome,
                step.millis
            )?;
        }
    }
    Ok(())
}

pub(super) fn lines_of_events(out: &mut impl Write, events: &[Event]) -> io::Result<()> {
    for event in events {
        let ended = event.ended_at.as_deref().unwrap_or("still so");
        writeln!(
            out,
            "{} {} {} x{} last {} ended {}: {}",
            event.first_at, event.what, event.cause, event.count, event.last_at, ended, event.detail
        )?;
    }
    Ok(())
}

pub(super) fn table_of_entries(out: &mut impl Write, entries: &[LogEntry]) -> io::Result<()> {
    let mut table = table(["revision", "accepted", "resource", "change", "outcome", "calls"]);
    for entry in entries {
        let calls: Vec<String> = entry
            .steps
            .iter()
            .map(|step| format!("{} {}", step.call, status(step)))
            .collect();
        table.add_row([
            entry.revision.to_string(),
            entry.at.clone(),
            format!("{} {}", entry.kind, entry.name),
            action(entry),
            entry.outcome.clone(),
            calls.join("\n"),
        ]);
    }
    writeln!(out, "{table}")
}

pub(super) fn table_of_events(out: &mut impl Write, events: &[Event]) -> io::Result<()> {
    let mut table = table(["first", "last", "what", "cause", "count", "ended", "detail"]);
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
    writeln!(out, "{table}")
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

/// What was done; in a person's log, to which end.
fn action(entry: &LogEntry) -> String {
    match entry.membership {
        Some(moved) => format!("{} ({moved})", entry.action),
        None => entry.action.clone(),
    }
}

fn status(step: &StepEntry) -> String {
    step.status.map_or_else(|| "-".to_owned(), |status| status.to_string())
}
