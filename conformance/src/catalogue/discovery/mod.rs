//! DIS: what an endpoint says about itself.

mod capabilities;
mod characteristics;
mod config;
mod methods;
mod schemas;
mod types;

use serde_json::Value;

use crate::check::Check;
use crate::exchange::Exchange;
use crate::json;
use crate::target::{Request, Target};
use crate::verdict::{Step, Stop};

pub(super) const CHECKS: &[&Check] = &[
    &config::ANSWERS_THE_CONFIG,
    &config::NAMES_EVERY_OPTION,
    &config::HOLDS_NOTHING_ELSE,
    &config::PATCHES_AND_FILTERS,
    &config::NAMES_ITS_LIMITS,
    &types::LISTS_USER_AND_GROUP,
    &types::ANSWERS_ONE_TYPE,
    &types::REFUSES_AN_UNKNOWN_TYPE,
    &types::NAMES_SCHEMAS_THAT_EXIST,
    &schemas::LISTS_THE_SCHEMAS,
    &schemas::ANSWERS_ONE_SCHEMA,
    &schemas::REFUSES_AN_UNKNOWN_SCHEMA,
    &characteristics::AS_THE_RFC_HAS_THEM,
    &characteristics::BOOLEANS,
    &characteristics::MEMBERS,
    &methods::ONLY_READS,
    &methods::REFUSES_A_FILTER,
    &methods::BELOW_THE_SAME_BASE,
    &capabilities::KEEPS_ITS_WORD,
    &methods::REFUSES_AN_UNKNOWN_PATH,
];

/// The three endpoints.
pub(super) const ENDPOINTS: [&str; 3] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];

/// The body of a discovery endpoint that another check covers.
async fn read(target: &Target, path: &str, by: &'static str) -> Result<(Exchange, Value), Stop> {
    let exchange = target.send(Request::get(path)).await?;
    let body = exchange.expect_status(&[200]).and_then(Exchange::json).blocked_by(by)?;
    Ok((exchange, body))
}

/// The resource types that are listed; blocked by DIS-06 when there are none.
async fn types(target: &Target) -> Result<(Exchange, Vec<Value>), Stop> {
    listed(target, "/ResourceTypes", "DIS-06").await
}

/// The schemas that are listed; blocked by DIS-10 when there are none.
async fn schemas(target: &Target) -> Result<(Exchange, Vec<Value>), Stop> {
    listed(target, "/Schemas", "DIS-10").await
}

async fn listed(target: &Target, path: &str, by: &'static str) -> Result<(Exchange, Vec<Value>), Stop> {
    let exchange = target.send(Request::get(path)).await?;
    let resources = exchange.list().blocked_by(by)?.resources;
    if resources.is_empty() {
        let wanted = "at least one resource";
        return Err(Stop::differs(
            &exchange,
            format!("{path} lists nothing"),
            wanted,
            "none",
        ))
        .blocked_by(by);
    }
    Ok((exchange, resources))
}

/// The one with this id or name, in any letter case.
fn find<'v>(among: &'v [Value], key: &str, wanted: &str) -> Option<&'v Value> {
    among
        .iter()
        .find(|one| json::text(one, &[key]).is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
}
