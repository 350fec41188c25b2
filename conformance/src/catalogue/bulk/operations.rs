//! BLK-01 and 02: what operations do.

use serde_json::json;

use super::{bulk, expect_status, id_of, send};
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{Kind, PatchOp, Request, Target, path_of};
use crate::verdict::{Findings, Stop};

/// The group names a user who has no id yet.
pub(super) const JOINS_BY_BULK_ID: Check = Check {
    id: "BLK-01",
    title: "A user and a group in one bulk request, joined by bulkId",
    level: Level::Must,
    sources: &[rfc7644("3.7.2")],
    section: Section::Bulk,
    needs: &[Needs::Bulk, Needs::Groups],
    also_in: &[],
    hint: "put the new id in the place of `bulkId:…`, wherever it stands in the data",
    run: |target| Box::pin(joins_by_bulk_id(target)),
};

async fn joins_by_bulk_id(target: &Target) -> Outcome {
    let mut group = target.group_draft(&[]);
    group["members"] = json!([{"value": "bulkId:ana"}]);
    let operations = [
        json!({"method": "POST", "path": "/Users", "bulkId": "ana", "data": target.user_draft()}),
        json!({"method": "POST", "path": "/Groups", "bulkId": "staff", "data": group}),
    ];
    let (exchange, answers) = send(target, bulk(&operations)).await?;
    let [user, group] = answers.as_slice() else {
        let count = answers.len().to_string();
        return Err(Stop::differs(
            &exchange,
            "not every operation is answered",
            "2 answers",
            count,
        ));
    };
    expect_status(&exchange, user, "201")?;
    expect_status(&exchange, group, "201")?;
    let (user, group) = (id_of(&exchange, user)?, id_of(&exchange, group)?);
    let read = target.send(Request::get(path_of(Kind::Group, &group))).await?;
    read.expect_status(&[200])?.resource()?.expect_members(&[&user])?;
    Ok(())
}

/// Four in a row, and what they have done.
pub(super) const ANSWERS_EACH: Check = Check {
    id: "BLK-02",
    title: "POST, PUT, PATCH, DELETE, each with its own status as a string and its location",
    level: Level::Must,
    sources: &[rfc7644("3.7.3")],
    section: Section::Bulk,
    needs: &[Needs::Bulk],
    also_in: &[],
    hint: "answer each operation with method, status as text and location, and with bulkId if it had one",
    run: |target| Box::pin(answers_each(target)),
};

async fn answers_each(target: &Target) -> Outcome {
    let (put, patched, deleted) = (
        target.new_user().await?,
        target.new_user().await?,
        target.new_user().await?,
    );
    let mut replaced = put.draft.clone();
    replaced["title"] = json!("Replaced");
    let mut operations = vec![
        json!({"method": "POST", "path": "/Users", "bulkId": "new", "data": target.user_draft()}),
        json!({"method": "PUT", "path": put.path(), "data": replaced}),
        json!({"method": "DELETE", "path": deleted.path()}),
    ];
    if target.discovered().patch {
        let change = PatchOp::message(&[PatchOp::replace("title", "Patched")]);
        operations.push(json!({"method": "PATCH", "path": patched.path(), "data": change}));
    }
    let (exchange, answers) = send(target, bulk(&operations)).await?;
    let mut all = Findings::default();
    if answers.len() != operations.len() {
        let counts = (operations.len().to_string(), answers.len().to_string());
        all.add(&exchange, "not every operation is answered", counts.0, counts.1);
    }
    let wanted = [
        ("201", None),
        ("200", Some(&put)),
        ("204", None),
        ("200", Some(&patched)),
    ];
    for ((answer, operation), (status, made)) in answers.iter().zip(&operations).zip(wanted) {
        let is_patch = operation["method"] == "PATCH";
        if !(is_patch && answer["status"] == "204") {
            all.take(expect_status(&exchange, answer, status));
        }
        if answer["method"] != operation["method"] {
            all.add(
                &exchange,
                "the answers come in another order",
                operation["method"].to_string(),
                answer.to_string(),
            );
        }
        if status == "201" && answer["bulkId"] != operation["bulkId"] {
            all.add(
                &exchange,
                "the answer to a create does not say which",
                operation["bulkId"].to_string(),
                answer["bulkId"].to_string(),
            );
        }
        // What is deleted has no place any more; a server may still say where it was.
        if status != "204" {
            let id = id_of(&exchange, answer);
            match (id, made) {
                (Ok(id), Some(made)) if id != made.id => {
                    all.add(&exchange, "the location is another's", made.path(), answer.to_string());
                }
                (id, _) => all.take(id),
            }
        }
    }
    all.take(
        target
            .read(&put)
            .await?
            .resource()?
            .expect(&["title"], &json!("Replaced")),
    );
    if target.discovered().patch {
        all.take(
            target
                .read(&patched)
                .await?
                .resource()?
                .expect(&["title"], &json!("Patched")),
        );
    }
    all.take(target.send(Request::get(deleted.path())).await?.expect_status(&[404]));
    all.end()
}
