//! DIS-06 to 09: the resource types.

use serde_json::Value;

use super::{find, schemas, types};
use crate::check::{Check, Level, Outcome, Section};
use crate::exchange::Exchange;
use crate::json::{self, GROUP, LIST_RESPONSE, USER};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Request, Target};
use crate::verdict::{Findings, shown};

/// What an endpoint is about.
pub(super) const LISTS_USER_AND_GROUP: Check = Check {
    id: "DIS-06",
    title: "GET /ResourceTypes answers a ListResponse that holds User and Group with endpoint and schema",
    level: Level::Must,
    sources: &[rfc7644("4"), rfc7643("6")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "list User and Group, each with its endpoint (/Users, /Groups) and the URN of its core schema",
    run: |target| Box::pin(lists_user_and_group(target)),
};

async fn lists_user_and_group(target: &Target) -> Outcome {
    let exchange = target.send(Request::get("/ResourceTypes")).await?;
    let list = exchange.list()?;
    let mut all = Findings::default();
    for (name, endpoint, schema) in [("User", "/Users", USER), ("Group", "/Groups", GROUP)] {
        let Some(found) = find(&list.resources, "name", name) else {
            let names: Vec<_> = list
                .resources
                .iter()
                .map(|one| shown(json::get(one, &["name"])))
                .collect();
            let message = format!("the resource type {name} is not listed");
            all.add(&exchange, message, name, names.join(", "));
            continue;
        };
        // An endpoint may be written as a whole URL.
        let ends = json::text(found, &["endpoint"]).is_some_and(|it| it.ends_with(endpoint));
        let schema_fits = json::text(found, &["schema"]).is_some_and(|it| it.eq_ignore_ascii_case(schema));
        if !ends || !schema_fits {
            let message = format!("the resource type {name} has another endpoint or schema");
            all.add(
                &exchange,
                message,
                format!("{endpoint} and {schema}"),
                shown(Some(found)),
            );
        }
    }
    all.end()
}

/// One by its name.
pub(super) const ANSWERS_ONE_TYPE: Check = Check {
    id: "DIS-07",
    title: "GET /ResourceTypes/{name} answers the one type",
    level: Level::Must,
    sources: &[rfc7644("4")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "serve each resource type under its name as one object, not as a list",
    run: |target| Box::pin(answers_one_type(target)),
};

async fn answers_one_type(target: &Target) -> Outcome {
    let (_, listed) = types(target).await?;
    let mut all = Findings::default();
    for name in listed.iter().filter_map(|one| json::text(one, &["name"])) {
        let exchange = target.send(Request::get(format!("/ResourceTypes/{name}"))).await?;
        match exchange.expect_status(&[200]).and_then(Exchange::json) {
            Ok(one) if json::text(&one, &["name"]) == Some(name) && !json::has_schema(&one, LIST_RESPONSE) => {}
            Ok(other) => all.add(
                &exchange,
                "the answer is not the one resource type",
                format!("an object with the name {name}"),
                shown(Some(&other)),
            ),
            Err(stop) => all.take::<()>(Err(stop)),
        }
    }
    all.end()
}

/// No guess, no list.
pub(super) const REFUSES_AN_UNKNOWN_TYPE: Check = Check {
    id: "DIS-08",
    title: "An unknown resource type is answered 404 with a SCIM error",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "answer a resource type that is not served with 404 and a SCIM error",
    run: |target| Box::pin(refuses_an_unknown_type(target)),
};

async fn refuses_an_unknown_type(target: &Target) -> Outcome {
    let exchange = target.send(Request::get("/ResourceTypes/ConformanceUnknown")).await?;
    exchange.expect_error(404, None)?;
    Ok(())
}

/// A client follows the URN to the attributes.
pub(super) const NAMES_SCHEMAS_THAT_EXIST: Check = Check {
    id: "DIS-09",
    title: "Each schema and extension that a resource type names exists under /Schemas",
    level: Level::Must,
    sources: &[rfc7643("6")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "serve every schema that a resource type names, extensions too, or do not name it",
    run: |target| Box::pin(names_schemas_that_exist(target)),
};

async fn names_schemas_that_exist(target: &Target) -> Outcome {
    let (exchange, types) = types(target).await?;
    let (_, schemas) = schemas(target).await?;
    let missing: Vec<&str> = types
        .iter()
        .flat_map(named_schemas)
        .filter(|urn| find(&schemas, "id", urn).is_none())
        .collect();
    let mut all = Findings::default();
    if !missing.is_empty() {
        all.add(
            &exchange,
            "a resource type names a schema that /Schemas does not list",
            "only schemas that exist",
            missing.join(", "),
        );
    }
    all.end()
}

/// The core schema of a resource type, and its extensions.
pub(super) fn named_schemas(resource_type: &Value) -> impl Iterator<Item = &str> {
    let extensions = json::elements(resource_type, "schemaExtensions");
    std::iter::once(resource_type)
        .chain(extensions)
        .filter_map(|one| json::text(one, &["schema"]))
}
