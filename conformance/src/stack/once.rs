//! The whole chain once: connection test, initial cycle, a second cycle that must write
//! nothing, a day of edits, an incremental cycle, and the comparison.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mock_entra::directory::{Directory as EntraDirectory, Edits};
use mock_entra::job::{Cycle, CycleReport, Job, Options, Progress, Verdict};
use mock_entra::wire::Dialect;

use super::Stack;
use super::control::Received;
use crate::equal::{Baseline, Comparison, Directory, Intent, compare, least_writes};

/// A directory file and the edits of a day, as text.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The directory file.
    pub directory: String,
    /// The file of edits.
    pub edits: String,
    /// How long Databricks may take to follow after each cycle.
    pub patience: Duration,
}

impl Rehearsal {
    /// The sample company and its day.
    pub fn sample() -> Self {
        Self {
            directory: include_str!("../../../mock-entra/samples/contoso.json").to_owned(),
            edits: include_str!("../../../mock-entra/samples/contoso-day.json").to_owned(),
            patience: Duration::from_mins(10),
        }
    }

    /// Files in place of the sample company and its day; a directory of one's own without edits has none.
    ///
    /// # Errors
    ///
    /// One line with file, line and key: a file that cannot be read or is not of the format, an edit that
    /// does not fit the directory.
    pub fn load(directory: Option<&Path>, edits: Option<&Path>) -> Result<Self> {
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let mut rehearsal = Self::sample();
        if let Some(path) = directory {
            rehearsal.directory = read(path)?;
            "{\"edits\":[]}".clone_into(&mut rehearsal.edits);
        }
        if let Some(path) = edits {
            rehearsal.edits = read(path)?;
        }
        let name = |path: Option<&Path>, sample: &str| {
            path.map_or_else(|| sample.to_owned(), |path| path.display().to_string())
        };
        let edits = Edits::from_json(&rehearsal.edits, &name(edits, "the sample day"))?;
        EntraDirectory::from_json(&rehearsal.directory, &name(directory, "the sample company"))?.apply(&edits)?;
        Ok(rehearsal)
    }
}

/// What happens, as it happens.
#[derive(Debug, Clone)]
pub enum Moment {
    /// A step begins.
    Begins(&'static str),
    /// How far a cycle is.
    Cycle(Progress),
    /// A step is over.
    Done,
}

/// One line of the result.
#[derive(Debug, Clone, Default)]
pub struct Phase {
    /// What was done.
    pub name: &'static str,
    /// Objects in scope.
    pub objects: usize,
    /// SCIM requests that the bridge got.
    pub requests: usize,
    /// Writes that Databricks got.
    pub writes: usize,
    /// Reads that Databricks got.
    pub reads: usize,
    /// The least writes by rule B6.
    pub least: usize,
    /// How long it took, until Databricks had followed.
    pub took: Duration,
}

/// The result of the whole.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// A line a phase.
    pub phases: Vec<Phase>,
    /// The comparison at the end.
    pub comparison: Comparison,
    /// Whatever else was not as it must be.
    pub faults: Vec<String>,
}

impl Outcome {
    /// Whether both sides are equal and nothing else was wrong.
    pub fn is_good(&self) -> bool {
        self.comparison.is_equal() && self.faults.is_empty()
    }
}

/// A rehearsal under way.
pub struct Run<'a, F: Fn(Moment)> {
    stack: &'a Stack,
    rehearsal: &'a Rehearsal,
    tell: F,
    job: Job,
    baseline: Baseline,
    outcome: Outcome,
}

impl<'a, F: Fn(Moment)> Run<'a, F> {
    /// Sets the job up; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the directory file is not one, or Databricks does not tell its state.
    pub async fn new(stack: &'a Stack, rehearsal: &'a Rehearsal, dialect: Dialect, tell: F) -> Result<Self> {
        let directory = EntraDirectory::from_json(&rehearsal.directory, "directory file")?;
        let job = Job::new(stack.connection(dialect), directory, Options::default())?;
        let baseline = Baseline::of(&stack.control().state().await?);
        Ok(Self {
            stack,
            rehearsal,
            tell,
            job,
            baseline,
            outcome: Outcome::default(),
        })
    }

