//! The model test: random directories and edits, the bridge as a process, and what must hold whatever happens.
//!
//! See `docs/model-test.md`. One world: `MODEL_SEED=7 cargo test -p conformance --test model worlds`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod act;
mod checks;
mod client;
mod drive;
mod generate;
mod holds;
mod proxy;
mod run;
mod sabotage;
mod wanted;
mod weather;

/// Worlds of an ordinary run.
const WORLDS: u64 = 200;

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worlds() {
    let first = number("MODEL_FIRST").unwrap_or(1);
    let count = number("MODEL_SEEDS").unwrap_or(WORLDS);
    let seeds = number("MODEL_SEED").map_or(first..first + count, |seed| seed..seed + 1);
    let wrong = run::worlds(seeds, 1, count > WORLDS).await;
    println!("{}", wrong.join("\n"));
    assert!(wrong.is_empty(), "a world is wrong; see above");
}
