//! Carries out the acts of a world against a running stack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::equal::{Allowances, Baseline, Comparison, Intent, compare_allowing};
use conformance::stack::bridge_process::ARGUMENT;
use conformance::stack::control::{Received, State};
use conformance::stack::{Stack, StackOptions};
use mock_databricks::Limits;
use serde_json::{Value, json};

use super::act::{Act, Edit, Foreign, Kill, Person, Team};
use super::checks;
use super::client::{Client, Ids, Reply, Request, expected, request};
use super::generate::World;
use super::holds;
use super::proxy::{Proxy, Sabotage, Serving};
use super::wanted::Wanted;
use super::weather::Weather;

/// The workspace's name, as the mock has it unless it is told another.
const HOST: &str = "adb-1234567890123456.7.azuredatabricks.net";
/// Ninety seconds of the bridge are 150 ms.
pub const TIME_FACTOR: f64 = 600.0;
/// Long enough for a machine that does other things too; a world that is right never needs it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer may take beyond the window of rule A2.
const SLACK: Duration = Duration::from_secs(10);

/// What Entra wanted, and since when.
#[derive(Debug, Clone)]
pub struct Version {
    pub wanted: Wanted,
    /// The newest request at Databricks before the edit was sent.
    pub sent: u64,
    /// The newest request at Databricks when it was answered.
    pub acknowledged: u64,
    /// The same moment on Databricks' clock.
    pub acknowledged_ms: u64,
}

/// A world under way, and what has been seen of it.
pub struct Drive {
    pub world: World,
    pub stack: Stack,
    client: Client,
    ids: Ids,
    pub timeline: Vec<Version>,
    pub baseline: Baseline,
    /// Whatever Databricks held at any moment that was looked at.
    pub states: Vec<State>,
    pub problems: Vec<String>,
    /// What was done, with the answers.
    pub told: Vec<String>,
    /// What may stand between bridge and Databricks.
    pub proxy: Option<Serving>,
    program: PathBuf,
    /// By resource id, how many edits changed something.
    accepted: BTreeMap<String, usize>,
    /// How long Databricks may take to follow.
    pub patience: Duration,
}

impl Drive {
    /// Starts mock and bridge.
    pub async fn start(world: World, program: &str, sabotage: Option<Sabotage>) -> Result<Self> {
        let proxy = match sabotage {
            Some(sabotage) => Some(Proxy::bind(sabotage).await?),
            None => None,
        };
        let variable = |name: &str, value: &str| (format!("SCIM_BRIDGE_{name}"), value.to_owned());
        let mut environment = vec![
            variable("SERVER_ACKNOWLEDGE_WITHIN", world.acknowledge),
            // Half a second: a busy machine is no outage.
            variable("TARGET_TIMEOUT", "300s"),
            // A quarter of a second, so that a late effect of the mock has its time also on a busy machine.
            variable("RECONCILE_ABSENCE_PROOF", "150s"),
            variable("RECONCILE_GROUP_GRACE", world.grace),
        ];
        if world.repairs {
            environment.push(variable("DRIFT_MODE", "repair"));
            environment.push(variable("DRIFT_WIDEN", "repair"));
            environment.push(variable("DRIFT_EVERY", "60s"));
        }
        if let Some(proxy) = &proxy {
            let url = format!("https://{HOST}:{}", proxy.port()?);
            environment.push(variable("TARGET_WORKSPACE_URL", &url));
        }
        let stack = Stack::start(StackOptions {
            limits: Limits::Published { factor: TIME_FACTOR },
            time_factor: TIME_FACTOR,
            seed: Some(world.seed),
            environment,
            ..StackOptions::new(program)
        })
        .await?;
        let databricks = stack.databricks();
        let ca = stack.folder().join("ca");
        let proxy = proxy
            .map(|proxy| proxy.serve(&ca, HOST, &databricks.private_url()))
            .transpose()?;
        let client = Client::new(&std::fs::read(stack.ca_file())?, stack.bridge_url(), stack.token());
        let state = stack.control().state().await?;
        Ok(Self {
            world,
            stack,
            client,
            ids: Ids::default(),
            timeline: vec![Version {
                wanted: Wanted::default(),
                sent: 0,
                acknowledged: 0,
                acknowledged_ms: 0,
            }],
            baseline: Baseline::of(&state),
            states: vec![state],
            problems: Vec::new(),
            told: Vec::new(),
            proxy,
            program: program.into(),
            accepted: BTreeMap::new(),
            patience: PATIENCE,
        })
    }

