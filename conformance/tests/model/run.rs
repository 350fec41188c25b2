//! Many worlds beside each other, and the report on one that is wrong.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::StreamExt;

use super::drive::Drive;
use super::generate::{World, calm_world, world};
use super::proxy::{Sabotage, Serving};

/// The program that becomes the bridge.
const PROGRAM: &str = env!("CARGO_BIN_EXE_mock-stack");
/// Worlds mostly wait, so many share a core.
const AT_ONCE: usize = 12;

/// What is wrong with a world; `None` = nothing.
async fn fault_of(seed: u64) -> Option<String> {
    let mut drive = match Drive::start(world(seed), PROGRAM, None).await {
        Ok(drive) => drive,
        Err(error) => return Some(format!("seed {seed}: the stack does not start: {error:#}")),
    };
    if let Err(error) = drive.play().await {
        drive.problems.push(format!("the world broke: {error:#}"));
    }
    if std::env::var_os("MODEL_TELL").is_some() {
        println!("{}", report(&drive).await);
    }
    if drive.problems.is_empty() {
        return match drive.stack.stop().await {
            Ok(()) => None,
            Err(error) => Some(format!("seed {seed}: {error:#}")),
        };
    }
    let report = report(&drive).await;
    let _ = drive.stack.stop().await;
    Some(report)
}

async fn report(drive: &Drive) -> String {
    let World {
        seed,
        acknowledge,
        grace,
        repairs,
        calm: _,
        acts,
    } = &drive.world;
    let is = if drive.problems.is_empty() { "right" } else { "wrong" };
    let mut text =
        format!("seed {seed} is {is}; alone: MODEL_SEED={seed} cargo test -p conformance --test model worlds\n");
    for problem in &drive.problems {
        let _ = writeln!(text, "  {problem}");
    }
    let _ = writeln!(
        text,
        "acknowledge_within {acknowledge}, group_grace {grace}, drift repaired: {repairs}; acts:"
    );
    for act in acts {
        let _ = writeln!(text, "  {act}");
    }
    let _ = writeln!(text, "what was done:");
    for line in &drive.told {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "last requests at Databricks:");
    for one in drive.last_requests(200).await {
        let status = one.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let body = if one.body.is_null() {
            String::new()
        } else {
            one.body.to_string()
        };
        let _ = writeln!(
            text,
            "  {}{} {}ms {} {} {status} {body}",
            if one.fault.is_some() { "!" } else { "" },
            one.seq,
            one.at_ms,
            one.method,
            one.path
        );
    }
    text
}

/// What comes of a world whose bridge is betrayed: whether it was, and what the checks said.
pub async fn betrayed(seed: u64, sabotage: Sabotage) -> anyhow::Result<(bool, Vec<String>)> {
    let mut drive = Drive::start(calm_world(seed), PROGRAM, Some(sabotage)).await?;
    drive.patience = Duration::from_secs(1);
    let tell = std::env::var_os("MODEL_TELL").is_some();
    drive.play().await?;
    let struck = drive.proxy.as_ref().is_some_and(Serving::has_struck);
    if tell && !drive.problems.is_empty() {
        println!("{}", report(&drive).await);
    }
    let problems = std::mem::take(&mut drive.problems);
    drive.stack.stop().await?;
    Ok((struck, problems))
}

/// Runs the seeds; the reports of those that are wrong, at most `most`.
pub async fn worlds(seeds: impl IntoIterator<Item = u64>, most: usize, progress: bool) -> Vec<String> {
    let began = tokio::time::Instant::now();
    let at_once = std::env::var("MODEL_AT_ONCE")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(AT_ONCE);
    // A task each, so that they spread over the cores.
    let mut running = futures_util::stream::iter(seeds)
        .map(|seed| tokio::spawn(fault_of(seed)))
        .buffer_unordered(at_once);
    let (mut done, mut wrong) = (0_usize, Vec::new());
    while let Some(ended) = running.next().await {
        done += 1;
        if progress && done.is_multiple_of(100) {
            println!(
                "{done} worlds in {:?}, {} wrong",
                whole_seconds(began.elapsed()),
                wrong.len()
            );
        }
        match ended {
            Ok(None) => {}
            Ok(Some(report)) => wrong.push(report),
            Err(error) => wrong.push(format!("a world ended in a panic: {error}")),
        }
        if wrong.len() >= most {
            break;
        }
    }
    println!("{done} worlds in {:?}", began.elapsed());
    wrong
}

fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}
