//! What a run as a whole finds at the real bridge. That each check passes is told by the
//! `catalogue` tests, one by one.

use std::future::pending;

use conformance::check::Profile;
use conformance::report::console::Console;
use conformance::run::{Plan, run};
use conformance::selection::Selection;
use conformance::stack::{Stack, StackOptions};
use conformance::target::Target;
use mock_databricks::Limits;

use super::options;

#[tokio::test(flavor = "multi_thread")]
async fn the_bridge_can_be_discovered_and_is_left_clean() {
    let stack = Stack::start(StackOptions {
        limits: Limits::Off,
        time_factor: 60.0,
        ..StackOptions::new(env!("CARGO_BIN_EXE_mock-stack"))
    })
    .await
    .unwrap();
    let mut options = options(stack.bridge_url(), stack.token());
    options.ca_file = Some(stack.ca_file().to_owned());
    let target = Target::connect(options).await.unwrap();
    assert_eq!(target.discovered().problems, Vec::<String>::new());

    let plan = Plan {
        checks: Selection::of(Profile::Strict).checks().unwrap(),
        fail_fast: false,
    };
    let mut console = Console::plain(Vec::new());
    let report = run(&target, &plan, &mut console, pending()).await;
    let told = String::from_utf8(console.into_inner()).unwrap();
    assert!(report.clean_up.left.is_empty(), "{told}");
    stack.stop().await.unwrap();
}
