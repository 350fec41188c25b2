//! Every check against the real bridge, in the profile that leaves nothing out.

use std::future::pending;
use std::time::Duration;

use conformance::check::Profile;
use conformance::report::console::Console;
use conformance::run::{Plan, run};
use conformance::selection::Selection;
use conformance::stack::{Stack, StackOptions};
use conformance::target::{Options, Target};
use mock_databricks::Limits;

use super::list::ALL;
use super::{ids, options};

#[tokio::test(flavor = "multi_thread")]
async fn the_bridge_passes_every_check() {
    let stack = Stack::start(StackOptions {
        limits: Limits::Off,
        time_factor: 60.0,
        ..StackOptions::new(env!("CARGO_BIN_EXE_mock-stack"))
    })
    .await
    .unwrap();
    let target = Target::connect(Options {
        ca_file: Some(stack.ca_file().to_owned()),
        duration: Duration::from_secs(5),
        ..options(stack.bridge_url(), stack.token())
    })
    .await
    .unwrap();
    assert_eq!(target.discovered().problems, Vec::<String>::new());

    let plan = Plan {
        checks: Selection::of(Profile::Strict).checks().unwrap(),
        fail_fast: false,
    };
    let mut console = Console::plain(Vec::new());
    let report = run(&target, &plan, &mut console, pending()).await;
    let told = String::from_utf8(console.into_inner()).unwrap();
    assert_eq!(ids(&report, "pass"), ALL, "{told}");
    assert!(report.clean_up.left.is_empty(), "{told}");
    stack.stop().await.unwrap();
}
