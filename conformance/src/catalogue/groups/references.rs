//! GRP-18, 19 and 23: what a member refers to.

use serde_json::{Value, json};

use super::expect_members;
use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Made, PatchOp, Request, Target, equals};
use crate::verdict::{Findings, Step, Stop, shown};

/// By create and by PATCH, beside one who exists.
pub(super) const REFUSES_UNKNOWN_MEMBERS: Check = Check {
    id: "GRP-18",
    title: "A member who does not exist: 4xx with a detail that names the id, and no half-made change",
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "refuse the whole request and say in detail which ids nobody has",
    run: |target| Box::pin(refuses_unknown_members(target)),
};

async fn refuses_unknown_members(target: &Target) -> Outcome {
    let (there, new) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&there]).await?;
    let unknown = target.unknown_id();
    let mut draft = target.group_draft(&[&new]);
    draft["members"] = json!([{"value": new.id}, {"value": unknown}]);
    let name = draft["displayName"].as_str().unwrap_or_default().to_owned();
    let mut all = Findings::default();
    all.take(expect_named(&target.create(Kind::Group, draft).await?, &unknown).during("POST"));
    if target.discovered().filter {
        let found = target.find(Kind::Group, &equals("displayName", &name)).await?;
        all.take(found.list()?.expect_none());
    }
    if target.discovered().patch {
        let add = PatchOp::add("members", json!([{"value": new.id}, {"value": unknown}]));
        all.take(expect_named(&target.patch(&group, &[add]).await?, &unknown).during("PATCH"));
        all.take(expect_members(target, &group, &[&there]).await);
    }
    all.end()
}

fn expect_named(exchange: &Exchange, id: &str) -> Outcome {
    let error = exchange.expect_refused(&[400, 404, 409, 422])?.json()?;
    let detail = json::text(&error, &["detail"]).unwrap_or_default();
    if detail.contains(id) {
        return Ok(());
    }
    Err(Stop::differs(exchange, "the detail does not name the id", id, detail))
}

/// In the strict profile `$ref` is given.
pub(super) const DESCRIBES_MEMBERS: Check = Check {
    id: "GRP-19",
    title: "members holds value, and $ref and display where given",
    level: Level::Should,
    sources: &[rfc7643("4.2")],
    section: Section::Groups,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "give every member with value, and with a $ref that can be read",
    run: |target| Box::pin(describes_members(target)),
};

async fn describes_members(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let group = target.new_group(&[&user]).await?;
    let exchange = target.read(&group).await?;
    let value = exchange.json()?;
    let [member] = json::elements(&value, "members") else {
        let found = shown(json::get(&value, &["members"]));
        return Err(Stop::differs(
            &exchange,
            "the group does not have one member",
            "one member",
            found,
        ));
    };
    let mut all = Findings::default();
    if json::text(member, &["value"]) != Some(&user.id) {
        all.add(&exchange, "the member has another value", &user.id, shown(Some(member)));
    }
    let reference = json::get(member, &["$ref"]);
    match reference.and_then(Value::as_str) {
        Some(url) => all.take(expect_leads_to(target, &exchange, url, &user).await),
        None if reference.is_none() && target.profile() != Profile::Strict => {}
        None => all.add(
            &exchange,
            "the member has no $ref",
            "the URL of the user",
            shown(Some(member)),
        ),
    }
    let display = json::get(member, &["display"]);
    if display.is_some_and(|display| !display.is_string()) {
        all.add(&exchange, "display is no text", "text, or nothing", shown(display));
    }
    all.end()
}

/// A `$ref` may be relative (RFC 7643 §2.3.7); the token is not sent to another server.
async fn expect_leads_to(target: &Target, group: &Exchange, url: &str, user: &Made) -> Outcome {
    if !url.ends_with(&format!("Users/{}", user.id)) {
        return Err(Stop::differs(
            group,
            "$ref is not the URL of the user",
            user.path(),
            url,
        ));
    }
    if !target.base().is_same_server(url) {
        return Ok(());
    }
    let read = target.send_to(url.to_owned(), &Request::get("")).await?;
    read.expect_status(&[200])?
        .resource()?
        .expect(&["id"], &json!(user.id))?;
    Ok(())
}

/// How Entra asks whether somebody is in a group, whose members it never reads. In the strict
/// profile the RFC's own spelling is tried as well.
pub(super) const FINDS_BY_MEMBER: Check = Check {
    id: "GRP-23",
    title: r#"filter members.value eq "id" or a lookup of one member in one group"#,
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Groups,
    needs: &[Needs::Filter, Needs::Groups],
    also_in: &[],
    hint: "evaluate `members eq` and `members.value eq` on groups, with and without the group's id",
    run: |target| Box::pin(finds_by_member(target)),
};

async fn finds_by_member(target: &Target) -> Outcome {
    let (member, stranger) = (target.new_user().await?, target.new_user().await?);
    let group = target.new_group(&[&member]).await?;
    let mut spellings = vec!["members"];
    if target.profile() == Profile::Strict {
        spellings.push("members.value");
    }
    let mut all = Findings::default();
    for spelling in spellings {
        for (user, is_found) in [(&member, true), (&stranger, false)] {
            let both = format!("{} and {}", equals("id", &group.id), equals(spelling, &user.id));
            let query = Request::query(Kind::Group)
                .parameter("excludedAttributes", "members")
                .filter(&both);
            let exchange = target.send(query).await?;
            let page = exchange.list().during(&both)?;
            all.take(if is_found {
                page.expect_only(&group.id).map(|_| ()).during(&both)
            } else {
                page.expect_none().map(|_| ()).during(&both)
            });
        }
    }
    if target.profile() == Profile::Strict {
        let alone = equals("members.value", &member.id);
        let exchange = target.find(Kind::Group, &alone).await?;
        all.take(exchange.list()?.expect_only(&group.id).map(|_| ()).during(alone));
    }
    all.end()
}
