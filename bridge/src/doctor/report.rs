//! Steps and what came of them.

use serde::Serialize;

use super::Watcher;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and something should be done.
    Warn,
    /// It does not work.
    Fail,
    /// Not looked at.
    Skipped,
}

impl State {
    /// One word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// One step: what was looked at, what was found, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was looked at.
    pub step: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found, in a sentence.
    pub found: String,
    /// What to do about it, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Step {
    /// As it should be.
    pub fn ok(step: &'static str, found: impl Into<String>) -> Self {
        Self::new(step, State::Ok, found.into(), None)
    }

    /// It works, and something should be done.
    pub fn warn(step: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(step, State::Warn, found.into(), Some(remedy.into()))
    }

    /// It does not work.
    pub fn fail(step: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(step, State::Fail, found.into(), Some(remedy.into()))
    }

    /// Not looked at.
    pub fn skipped(step: &'static str, why: impl Into<String>) -> Self {
        Self::new(step, State::Skipped, why.into(), None)
    }

    const fn new(step: &'static str, state: State, found: String, remedy: Option<String>) -> Self {
        Self {
            step,
            state,
            found,
            remedy,
        }
    }
}

/// All steps so far, in order.
pub(super) struct Report<'a> {
    steps: Vec<Step>,
    watcher: &'a mut dyn Watcher,
}

impl<'a> Report<'a> {
    pub(super) fn new(watcher: &'a mut dyn Watcher) -> Self {
        Self {
            steps: Vec::new(),
            watcher,
        }
    }

    pub(super) fn begin(&mut self, name: &'static str) {
        self.watcher.begins(name);
    }

    pub(super) fn add(&mut self, step: Step) {
        self.watcher.ended(&step);
        self.steps.push(step);
    }

    /// Not looked at, because of the step `missing`.
    pub(super) fn skip(&mut self, name: &'static str, missing: &str) {
        self.add(Step::skipped(name, format!("needs: {missing}")));
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}
