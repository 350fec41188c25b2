//! The run: check after check, then the clean-up, then the report.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};

use crate::check::Check;
use crate::clock;
use crate::event::{Event, Listener};
use crate::report::{CheckReport, Report};
use crate::target::Target;
use crate::verdict::Verdict;

/// What to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The checks, in order; see [`crate::selection::Selection::checks`].
    pub checks: Vec<&'static Check>,
    /// Stop at the first check that fails or is blocked.
    pub fail_fast: bool,
}

/// Makes the checks one after the other, removes what they made, and tells `listener` about it.
/// Checks that look back on the run come last; the report has all in the order of the plan.
///
/// When `interrupted` completes the check under way is left, the rest is skipped, and the
/// clean-up still runs. Nothing a check does ends the run.
pub async fn run(
    target: &Target,
    plan: &Plan,
    listener: &mut (dyn Listener + Send),
    interrupted: impl Future<Output = ()>,
) -> Report {
    let started_at = clock::timestamp();
    let began = clock::now();
    listener.on(&Event::Started {
        target,
        checks: &plan.checks,
    });
    let mut interrupted = pin!(interrupted);
    let mut reports: Vec<CheckReport> = Vec::with_capacity(plan.checks.len());
    let mut stopped: Option<&'static str> = None;
    let (looking_back, others): (Vec<_>, Vec<_>) = plan.checks.iter().partition(|check| check.looks_back());
    for check in others.into_iter().chain(looking_back) {
        listener.on(&Event::CheckStarted(check));
        let report = if let Some(why) = stopped {
            CheckReport::new(check, skipped(why))
        } else {
            let act = pin!(make(target, check));
            match select(act, interrupted.as_mut()).await {
                Either::Left((report, _)) => report,
                Either::Right(((), _)) => {
                    stopped = Some("the run was interrupted");
                    CheckReport::new(check, skipped("the run was interrupted"))
                }
            }
        };
        if plan.fail_fast && matches!(report.verdict, Verdict::Fail { .. } | Verdict::Blocked { .. }) {
            stopped = stopped.or(Some("--fail-fast: an earlier check did not pass"));
        }
        listener.on(&Event::CheckEnded(&report));
        reports.push(report);
    }
    reports.sort_by_key(|report| plan.checks.iter().position(|check| check.id == report.check.id));
    listener.on(&Event::CleaningUp);
    let clean_up = target.clean_up().await;
    let report = Report::new(target, started_at, began.elapsed(), reports, clean_up);
    listener.on(&Event::Ended(&report));
    report
}

async fn make(target: &Target, check: &'static Check) -> CheckReport {
    if let Some(lack) = check.needs.iter().find_map(|need| target.discovered().lacks(*need)) {
        return CheckReport::new(check, skipped(lack));
    }
    let view = target.for_check(check.id);
    let began = clock::now();
    let verdict = Verdict::from((check.run)(&view).await);
    CheckReport {
        took: began.elapsed(),
        requests: view.requests(),
        notes: view.notes(),
        ..CheckReport::new(check, verdict)
    }
}

fn skipped(reason: &str) -> Verdict {
    Verdict::Skipped {
        reason: reason.to_owned(),
    }
}
