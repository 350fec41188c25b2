//! Looks at everything that the bridge needs, in the order in which it needs it, and says what to do.
//!
//! It works beside a running bridge: it reads the configuration and asks the network and
//! Databricks, and never opens the store. What cannot be looked at because something
//! before it failed is skipped, and says what it waits for.

mod inbound;
mod probe;
mod report;
mod target;
mod way;

pub use probe::write_probe;
pub use report::{State, Step};

use self::report::Report;
use crate::app;
use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::databricks::Client;

/// Whoever is told of each step: its name when it begins, the step when it ended.
pub trait Watcher {
    /// The step of this name is under way.
    fn begins(&mut self, name: &'static str);
    /// It ended.
    fn ended(&mut self, step: &Step);
}

/// Looks at everything; with `probe_writes` also writes and removes one group.
pub async fn examine(config: &Config, clock: Clock, probe_writes: bool, watcher: &mut dyn Watcher) -> Vec<Step> {
    let mut report = Report::new(watcher);
    report.add(configuration(config));
    let reached = way::walk(&mut report, &app::way(config)).await;
    let client = match reached {
        Ok(()) => credential_of(&mut report, config, clock).await,
        Err(missing) => {
            report.skip(target::CREDENTIAL, missing);
            None
        }
    };
    let admitted = match &client {
        Some(client) => target::examine(&mut report, config, client, clock).await,
        None => target::skip(&mut report),
    };
    inbound::examine(&mut report, config, clock);
    if probe_writes {
        match client.filter(|_| admitted) {
            Some(client) => {
                report.begin(probe::WRITES);
                report.add(write_probe(&client).await);
            }
            None => report.skip(probe::WRITES, target::CREDENTIAL),
        }
    }
    report.into_steps()
}

/// Whether no step failed.
pub fn is_good(steps: &[Step]) -> bool {
    steps.iter().all(|step| step.state != State::Fail)
}

fn configuration(config: &Config) -> Step {
    let mode = match config.target.mode {
        Mode::DryRun => "dry-run, nothing is written",
        Mode::Live => "live",
    };
    let found = format!("usable; mode {mode}");
    if (config.test.time_factor - 1.0).abs() > f64::EPSILON {
        let found = format!("{found}; every interval is divided by {}", config.test.time_factor);
        return Step::warn(
            "configuration",
            found,
            "remove [test] time_factor: it is for rehearsals only",
        );
    }
    Step::ok("configuration", found)
}

/// The client, if the credential's own files and commands can be used.
async fn credential_of(report: &mut Report<'_>, config: &Config, clock: Clock) -> Option<Client> {
    report.begin(target::CREDENTIAL);
    match app::client(config, clock).await {
        Ok(client) => Some(client),
        Err(error) => {
            let remedy = "mend the file or the command that the key names";
            report.add(Step::fail(target::CREDENTIAL, format!("{error:#}"), remedy));
            None
        }
    }
}
