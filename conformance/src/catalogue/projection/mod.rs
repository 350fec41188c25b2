//! PRJ: `attributes` and `excludedAttributes`.

mod both;
mod excluded;
mod wanted;

use serde_json::{Value, json};

use crate::check::{Check, Profile};
use crate::exchange::Exchange;
use crate::expect::Representation;
use crate::json::{self, SEARCH_REQUEST};
use crate::target::{Kind, Request, Target};
use crate::verdict::{Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &wanted::ON_ONE,
    &wanted::ON_A_LIST,
    &wanted::IN_A_SEARCH,
    &excluded::EVERYWHERE,
    &excluded::MEMBERS,
    &excluded::NOT_THE_ID,
    &wanted::NOT_THE_PASSWORD,
    &wanted::BELOW_AND_BY_URN,
    &both::TOGETHER,
    &both::ON_WRITES,
];

/// Only the id, `schemas` and these are there. In the strict profile `schemas` may not be missing.
fn expect_projected(found: &Representation<'_>, wanted: &[&str], profile: Profile) -> Result<(), Stop> {
    let mut allowed = vec!["id", "schemas"];
    allowed.extend(wanted);
    found.expect_only(&allowed)?;
    let mut needed = vec!["id"];
    needed.extend(wanted);
    if profile == Profile::Strict {
        needed.push("schemas");
    }
    for name in needed {
        if json::present(&found.value, &[name]).is_none() {
            let message = format!("{name} is missing");
            return Err(Stop::differs(found.exchange, message, name, shown(Some(&found.value))));
        }
    }
    Ok(())
}

/// A search for what this check has made, with one more attribute of the request.
async fn search(target: &Target, name: &str, value: Value) -> Result<Exchange, Stop> {
    let mut search = json!({"schemas": [SEARCH_REQUEST], name: value});
    if target.discovered().filter {
        search["filter"] = json!(target.is_mine(Kind::User));
    }
    target.send(Request::post("/Users/.search", search)).await
}
