//! GRP-17: groups in groups.

use serde_json::json;

use super::{expect_after, expect_members};
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7643;
use crate::target::{PatchOp, Target};

/// Made so, and added later. Entra does not nest; others do.
pub(super) const HOLDS_A_GROUP: Check = Check {
    id: "GRP-17",
    title: "A group as member of a group",
    level: Level::Should,
    sources: &[rfc7643("4.2")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "take the id of a group as a member, and show its type",
    run: |target| Box::pin(holds_a_group(target)),
};

async fn holds_a_group(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let (inner, other) = (target.new_group(&[&user]).await?, target.new_group(&[]).await?);
    let outer = target.new_group(&[&user, &inner]).await?;
    expect_members(target, &outer, &[&user, &inner]).await?;
    if target.discovered().patch {
        let add = PatchOp::add("members", json!([{"value": other.id, "type": "Group"}]));
        expect_after(target, &outer, &[add], &[&user, &inner, &other]).await?;
    }
    expect_members(target, &inner, &[&user]).await
}
