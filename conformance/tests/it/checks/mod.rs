//! The checks against servers that are right and servers that are wrong.

mod bridge;
mod command;
mod faults;
mod list;
mod run;

use std::future::pending;
use std::time::Duration;

use conformance::check::Profile;
use conformance::event::Silent;
use conformance::report::Report;
use conformance::run::{Plan, run};
use conformance::selection::Selection;
use conformance::target::{Options, RunId, Target, Token};

use crate::support::{Fault, Server, TOKEN};

/// Options for a server of this test, with a load of a fifth of a second.
fn options(url: &str, token: &str) -> Options {
    Options {
        profile: Profile::Strict,
        duration: Duration::from_millis(200),
        run_id: RunId::parse("test1").unwrap(),
        ..Options::new(url, Token::new(token).unwrap())
    }
}

/// Makes the checks whose ids begin so (all, if none is given) against a server with this fault.
async fn checked(fault: Fault, only: &[&str]) -> Report {
    let server = Server::start(fault).await;
    let target = Target::connect(options(&server.url(), TOKEN)).await.unwrap();
    let plan = Plan {
        checks: Selection {
            only: only.iter().map(|only| (*only).to_owned()).collect(),
            ..Selection::of(Profile::Strict)
        }
        .checks()
        .unwrap(),
        fail_fast: false,
    };
    run(&target, &plan, &mut Silent, pending()).await
}

/// The ids of the checks with this verdict, in order.
fn ids(report: &Report, verdict: &str) -> Vec<&'static str> {
    report
        .checks
        .iter()
        .filter(|check| check.verdict.name() == verdict)
        .map(|check| check.check.id)
        .collect()
}
