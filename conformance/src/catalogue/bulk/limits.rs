//! BLK-03 and 04: when a bulk request ends, or does not begin.

use serde_json::{Value, json};

use super::{bulk, expect_status, send};
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json;
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target, path_of};
use crate::verdict::{Finding, Findings, Step, Stop};

/// More than this is not sent: the limit is announced, and nobody has to prove it with a gigabyte.
const MOST_OPERATIONS: u64 = 20_000;
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Without it all are done; with two, the second error is the last answer.
pub(super) const STOPS_AFTER_ERRORS: Check = Check {
    id: "BLK-03",
    title: "failOnErrors stops after so many",
    level: Level::Must,
    sources: &[rfc7644("3.7.3")],
    section: Section::Bulk,
    needs: &[Needs::Bulk],
    also_in: &[],
    hint: "stop when failOnErrors errors have come, and answer only the operations that were done",
    run: |target| Box::pin(stops_after_errors(target)),
};

async fn stops_after_errors(target: &Target) -> Outcome {
    let delete = || json!({"method": "DELETE", "path": path_of(Kind::User, &target.unknown_id())});
    let late = target.new_user().await?;
    let operations = [delete(), delete(), json!({"method": "DELETE", "path": late.path()})];
    let mut body = bulk(&operations);
    body["failOnErrors"] = json!(2);
    let (exchange, answers) = send(target, body).await?;
    let mut all = Findings::default();
    if answers.len() != 2 {
        let count = answers.len().to_string();
        all.add(
            &exchange,
            "failOnErrors 2 does not stop at the second error",
            "2 answers",
            count,
        );
    }
    for answer in &answers {
        all.take(expect_status(&exchange, answer, "404"));
    }
    all.take(target.send(Request::get(late.path())).await?.expect_status(&[200]));
    let (exchange, answers) = send(target, bulk(&operations)).await?;
    if answers.len() != 3 {
        let count = answers.len().to_string();
        all.add(&exchange, "without failOnErrors not all is done", "3 answers", count);
    }
    all.end()
}

/// Nothing of it is done. Limits that are very large are believed.
pub(super) const REFUSES_TOO_MUCH: Check = Check {
    id: "BLK-04",
    title: "Over maxOperations or maxPayloadSize: 413",
    level: Level::Must,
    sources: &[rfc7644("3.7.4")],
    section: Section::Bulk,
    needs: &[Needs::Bulk],
    also_in: &[],
    hint: "refuse what is over the announced limits with 413, before any of it is done",
    run: |target| Box::pin(refuses_too_much(target)),
};

async fn refuses_too_much(target: &Target) -> Outcome {
    let config = target.send(Request::get("/ServiceProviderConfig")).await?;
    let config = config.json().blocked_by("DIS-01")?;
    let limit = |name: &str| {
        json::get(&config, &["bulk", name])
            .and_then(Value::as_u64)
            .ok_or_else(|| Finding::new(format!("bulk.{name} is not announced")))
            .map_err(Stop::from)
            .blocked_by("DIS-05")
    };
    let (operations, bytes) = (limit("maxOperations")?, limit("maxPayloadSize")?);
    let kept = target.new_user().await?;
    let delete = json!({"method": "DELETE", "path": kept.path()});
    let mut all = Findings::default();
    if operations < MOST_OPERATIONS {
        let count = usize::try_from(operations).unwrap_or_default() + 1;
        let answer = target
            .send(Request::post("/Bulk", bulk(&vec![delete.clone(); count])))
            .await?;
        all.take(
            answer
                .expect_error(413, None)
                .map(|_| ())
                .during(format_args!("{count} operations")),
        );
    } else {
        target.note(format!("maxOperations is {operations}, which was not tried"));
    }
    if bytes < MOST_BYTES {
        let padding = "x".repeat(usize::try_from(bytes).unwrap_or_default());
        let mut draft = target.user_draft();
        draft["title"] = json!(padding);
        let create = json!({"method": "POST", "path": "/Users", "bulkId": "large", "data": draft});
        let answer = target.send(Request::post("/Bulk", bulk(&[delete, create]))).await?;
        all.take(
            answer
                .expect_error(413, None)
                .map(|_| ())
                .during(format_args!("more than {bytes} bytes")),
        );
    } else {
        target.note(format!("maxPayloadSize is {bytes}, which was not tried"));
    }
    all.take(target.send(Request::get(kept.path())).await?.expect_status(&[200]));
    all.end()
}
