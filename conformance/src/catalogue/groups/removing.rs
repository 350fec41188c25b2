//! GRP-09 to 12 and 16: members who go. A mistake here takes access from everybody.

use serde_json::json;

use super::expect_after;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{Source, rfc7644};
use crate::target::{Made, PatchOp, Target, equals};
use crate::verdict::Step;

/// The path that names one member.
fn only(member: &Made) -> String {
    format!("members[{}]", equals("value", &member.id))
}

/// A group loses exactly the member that a value filter names.
pub(super) const REMOVES_ONE_BY_VALUE_FILTER: Check = Check {
    id: "GRP-09",
    title: r#"PATCH remove with path members[value eq "id"]"#,
    level: Level::Must,
    sources: &[rfc7644("3.5.2.2")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "remove only the members that the value filter matches; whoever ignores the filter empties the group",
    run: |target| Box::pin(removes_one_by_value_filter(target)),
};

async fn removes_one_by_value_filter(target: &Target) -> Outcome {
    let (kept, gone) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&kept, &gone]).await?;
    expect_after(target, &group, &[PatchOp::remove(&only(&gone))], &[&kept]).await
}

/// What Entra sends unless its flag is set; `$ref` may be there and null.
pub(super) const REMOVES_THE_VALUES_NAMED: Check = Check {
    id: "GRP-10",
    title: "PATCH remove with path members and the members in value (Entra's older form)",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "remove the members in `value`; whoever ignores the value empties the group",
    run: |target| Box::pin(removes_the_values_named(target)),
};

async fn removes_the_values_named(target: &Target) -> Outcome {
    let users = target.new_users(4).await?;
    let [kept, one, two, three] = users.as_slice() else {
        unreachable!("four were made")
    };
    let group = target.new_group(&[kept, one, two, three]).await?;
    for (value, members) in [
        (
            json!([{"$ref": null, "value": one.id}]),
            &[kept, two, three] as &[&Made],
        ),
        (json!([{"value": two.id}, {"value": three.id}]), &[kept]),
    ] {
        let remove = PatchOp::new("Remove", Some("members"), Some(value));
        expect_after(target, &group, &[remove], members).await?;
    }
    Ok(())
}

/// Who has left before has left; who never was, too.
pub(super) const FORGIVES_ABSENCE: Check = Check {
    id: "GRP-11",
    title: "PATCH remove of a member who is not there: no error",
    level: Level::Should,
    sources: &[rfc7644("3.5.2.2")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "let a remove of somebody who is no member succeed, in both forms",
    run: |target| Box::pin(forgives_absence(target)),
};

async fn forgives_absence(target: &Target) -> Outcome {
    let (kept, stranger) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&kept]).await?;
    let unknown = target.unknown_id();
    for (doing, remove) in [
        ("a path with a value filter", PatchOp::remove(&only(&stranger))),
        (
            "an unknown id in a value filter",
            PatchOp::remove(&format!("members[{}]", equals("value", &unknown))),
        ),
        (
            "the member in value",
            PatchOp::new("Remove", Some("members"), Some(json!([{"value": stranger.id}]))),
        ),
    ] {
        expect_after(target, &group, &[remove], &[&kept]).await.during(doing)?;
    }
    Ok(())
}

/// No value, no exception.
pub(super) const REMOVES_ALL: Check = Check {
    id: "GRP-12",
    title: "PATCH remove with path members and no value clears the group",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.2")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "take every member out, and keep the group",
    run: |target| Box::pin(removes_all(target)),
};

async fn removes_all(target: &Target) -> Outcome {
    let (one, two) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&one, &two]).await?;
    expect_after(target, &group, &[PatchOp::remove("members")], &[]).await
}

/// In order: who is added and removed is gone, who is removed and added is there.
pub(super) const ADDS_AND_REMOVES: Check = Check {
    id: "GRP-16",
    title: "add and remove in one request",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Groups,
    needs: &[Needs::Patch, Needs::Groups],
    also_in: &[],
    hint: "do every operation of the request, in order",
    run: |target| Box::pin(adds_and_removes(target)),
};

async fn adds_and_removes(target: &Target) -> Outcome {
    let (stays, leaves, comes) = (
        target.new_user().await?,
        target.new_user().await?,
        target.new_user().await?,
    );
    let group = target.new_group(&[&stays, &leaves]).await?;
    let add = |member: &Made| PatchOp::add("members", json!([{"value": member.id}]));
    let operations = [
        add(&comes),
        PatchOp::remove(&only(&leaves)),
        PatchOp::remove(&only(&stays)),
        add(&stays),
    ];
    expect_after(target, &group, &operations, &[&stays, &comes]).await?;
    let there_and_gone = [add(&leaves), PatchOp::remove(&only(&leaves))];
    expect_after(target, &group, &there_and_gone, &[&stays, &comes]).await
}
