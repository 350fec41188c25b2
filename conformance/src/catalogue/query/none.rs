//! QRY-03 and 04: a filter that matches nobody.

use serde_json::Value;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json;
use crate::source::rfc7644;
use crate::target::{Kind, Target, equals};
use crate::verdict::{Stop, shown};

/// A 404 here puts Entra's whole job into quarantine.
pub(super) const ANSWERS_NO_MATCH_WITH_200: Check = Check {
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
pub(super) const NO_MATCH_HAS_NO_RESOURCES: Check = Check {
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
