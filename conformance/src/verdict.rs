//! How a check ends, and what it has to say about it.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use crate::exchange::{Answer, Exchange, SentRequest};

/// The end of one check.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// The rule holds.
    Pass,
    /// It does not.
    Fail {
        /// Why, at least one.
        findings: Vec<Finding>,
    },
    /// It does not count here.
    Skipped {
        /// Why not.
        reason: String,
    },
    /// A fact that it needs could not be established.
    Blocked {
        /// The id of the check that covers that fact.
        by: String,
        /// What went wrong with the fact.
        findings: Vec<Finding>,
    },
}

impl Verdict {
    /// One word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail { .. } => "fail",
            Self::Skipped { .. } => "skipped",
            Self::Blocked { .. } => "blocked",
        }
    }

    /// What there is to say; empty unless it failed or was blocked.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Fail { findings } | Self::Blocked { findings, .. } => findings,
            Self::Pass | Self::Skipped { .. } => &[],
        }
    }
}

impl From<Result<(), Stop>> for Verdict {
    fn from(outcome: Result<(), Stop>) -> Self {
        match outcome {
            Ok(()) => Self::Pass,
            Err(Stop::Failed(findings)) => Self::Fail { findings },
            Err(Stop::Skipped(reason)) => Self::Skipped { reason },
            Err(Stop::Blocked { by, findings }) => Self::Blocked {
                by: by.to_owned(),
                findings,
            },
        }
    }
}

/// One thing that is not as it should be, with what a reader needs to repeat it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
    /// What should have come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The request whose answer showed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<SentRequest>,
    /// That answer; none if the connection gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

impl Finding {
    /// A finding that no single exchange shows.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            expected: None,
            actual: None,
            request: None,
            answer: None,
        }
    }

    /// A finding shown by this exchange.
    pub fn shown_by(exchange: &Exchange, message: impl Into<String>) -> Self {
        Self {
            request: Some(exchange.request.clipped()),
            answer: Some(exchange.answer.clipped()),
            ..Self::new(message)
        }
    }

    /// Adds what should have come and what came.
    #[must_use]
    pub fn compared(mut self, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.actual = Some(actual.into());
        self
    }
}

/// Why a check stops before its end. Travels with `?`.
#[derive(Debug, Clone)]
pub enum Stop {
    /// The rule is broken.
    Failed(Vec<Finding>),
    /// The check does not count here, for this reason.
    Skipped(String),
    /// A fact it needs is not there.
    Blocked {
        /// The id of the check that covers that fact.
        by: &'static str,
        /// What went wrong with the fact.
        findings: Vec<Finding>,
    },
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Failed(vec![finding])
    }
}

impl Stop {
    /// Fails with what this exchange shows.
    pub fn failed(exchange: &Exchange, message: impl Into<String>) -> Self {
        Finding::shown_by(exchange, message).into()
    }

    /// Fails with what this exchange shows, and the comparison.
    pub fn differs(
        exchange: &Exchange,
        message: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Finding::shown_by(exchange, message).compared(expected, actual).into()
    }
}

/// What a step inside a check adds when it stops.
pub trait Step: Sized {
    /// The step only establishes a fact: the check `by` covers it, so this one is blocked, not failed.
    ///
    /// # Errors
    ///
    /// As the step itself, with a failure turned into a block.
    #[must_use]
    fn blocked_by(self, by: &'static str) -> Self;

    /// Says what was being done.
    ///
    /// # Errors
    ///
    /// As the step itself, with `doing` before each message.
    #[must_use]
    fn during(self, doing: impl Display) -> Self;
}

impl<T> Step for Result<T, Stop> {
    fn blocked_by(self, by: &'static str) -> Self {
        self.map_err(|stop| match stop {
            Stop::Failed(findings) => Stop::Blocked { by, findings },
            other @ (Stop::Skipped(_) | Stop::Blocked { .. }) => other,
        })
    }

    fn during(self, doing: impl Display) -> Self {
        self.map_err(|stop| {
            let named = |findings: Vec<Finding>| {
                findings
                    .into_iter()
                    .map(|finding| Finding {
                        message: format!("{doing}: {}", finding.message),
                        ..finding
                    })
                    .collect()
            };
            match stop {
                Stop::Failed(findings) => Stop::Failed(named(findings)),
                Stop::Blocked { by, findings } => Stop::Blocked {
                    by,
                    findings: named(findings),
                },
                Stop::Skipped(reason) => Stop::Skipped(reason),
            }
        })
    }
}

/// Gathers failures, so that one check can report all that is wrong with one answer.
#[derive(Debug, Default)]
pub struct Findings {
    findings: Vec<Finding>,
    stop: Option<Stop>,
}

impl Findings {
    /// Takes in one comparison and goes on.
    pub fn take<T>(&mut self, outcome: Result<T, Stop>) {
        match outcome {
            Ok(_) => {}
            Err(Stop::Failed(findings)) => self.findings.extend(findings),
            Err(other @ (Stop::Skipped(_) | Stop::Blocked { .. })) => {
                self.stop.get_or_insert(other);
            }
        }
    }

    /// Takes in a difference that this exchange shows.
    pub fn add(
        &mut self,
        exchange: &Exchange,
        message: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) {
        self.findings
            .push(Finding::shown_by(exchange, message).compared(expected, actual));
    }

    /// Whether nothing was wrong so far.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.stop.is_none()
    }

    /// The sum of it: a failure before a block or a skip.
    ///
    /// # Errors
    ///
    /// When anything taken in was not a success.
    pub fn end(self) -> Result<(), Stop> {
        if self.findings.is_empty() {
            self.stop.map_or(Ok(()), Err)
        } else {
            Err(Stop::Failed(self.findings))
        }
    }
}

/// A JSON value as findings print it; "nothing" if it is not there.
pub(crate) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(
        || "nothing".to_owned(),
        |value| crate::exchange::clip(&value.to_string(), 400).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing() -> Result<(), Stop> {
        Err(Finding::new("no user").into())
    }

    #[test]
    fn a_failed_step_that_only_prepares_blocks_the_check() {
        let verdict = Verdict::from(failing().during("make a user").blocked_by("CRE-01"));
        assert_eq!(
            serde_json::to_value(verdict).unwrap(),
            serde_json::json!({"verdict": "blocked", "by": "CRE-01", "findings": [{"message": "make a user: no user"}]})
        );
    }

    #[test]
    fn gathered_failures_are_all_told() {
        let mut all = Findings::default();
        all.take(failing());
        all.take(Ok(()));
        all.take(failing());
        assert_eq!(Verdict::from(all.end()).findings().len(), 2);
        assert!(Findings::default().end().is_ok());
    }
}
