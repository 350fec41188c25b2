//! GRP-21 and 22: when a member, or the group itself, is deleted.

use super::expect_members;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Request, Target};
use crate::verdict::{Findings, Step, Stop};

/// A reference to nobody.
pub(super) const FORGETS_A_DELETED_USER: Check = Check {
    id: "GRP-21",
    title: "A deleted user is no longer a member",
    level: Level::Should,
    sources: &[rfc7643("4.2")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "take a deleted user out of every group",
    run: |target| Box::pin(forgets_a_deleted_user(target)),
};

async fn forgets_a_deleted_user(target: &Target) -> Outcome {
    let (kept, gone) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&kept, &gone]).await?;
    let deleted = target.delete(&gone).await?;
    deleted.expect_status(&[200, 202, 204]).blocked_by("DEL-01")?;
    expect_members(target, &group, &[&kept]).await
}

/// The members stay.
pub(super) const IS_DELETED: Check = Check {
    id: "GRP-22",
    title: "DELETE answers 204, then 404",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "delete the group with its memberships, keep the users, and forget the id",
    run: |target| Box::pin(is_deleted(target)),
};

async fn is_deleted(target: &Target) -> Outcome {
    let member = target.new_user().await?;
    let group = target.new_group(&[&member]).await?;
    let deleted = target.delete(&group).await?;
    deleted.expect_status(&[204])?;
    if !deleted.answer.body.is_empty() {
        let body = format!("{} bytes", deleted.answer.body.len());
        return Err(Stop::differs(&deleted, "the 204 has a body", "no body", body));
    }
    let mut all = Findings::default();
    all.take(target.send(Request::get(group.path())).await?.expect_error(404, None));
    all.take(target.delete(&group).await?.expect_error(404, None));
    all.take(target.send(Request::get(member.path())).await?.expect_status(&[200]));
    all.end()
}
