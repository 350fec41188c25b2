//! GRP: groups and their members.

mod adding;
mod answers;
mod attributes;
mod large;
mod leaving;
mod nested;
mod references;
mod removing;

use crate::check::{Check, Outcome};
use crate::target::{Made, PatchOp, Target};
use crate::verdict::Step;

pub(super) const CHECKS: &[&Check] = &[
    &answers::ANSWERS_CREATED,
    &answers::READS_AND_LISTS,
    &answers::REFUSES_NO_NAME,
    &answers::REFUSES_A_TAKEN_NAME,
    &attributes::REPLACES,
    &adding::ADDS_MEMBERS,
    &adding::ADDS_SEVERAL,
    &adding::ADDS_ONCE,
    &removing::REMOVES_ONE_BY_VALUE_FILTER,
    &removing::REMOVES_THE_VALUES_NAMED,
    &removing::FORGIVES_ABSENCE,
    &removing::REMOVES_ALL,
    &adding::REPLACES_MEMBERS,
    &attributes::RENAMES,
    &attributes::CHANGES_EXTERNAL_ID,
    &removing::ADDS_AND_REMOVES,
    &nested::HOLDS_A_GROUP,
    &references::REFUSES_UNKNOWN_MEMBERS,
    &references::DESCRIBES_MEMBERS,
    &large::LOSES_NONE,
    &leaving::FORGETS_A_DELETED_USER,
    &leaving::IS_DELETED,
    &references::FINDS_BY_MEMBER,
    &large::KEEPS_ALL_OF_MANY_AT_ONCE,
];

/// After these operations, which go well, the group has exactly these members.
async fn expect_after(target: &Target, group: &Made, operations: &[PatchOp], members: &[&Made]) -> Outcome {
    target.patch(group, operations).await?.expect_patched()?;
    expect_members(target, group, members).await
}

/// The group has exactly these members.
async fn expect_members(target: &Target, group: &Made, members: &[&Made]) -> Outcome {
    let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
    target
        .read(group)
        .await?
        .resource()?
        .expect_members(&ids)
        .map(|_| ())
        .during(format_args!("the members of {}", group.name))
}
