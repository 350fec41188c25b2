//! GRP-01 to 04: making and reading groups.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Request, Target, path_of};
use crate::verdict::{Findings, Stop, shown};

/// Groups come empty from Entra, and filled from others.
pub(super) const ANSWERS_CREATED: Check = Check {
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
pub(super) const READS_AND_LISTS: Check = Check {
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
    // The whole list, without a filter: Entra does not read it, others do.
    let list = Request::query(Kind::Group).parameter("excludedAttributes", "members");
    target.expect_listed(Kind::Group, &list, &[&group.id]).await?;
    Ok(())
}

/// The name is all that a group is known by: neither left out nor null.
pub(super) const REFUSES_NO_NAME: Check = Check {
    id: "GRP-03",
    title: "No displayName: 400",
    level: Level::Must,
    sources: &[rfc7643("4.2")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "answer a group without displayName with 400",
    run: |target| Box::pin(refuses_no_name(target)),
};

async fn refuses_no_name(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for name in [None, Some(Value::Null)] {
        let mut draft = target.group_draft(&[]);
        let attributes = draft.as_object_mut().expect("the usual draft is an object");
        attributes.remove("displayName");
        if let Some(name) = name {
            attributes.insert("displayName".to_owned(), name);
        }
        all.take(target.create(Kind::Group, draft).await?.expect_error(400, None));
    }
    all.end()
}

/// What the schema announces decides.
pub(super) const REFUSES_A_TAKEN_NAME: Check = Check {
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
