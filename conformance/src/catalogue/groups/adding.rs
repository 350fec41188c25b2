//! GRP-06 to 08 and 13: members who come.

use serde_json::json;

use super::expect_after;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{PatchOp, Target};

/// One or several, as objects.
pub(super) const ADDS_MEMBERS: Check = Check {
    id: "GRP-06",
    title: "PATCH add members, a list of objects",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.1")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "add the members named to those who are there",
    run: |target| Box::pin(adds_members(target)),
};

async fn adds_members(target: &Target) -> Outcome {
    let (there, new) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&there]).await?;
    let patched = target
        .patch(&group, &[PatchOp::add("members", json!([{"value": new.id}]))])
        .await?;
    patched.expect_patched()?;
    let read = target.read(&group).await?;
    read.resource()?.expect_members(&[&there.id, &new.id])?;
    Ok(())
}

/// Several in one operation, and several operations.
pub(super) const ADDS_SEVERAL: Check = Check {
    id: "GRP-07",
    title: "PATCH add members, several in one request",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.1")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "add every member of the list, and of every operation",
    run: |target| Box::pin(adds_several(target)),
};

async fn adds_several(target: &Target) -> Outcome {
    let users = target.new_users(4).await?;
    let [there, one, two, three] = users.as_slice() else {
        unreachable!("four were made")
    };
    let group = target.new_group(&[there]).await?;
    let operations = [
        PatchOp::add("members", json!([{"value": one.id}, {"value": two.id}])),
        PatchOp::add("members", json!([{"value": three.id}])),
    ];
    expect_after(target, &group, &operations, &[there, one, two, three]).await
}

/// A repeat, as after a lost answer.
pub(super) const ADDS_ONCE: Check = Check {
    id: "GRP-08",
    title: "PATCH add of a member who is there: no error, no second entry",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.1")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "let an add of a present member succeed and change nothing",
    run: |target| Box::pin(adds_once(target)),
};

async fn adds_once(target: &Target) -> Outcome {
    let (there, new) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&there]).await?;
    let again = PatchOp::add("members", json!([{"value": there.id}]));
    expect_after(target, &group, &[again], &[&there]).await?;
    let both = PatchOp::add(
        "members",
        json!([{"value": there.id}, {"value": new.id}, {"value": new.id}]),
    );
    expect_after(target, &group, &[both], &[&there, &new]).await
}

/// Whoever is not on the new list is gone.
pub(super) const REPLACES_MEMBERS: Check = Check {
    id: "GRP-13",
    title: "PATCH replace members with a new list",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "make the members those of the value, and no others",
    run: |target| Box::pin(replaces_members(target)),
};

async fn replaces_members(target: &Target) -> Outcome {
    let (kept, gone, new) = (
        target.new_user().await?,
        target.new_user().await?,
        target.new_user().await?,
    );
    let group = target.new_group(&[&kept, &gone]).await?;
    let replace = PatchOp::replace("members", json!([{"value": kept.id}, {"value": new.id}]));
    expect_after(target, &group, &[replace], &[&kept, &new]).await
}
