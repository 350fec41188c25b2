//! `run` and `test-connection`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mock_entra::{
    directory::{Directory, Edits},
    job::{Cycle, Job, Options, State, Verdict},
};

use super::{Done, complain, connection::ConnectionArguments, show, stop};

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Directory file: users, groups, assignments.
    #[arg(long, value_name = "FILE")]
    directory: PathBuf,

    /// Edits to apply to the directory before the cycle.
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,

    /// Where links and watermark are kept between runs; also what a run that is stopped has linked so far.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Append every request and answer to this file, a JSON object a line.
    #[arg(long, value_name = "FILE")]
    request_log: Option<PathBuf>,

    /// Which cycle; without it incremental if the state has a watermark, else initial.
    #[arg(long, value_enum)]
    cycle: Option<CycleArgument>,

    /// Objects worked on at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,

    /// Most requests started in a second.
    #[arg(long, value_name = "N", value_parser = rate, allow_hyphen_values = true)]
    rate: Option<f64>,

    /// Most members in one PATCH.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    members_per_patch: u16,

    /// How often an object is tried again after 429, 5xx or a time-out, within the cycle.
    #[arg(long, value_name = "N", default_value_t = 2)]
    retries: u32,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: ConnectionArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CycleArgument {
    Initial,
    Incremental,
}

pub(crate) async fn run(arguments: RunArguments) -> Done {
    // Listened for before there is anything to lose.
    let stop = stop::signal()?;
    let mut directory = Directory::load(&arguments.directory)?;
    if let Some(edits) = &arguments.edits {
        directory.apply(&Edits::load(edits)?)?;
    }
    let state = arguments
        .state
        .as_deref()
        .map(State::load)
        .transpose()?
        .unwrap_or_default();
    let cycle = match arguments.cycle {
        Some(CycleArgument::Initial) => Cycle::Initial,
        Some(CycleArgument::Incremental) | None => Cycle::Incremental,
    };
    let options = Options {
        parallel: usize::from(arguments.parallel),
        requests_per_second: arguments.rate,
        members_per_patch: usize::from(arguments.members_per_patch),
        retries: arguments.retries,
        keep_requests: false,
        request_log: arguments.request_log,
        ..Options::default()
    };
    let connection = arguments.connection.connection()?;
    let mut job = Job::new(connection, directory, options)?.with_state(state);
    if let Some(file) = &arguments.state {
        // A path that cannot be written is found out now, not after the cycle that it should remember.
        job.state().save(file)?;
    }
    let bar = show::Bar::start();
    let report = tokio::select! {
        report = job.run(cycle, |progress| bar.show(progress)) => Some(report),
        () = stop => None,
    };
    bar.finish();
    match &report {
        Some(report) if arguments.json => say!("{}", serde_json::to_string_pretty(report)?),
        Some(report) => show::report(report),
        None => complain("stopped before the end of the cycle"),
    }
    if let Some(file) = &arguments.state {
        job.state().save(file)?;
    }
    Ok(report.is_some_and(|report| report.is_clean()))
}

/// Requests in a second: a positive number.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("it must be a positive number; leave the option out for no bound".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn test(arguments: TestArguments) -> Done {
    let connection = arguments.connection.connection()?;
    let job = Job::new(connection, Directory::default(), Options::default())?;
    let verdict = job.test_connection().await;
    match &verdict {
        Verdict::Passed => say!("passed: the endpoint answered every probe with an empty list"),
        Verdict::Failed(failure) => say!("failed: {failure}"),
    }
    Ok(verdict.is_passed())
}
