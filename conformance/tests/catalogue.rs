//! Every check of the catalogue against the real bridge, each a test of its own: `catalogue::GRP-09`.
//!
//! All tests of one process share one stack, started when the first of them runs. A check that is
//! skipped or blocked fails its test, unless the bridge does not announce what the check needs.

use std::future::pending;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use conformance::catalogue;
use conformance::check::{Check, Profile};
use conformance::report::console::Console;
use conformance::run::{Plan, run};
use conformance::stack::{Stack, StackOptions};
use conformance::target::{Options, Target, Token};
use conformance::verdict::Verdict;
use libtest_mimic::{Arguments, Failed, Trial};
use mock_databricks::Limits;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let world = Arc::new(World {
        runtime: Runtime::new()?,
        stack: OnceCell::new(),
    });
    let trials = catalogue::all()
        .iter()
        .map(|check| {
            let world = Arc::clone(&world);
            Trial::test(format!("catalogue::{}", check.id), move || world.passes(check))
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(World { runtime, stack }) = Arc::into_inner(world)
        && let Some(stack) = stack.into_inner()
    {
        runtime.block_on(stack.stop())?;
    }
    Ok(conclusion.exit_code())
}

/// What the tests of one process share.
struct World {
    runtime: Runtime,
    stack: OnceCell<Stack>,
}

impl World {
    fn passes(&self, check: &'static Check) -> Result<(), Failed> {
        self.runtime.block_on(async {
            let stack = self.stack.get_or_try_init(start).await?;
            made(check, stack).await
        })
    }
}

async fn start() -> anyhow::Result<Stack> {
    Stack::start(StackOptions {
        limits: Limits::Off,
        time_factor: 60.0,
        ..StackOptions::new(env!("CARGO_BIN_EXE_mock-stack"))
    })
    .await
}

/// Makes one check in the profile that leaves nothing out, with a run of its own.
async fn made(check: &'static Check, stack: &Stack) -> Result<(), Failed> {
    let target = Target::connect(Options {
        ca_file: Some(stack.ca_file().to_owned()),
        profile: Profile::Strict,
        duration: Duration::from_secs(5),
        ..Options::new(stack.bridge_url(), Token::new(stack.token())?)
    })
    .await?;
    let plan = Plan {
        checks: vec![check],
        fail_fast: false,
    };
    let mut console = Console::plain(Vec::new());
    let report = run(&target, &plan, &mut console, pending()).await;
    let told = String::from_utf8(console.into_inner())?;
    if !report.clean_up.left.is_empty() {
        return Err(told.into());
    }
    match &report.checks[0].verdict {
        Verdict::Pass => Ok(()),
        Verdict::Skipped { reason }
            if check
                .needs
                .iter()
                .any(|need| target.discovered().lacks(*need).is_some()) =>
        {
            eprintln!("{} does not count: {reason}", check.id);
            Ok(())
        }
        Verdict::Skipped { .. } | Verdict::Fail { .. } | Verdict::Blocked { .. } => Err(told.into()),
    }
}
