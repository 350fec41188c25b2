//! GRP-05, 14 and 15: a group's own attributes.

use serde_json::json;

use super::expect_members;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{Kind, PatchOp, Target, equals};
use crate::verdict::{Findings, Step};

/// The whole group.
pub(super) const REPLACES: Check = Check {
    id: "GRP-05",
    title: "PUT replaces name and members",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "replace name and members by what the body holds; members that it does not name are gone",
    run: |target| Box::pin(replaces(target)),
};

async fn replaces(target: &Target) -> Outcome {
    let (kept, gone, new) = (
        target.new_user().await?,
        target.new_user().await?,
        target.new_user().await?,
    );
    let group = target.new_group(&[&kept, &gone]).await?;
    let mut body = target.group_draft(&[&kept, &new]);
    let name = body["displayName"].clone();
    let put = target.put(&group, body.clone()).await?;
    put.expect_status(&[200])?.resource()?.expect(&["displayName"], &name)?;
    let read = target.read(&group).await?;
    read.resource()?.expect(&["displayName"], &name)?;
    expect_members(target, &group, &[&kept, &new]).await?;
    body.as_object_mut()
        .expect("the usual draft is an object")
        .remove("members");
    target.put(&group, body).await?.expect_status(&[200])?;
    expect_members(target, &group, &[])
        .await
        .during("a PUT without members")
}

/// Groups are renamed too.
pub(super) const RENAMES: Check = Check {
    id: "GRP-14",
    title: "PATCH replace displayName; the group is then found under the new name",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "change the name under the same id, keep the members, and let filters see the new name at once",
    run: |target| Box::pin(renames(target)),
};

async fn renames(target: &Target) -> Outcome {
    let member = target.new_user().await?;
    let group = target.new_group(&[&member]).await?;
    let new = target.name();
    target
        .patch(&group, &[PatchOp::replace("displayName", new.clone())])
        .await?
        .expect_patched()?;
    let read = target.read(&group).await?;
    read.resource()?
        .expect(&["displayName"], &json!(new))?
        .expect_members(&[&member.id])?;
    if target.discovered().filter {
        let found = target.find(Kind::Group, &equals("displayName", &new)).await?;
        found.list()?.expect_only(&group.id)?;
        let old = target.find(Kind::Group, &equals("displayName", &group.name)).await?;
        old.list()?.expect_none()?;
    }
    Ok(())
}

/// A client may match groups by its own id.
pub(super) const CHANGES_EXTERNAL_ID: Check = Check {
    id: "GRP-15",
    title: "PATCH externalId",
    level: Level::Should,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "store externalId of groups, and let filters see the new one",
    run: |target| Box::pin(changes_external_id(target)),
};

async fn changes_external_id(target: &Target) -> Outcome {
    let group = target.new_group(&[]).await?;
    let new = target.unknown_id();
    let read = target
        .patched(&group, &[PatchOp::replace("externalId", new.clone())])
        .await?;
    let mut all = Findings::default();
    all.take(read.resource()?.expect(&["externalId"], &json!(new)));
    all.take(read.resource()?.expect(&["displayName"], &json!(group.name)));
    if target.discovered().filter {
        let found = target.find(Kind::Group, &equals("externalId", &new)).await?;
        all.take(found.list()?.expect_only(&group.id));
    }
    all.end()
}
