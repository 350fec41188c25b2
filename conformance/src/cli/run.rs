//! `run`: the checks against an endpoint.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use super::Exit;
use super::arguments::{ReportTo, RunArguments};
use crate::report::console::Console;
use crate::report::json;
use crate::run::{Plan, run as make};
use crate::target::{Options, Target, Token};

pub(super) async fn run(arguments: Box<RunArguments>) -> Result<Exit, String> {
    let checks = arguments.selection.selection().checks()?;
    let token = token(&arguments)?;
    // Opened before the first request: a run of minutes must not end in a report that cannot be written.
    let reports = arguments
        .report
        .iter()
        .map(|ReportTo(file)| Ok((file.as_path(), open(file)?)))
        .collect::<Result<Vec<_>, String>>()?;
    let mut options = Options::new(arguments.url.clone(), token);
    options.ca_file.clone_from(&arguments.ca_file);
    options.profile = arguments.selection.profile;
    options.duration = arguments.duration;
    options.timeout = arguments.timeout;
    if let Some(run_id) = &arguments.run_id {
        options.run_id = run_id.clone();
    }
    let target = Target::connect(options).await.map_err(|why| why.to_string())?;

    let plan = Plan {
        checks,
        fail_fast: arguments.fail_fast,
    };
    let no_color = std::env::var("NO_COLOR").ok();
    let mut console = Console::stdout(no_color.as_deref());
    let mut was_interrupted = false;
    let report = make(&target, &plan, &mut console, async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        was_interrupted = true;
    })
    .await;
    for (file, to) in reports {
        json::write(&report, BufWriter::new(to)).map_err(|error| unwritable(file, &error))?;
    }
    if was_interrupted {
        return Err("interrupted; the checks that were not made are reported as skipped".to_owned());
    }
    Ok(if report.all_passed() {
        Exit::Passed
    } else {
        Exit::Failed
    })
}

fn token(arguments: &RunArguments) -> Result<Token, String> {
    if let Some(token) = &arguments.token {
        eprintln!(
            "scim-conformance: warning: --token can be read by others on this machine (and stays in the shell's history); prefer --token-file"
        );
        return Token::new(token).map_err(|why| format!("--token: {why}"));
    }
    let Some(file) = &arguments.token_file else {
        return Err("give the bearer token with --token-file FILE".to_owned());
    };
    let text = fs::read_to_string(file).map_err(|error| format!("--token-file {}: {error}", file.display()))?;
    // A bridge's token file may hold two, a line each: either is good.
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    Token::new(first).map_err(|why| format!("--token-file {}: {why}", file.display()))
}

fn open(file: &Path) -> Result<File, String> {
    File::create(file).map_err(|error| unwritable(file, &error))
}

fn unwritable(file: &Path, error: &std::io::Error) -> String {
    format!("--report json={}: {error}", file.display())
}
