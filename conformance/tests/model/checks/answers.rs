//! Reads are answered from desired state (rules A1, A8).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Ids, Reply};
use crate::wanted::{Group, User};

/// Whether a GET of a user by id shows what is wanted.
pub fn user_as_wanted(wanted: Option<&User>, reply: &Reply) -> Result<(), String> {
    let Some(body) = found(wanted.is_some(), reply)? else {
        return Ok(());
    };
    let Some(user) = wanted else { return Ok(()) };
    for (attribute, should) in [
        ("userName", json!(user.name)),
        ("displayName", json!(user.display)),
        ("externalId", json!(user.external)),
        ("active", json!(user.active)),
    ] {
        if body[attribute] != should {
            return Err(format!("{attribute} is {}, should be {should}", body[attribute]));
        }
    }
    Ok(())
}

/// Whether a GET of a group by id shows what is wanted.
pub fn group_as_wanted(wanted: Option<&Group>, ids: &Ids, reply: &Reply) -> Result<(), String> {
    let Some(body) = found(wanted.is_some(), reply)? else {
        return Ok(());
    };
    let Some(group) = wanted else { return Ok(()) };
    if body["displayName"] != json!(group.name) {
        return Err(format!(
            "displayName is {}, should be {:?}",
            body["displayName"], group.name
        ));
    }
    let members = body["members"].as_array().into_iter().flatten();
    let has: BTreeSet<&str> = members.filter_map(|member| member["value"].as_str()).collect();
    let should: BTreeSet<&str> = group.members.iter().map(|person| ids.users[person].as_str()).collect();
    if has != should {
        return Err(format!("members are {has:?}, should be {should:?}"));
    }
    Ok(())
}

fn found(wanted: bool, reply: &Reply) -> Result<Option<&Value>, String> {
    match reply {
        Reply::Answered { status: 200, body, .. } if wanted => Ok(Some(body)),
        Reply::Answered { status: 404, .. } if !wanted => Ok(None),
        Reply::Answered { status, body, .. } => Err(format!("answered {status}: {body}")),
        Reply::Cut(why) => Err(format!("no answer: {why}")),
    }
}