    /// All steps in order.
    ///
    /// # Errors
    ///
    /// When a step could not be carried out at all.
    pub async fn to_the_end(mut self) -> Result<Outcome> {
        let mut directory = Directory::parse(&self.rehearsal.directory)?;
        let first = directory.cycle();
        self.test_connection().await?;
        self.cycle("initial cycle", Cycle::Initial, &Intent::default(), &first)
            .await?;
        self.second_cycle(&first).await?;
        directory.apply(&self.rehearsal.edits)?;
        let edits = Edits::from_json(&self.rehearsal.edits, "file of edits")?;
        self.job.apply(&edits)?;
        let last = directory.cycle();
        self.cycle("a day of edits", Cycle::Incremental, &first, &last).await?;
        let state = self.stack.control().state().await?;
        self.outcome.comparison = compare(&last, &[&first], &state, &self.baseline);
        Ok(self.outcome)
    }

    async fn test_connection(&mut self) -> Result<()> {
        (self.tell)(Moment::Begins("connection test"));
        match self.job.test_connection().await {
            Verdict::Passed => (self.tell)(Moment::Done),
            Verdict::Failed(failure) => bail!("the connection test failed: {}", failure.message),
        }
        Ok(())
    }

    /// Probe and reads only: nothing has changed.
    async fn second_cycle(&mut self, intent: &Intent) -> Result<()> {
        let phase = self.cycle("second cycle", Cycle::Initial, intent, intent).await?;
        let (scim_writes, databricks_writes) = (phase.0.writes(), phase.1);
        if scim_writes > 0 {
            self.outcome
                .faults
                .push(format!("the second cycle sent {scim_writes} writes to the bridge"));
        }
        if databricks_writes > 0 {
            self.outcome.faults.push(format!(
                "the second cycle made {databricks_writes} writes at Databricks"
            ));
        }
        Ok(())
    }

    async fn cycle(
        &mut self,
        name: &'static str,
        cycle: Cycle,
        before: &Intent,
        after: &Intent,
    ) -> Result<(CycleReport, usize)> {
        (self.tell)(Moment::Begins(name));
        let began = now();
        let since = self.stack.control().newest().await?;
        let report = self
            .job
            .run(cycle, |progress| (self.tell)(Moment::Cycle(progress)))
            .await;
        if let Some(quarantine) = &report.quarantine {
            bail!("the job went to quarantine in the {name}: {}", quarantine.detail);
        }
        for failure in &report.failures {
            self.outcome.faults.push(format!("{name}: {failure:?}"));
        }
        self.stack
            .settled(self.rehearsal.patience)
            .await
            .with_context(|| format!("Databricks did not follow the {name}"))?;
        let took = now().duration_since(began);
        let received = self.stack.control().history(since).await?;
        let writes = received.iter().filter(|one| one.is_write()).count();
        let requests: u64 = report.requests.values().sum();
        self.outcome.phases.push(Phase {
            name,
            objects: after.users.len() + after.groups.len(),
            requests: usize::try_from(requests).unwrap_or(usize::MAX),
            writes,
            reads: received.len() - writes,
            least: least_writes(before, after),
            took,
        });
        self.check_conduct(&received);
        (self.tell)(Moment::Done);
        Ok((report, writes))
    }

    /// What the bridge must never send, whatever comes of it.
    fn check_conduct(&mut self, received: &[Received]) {
        for one in received.iter().filter(|one| one.method == "PATCH") {
            for operation in one.body["Operations"].as_array().into_iter().flatten() {
                let removes = operation["op"] == "remove";
                if removes && operation.get("value").is_some() {
                    self.outcome
                        .faults
                        .push(format!("a remove with a value was sent to {}", one.resource()));
                }
                if operation.get("path").is_none() {
                    self.outcome
                        .faults
                        .push(format!("a PATCH without a path was sent to {}", one.resource()));
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "only to say how long a phase took")]
fn now() -> Instant {
    Instant::now()
}
