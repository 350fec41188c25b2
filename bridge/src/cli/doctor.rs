//! `scim-bridge doctor`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::ConfigArgument;
use crate::app::CannotStart;
use crate::clock::Clock;
use crate::config::Config;
use crate::doctor::{State, Step, Watcher, examine, is_good};

/// How long it is quiet before it says what it is at.
const QUIET: Duration = Duration::from_secs(2);

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    config: ConfigArgument,
    /// One JSON object instead of a table or lines.
    #[arg(long)]
    json: bool,
    /// Also make, read and remove one group at Databricks; asks first.
    #[arg(long)]
    probe_writes: bool,
    /// Do not ask.
    #[arg(long, requires = "probe_writes")]
    yes: bool,
}

impl Doctor {
    /// 0 = no step failed, 1 = one did.
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = Config::load(&self.config.config)?;
        if self.probe_writes && !self.yes && !agreed(&config)? {
            return Err(anyhow!(CannotStart(
                "--probe-writes: not agreed to, nothing was done".to_owned()
            )));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        let mut watcher = Screen {
            lines: !self.json && !std::io::stdout().is_terminal(),
            progress: Progress::new(),
        };
        let steps = runtime.block_on(examine(&config, Clock::system(), self.probe_writes, &mut watcher));
        let text = if self.json {
            as_json(&steps)
        } else if std::io::stdout().is_terminal() {
            as_table(&steps)
        } else {
            String::new()
        };
        watcher.progress.end();
        // Nobody reads it: the exit code says it too.
        let _ = std::io::stdout().write_all(text.as_bytes());
        // A name that is being resolved is not worth waiting for.
        runtime.shutdown_background();
        Ok(ExitCode::from(u8::from(!is_good(&steps))))
    }
}

/// Whether a person at the terminal agrees to a write.
fn agreed(config: &Config) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        let why = "--probe-writes asks for consent on a terminal; without one, add --yes";
        return Err(anyhow!(CannotStart(why.to_owned())));
    }
    let question = format!(
        "doctor will make, read and remove one empty group, scim-bridge-probe-…, at {}. Go on? [y/N] ",
        config.target.workspace_url
    );
    std::io::stderr().write_all(question.as_bytes())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Tells each step as it ends, where nobody waits for a table.
struct Screen {
    lines: bool,
    progress: Progress,
}

impl Watcher for Screen {
    fn begins(&mut self, name: &'static str) {
        self.progress.tell(name);
    }

    fn ended(&mut self, step: &Step) {
        if self.lines {
            let _ = std::io::stdout().write_all(as_line(step).as_bytes());
        }
    }
}

/// A spinner on a terminal that appears only when it takes long.
struct Progress {
    bar: ProgressBar,
    began: Option<tokio::task::JoinHandle<()>>,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} …") {
            bar.set_style(style);
        }
        Self { bar, began: None }
    }

    fn tell(&mut self, name: &'static str) {
        self.bar.set_message(name);
        if self.began.is_none() {
            let bar = self.bar.clone();
            self.began = Some(tokio::spawn(async move {
                tokio::time::sleep(QUIET).await;
                // Nothing is drawn where standard error is no terminal.
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(Duration::from_millis(100));
            }));
        }
    }

    fn end(self) {
        if let Some(began) = self.began {
            began.abort();
        }
        self.bar.finish_and_clear();
    }
}

fn as_line(step: &Step) -> String {
    let remedy = step
        .remedy
        .as_ref()
        .map_or_else(String::new, |remedy| format!("\n    do: {remedy}"));
    format!("{:<8}{}: {}{remedy}\n", step.state.as_str(), step.step, step.found)
}

fn as_json(steps: &[Step]) -> String {
    format!("{:#}\n", json!({ "ok": is_good(steps), "steps": steps }))
}

fn as_table(steps: &[Step]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        table.force_no_tty();
    }
    table.set_header(["", "looked at", "found", "to do"]);
    for step in steps {
        let state = Cell::new(step.state.as_str());
        let state = match step.state {
            State::Ok => state.fg(Color::Green),
            State::Warn => state.fg(Color::Yellow),
            State::Fail => state.fg(Color::Red),
            State::Skipped => state.fg(Color::DarkGrey),
        };
        table.add_row([
            state,
            Cell::new(step.step),
            Cell::new(&step.found),
            Cell::new(step.remedy.as_deref().unwrap_or_default()),
        ]);
    }
    format!("{table}\n")
}
