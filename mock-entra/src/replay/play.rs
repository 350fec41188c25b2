//! Playing one sequence.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use super::{
    Difference, Evidence, Ids, Sequence, Step, compare,
    seed::{self, Made},
};
use crate::{
    client::{Answer, Connection, ConnectionError, RequestLog, ScimClient},
    clock::{Clock, SystemClock},
    wire::read,
};

/// What became of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every answer had every expected value.
    Held,
    /// Some answers differ.
    Differs(Vec<Mismatch>),
    /// It could not be played to its end.
    Blocked(String),
    /// It is a script for a double of the server.
    Skipped(String),
}

/// One step whose answer differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// From 1.
    pub step: usize,
    /// Method, path and body as sent.
    pub request: String,
    /// What differs; the path is `status` for the HTTP status.
    pub differences: Vec<Difference>,
}

/// The result of playing one sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// The file's name without folder and ending.
    pub slug: String,
    /// What it shows.
    pub name: String,
    /// Kind of source.
    pub evidence: Evidence,
    /// How many steps it has.
    pub steps: usize,
    /// What became of it.
    pub outcome: Outcome,
    /// Resources of the replay that could not be deleted.
    pub left_over: Vec<String>,
    /// From start to end.
    pub milliseconds: u64,
}

impl ReplayReport {
    /// Whether nothing is to be complained about.
    pub fn is_good(&self) -> bool {
        matches!(self.outcome, Outcome::Held | Outcome::Skipped(_)) && self.left_over.is_empty()
    }
}

/// Plays a sequence against a tenant URL and cleans up after itself.
///
/// Sequences count what is there, so one server should be played against by one sequence at a time,
/// and should hold nothing else.
///
/// # Errors
///
/// [`ConnectionError`] if the tenant URL, the token or the CA file cannot be used. Everything that
/// happens on the wire is part of the report.
pub async fn play(sequence: &Sequence, connection: &Connection) -> Result<ReplayReport, ConnectionError> {
    let clock = Arc::new(SystemClock::start());
    let log = RequestLog::open(connection.token.clone(), false, None)?;
    let client = ScimClient::new(connection.clone(), log, clock.clone(), None)?;
    let mut left_over = Vec::new();
    let outcome = if sequence.scripted {
        Outcome::Skipped("its answers are a script that tests the client".to_owned())
    } else {
        let mut player = Player {
            client: &client,
            ids: Ids::default(),
            made: Made::default(),
        };
        let outcome = player.steps(sequence, &mut left_over).await;
        left_over.extend(player.made.delete_all(&client).await);
        outcome
    };
    let took: Duration = clock.elapsed();
    Ok(ReplayReport {
        slug: sequence.slug(),
        name: sequence.name.clone(),
        evidence: sequence.evidence,
        steps: sequence.steps.len(),
        outcome,
        left_over,
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    })
}

struct Player<'a> {
    client: &'a ScimClient,
    ids: Ids,
    made: Made,
}

impl Player<'_> {
    async fn steps(&mut self, sequence: &Sequence, left_over: &mut Vec<String>) -> Outcome {
        let mut mismatches = Vec::new();
        for (at, step) in sequence.steps.iter().enumerate() {
            let number = at + 1;
            for given in sequence.given.iter().filter(|given| given.step == number) {
                left_over.extend(self.made.delete_all(self.client).await);
                self.ids.clear();
                let created = seed::create(self.client, given, &mut self.ids, &mut self.made).await;
                if let Err(reason) = created {
                    return Outcome::Blocked(format!("before step {number}: {reason}"));
                }
            }
            match self.step(number, step).await {
                Ok(None) => {}
                Ok(Some(mismatch)) => mismatches.push(mismatch),
                Err(reason) => return Outcome::Blocked(format!("step {number}: {reason}")),
            }
        }
        if mismatches.is_empty() {
            Outcome::Held
        } else {
            Outcome::Differs(mismatches)
        }
    }

    async fn step(&mut self, number: usize, step: &Step) -> Result<Option<Mismatch>, String> {
        let method: Method = step
            .request
            .method
            .parse()
            .map_err(|_| format!("`{}` is no method", step.request.method))?;
        let path = self.ids.path(&step.request.path);
        let body = step.request.body.as_ref().map(|body| self.ids.json(body));
        let answer = self
            .client
            .send_with(method.clone(), &path, step.request.recorded_headers(), body.as_ref())
            .await
            .map_err(|error| format!("{method} {path}: {error}"))?;
        self.learn(&method, &path, step, &answer);
        let differences = self.differences(step, &answer);
        if differences.is_empty() {
            return Ok(None);
        }
        let body = body.map(|body| format!(" {body}")).unwrap_or_default();
        Ok(Some(Mismatch {
            step: number,
            request: format!("{method} {path}{body}"),
            differences,
        }))
    }

    /// Whatever a POST made is remembered, also if it should have failed.
    fn learn(&mut self, method: &Method, path: &str, step: &Step, answer: &Answer) {
        let (Some(endpoint), 200 | 201) = (seed::endpoint(method, path), answer.status) else {
            return;
        };
        let Some(id) = answer.body.as_ref().and_then(read::id_of) else {
            return;
        };
        self.made.created(endpoint, id);
        let placeholder = step.response.body.as_ref().and_then(|body| body["id"].as_str());
        if let Some(placeholder) = placeholder {
            self.ids.learn(placeholder, id);
        }
    }

    fn differences(&self, step: &Step, answer: &Answer) -> Vec<Difference> {
        let mut differences = Vec::new();
        if answer.status != step.response.status {
            differences.push(Difference {
                path: "status".to_owned(),
                expected: step.response.status.to_string(),
                actual: format!("{}: {}", answer.status, answer.detail()),
            });
        }
        if let Some(expected) = &step.response.body {
            let actual = answer.body.as_ref().unwrap_or(&Value::Null);
            differences.extend(compare::compare(expected, actual, &self.ids));
        }
        differences
    }
}
