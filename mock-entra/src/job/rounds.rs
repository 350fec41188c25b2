//! Runs a phase: many objects at once, and those that may be tried again in rounds at its end.

use std::{pin::Pin, time::Duration};

use futures_util::{StreamExt, stream};

use super::options::Options;

/// What became of one piece of work.
pub(crate) enum Settled<W> {
    /// It is finished, well or not.
    Done(W),
    /// It is to be tried again after the wait the server named, if any.
    Again(W, Option<Duration>),
    /// The whole cycle stops here.
    Stop,
}

impl Settled<()> {
    /// The same with the work it is about.
    pub(crate) fn with<W>(self, work: W) -> Settled<W> {
        match self {
            Self::Done(()) => Settled::Done(work),
            Self::Again((), after) => Settled::Again(work, after),
            Self::Stop => Settled::Stop,
        }
    }
}

/// The step of one object. Boxed, because only so the compiler sees that a cycle is `Send`.
pub(crate) type Step<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// Runs all work; `settle` is told whether no further round follows. Answers false if stopped.
pub(crate) async fn run<'a, W, R>(
    options: &Options,
    work: Vec<W>,
    step: impl Fn(W) -> Step<'a, R>,
    mut settle: impl FnMut(R, bool) -> Settled<W>,
) -> bool {
    let mut pending = work;
    for round in 0..=options.retries {
        let last = round == options.retries;
        let mut again = Vec::new();
        let mut longest = None;
        let mut results = stream::iter(pending)
            .map(&step)
            .buffer_unordered(options.parallel.max(1));
        while let Some(result) = results.next().await {
            match settle(result, last) {
                Settled::Done(_) => {}
                Settled::Again(work, after) => {
                    longest = longest.max(after);
                    again.push(work);
                }
                Settled::Stop => return false,
            }
        }
        if again.is_empty() {
            break;
        }
        let wait = longest.unwrap_or(options.retry_wait).min(options.retry_wait_max);
        options.clock.sleep(wait).await;
        pending = again;
    }
    true
}
