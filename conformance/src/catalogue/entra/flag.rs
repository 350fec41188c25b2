//! ENT-13: the flag that chooses the dialect travels in the query string.

use serde_json::json;

use super::wire::Dialect;
use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::source::Source;
use crate::target::{Kind, PatchOp, Request, Target, equals, path_of};
use crate::verdict::{Step, Stop};

const FLAG: &str = "aadOptscim062020";

/// The flag may come anywhere in the query, and twice.
pub(super) const COMPATIBILITY_FLAG: Check = Check {
    id: "ENT-13",
    title: "The base URL with the compatibility flag in its query string (?aadOptscim062020) works and the flag is not passed on",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "ignore unknown query parameters on every request, and build Location and meta.location without the query",
    run: |target| Box::pin(compatibility_flag(target)),
};

async fn compatibility_flag(target: &Target) -> Outcome {
    let created = target
        .send(Request::post("/Users", target.user_draft()).raw_parameter(FLAG))
        .await?;
    created.expect_status(&[200, 201])?;
    expect_not_passed_on(&created)?;
    let made = created.resource()?;
    let (id, name) = (made.id().to_owned(), made.value["userName"].clone());
    let name = name.as_str().unwrap_or_default();
    let path = path_of(Kind::User, &id);

    let filter = equals("userName", name);
    for (spelling, query) in [
        (
            "the flag before the filter",
            Request::query(Kind::User).raw_parameter(FLAG).filter(&filter),
        ),
        (
            "the flag after the filter",
            Request::query(Kind::User).filter(&filter).raw_parameter(FLAG),
        ),
        (
            "the flag twice",
            Request::query(Kind::User)
                .raw_parameter(FLAG)
                .filter(&filter)
                .raw_parameter(FLAG),
        ),
        (
            "the flag with an empty value",
            Request::query(Kind::User).parameter(FLAG, "").filter(&filter),
        ),
    ] {
        let found = target.send(query).await?;
        found.list().during(spelling)?.expect_only(&id).during(spelling)?;
        expect_not_passed_on(&found).during(spelling)?;
    }

    let change = PatchOp::message(&Dialect::Compliant.set(&[("displayName".to_owned(), json!("Bo"))]));
    let patched = target.send(Request::patch(&path, change).raw_parameter(FLAG)).await?;
    patched.expect_patched()?;
    expect_not_passed_on(&patched)?;
    let read = target.send(Request::get(&path).raw_parameter(FLAG)).await?;
    read.expect_status(&[200])?
        .resource()?
        .expect(&["displayName"], &json!("Bo"))?;
    expect_not_passed_on(&read)?;
    if target.profile() == Profile::Strict {
        naively_joined(target, &id, &filter).await?;
    }
    let deleted = target.send(Request::delete(&path).raw_parameter(FLAG)).await?;
    deleted.expect_status(&[204])?;
    Ok(())
}

/// Strict only: an intermediary that appends the path to a base with a query.
async fn naively_joined(target: &Target, id: &str, filter: &str) -> Outcome {
    let query = Request::query(Kind::User).filter(filter);
    let joined = target.url_with_query_before_path(FLAG, &query);
    let found = target.send_to(joined, &query).await?;
    let doing = "the path joined behind the flag";
    found.list().during(doing)?.expect_only(id).during(doing)?;
    Ok(())
}

fn expect_not_passed_on(exchange: &Exchange) -> Outcome {
    let header = exchange.answer.header("location").filter(|value| value.contains(FLAG));
    let place = if header.is_some() {
        "the Location header"
    } else if exchange.answer.body.contains(FLAG) {
        "the body"
    } else {
        return Ok(());
    };
    Err(Stop::differs(
        exchange,
        "the flag is passed on",
        "URLs without the flag",
        format!("{FLAG} in {place}"),
    ))
}