    /// All acts, then what must hold at the end. `Err` when the world itself broke.
    pub async fn play(&mut self) -> Result<()> {
        self.acts().await?;
        self.states.push(self.stack.control().state().await?);
        let received = self.stack.control().history(0).await?;
        self.problems.extend(checks::history(self, &received));
        Ok(())
    }

    async fn acts(&mut self) -> Result<()> {
        for act in self.world.acts.clone() {
            match &act {
                Act::Edit { edit, legacy, kill } => self.edit(edit, *legacy, kill.as_ref()).await?,
                Act::Weather(weather) => self.weather(weather).await?,
                Act::Foreign(foreign) => self.foreign(foreign).await?,
                Act::Settle => self.settle("settle").await?,
            }
            if !self.problems.is_empty() {
                return Ok(());
            }
        }
        self.settle("end").await?;
        self.read_all().await?;
        let log = self.log().await?;
        self.problems.extend(checks::of_record(&log, &self.accepted));
        Ok(())
    }

    /// The provisioning log, read beside the running bridge.
    async fn log(&self) -> Result<String> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .arg(ARGUMENT)
            .args(["log", "--all", "--json", "--config"])
            .arg(self.stack.folder().join("bridge.toml"));
        // An input that ends would stop it.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let lifeline = child.stdin.take();
        let output = child.wait_with_output().await?;
        drop(lifeline);
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "scim-bridge log ended with {}: {said}",
            output.status
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What Entra wants now.
    fn wanted(&self) -> &Wanted {
        &self.timeline[self.timeline.len() - 1].wanted
    }

    async fn newest(&self) -> Result<u64> {
        let known = self.timeline.last().map_or(0, |version| version.acknowledged);
        let newer = self.stack.control().history(known).await?;
        Ok(newer.last().map_or(known, |received| received.seq))
    }

    async fn edit(&mut self, edit: &Edit, legacy: bool, kill: Option<&Kill>) -> Result<()> {
        let sent = self.newest().await?;
        let request = request(edit, legacy, &self.ids);
        let client = self.client.clone();
        let reply = match kill {
            None => client.send(&request).await,
            Some(kill) => {
                let (reply, killed) = tokio::join!(client.send(&request), self.kill(kill, sent));
                killed?;
                match reply {
                    Reply::Answered { .. } => reply,
                    Reply::Cut(_) => self.send_again(edit, &request).await,
                }
            }
        };
        let Reply::Answered { status, body, took } = reply else {
            self.problem(format!("{edit}: no answer: {reply:?}"));
            return Ok(());
        };
        let what = Act::Edit {
            edit: edit.clone(),
            legacy,
            kill: kill.cloned(),
        };
        self.told.push(format!("{what} -> {status} in {took:?}"));
        if status != expected(edit) {
            self.problem(format!(
                "{edit}: answered {status}, should be {} (rule A1): {body}",
                expected(edit)
            ));
            return Ok(());
        }
        if took > SLACK {
            self.problem(format!("{edit}: answered after {took:?} (rule A2)"));
        }
        self.learn(edit, &body);
        let mut wanted = self.wanted().clone();
        wanted.apply(edit);
        if wanted != *self.wanted() {
            *self.accepted.entry(self.ids.of(edit)).or_default() += 1;
        }
        let acknowledged = self.newest().await?;
        let acknowledged_ms = self.stack.control().clock_ms().await?;
        self.timeline.push(Version {
            wanted,
            sent,
            acknowledged,
            acknowledged_ms,
        });
        self.states.push(self.stack.control().state().await?);
        if kill.is_some() {
            self.read_all().await
        } else {
            self.read_back(edit).await
        }
    }

