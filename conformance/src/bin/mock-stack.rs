//! `mock-stack`: Entra, the bridge and a private Databricks workspace on one machine.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use comfy_table::{Table, presets};
use conformance::stack::hints::hints;
use conformance::stack::once::{Moment, Outcome, Rehearsal, Run};
use conformance::stack::{Stack, StackOptions, bridge_process, ready_file};
use indicatif::{ProgressBar, ProgressStyle};
use mock_databricks::Limits;
use mock_entra::wire::Dialect;
use owo_colors::{OwoColorize, Stream};
use tracing_subscriber::EnvFilter;

/// As `println!`; a reader who has gone is no reason to panic.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

/// Runs the whole chain on this machine: a directory, Entra's client, the bridge, and a Databricks
/// workspace that only a private address reaches.
#[derive(Debug, Parser)]
#[command(
    name = "mock-stack",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  mock-stack --once                       the chain once, with the sample company; exit 0 if both sides are equal\n  mock-stack --once --dialect compliant   the same in Entra's other dialect\n  mock-stack                              stay up, to try things by hand\n  mock-stack --ephemeral --ready-file up.json"
)]
struct Arguments {
    /// Connection test, two cycles, a day of edits, comparison; then stop.
    #[arg(long)]
    once: bool,
    /// Which PATCH dialect Entra's client writes.
    #[arg(long, value_enum, default_value_t = DialectArgument::Legacy)]
    dialect: DialectArgument,
    /// Databricks' rate limits and the bridge's pace: `published`, `off` or `xN`.
    #[arg(long, default_value = "x60", value_name = "LIMITS")]
    limits: Limits,
    /// Take free ports. `--once` always does.
    #[arg(long)]
    ephemeral: bool,
    /// Write addresses and tokens to this file once everything answers.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// A directory file in place of the sample company.
    #[arg(long, value_name = "FILE")]
    directory: Option<PathBuf>,
    /// A file of edits in place of the sample day.
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,
    /// Seed of the ids that Databricks gives out.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Divides every interval of the bridge and of the mock.
    #[arg(long, value_name = "F", default_value_t = 1.0, hide = true)]
    time_factor: f64,
    /// Before the comparison, let a foreign hand take the first member out of this group.
    #[arg(long, value_name = "GROUP", hide = true)]
    corrupt: Option<String>,
    /// How log lines are written to standard error.
    #[arg(long, value_enum, default_value_t = LogForm::Human)]
    log: LogForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DialectArgument {
    /// What Entra writes without a flag.
    Legacy,
    /// What it writes with `aadOptscim062020`.
    Compliant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogForm {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

fn main() -> ExitCode {
    let raw: Vec<_> = std::env::args_os().collect();
    if let Some(code) = bridge_process::become_bridge(&raw) {
        return code;
    }
    let arguments = match Arguments::try_parse_from(raw) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    start_logging(arguments.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the runtime cannot be started: {error}")),
    };
    match runtime.block_on(run(arguments)) {
        Ok(code) => code,
        Err(error) => complain(&format!("{error:#}")),
    }
}

/// Help as it is; a complaint as one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    complain(line.strip_prefix("error: ").unwrap_or(&line))
}

/// Says why it does not go on.
fn complain(problem: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "mock-stack: {problem}");
    ExitCode::from(2)
}

fn start_logging(form: LogForm) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // The first logger of the process stays.
    let _ = match form {
        LogForm::Human => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogForm::Json => builder.json().try_init(),
    };
}

/// How the work ended.
enum End {
    Done(Result<ExitCode>),
    Stopped,
    BridgeDied(ExitStatus),
}

async fn run(arguments: Arguments) -> Result<ExitCode> {
    // Listened for before there is anything to clean up.
    let mut stop = pin!(stop_signal()?);
    let rehearsal = Rehearsal::load(arguments.directory.as_deref(), arguments.edits.as_deref())?;
    if let Some(path) = &arguments.ready_file {
        ready_file::remove(path).with_context(|| format!("--ready-file {}", path.display()))?;
    }
    // In this order: a Ctrl-C reaches the bridge too, whose end is then no surprise.
    let stack = tokio::select! {
        biased;
        () = &mut stop => return stopped(&arguments),
        stack = start(&arguments) => stack?,
    };
    let end = tokio::select! {
        biased;
        () = &mut stop => End::Stopped,
        status = stack.bridge_ended() => End::BridgeDied(status?),
        done = work(&stack, &arguments, &rehearsal) => End::Done(done),
    };
    match end {
        End::Done(done) => {
            // A bridge that has died is why the work failed, so it is told first.
            stack.stop().await?;
            done
        }
        End::Stopped => {
            stack.stop().await?;
            stopped(&arguments)
        }
        End::BridgeDied(status) => Err(stack.after_bridge_ended(status).await),
    }
}

async fn start(arguments: &Arguments) -> Result<Stack> {
    let program = std::env::current_exe().context("this program cannot tell where it is")?;
    Stack::start(StackOptions {
        limits: arguments.limits,
        ephemeral: arguments.ephemeral || arguments.once,
        seed: arguments.seed,
        time_factor: arguments.time_factor,
        json_log: arguments.log == LogForm::Json,
        ..StackOptions::new(program)
    })
    .await
}

