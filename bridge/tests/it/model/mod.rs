//! Random programs of requests, carried out by the server and by a naive directory in memory: every
//! status and, in the end, everything that can be read must be the same.

mod oracle;
mod program;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use self::oracle::Oracle;
use self::program::{Step, any_program};
use crate::support::Scene;

#[test]
fn random_programs_leave_what_a_naive_directory_holds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scene = runtime.block_on(Scene::start());
    let mut runner = TestRunner::new(Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    });
    let number = Cell::new(0);
    // One server for all programs: each has names of its own, and meets a directory that is not empty.
    let outcome = runner.run(&any_program(), |program| {
        number.set(number.get() + 1);
        runtime.block_on(carry_out(&scene, &format!("p{}-", number.get()), &program))
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    runtime.block_on(scene.stop());
}

async fn carry_out(scene: &Scene, prefix: &str, program: &[Step]) -> Result<(), TestCaseError> {
    let mut oracle = Oracle::new(prefix);
    for step in program {
        let request = oracle.request(step);
        let answer = match &request.body {
            Some(body) => scene.send(request.method.clone(), &request.path, body).await,
            None if request.method == Method::DELETE => scene.delete(&request.path).await,
            None => scene.get(&request.path).await,
        };
        let wanted = oracle.apply(step, answer.body["id"].as_str());
        prop_assert_eq!(answer.status, wanted, "{:?}: {}", step, answer.text);
    }
    compare(scene, &oracle).await
}

/// Reads everything in several ways.
async fn compare(scene: &Scene, oracle: &Oracle) -> Result<(), TestCaseError> {
    for (path, wanted) in oracle.resources() {
        let read = scene.get(&path).await;
        let Some(wanted) = wanted else {
            prop_assert_eq!(read.status, 404, "{}", path);
            continue;
        };
        prop_assert_eq!(shown(&read.body), wanted, "{}", path);
    }
    for (query, wanted) in oracle.queries() {
        let mut seen: Vec<String> = Vec::new();
        // By pages of two, which join to the whole.
        loop {
            let page = scene
                .get(&format!("{query}&startIndex={}&count=2", seen.len() + 1))
                .await;
            prop_assert_eq!(page.status, 200, "{}: {}", query, page.text);
            prop_assert_eq!(&page.body["totalResults"], &json!(wanted.len()), "{}", query);
            let ids = page.body["Resources"].as_array().unwrap().iter();
            let before = seen.len();
            seen.extend(ids.map(|found| found["id"].as_str().unwrap().to_owned()));
            if seen.len() == before {
                break;
            }
        }
        prop_assert_eq!(seen, wanted, "{}", query);
    }
    Ok(())
}

/// What the oracle knows of: everything but `meta`, `schemas` and URLs.
fn shown(body: &Value) -> Value {
    let mut body = body.clone();
    let fields = body.as_object_mut().unwrap();
    fields.remove("meta");
    fields.remove("schemas");
    for list in ["groups", "members"] {
        if let Some(items) = fields.get_mut(list).and_then(Value::as_array_mut) {
            let mut ids: Vec<String> = items
                .iter()
                .map(|item| item["value"].as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            fields.insert(list.to_owned(), json!(ids));
        }
    }
    body
}
