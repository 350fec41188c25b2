//! `scim-bridge explain`: why a user, a group or a membership is as it is. Works beside a running bridge.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;
use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::ConfigArgument;
use crate::app::worker_options;
use crate::clock::Clock;
use crate::config::Config;
use crate::reconcile::WorkerOptions;
use crate::reconcile::explain::{Explaining, Found, find, membership, near};
use crate::store::{Kind, Snapshot, StoreError, read_beside};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// userName, displayName, SCIM id, or id at Databricks.
    #[arg(value_name = "USER|GROUP")]
    name: String,
    /// Only the membership of the first in this group.
    #[arg(value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
    /// One JSON object for each that is called so.
    #[arg(long)]
    json: bool,
}

/// What is told of one thing: for people, and for programs.
struct Told {
    lines: Vec<(&'static str, String)>,
    json: Value,
}

impl Explain {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = Config::load(&self.config.config)?;
        let options = worker_options(&config);
        let read = |store: &Snapshot<'_>| self.tell(store, &options);
        let told = read_beside::<_, StoreError, _>(&config.store.path, read)?;
        let told = told.map_err(|unknown| anyhow!(unknown))?;
        let text = if self.json { as_json(&told) } else { as_lines(&told) };
        // A reader that has seen enough (`| head`) is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(ExitCode::SUCCESS)
    }

    fn tell(&self, store: &Snapshot<'_>, options: &WorkerOptions) -> Result<Result<Vec<Told>, String>, StoreError> {
        let explaining = Explaining::new(store, options, Clock::system().now())?;
        let found = find(store, &options.target, &self.name)?;
        if found.is_empty() {
            return Ok(Err(unknown(store, options, &self.name)?));
        }
        let mut told = Vec::new();
        let Some(group) = &self.group else {
            for one in &found {
                let explanation = explaining.explain(one)?;
                told.push(Told {
                    lines: explanation.lines(),
                    json: json!(explanation),
                });
            }
            return Ok(Ok(told));
        };
        let groups: Vec<Found> = find(store, &options.target, group)?;
        let groups: Vec<Found> = groups.into_iter().filter(|found| found.kind == Kind::Group).collect();
        if groups.is_empty() {
            return Ok(Err(unknown(store, options, group)?));
        }
        for (member, group) in found
            .iter()
            .flat_map(|member| groups.iter().map(move |group| (member, group)))
        {
            for one in membership(&explaining, member, group)? {
                told.push(Told {
                    lines: one.lines(),
                    json: json!(one),
                });
            }
        }
        Ok(Ok(told))
    }
}

/// Nothing is called so.
fn unknown(store: &Snapshot<'_>, options: &WorkerOptions, name: &str) -> Result<String, StoreError> {
    let near = near(store, &options.endpoint, name)?;
    Ok(if near.is_empty() {
        format!("nothing is or was called {name}; `scim-bridge log --name` finds parts of names")
    } else {
        format!("nothing is or was called {name}; near it: {}", near.join(", "))
    })
}

fn as_json(told: &[Told]) -> String {
    let mut text = String::new();
    for one in told {
        let _ = writeln!(text, "{}", one.json);
    }
    text
}

fn as_lines(told: &[Told]) -> String {
    let colour = std::io::stdout().is_terminal();
    let mut text = String::new();
    for (index, one) in told.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let mut last = "";
        for (label, line) in &one.lines {
            // The label of several lines stands at the first.
            let shown = if *label == last { "" } else { label };
            last = label;
            let shown = format!("{shown:<10}");
            let _ = if colour {
                writeln!(text, "{} {line}", shown.bold())
            } else {
                writeln!(text, "{shown} {line}")
            };
        }
    }
    text
}