/// Asked to stop: that is how staying up ends, but `--once` has not got its answer.
fn stopped(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.once {
        bail!("stopped before the end");
    }
    Ok(ExitCode::SUCCESS)
}

/// What there is to do while the stack is up.
async fn work(stack: &Stack, arguments: &Arguments, rehearsal: &Rehearsal) -> Result<ExitCode> {
    if let Some(path) = &arguments.ready_file {
        ready_file::write(path, &stack.ready()).with_context(|| format!("--ready-file {}", path.display()))?;
    }
    if arguments.once {
        return once(stack, arguments, rehearsal).await;
    }
    say!("{}", hints(stack)?);
    std::future::pending().await
}

async fn once(stack: &Stack, arguments: &Arguments, rehearsal: &Rehearsal) -> Result<ExitCode> {
    let dialect = match arguments.dialect {
        DialectArgument::Legacy => Dialect::Legacy,
        DialectArgument::Compliant => Dialect::Compliant,
    };
    let bar = progress_bar();
    let run = Run::new(stack, rehearsal, dialect, |moment| show(&bar, &moment)).await?;
    let mut outcome = run.to_the_end().await?;
    if let Some(group) = &arguments.corrupt {
        outcome = corrupted(stack, rehearsal, group, outcome).await?;
    }
    bar.finish_and_clear();
    print(&outcome);
    Ok(if outcome.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// A foreign hand takes one member out of a group; the comparison is made again.
async fn corrupted(stack: &Stack, rehearsal: &Rehearsal, group: &str, mut outcome: Outcome) -> Result<Outcome> {
    use conformance::equal::{Baseline, Directory, compare};
    let state = stack.control().state().await?;
    let found = state
        .group(group)
        .with_context(|| format!("there is no group {group}"))?;
    let member = found
        .members
        .first()
        .with_context(|| format!("{group} has no members"))?;
    let operation = serde_json::json!({ "op": "remove", "path": format!("members[value eq \"{member}\"]") });
    let body =
        serde_json::json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
    let path = format!("/api/2.0/preview/scim/v2/Groups/{}", found.id);
    stack.control().edit("PATCH", &path, body).await?;
    let mut directory = Directory::parse(&rehearsal.directory)?;
    let first = directory.cycle();
    directory.apply(&rehearsal.edits)?;
    let mut baseline = state.clone();
    let named = |name: &str| ["admins", "users"].contains(&name);
    baseline.groups.retain(|group| named(&group.display_name));
    baseline.users.retain(|user| user.user_name.ends_with("@example.com"));
    let state = stack.control().state().await?;
    outcome.comparison = compare(&directory.cycle(), &[&first], &state, &Baseline::of(&baseline));
    Ok(outcome)
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<16} {bar:30} {pos:>5}/{len} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(bar: &ProgressBar, moment: &Moment) {
    match moment {
        Moment::Begins(step) => {
            bar.set_prefix(*step);
            bar.set_length(0);
            bar.set_position(0);
            bar.set_message("");
            if bar.is_hidden() {
                say!("{step} …");
            }
        }
        Moment::Cycle(progress) => {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(format!("{:?}", progress.phase).to_lowercase());
        }
        Moment::Done => bar.set_message("done"),
    }
}

fn print(outcome: &Outcome) {
    if std::io::stdout().is_terminal() {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([
            "",
            "objects",
            "SCIM requests in",
            "Databricks writes",
            "least writes",
            "Databricks reads",
            "seconds",
        ]);
        for phase in &outcome.phases {
            table.add_row([
                phase.name.to_owned(),
                phase.objects.to_string(),
                phase.requests.to_string(),
                phase.writes.to_string(),
                phase.least.to_string(),
                phase.reads.to_string(),
                format!("{:.1}", phase.took.as_secs_f64()),
            ]);
        }
        say!("{table}");
    } else {
        for phase in &outcome.phases {
            say!(
                "{}: {} objects, {} SCIM requests in, {} Databricks writes (least {}), {} reads, {:.1} s",
                phase.name,
                phase.objects,
                phase.requests,
                phase.writes,
                phase.least,
                phase.reads,
                phase.took.as_secs_f64()
            );
        }
    }
    for line in &outcome.comparison.explained {
        say!("explained: {line}");
    }
    for line in &outcome.comparison.differences {
        say!(
            "{} {line}",
            "different:".if_supports_color(Stream::Stdout, |text| text.red())
        );
    }
    for line in &outcome.faults {
        say!(
            "{} {line}",
            "wrong:".if_supports_color(Stream::Stdout, |text| text.red())
        );
    }
    if outcome.is_good() {
        let equal = "equal".if_supports_color(Stream::Stdout, |text| text.green());
        say!("{equal}: Databricks is what the directory says");
    } else {
        say!("{}", "not equal".if_supports_color(Stream::Stdout, |text| text.red()));
    }
}

/// Resolves when the program is asked to stop.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves when the program is asked to stop.
#[cfg(windows)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::windows;
    let (mut interrupt, mut pause) = (windows::ctrl_c()?, windows::ctrl_break()?);
    let (mut close, mut shutdown) = (windows::ctrl_close()?, windows::ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = pause.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
