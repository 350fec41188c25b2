//! `scim-bridge plan`: what the bridge would do now, without writing anything anywhere (rules E2, E6).

mod print;

use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(super) use print::{Form, print};

use super::ConfigArgument;
use crate::app::{CannotStart, worker_options};
use crate::clock::Clock;
use crate::config::Config;
use crate::reconcile::forecast::thousands;
use crate::reconcile::rehearse::{CannotRehearse, Rehearsal, rehearse};
use crate::store::Scratch;

/// How long it is quiet before it says how far it is.
const QUIET: Duration = Duration::from_secs(2);

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    config: ConfigArgument,
    /// One JSON object with everything.
    #[arg(long)]
    json: bool,
    /// Each call too, in the order in which they would be made.
    #[arg(long)]
    calls: bool,
    /// So many names in a list.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

impl Plan {
    pub(super) fn run(self) -> Result<()> {
        let config = Config::load(&self.config.config)?;
        let rehearsal = rehearsed(&config)?;
        let text = if self.json {
            format!("{}\n", serde_json::to_string(&rehearsal)?)
        } else {
            let calls = if self.calls { rehearsal.calls.as_slice() } else { &[] };
            print(&rehearsal, calls, self.limit, Form::of_stdout())
        };
        // A reader that has seen enough (`| head`) is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}

/// Rehearses on a private copy of the store; says on standard error how far it is, if that takes long.
pub(super) fn rehearsed(config: &Config) -> Result<Rehearsal> {
    let clock = Clock::system();
    let began = clock.now();
    let copy = Scratch::copy_of(&config.store.path)?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let mut progress = |far: crate::reconcile::rehearse::Progress| {
        if bar.is_hidden() && clock.now().since(began) >= QUIET && std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let (calls, left) = (thousands(far.calls), thousands(far.left));
        bar.set_message(format!("{calls} calls planned, {left} resources to go"));
        bar.tick();
    };
    // What planning would log is what is printed.
    let quiet = tracing::subscriber::NoSubscriber::default();
    let rehearsal = tracing::subscriber::with_default(quiet, || {
        rehearse(&copy, &worker_options(config), clock.now(), &mut progress)
    });
    bar.finish_and_clear();
    rehearsal.map_err(|error| match error {
        CannotRehearse::NotScanned => CannotStart(error.to_string()).into(),
        CannotRehearse::Store(error) => anyhow::Error::from(error),
    })
}
