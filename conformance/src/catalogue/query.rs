//! QRY: finding users and groups.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json;
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Request, Target, equals};
use crate::verdict::{Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &FINDS_BY_USER_NAME,
    &ANSWERS_NO_MATCH_WITH_200,
    &NO_MATCH_HAS_NO_RESOURCES,
    &USER_NAME_IGNORES_CASE,
    &FINDS_A_GROUP_BY_NAME,
    &FINDS_WHAT_WAS_JUST_MADE,
];

/// The query that Entra sends most.
const FINDS_BY_USER_NAME: Check = Check {
    id: "QRY-02",
    title: "userName eq finds exactly one",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "evaluate the filter: return the one user of that name in a ListResponse, and nobody else",
    run: |target| Box::pin(finds_by_user_name(target)),
};

async fn finds_by_user_name(target: &Target) -> Outcome {
    let wanted = target.new_user().await?;
    let _other = target.new_user().await?;
    let exchange = target.find(Kind::User, &equals("userName", &wanted.name)).await?;
    exchange
        .list()?
        .expect_only(&wanted.id)?
        .first()?
        .expect(&["userName"], &json!(wanted.name))?;
    Ok(())
}

/// A 404 here puts Entra's whole job into quarantine.
const ANSWERS_NO_MATCH_WITH_200: Check = Check {
    id: "QRY-03",
    title: "userName eq without a match: 200, totalResults 0, never 404",
    level: Level::Must,
    sources: &[rfc7644("3.4.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "answer a filter without a match with 200 and a ListResponse whose totalResults is 0; a 404 quarantines Entra's job",
    run: |target| Box::pin(answers_no_match_with_200(target)),
};

async fn answers_no_match_with_200(target: &Target) -> Outcome {
    // Somebody is there, so that a server that returns everybody gives itself away.
    let _somebody = target.new_user().await?;
    let exchange = target
        .find(Kind::User, &equals("userName", &target.unknown_id()))
        .await?;
    let page = exchange.list()?;
    if page.total != 0 {
        page.expect_none()?;
    }
    Ok(())
}

/// What an empty answer looks like inside.
const NO_MATCH_HAS_NO_RESOURCES: Check = Check {
    id: "QRY-04",
    title: "With no match, Resources is absent or an empty array",
    level: Level::Must,
    sources: &[rfc7644("3.4.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "leave Resources out or make it an empty array when nothing matches; null or an object is neither",
    run: |target| Box::pin(no_match_has_no_resources(target)),
};

async fn no_match_has_no_resources(target: &Target) -> Outcome {
    let _somebody = target.new_user().await?;
    let exchange = target
        .find(Kind::User, &equals("userName", &target.unknown_id()))
        .await?;
    exchange.expect_status(&[200])?;
    let list = exchange.json()?;
    match json::get(&list, &["Resources"]) {
        None => Ok(()),
        Some(Value::Array(found)) if found.is_empty() => Ok(()),
        other => Err(Stop::differs(
            &exchange,
            "Resources holds something although nothing matches",
            "nothing, or []",
            shown(other),
        )),
    }
}

/// `userName` is not case-exact.
const USER_NAME_IGNORES_CASE: Check = Check {
    id: "QRY-05",
    title: "userName eq in other letter case finds the user",
    level: Level::Must,
    sources: &[rfc7643("4.1.1")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "compare userName without regard to case (caseExact false)",
    run: |target| Box::pin(user_name_ignores_case(target)),
};

async fn user_name_ignores_case(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let exchange = target
        .find(Kind::User, &equals("userName", &made.name.to_uppercase()))
        .await?;
    exchange.list()?.expect_only(&made.id)?;
    Ok(())
}

/// How Entra matches a group.
const FINDS_A_GROUP_BY_NAME: Check = Check {
    id: "QRY-09",
    title: "displayName eq finds the group",
    level: Level::Entra,
    sources: &[rfc7644("3.4.2.2"), Source::Entra],
    section: Section::Query,
    needs: &[Needs::Filter, Needs::Groups],
    also_in: &[],
    hint: "support `displayName eq` on /Groups, also beside excludedAttributes=members",
    run: |target| Box::pin(finds_a_group_by_name(target)),
};

async fn finds_a_group_by_name(target: &Target) -> Outcome {
    let wanted = target.new_group(&[]).await?;
    let _other = target.new_group(&[]).await?;
    let exchange = target
        .send(
            Request::query(Kind::Group)
                .parameter("excludedAttributes", "members")
                .filter(&equals("displayName", &wanted.name)),
        )
        .await?;
    exchange
        .list()?
        .expect_only(&wanted.id)?
        .first()?
        .expect(&["displayName"], &json!(wanted.name))?;

    let exchange = target
        .find(Kind::Group, &equals("displayName", &target.unknown_id()))
        .await?;
    exchange.list()?.expect_none()?;
    Ok(())
}

/// Entra looks again straight after a create, and makes a second user if it finds none.
const FINDS_WHAT_WAS_JUST_MADE: Check = Check {
    id: "QRY-35",
    title: "A just-made user is found by filter at once",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "answer filters from a state that holds every acknowledged write; an index that lags makes Entra create twice",
    run: |target| Box::pin(finds_what_was_just_made(target)),
};

async fn finds_what_was_just_made(target: &Target) -> Outcome {
    for _ in 0..5 {
        let made = target.new_user().await?;
        let exchange = target.find(Kind::User, &equals("userName", &made.name)).await?;
        exchange.list()?.expect_only(&made.id)?;
    }
    Ok(())
}
