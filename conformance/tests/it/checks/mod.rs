//! The checks against servers that are right and servers that are wrong.

mod bridge;
mod command;
mod faults;
mod list;
mod profiles;
mod run;
mod transport;

use std::future::pending;
use std::time::Duration;

use conformance::check::Profile;
use conformance::event::Silent;
use conformance::report::Report;
use conformance::run::{Plan, run};
use conformance::selection::Selection;
use conformance::target::{Options, RunId, Sizes, Target, Token};

use crate::support::{Fault, Server, TOKEN};

/// Options for a server of this test, with a load of a fifth of a second and large things that are small.
fn options(url: &str, token: &str) -> Options {
    Options {
        profile: Profile::Strict,
        duration: Duration::from_millis(200),
        run_id: RunId::parse("test1").unwrap(),
        sizes: Sizes {
            page: 4,
            listed: 6,
            members: 12,
            body: 60_000,
        },
        ..Options::new(url, Token::new(token).unwrap())
    }
}

/// Makes the checks whose ids begin so (all, if none is given) against a server with this fault.
async fn checked(fault: Fault, only: &[&str]) -> Report {
    made(fault, &of(only)).await
}

/// The checks whose ids begin so; all, if none is given.
fn of(only: &[&str]) -> Selection {
    Selection {
        only: only.iter().map(|only| (*only).to_owned()).collect(),
        ..Selection::of(Profile::Strict)
    }
}

/// Makes these checks, in the profile that they are chosen for, against a server with this fault.
async fn made(fault: Fault, selection: &Selection) -> Report {
    let server = Server::start(fault).await;
    let target = Target::connect(Options {
        profile: selection.profile,
        ..options(&server.url(), TOKEN)
    })
    .await
    .unwrap();
    made_against(&target, selection).await
}

/// Makes these checks against this target.
async fn made_against(target: &Target, selection: &Selection) -> Report {
    let plan = Plan {
        checks: selection.checks().unwrap(),
        fail_fast: false,
    };
    run(target, &plan, &mut Silent, pending()).await
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
