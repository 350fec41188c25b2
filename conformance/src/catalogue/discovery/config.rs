//! DIS-01 to 05: the service provider's configuration.

use serde_json::Value;

use super::{find, read};
use crate::check::{Check, Level, Outcome, Section};
use crate::json::{self, CONFIG};
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Request, Target};
use crate::verdict::{Findings, shown};

const PATH: &str = "/ServiceProviderConfig";

/// The first thing a careful client reads.
pub(super) const ANSWERS_THE_CONFIG: Check = Check {
    id: "DIS-01",
    title: "GET /ServiceProviderConfig answers 200 with the config schema URN",
    level: Level::Must,
    sources: &[rfc7644("4"), rfc7643("5")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "serve /ServiceProviderConfig below the tenant URL, its `schemas` naming the configuration's URN",
    run: |target| Box::pin(answers_the_config(target)),
};

async fn answers_the_config(target: &Target) -> Outcome {
    let exchange = target.send(Request::get(PATH)).await?;
    let config = exchange.expect_status(&[200])?.json()?;
    let mut all = Findings::default();
    if !json::has_schema(&config, CONFIG) {
        all.add(
            &exchange,
            "the answer is not a ServiceProviderConfig",
            format!("`schemas` with {CONFIG}"),
            shown(json::get(&config, &["schemas"])),
        );
    }
    all.end()
}

/// The options a client chooses by, each in its type.
pub(super) const NAMES_EVERY_OPTION: Check = Check {
    id: "DIS-02",
    title: "It holds patch, bulk, filter, changePassword, sort, etag, authenticationSchemes, each in the right type",
    level: Level::Must,
    sources: &[rfc7643("5")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "announce every option with `supported` as a JSON boolean, and each authentication scheme with type, name and description",
    run: |target| Box::pin(names_every_option(target)),
};

async fn names_every_option(target: &Target) -> Outcome {
    let (exchange, config) = read(target, PATH, "DIS-01").await?;
    let mut all = Findings::default();
    for option in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        let found = json::get(&config, &[option, "supported"]);
        if !found.is_some_and(Value::is_boolean) {
            let message = format!("{option}.supported is not announced as a boolean");
            all.add(&exchange, message, "true or false", shown(found));
        }
    }
    let schemes = json::get(&config, &["authenticationSchemes"]);
    let is_whole = |scheme: &Value| {
        ["type", "name", "description"]
            .iter()
            .all(|name| json::text(scheme, &[name]).is_some())
    };
    if !schemes
        .and_then(Value::as_array)
        .is_some_and(|schemes| schemes.iter().all(is_whole))
    {
        all.add(
            &exchange,
            "authenticationSchemes is not as it should be",
            "an array of objects with type, name and description",
            shown(schemes),
        );
    }
    all.end()
}

/// What the schema says where the endpoint does not serve it, with the pagination of RFC 9865.
const ATTRIBUTES: [(&str, &[&str]); 13] = [
    ("schemas", &[]),
    ("id", &[]),
    ("externalId", &[]),
    (
        "meta",
        &["resourceType", "created", "lastModified", "location", "version"],
    ),
    ("documentationUri", &[]),
    ("patch", &["supported"]),
    ("bulk", &["supported", "maxOperations", "maxPayloadSize"]),
    ("filter", &["supported", "maxResults"]),
    ("changePassword", &["supported"]),
    ("sort", &["supported"]),
    ("etag", &["supported"]),
    (
        "authenticationSchemes",
        &["type", "name", "description", "specUri", "documentationUri", "primary"],
    ),
    (
        "pagination",
        &[
            "cursor",
            "index",
            "defaultPaginationMethod",
            "defaultPageSize",
            "maxPageSize",
            "cursorTimeout",
        ],
    ),
];

/// Against the schema that the endpoint serves for it, beside the RFC's own list.
pub(super) const HOLDS_NOTHING_ELSE: Check = Check {
    id: "DIS-03",
    title: "It holds no attribute that its own schema lacks",
    level: Level::Should,
    sources: &[rfc7643("5")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "leave out what the schema does not define, or serve a schema that defines it",
    run: |target| Box::pin(holds_nothing_else(target)),
};

async fn holds_nothing_else(target: &Target) -> Outcome {
    let (exchange, config) = read(target, PATH, "DIS-01").await?;
    let served = target.send(Request::get(format!("/Schemas/{CONFIG}"))).await?;
    let served = served
        .json()
        .ok()
        .filter(|_| served.status() == 200)
        .unwrap_or_default();
    let attributes = json::elements(&served, "attributes");
    let mut more: Vec<String> = Vec::new();
    for name in json::names(&config) {
        let known = ATTRIBUTES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let own = find(attributes, "name", name);
        if known.is_none() && own.is_none() {
            more.push(name.to_owned());
            continue;
        }
        let value = &config[name];
        let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for sub in elements.iter().flat_map(json::names) {
            let in_known = known.is_some_and(|(_, subs)| subs.iter().any(|it| it.eq_ignore_ascii_case(sub)));
            let in_own = own.is_some_and(|own| find(json::elements(own, "subAttributes"), "name", sub).is_some());
            if !in_known && !in_own {
                more.push(format!("{name}.{sub}"));
            }
        }
    }
    let mut all = Findings::default();
    if !more.is_empty() {
        all.add(
            &exchange,
            "the configuration holds attributes that no schema defines",
            "only attributes of its schema",
            more.join(", "),
        );
    }
    all.end()
}

/// Entra cannot do without.
pub(super) const PATCHES_AND_FILTERS: Check = Check {
    id: "DIS-04",
    title: "patch.supported and filter.supported are true",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "support PATCH and filters, and announce both: Entra matches by filter and changes by PATCH",
    run: |target| Box::pin(patches_and_filters(target)),
};

async fn patches_and_filters(target: &Target) -> Outcome {
    let (exchange, config) = read(target, PATH, "DIS-01").await?;
    let mut all = Findings::default();
    for option in ["patch", "filter"] {
        let found = json::get(&config, &[option, "supported"]);
        if found != Some(&Value::Bool(true)) {
            let message = format!("{option} is not announced as supported");
            all.add(&exchange, message, "true", shown(found));
        }
    }
    all.end()
}

/// A client splits its work by them.
pub(super) const NAMES_ITS_LIMITS: Check = Check {
    id: "DIS-05",
    title: "bulk names maxOperations and maxPayloadSize, filter names maxResults",
    level: Level::Must,
    sources: &[rfc7643("5")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "give the three limits as whole numbers, also where bulk is not supported",
    run: |target| Box::pin(names_its_limits(target)),
};

async fn names_its_limits(target: &Target) -> Outcome {
    let (exchange, config) = read(target, PATH, "DIS-01").await?;
    let mut all = Findings::default();
    for path in [
        ["bulk", "maxOperations"],
        ["bulk", "maxPayloadSize"],
        ["filter", "maxResults"],
    ] {
        let found = json::get(&config, &path);
        if !found.is_some_and(Value::is_u64) {
            let message = format!("{} is not announced", path.join("."));
            all.add(&exchange, message, "a whole number", shown(found));
        }
    }
    all.end()
}
