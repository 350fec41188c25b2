//! GRP-20 and 24: large groups, and many changes at once.

use futures_util::future;
use serde_json::{Value, json};

use super::{expect_after, expect_members};
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{Source, rfc7644};
use crate::target::{Made, PatchOp, Target, equals};
use crate::verdict::{Findings, Step};

/// Members that are added at the same time, one a request.
const ADDED_AT_ONCE: usize = 10;

/// Members that Entra puts into one request at most, as far as was seen.
const PER_REQUEST: usize = 100;

/// Filled by a hundred a request, as Entra does.
pub(super) const LOSES_NONE: Check = Check {
    id: "GRP-20",
    title: "A group of 1000 members: none lost when one is added or removed",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "let nothing depend on how many members a group has: no limit of an answer, no cut list",
    run: |target| Box::pin(loses_none(target)),
};

async fn loses_none(target: &Target) -> Outcome {
    let users = target.new_users(target.sizes().members).await?;
    let (one, two) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&one]).await?;
    for some in users.chunks(PER_REQUEST) {
        let values: Value = some.iter().map(|user| json!({"value": user.id})).collect();
        let added = target.patch(&group, &[PatchOp::add("members", values)]).await?;
        added.expect_patched()?;
    }
    let mut members: Vec<&Made> = users.iter().chain([&one]).collect();
    expect_members(target, &group, &members).await?;
    let add = PatchOp::add("members", json!([{"value": two.id}]));
    members.push(&two);
    expect_after(target, &group, &[add], &members)
        .await
        .during("one is added")?;
    let remove = PatchOp::remove(&format!("members[{}]", equals("value", &one.id)));
    members.retain(|member| member.id != one.id);
    expect_after(target, &group, &[remove], &members)
        .await
        .during("one is removed")
}

/// Read, change and write back, without a lock, loses some.
pub(super) const KEEPS_ALL_OF_MANY_AT_ONCE: Check = Check {
    id: "GRP-24",
    title: "Adds sent at the same time to one group are all kept",
    level: Level::Should,
    sources: &[rfc7644("3.14")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "apply changes of one group one after the other, each to the outcome of the one before",
    run: |target| Box::pin(keeps_all_of_many_at_once(target)),
};

async fn keeps_all_of_many_at_once(target: &Target) -> Outcome {
    let users = target.new_users(ADDED_AT_ONCE).await?;
    let group = target.new_group(&[]).await?;
    let adds = users.iter().map(async |user| {
        let add = PatchOp::add("members", json!([{"value": user.id}]));
        target.patch(&group, &[add]).await?.expect_patched().map(|_| ())
    });
    let mut all = Findings::default();
    for outcome in future::join_all(adds).await {
        all.take(outcome);
    }
    all.take(expect_members(target, &group, &users.iter().collect::<Vec<_>>()).await);
    all.end()
}
