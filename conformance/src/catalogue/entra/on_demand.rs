//! ENT-07: provision on demand, as its sequence of requests.

use super::job::Job;
use super::people::{Person, Team};
use super::wire::Dialect;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::Source;
use crate::target::Target;
use crate::verdict::Step;

/// One user, and one group of five. Always in the legacy dialect, whatever the job's flag says.
pub(super) const ON_DEMAND: Check = Check {
    id: "ENT-07",
    title: "Provision on demand, one user and one group of up to five members",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "take the legacy dialect also from a tenant whose URL carries the flag: a run on demand ignores the flag",
    run: |target| Box::pin(on_demand(target)),
};

async fn on_demand(target: &Target) -> Outcome {
    let mut job = Job::new(target, Dialect::Legacy);
    job.people.push(Person::new(target, "Ana", "Adams"));
    // Up to three probes have been seen before the one user.
    job.probe().await?;
    job.probe().await?;
    job.cycle().await.during("a new user")?;
    "Chief".clone_into(&mut job.people[0].title);
    job.cycle().await.during("the same user, changed")?;
    job.verify().await?;
    if !target.discovered().groups {
        return Ok(());
    }
    for name in ["Bo", "Cem", "Dai", "Eva"] {
        job.people.push(Person::new(target, name, "Example"));
    }
    job.teams.push(Team::new(target, &[0, 1, 2, 3, 4]));
    job.cycle().await.during("a new group of five")?;
    job.verify().await.during("a new group of five")?;
    job.teams[0].lose(2);
    job.cycle().await.during("the same group, one less")?;
    job.verify().await.during("the same group, one less")
}
