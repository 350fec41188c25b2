//! REA: reading one user.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{Source, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, equals};
use crate::verdict::Step;

pub(super) const CHECKS: &[&Check] = &[&ANSWERS_THE_USER, &SHOWS_A_DISABLED_USER];

/// Entra reads a linked user before it changes him.
const ANSWERS_THE_USER: Check = Check {
    id: "REA-01",
    title: "GET by id answers 200 with the same resource",
    level: Level::Must,
    sources: &[rfc7644("3.4.1")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "answer GET /Users/{id} with 200 and the whole user under the id that the create gave",
    run: |target| Box::pin(answers_the_user(target)),
};

async fn answers_the_user(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let exchange = target.send(Request::get(made.path())).await?;
    exchange
        .expect_status(&[200])?
        .resource()?
        .expect(&["id"], &json!(made.id))?
        .expect(&["userName"], &json!(made.name))?;
    Ok(())
}

/// A disabled user who cannot be found is made a second time when he comes back.
const SHOWS_A_DISABLED_USER: Check = Check {
    id: "REA-05",
    title: "A disabled user can still be read and filtered, with active false",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Read,
    needs: &[Needs::Patch, Needs::Filter],
    also_in: &[],
    hint: "keep disabled users in reads, lists and filters, with `active` the boolean false; only DELETE takes a user away",
    run: |target| Box::pin(shows_a_disabled_user(target)),
};

async fn shows_a_disabled_user(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    target
        .patch(&made, &[PatchOp::replace("active", false)])
        .await
        .and_then(|exchange| exchange.expect_patched().map(|_| ()))
        .blocked_by("PAT-14")?;

    let read = target.send(Request::get(made.path())).await?;
    read.expect_status(&[200])?
        .resource()?
        .expect(&["active"], &json!(false))?;
    let found = target.find(Kind::User, &equals("userName", &made.name)).await?;
    found
        .list()?
        .expect_only(&made.id)?
        .first()?
        .expect(&["active"], &json!(false))?;
    Ok(())
}
