//! QRY-32 and 33: queries by POST.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json::{self, SEARCH_REQUEST};
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target, equals};
use crate::verdict::{Findings, Stop};

/// For filters that should not stand in a log.
pub(super) const SEARCHES_BY_POST: Check = Check {
    id: "QRY-32",
    title: "POST /Users/.search does what GET does, answers 200 and a ListResponse",
    level: Level::Should,
    sources: &[rfc7644("3.4.3")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "read filter, startIndex, count and the rest from the body of a SearchRequest",
    run: |target| Box::pin(searches_by_post(target)),
};

async fn searches_by_post(target: &Target) -> Outcome {
    target.new_users(3).await?;
    let mut search = json!({"schemas": [SEARCH_REQUEST], "startIndex": 2, "count": 1});
    if target.discovered().filter {
        search["filter"] = json!(target.is_mine(Kind::User));
    }
    let get = target
        .mine(Kind::User)
        .parameter("startIndex", "2")
        .parameter("count", "1");
    let wanted = target.send(get).await?;
    let wanted = wanted.list()?;
    let exchange = target.send(Request::post("/Users/.search", search)).await?;
    let found = exchange.list()?;
    let tell = |total: u64, ids: &[&str]| format!("totalResults {total} with {}", ids.join(", "));
    // Without a filter others may come and go meanwhile: then a list is all that can be asked for.
    if !target.discovered().filter || (found.total, found.ids()) == (wanted.total, wanted.ids()) {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "the search finds other resources than the same query by GET",
        tell(wanted.total, &wanted.ids()),
        tell(found.total, &found.ids()),
    ))
}

/// One query, users and groups. It takes a filter, so that it finds these and no others.
pub(super) const SEARCHES_ALL_TYPES: Check = Check {
    id: "QRY-33",
    title: "POST /.search at the root spans resource types",
    level: Level::Should,
    sources: &[rfc7644("3.4.3")],
    section: Section::Query,
    needs: &[Needs::Filter, Needs::Groups],
    also_in: &[],
    hint: "evaluate a search at the root over users and groups alike",
    run: |target| Box::pin(searches_all_types(target)),
};

async fn searches_all_types(target: &Target) -> Outcome {
    let (user, group) = (target.new_user().await?, target.new_group(&[]).await?);
    let filter = format!(
        "{} or {}",
        equals("userName", &user.name),
        equals("displayName", &group.name)
    );
    let search = json!({"schemas": [SEARCH_REQUEST], "filter": filter});
    let exchange = target.send(Request::post("/.search", search)).await?;
    let found = exchange.list()?;
    found.expect_ids(&[&user.id, &group.id])?;
    let mut all = Findings::default();
    for (id, kind) in [(&user.id, "User"), (&group.id, "Group")] {
        let one = found.one(id)?;
        if json::text(&one.value, &["meta", "resourceType"]) != Some(kind) {
            let found = json::get(&one.value, &["meta", "resourceType"]).map_or_else(String::new, Value::to_string);
            all.add(&exchange, "a resource does not say what it is", kind, found);
        }
    }
    all.end()
}