    /// Kills the bridge at its moment, and starts it until it answers.
    async fn kill(&mut self, kill: &Kill, since: u64) -> Result<()> {
        let control = self.stack.control().clone();
        let reached = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            loop {
                ticks.tick().await;
                let received = control.history(since).await.unwrap_or_default();
                if received.len() as u64 >= kill.requests {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(kill.within_ms), reached).await;
        let bridge = self.stack.bridge();
        bridge.kill().await?;
        bridge.give_up_ports()?;
        for after in &kill.starts_ms {
            bridge.killed_while_starting(Duration::from_millis(*after)).await?;
        }
        bridge.start_again().await?;
        let url = bridge.url().to_owned();
        self.client.moved_to(url);
        Ok(())
    }

    /// What Entra does when a connection broke: it looks for what it wanted to create, and sends everything else again.
    async fn send_again(&mut self, edit: &Edit, request: &Request) -> Reply {
        let filter = match edit {
            Edit::Hire { name, .. } => Some(format!("/Users?filter=userName+eq+%22{name}%22")),
            Edit::Found { name, .. } => Some(format!(
                "/Groups?filter=displayName+eq+%22{}%22",
                name.replace(' ', "%20")
            )),
            _ => None,
        };
        if let Some(path) = filter {
            let reply = self.client.get(&path).await;
            if let Reply::Answered {
                status: 200,
                body,
                took,
            } = &reply
                && let Some(found) = body["Resources"].get(0)
            {
                return Reply::Answered {
                    status: 201,
                    body: found.clone(),
                    took: *took,
                };
            }
        }
        let reply = self.client.send(request).await;
        match (edit, reply) {
            // It was deleted before the answer was lost.
            (
                Edit::Purge { .. } | Edit::Close { .. },
                Reply::Answered {
                    status: 404,
                    body,
                    took,
                },
            ) => Reply::Answered {
                status: 204,
                body,
                took,
            },
            (_, reply) => reply,
        }
    }

    async fn weather(&mut self, weather: &Weather) -> Result<()> {
        let control = self.stack.control();
        let token = self.stack.databricks().token();
        match weather {
            Weather::Fault(rule) => drop(control.arm(rule.clone()).await?),
            Weather::Token(valid) => control.set_credential(token, *valid).await?,
            Weather::Set { path, body } => drop(control.put(path, body).await?),
            Weather::Lift => {
                control.disarm().await?;
                control.set_credential(token, true).await?;
                control
                    .put("/private-link", &json!({ "private_endpoint": "approved" }))
                    .await?;
            }
        }
        self.told.push(weather.to_string());
        Ok(())
    }

    fn learn(&mut self, edit: &Edit, body: &Value) {
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        match edit {
            Edit::Hire { person, .. } => drop(self.ids.users.insert(*person, id)),
            Edit::Found { team, .. } => drop(self.ids.groups.insert(*team, id)),
            _ => {}
        }
    }

    /// Reads are answered from desired state, at once.
    async fn read_back(&mut self, edit: &Edit) -> Result<()> {
        let (path, found) = match edit {
            Edit::Hire { person, .. }
            | Edit::Show { person, .. }
            | Edit::Rename { person, .. }
            | Edit::Disable { person }
            | Edit::Restore { person }
            | Edit::Purge { person } => {
                let path = format!("/Users/{}", self.ids.users[person]);
                let reply = self.client.get(&path).await;
                (path, checks::user_as_wanted(self.wanted().users.get(person), &reply))
            }
            Edit::Found { team, .. }
            | Edit::Call { team, .. }
            | Edit::Join { team, .. }
            | Edit::Part { team, .. }
            | Edit::Close { team } => {
                let path = format!("/Groups/{}", self.ids.groups[team]);
                let reply = self.client.get(&path).await;
                (
                    path,
                    checks::group_as_wanted(self.wanted().groups.get(team), &self.ids, &reply),
                )
            }
        };
        if let Err(problem) = found {
            self.problem(format!("GET {path} after {edit}: {problem}"));
        }
        Ok(())
    }

    /// What somebody does by hand, if what it is about is there.
    async fn foreign(&mut self, foreign: &Foreign) -> Result<()> {
        let state = self.stack.control().state().await?;
        let wanted = self.wanted();
        let user = |person: &Person| {
            let name = wanted.users.get(person)?.name.to_lowercase();
            Some(format!("/api/2.0/preview/scim/v2/Users/{}", state.user(&name)?.id))
        };
        let group = |team: &Team| {
            let name = &wanted.groups.get(team)?.name;
            Some(format!("/api/2.0/preview/scim/v2/Groups/{}", state.group(name)?.id))
        };
        let active =
            |value: bool| json!({ "op": "replace", "path": "active", "value": [{ "value": value.to_string() }] });
        let id = |path: String| path.rsplit('/').next().unwrap_or_default().to_owned();
        let edit = match foreign {
            Foreign::Joins { team, person } => user(person).zip(group(team)).map(|(user, group)| {
                (
                    group,
                    json!({ "op": "add", "path": "members", "value": [{ "value": id(user) }] }),
                )
            }),
            Foreign::Leaves { team, person } => user(person).zip(group(team)).map(|(user, group)| {
                (
                    group,
                    json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", id(user)) }),
                )
            }),
            Foreign::Deactivates { person } => user(person).map(|user| (user, active(false))),
            Foreign::Activates { person } => user(person).map(|user| (user, active(true))),
        };
        let told = if edit.is_some() { "" } else { " (nothing there)" };
        if let Some((path, operation)) = edit {
            let body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation],
            });
            self.stack.control().edit("PATCH", &path, body).await?;
        }
        self.told.push(format!("foreign hand: {foreign:?}{told}"));
        Ok(())
    }

    /// Everything that was acknowledged is there, and nothing else.
    async fn read_all(&mut self) -> Result<()> {
        let wanted = self.wanted().clone();
        for (person, id) in self.ids.users.clone() {
            let reply = self.client.get(&format!("/Users/{id}")).await;
            if let Err(problem) = checks::user_as_wanted(wanted.users.get(&person), &reply) {
                self.problem(format!("GET of user {person}: {problem}"));
            }
        }
        for (team, id) in self.ids.groups.clone() {
            let reply = self.client.get(&format!("/Groups/{id}")).await;
            if let Err(problem) = checks::group_as_wanted(wanted.groups.get(&team), &self.ids, &reply) {
                self.problem(format!("GET of group {team}: {problem}"));
            }
        }
        for (path, count) in [
            ("/Users?count=1", wanted.users.len()),
            ("/Groups?count=1", wanted.groups.len()),
        ] {
            let reply = self.client.get(path).await;
            let total = match &reply {
                Reply::Answered { status: 200, body, .. } => body["totalResults"].as_u64(),
                _ => None,
            };
            if total != Some(count as u64) {
                self.problem(format!("GET {path}: totalResults should be {count}: {reply:?}"));
            }
        }
        Ok(())
    }

    fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Waits until the bridge has nothing more to do, then compares (rule G).
    async fn settle(&mut self, what: &str) -> Result<()> {
        let began = tokio::time::Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        loop {
            ticks.tick().await;
            let (status, body) = self.stack.targets().await.context("the operations listener")?;
            let target = &body["targets"][0];
            let state = self.stack.control().state().await?;
            let comparison = self.compare(&state);
            // Shells wait for their grace, also those whose name another group wants and does not get.
            let is_waiting = |why: &&String| why.contains("shell") || why.contains("held");
            let shells = comparison.explained.iter().filter(is_waiting).count() + self.allowed().groups.len();
            let quiet = status == 200 && target["pending"] == 0 && target["queued"].as_u64() <= Some(shells as u64);
            if quiet && comparison.is_equal() {
                self.told.push(format!("{what}: equal after {:?}", began.elapsed()));
                self.told
                    .extend(comparison.explained.iter().map(|why| format!("  {why}")));
                self.states.push(state);
                return Ok(());
            }
            if began.elapsed() > self.patience {
                self.problem(format!(
                    "{what}: not equal after {:?} (rule G): {:#?}; {body}",
                    self.patience, comparison.differences
                ));
                return Ok(());
            }
        }
    }

    fn compare(&self, state: &State) -> Comparison {
        let intents: Vec<Intent> = self.timeline.iter().map(|version| version.wanted.intent()).collect();
        let earlier: Vec<&Intent> = intents.iter().collect();
        compare_allowing(
            &self.wanted().intent(),
            &earlier,
            state,
            &self.baseline,
            &self.allowed(),
        )
    }

    /// What may differ for a reason.
    fn allowed(&self) -> Allowances {
        let versions: Vec<&Wanted> = self.timeline.iter().map(|version| &version.wanted).collect();
        holds::allowances(&versions)
    }

    /// The last requests at Databricks, for a report.
    pub async fn last_requests(&self, count: usize) -> Vec<Received> {
        let all = self.stack.control().history(0).await.unwrap_or_default();
        all[all.len().saturating_sub(count)..].to_vec()
    }
}
