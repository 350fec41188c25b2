//! `run` and `test-connection`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mock_entra::{
    directory::{Directory, Edits},
    job::{Cycle, Job, Options, State, Verdict},
};

use super::{Done, connection::ConnectionArguments, show};

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Directory file: users, groups, assignments.
    #[arg(long, value_name = "FILE")]
    directory: PathBuf,

    /// Edits to apply to the directory before the cycle.
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,

    /// Where links and watermark are kept between runs.
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
    #[arg(long, value_name = "N")]
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
    let bar = show::Bar::start();
    let report = job.run(cycle, |progress| bar.show(progress)).await;
    bar.finish();
    if let Some(file) = &arguments.state {
        job.state().save(file)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        show::report(&report);
    }
    Ok(report.is_clean())
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
        Verdict::Passed => println!("passed: the endpoint answered every probe with an empty list"),
        Verdict::Failed(failure) => println!("failed: {failure}"),
    }
    Ok(verdict.is_passed())
}
