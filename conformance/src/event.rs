//! What a run tells while it goes, for whoever shows its progress.

use crate::check::Check;
use crate::report::{CheckReport, Report};
use crate::target::Target;

/// One step of a run.
#[derive(Debug)]
pub enum Event<'r> {
    /// The endpoint was reached and these checks will be made.
    Started {
        /// The endpoint.
        target: &'r Target,
        /// The checks, in order.
        checks: &'r [&'static Check],
    },
    /// A check begins.
    CheckStarted(&'static Check),
    /// A check has ended.
    CheckEnded(&'r CheckReport),
    /// All checks are made; what they left is being removed.
    CleaningUp,
    /// All is done.
    Ended(&'r Report),
}

/// Whoever shows a run.
pub trait Listener {
    /// Takes one event. Called in order, from one task.
    fn on(&mut self, event: &Event<'_>);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Listener for Silent {
    fn on(&mut self, _event: &Event<'_>) {}
}
