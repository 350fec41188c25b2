//! DIS-10 to 12: the schemas.

use super::types::named_schemas;
use super::{find, schemas, types};
use crate::check::{Check, Level, Outcome, Section};
use crate::exchange::Exchange;
use crate::json::{self, GROUP, LIST_RESPONSE, USER};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Request, Target};
use crate::verdict::{Findings, shown};

/// Entra's portal reads it to offer attributes.
pub(super) const LISTS_THE_SCHEMAS: Check = Check {
    id: "DIS-10",
    title: "GET /Schemas answers a ListResponse with the schema of each type",
    level: Level::Must,
    sources: &[rfc7644("4"), rfc7643("7")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "list the schema of every resource type served, with its attributes",
    run: |target| Box::pin(lists_the_schemas(target)),
};

async fn lists_the_schemas(target: &Target) -> Outcome {
    let exchange = target.send(Request::get("/Schemas")).await?;
    let list = exchange.list()?;
    // Discovery that fails stops nothing: without /ResourceTypes the core schemas are asked for.
    let listed = types(target).await.map(|(_, types)| types).unwrap_or_default();
    let mut wanted: Vec<&str> = listed.iter().filter_map(|one| named_schemas(one).next()).collect();
    if wanted.is_empty() {
        wanted = vec![USER, GROUP];
    }
    let mut all = Findings::default();
    for urn in wanted {
        let found = find(&list.resources, "id", urn);
        if found.is_none_or(|schema| json::elements(schema, "attributes").is_empty()) {
            all.add(
                &exchange,
                "a schema is not listed with its attributes",
                format!("the schema {urn} with attributes"),
                shown(found),
            );
        }
    }
    all.end()
}

/// One by its URN.
pub(super) const ANSWERS_ONE_SCHEMA: Check = Check {
    id: "DIS-11",
    title: "GET /Schemas/{urn} answers the one schema (not a list)",
    level: Level::Must,
    sources: &[rfc7644("4")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "serve each schema under its URN as one object, not as a list",
    run: |target| Box::pin(answers_one_schema(target)),
};

async fn answers_one_schema(target: &Target) -> Outcome {
    let (_, listed) = schemas(target).await?;
    let mut all = Findings::default();
    for urn in listed.iter().filter_map(|one| json::text(one, &["id"])) {
        let exchange = target.send(Request::get(format!("/Schemas/{urn}"))).await?;
        match exchange.expect_status(&[200]).and_then(Exchange::json) {
            Ok(one) if json::text(&one, &["id"]) == Some(urn) && !json::has_schema(&one, LIST_RESPONSE) => {}
            Ok(other) => all.add(
                &exchange,
                "the answer is not the one schema",
                format!("an object with the id {urn}"),
                shown(Some(&other)),
            ),
            Err(stop) => all.take::<()>(Err(stop)),
        }
    }
    all.end()
}

/// No guess, no list.
pub(super) const REFUSES_AN_UNKNOWN_SCHEMA: Check = Check {
    id: "DIS-12",
    title: "An unknown schema URN is answered 404 with a SCIM error",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "answer a URN that is not served with 404 and a SCIM error",
    run: |target| Box::pin(refuses_an_unknown_schema(target)),
};

async fn refuses_an_unknown_schema(target: &Target) -> Outcome {
    let exchange = target
        .send(Request::get("/Schemas/urn:example:conformance:unknown:2.0:User"))
        .await?;
    exchange.expect_error(404, None)?;
    Ok(())
}
