//! `scim-bridge ids`: the id map, which outlives the store (rule C1).

use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use csv::WriterBuilder;
use serde_json::json;

use super::ConfigArgument;
use crate::config::Config;
use crate::recovery::{pairs, path_beside};
use crate::store::IdPair;

/// Arguments of `ids`.
#[derive(Debug, Args)]
pub(super) struct Ids {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print which SCIM id has, or had, which id at the target. Works beside a running bridge, and without a store.
    #[command(after_help = "Example:\n  scim-bridge ids export --config bridge.toml --format csv > ids.csv")]
    Export(Export),
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    config: ConfigArgument,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A row a pair, under a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Ids {
    pub(super) fn run(self) -> Result<()> {
        let Command::Export(export) = self.command;
        let config = Config::load(&export.config.config)?;
        let path = path_beside(&config.store.path);
        let pairs = pairs(&path).with_context(|| path.display().to_string())?;
        let mut out = io::BufWriter::new(io::stdout().lock());
        let printed = match export.format {
            Format::Csv => as_csv(&mut out, &pairs),
            Format::Jsonl => as_lines(&mut out, &pairs),
        };
        // A reader that has seen enough (`| head`) is no fault.
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn as_lines(out: &mut impl Write, pairs: &[(IdPair, i64)]) -> io::Result<()> {
    for (pair, revision) in pairs {
        let line = json!({ "kind": pair.kind, "id": pair.id, "upstream_id": pair.upstream_id, "revision": revision });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn as_csv(out: &mut impl Write, pairs: &[(IdPair, i64)]) -> io::Result<()> {
    let mut rows = WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    rows.write_record(["kind", "id", "upstream_id", "revision"])?;
    for (pair, revision) in pairs {
        rows.write_record([&pair.kind, &pair.id, &pair.upstream_id, &revision.to_string()])?;
    }
    rows.flush()
}
