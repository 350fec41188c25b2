//! ENT-01 to 03: the connection test, the initial cycle, and the cycle after it.

use super::job::Job;
use super::wire::Dialect;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::Source;
use crate::target::Target;
use crate::verdict::{Findings, Step, Stop};

/// Sent when an admin presses the button, and before every cycle.
pub(super) const CONNECTION_TEST: Check = Check {
    id: "ENT-01",
    title: "The connection test passes: a filter for a userName of random form, 200 and an empty list",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "answer the probe with 200 and an empty ListResponse; every other answer stops the job or quarantines it",
    run: |target| Box::pin(connection_test(target)),
};

async fn connection_test(target: &Target) -> Outcome {
    Job::new(target, Dialect::Legacy).probe().await
}

/// Everybody for the first time.
pub(super) const INITIAL_CYCLE: Check = Check {
    id: "ENT-02",
    title: "The initial cycle: look up, create, look up again, per user; then groups, then members",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "the finding names the first step that went wrong; the check of that step's section says more",
    run: |target| Box::pin(initial_cycle(target)),
};

async fn initial_cycle(target: &Target) -> Outcome {
    for dialect in Dialect::BOTH {
        let mut job = Job::small_company(target, dialect);
        job.cycle().await.during(dialect.name())?;
        job.verify().await.during(dialect.name())?;
    }
    Ok(())
}

/// What Entra reads must be what it wrote.
pub(super) const SECOND_CYCLE: Check = Check {
    id: "ENT-03",
    title: "The same cycle again makes no change",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "return what was written, letter for letter, and answer the reference checks (`manager eq`, `members eq`) from it: what differs is sent again for ever",
    run: |target| Box::pin(second_cycle(target)),
};

async fn second_cycle(target: &Target) -> Outcome {
    for dialect in Dialect::BOTH {
        let mut job = Job::small_company(target, dialect);
        job.cycle().await.blocked_by("ENT-02")?;
        expect_no_writes(&mut job).await?;
        // A restart drops the links: everybody is matched by name again.
        job.people.iter_mut().for_each(|person| person.id = None);
        job.teams.iter_mut().for_each(|team| team.id = None);
        expect_no_writes(&mut job).await.during("after a restart")?;
    }
    Ok(())
}

async fn expect_no_writes(job: &mut Job<'_>) -> Outcome {
    let writes = job.cycle().await.during(job.dialect.name())?;
    let mut all = Findings::default();
    for (why, exchange) in &writes.made {
        all.take::<()>(Err(Stop::differs(
            exchange,
            format!(
                "{}: a cycle without a change in the source wrote again",
                job.dialect.name()
            ),
            "no write",
            why,
        )));
    }
    all.end()
}
