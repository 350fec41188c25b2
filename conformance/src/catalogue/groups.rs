//! GRP: groups and their members.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, equals, path_of};
use crate::verdict::{Findings, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &ANSWERS_CREATED,
    &READS_AND_LISTS,
    &REFUSES_A_TAKEN_NAME,
    &ADDS_MEMBERS,
    &REMOVES_ONE_BY_VALUE_FILTER,
    &RENAMES,
];

/// The pages that are walked before a group counts as not listed.
const MOST_PAGES: u64 = 1000;

/// Groups come empty from Entra, and filled from others.
const ANSWERS_CREATED: Check = Check {
    id: "GRP-01",
    title: "POST /Groups answers 201 with id, meta and Location; with and without members",
    level: Level::Must,
    sources: &[rfc7644("3.3"), rfc7643("4.2")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "answer a create with 201, a Location header, and the group with id, meta.resourceType, meta.location and its members",
    run: |target| Box::pin(answers_created(target)),
};

async fn answers_created(target: &Target) -> Outcome {
    let empty = target.create(Kind::Group, target.group_draft(&[])).await?;
    expect_created(&empty)?;

    let member = target.new_user().await?;
    let filled = target.create(Kind::Group, target.group_draft(&[&member])).await?;
    expect_created(&filled)?;
    let id = filled.resource()?.id().to_owned();
    let read = target.send(Request::get(path_of(Kind::Group, &id))).await?;
    read.expect_status(&[200])?.resource()?.expect_members(&[&member.id])?;
    Ok(())
}

fn expect_created(exchange: &Exchange) -> Outcome {
    let made = exchange.expect_status(&[201])?.resource()?;
    let mut all = Findings::default();
    all.take(made.expect(&["meta", "resourceType"], &json!("Group")));
    let location = exchange.answer.header("location");
    if location.is_none_or(str::is_empty) {
        all.take::<()>(Err(Stop::differs(
            exchange,
            "the 201 has no Location header",
            "the URL of the group",
            "nothing",
        )));
    }
    if json::text(&made.value, &["meta", "location"]).is_none() {
        all.take::<()>(Err(Stop::differs(
            exchange,
            "the group has no meta.location",
            "the URL of the group",
            shown(json::get(&made.value, &["meta"])),
        )));
    }
    all.end()
}

/// Reading a group, alone and among the others.
const READS_AND_LISTS: Check = Check {
    id: "GRP-02",
    title: "GET by id, and in the list",
    level: Level::Must,
    sources: &[rfc7644("3.4")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "serve the group under its id, and on exactly one page of GET /Groups",
    run: |target| Box::pin(reads_and_lists(target)),
};

async fn reads_and_lists(target: &Target) -> Outcome {
    let group = target.new_group(&[]).await?;
    let read = target.send(Request::get(group.path())).await?;
    read.expect_status(&[200])?
        .resource()?
        .expect(&["id"], &json!(group.id))?
        .expect(&["displayName"], &json!(group.name))?;

    let mut start = 1_u64;
    for _ in 0..MOST_PAGES {
        let exchange = target
            .send(
                Request::query(Kind::Group)
                    .parameter("excludedAttributes", "members")
                    .parameter("startIndex", &start.to_string())
                    .parameter("count", "100"),
            )
            .await?;
        let page = exchange.list()?;
        let listed = page
            .resources
            .iter()
            .any(|found| json::text(found, &["id"]) == Some(&group.id));
        if listed {
            return Ok(());
        }
        start += page.resources.len() as u64;
        if page.resources.is_empty() || start > page.total {
            return Err(Stop::differs(
                &exchange,
                "the list ends without the group",
                format!("the group {} among {} groups", group.id, page.total),
                format!("{} groups read, this one not among them", start - 1),
            ));
        }
    }
    Err(Stop::Skipped(format!(
        "the list has more than {MOST_PAGES} pages, and the group is not on them"
    )))
}

/// What the schema announces decides.
const REFUSES_A_TAKEN_NAME: Check = Check {
    id: "GRP-04",
    title: "A second group of the same displayName: 409, where the schema says unique",
    level: Level::Should,
    sources: &[rfc7644("3.3"), rfc7643("8.7.1"), Source::Entra],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[Profile::Entra],
    hint: "answer 409 with scimType uniqueness, or announce uniqueness `none` for displayName in /Schemas; Entra matches groups by name and stops at two",
    run: |target| Box::pin(refuses_a_taken_name(target)),
};

async fn refuses_a_taken_name(target: &Target) -> Outcome {
    let first = target.new_group(&[]).await?;
    let mut second = target.group_draft(&[]);
    second["displayName"] = json!(first.name);
    let exchange = target.create(Kind::Group, second).await?;
    if !target.discovered().unique_group_names && matches!(exchange.status(), 200 | 201) {
        return Err(Stop::Skipped(
            "the group schema does not announce displayName as unique, and a second group was made".to_owned(),
        ));
    }
    exchange.expect_error(409, Some("uniqueness"))?;
    Ok(())
}

/// One or several, as objects.
const ADDS_MEMBERS: Check = Check {
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

/// A group loses exactly the member that a value filter names.
const REMOVES_ONE_BY_VALUE_FILTER: Check = Check {
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
    let path = format!("members[{}]", equals("value", &gone.id));
    target
        .patch(&group, &[PatchOp::remove(&path)])
        .await?
        .expect_patched()?;
    let read = target.read(&group).await?;
    read.resource()?.expect_members(&[&kept.id])?;
    Ok(())
}

/// Groups are renamed too.
const RENAMES: Check = Check {
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
