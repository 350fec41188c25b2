//! `scim-bridge log`: the provisioning log, read beside a running bridge.

mod csv;
mod people;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{ConfigArgument, when};
use crate::app::CannotStart;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::id::ScimId;
use crate::store::{Event, Kind, LogEntry, LogQuery, StoreError, read_beside};

/// Entries read at once when all are wanted: memory stays bounded, and no snapshot is held for long.
const PAGE: usize = 500;

/// Arguments of `log`.
#[derive(Debug, Args)]
pub(super) struct Log {
    #[command(flatten)]
    config: ConfigArgument,
    /// Only resources whose userName or displayName contains this.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Only changes of the user who has, or ever had, this userName (or this id), and the changes of groups that
    /// moved the user in or out.
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// Only changes of the group that has, or ever had, this displayName (or this id).
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Only changes with this outcome: applied, pending, held, failing.
    #[arg(long, value_name = "WORD")]
    outcome: Option<String>,
    /// Only changes accepted since then: a time (RFC 3339), a day, or so long ago as in `2h`, `3d`.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only changes accepted before then, written likewise.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Only changes after this revision.
    #[arg(long, value_name = "REVISION", default_value_t = 0)]
    after: i64,
    /// The newest so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// All of them, oldest first, however many there are.
    #[arg(long, conflicts_with_all = ["limit", "events"])]
    all: bool,
    /// What happened to the target as a whole, instead of changes.
    #[arg(long, conflicts_with_all = ["name", "person", "group", "outcome", "since", "until", "after"])]
    events: bool,
    /// How to print: a table on a terminal, else lines.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// One JSON object a line: the same as `--format jsonl`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, for people.
    Table,
    /// A line a change and one for each of its calls.
    Lines,
    /// A row a change, for spreadsheets.
    Csv,
    /// One JSON object a line, with everything that is recorded.
    Jsonl,
}

impl Log {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let format = self.format()?;
        let query = self.query(&config.store.path)?;
        let mut out = io::BufWriter::new(io::stdout().lock());
        let printed = if self.events {
            let events = read_beside::<_, StoreError, _>(&config.store.path, |store| store.events(self.limit))?;
            print_events(&mut out, format, &events)
        } else if self.all {
            print_all(&mut out, format, &config.store.path, query)?
        } else {
            let entries = read_beside::<_, StoreError, _>(&config.store.path, |store| store.log(&query))?;
            print_entries(&mut out, format, &entries, true)
        };
        // A reader that has seen enough (`| head`) is no fault.
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn format(&self) -> Result<Format, CannotStart> {
        match self.format {
            Some(Format::Table) if self.all => Err(CannotStart(
                "--format table needs all rows at once and does not go with --all; use lines, csv or jsonl".to_owned(),
            )),
            Some(format) => Ok(format),
            None if self.json => Ok(Format::Jsonl),
            None if io::stdout().is_terminal() && !self.all => Ok(Format::Table),
            None => Ok(Format::Lines),
        }
    }

    fn query(&self, store: &Path) -> Result<LogQuery> {
        let now = Clock::system().now();
        let moment = |option: &str, text: &Option<String>| -> Result<Option<Timestamp>, CannotStart> {
            let read = text.as_deref().map(|text| when::read(text, now)).transpose();
            read.map_err(|why| CannotStart(format!("{option}: {why}")))
        };
        let named = |option: &str, kind: Kind, name: &Option<String>| -> Result<Option<Vec<ScimId>>> {
            let Some(name) = name else { return Ok(None) };
            let ids = read_beside::<_, StoreError, _>(store, |store| store.ever_named(kind, name))?;
            if ids.is_empty() {
                let what = if kind == Kind::User { "user" } else { "group" };
                let why = format!("{option}: no {what} has or had this name or id; `--name` finds parts of names");
                return Err(CannotStart(why).into());
            }
            Ok(Some(ids))
        };
        Ok(LogQuery {
            name: self.name.clone(),
            people: named("--person", Kind::User, &self.person)?,
            groups: named("--group", Kind::Group, &self.group)?,
            outcome: self.outcome.clone(),
            since: moment("--since", &self.since)?,
            until: moment("--until", &self.until)?,
            after: self.after,
            limit: self.limit,
        })
    }
}

/// Page by page, each on a snapshot of its own.
fn print_all(
    out: &mut impl Write,
    format: Format,
    store: &Path,
    mut query: LogQuery,
) -> Result<io::Result<()>, StoreError> {
    query.limit = PAGE;
    let mut first = true;
    loop {
        let page = read_beside::<_, StoreError, _>(store, |store| store.log_page(&query))?;
        let printed = print_entries(out, format, &page, first);
        first = false;
        match page.last() {
            Some(last) if printed.is_ok() => query.after = last.revision,
            _ => return Ok(printed),
        }
    }
}

/// Prints entries; the first part of a file begins with what such a file begins with.
fn print_entries(out: &mut impl Write, format: Format, entries: &[LogEntry], first: bool) -> io::Result<()> {
    match format {
        Format::Table => people::table_of_entries(out, entries),
        Format::Lines => people::lines_of_entries(out, entries),
        Format::Csv => csv::entries(out, entries, first),
        Format::Jsonl => json_lines(out, entries),
    }
}

fn print_events(out: &mut impl Write, format: Format, events: &[Event]) -> io::Result<()> {
    match format {
        Format::Table => people::table_of_events(out, events),
        Format::Lines => people::lines_of_events(out, events),
        Format::Csv => csv::events(out, events),
        Format::Jsonl => json_lines(out, events),
    }
}

fn json_lines(out: &mut impl Write, records: &[impl serde::Serialize]) -> io::Result<()> {
    for record in records {
        writeln!(out, "{}", serde_json::to_string(record)?)?;
    }
    Ok(())
}
