//! REA: reading one user.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::json;
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, equals, path_of};
use crate::verdict::{Findings, Step, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &ANSWERS_THE_USER,
    &REFUSES_AN_UNKNOWN_ID,
    &STANDS_ODD_IDS,
    &LEAVES_THE_TIME_ALONE,
    &SHOWS_A_DISABLED_USER,
    &ANSWERS_SCIM_JSON,
    &HONOURS_ACCEPT,
    &SHOWS_GROUPS,
];

/// Entra reads a linked user before it changes him.
const ANSWERS_THE_USER: Check = Check {
    id: "REA-01",
    title: "GET by id answers 200 with the same resource",
    level: Level::Must,
    sources: &[rfc7644("3.4.1")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "answer GET /Users/{id} with 200 and the whole user under the id that the create gave",
    run: |target| Box::pin(answers_the_user(target)),
};

async fn answers_the_user(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let exchange = target.send(Request::get(made.path())).await?;
    exchange
        .expect_status(&[200])?
        .resource()?
        .expect(&["id"], &json!(made.id))?
        .expect(&["userName"], &json!(made.name))?;
    Ok(())
}

/// Entra takes it as gone, and links anew.
const REFUSES_AN_UNKNOWN_ID: Check = Check {
    id: "REA-02",
    title: "An unknown id is answered 404 with a SCIM error",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "answer an id that nobody has with 404 and a SCIM error, for users and groups",
    run: |target| Box::pin(refuses_an_unknown_id(target)),
};

async fn refuses_an_unknown_id(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for kind in [Kind::User, Kind::Group] {
        if kind == Kind::User || target.discovered().groups {
            let exchange = target.send(Request::get(path_of(kind, &target.unknown_id()))).await?;
            all.take(exchange.expect_error(404, None));
        }
    }
    all.end()
}

/// In the strict profile it is 404 with a SCIM error: an id is opaque, and nobody has this one.
const STANDS_ODD_IDS: Check = Check {
    id: "REA-03",
    title: "An id of odd form (not a UUID, very long, encoded slash) is 404 or 400, never 500",
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "look every id up as text; an id of another form is one that nobody has",
    run: |target| Box::pin(stands_odd_ids(target)),
};

async fn stands_odd_ids(target: &Target) -> Outcome {
    let long = "7".repeat(2000);
    let mut all = Findings::default();
    for id in ["nobody", "-1", "a/b", "a b\"c'd", "ñ%00", &long] {
        let exchange = target.send(Request::get(path_of(Kind::User, id))).await?;
        let outcome = if target.profile() == Profile::Strict {
            exchange.expect_error(404, None).map(|_| ())
        } else {
            exchange.expect_status(&[400, 404, 414]).map(|_| ())
        };
        all.take(outcome.during(format_args!("the id {}", crate::exchange::clip(id, 20))));
    }
    all.end()
}

/// Looking changes nothing.
const LEAVES_THE_TIME_ALONE: Check = Check {
    id: "REA-04",
    title: "A read leaves meta.lastModified alone",
    level: Level::Must,
    sources: &[rfc7643("3.1")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "change lastModified with the resource and not with reads",
    run: |target| Box::pin(leaves_the_time_alone(target)),
};

async fn leaves_the_time_alone(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let first = target.read(&made).await?;
    let time = first.resource()?.last_modified()?;
    let list = target.send(target.mine(Kind::User)).await?;
    list.list().blocked_by("QRY-01")?;
    let second = target.read(&made).await?;
    let again = second.resource()?.last_modified()?;
    if again == time {
        return Ok(());
    }
    Err(Stop::differs(
        &second,
        "a read has moved meta.lastModified",
        time.to_string(),
        again.to_string(),
    ))
}

/// A disabled user who cannot be found is made a second time when he comes back.
const SHOWS_A_DISABLED_USER: Check = Check {
    id: "REA-05",
    title: "A disabled user can still be read and filtered, with active false",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Read,
    needs: &[Needs::Patch, Needs::Filter],
    also_in: &[],
    hint: "keep disabled users in reads, lists and filters, with `active` the boolean false; only DELETE takes a user away",
    run: |target| Box::pin(shows_a_disabled_user(target)),
};

async fn shows_a_disabled_user(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    target
        .patch(&made, &[PatchOp::replace("active", false)])
        .await
        .and_then(|exchange| exchange.expect_patched().map(|_| ()))
        .blocked_by("PAT-14")?;

    let read = target.send(Request::get(made.path())).await?;
    read.expect_status(&[200])?
        .resource()?
        .expect(&["active"], &json!(false))?;
    let found = target.find(Kind::User, &equals("userName", &made.name)).await?;
    found
        .list()?
        .expect_only(&made.id)?
        .first()?
        .expect(&["active"], &json!(false))?;
    Ok(())
}

/// Of a user, a list and a create.
const ANSWERS_SCIM_JSON: Check = Check {
    id: "REA-06",
    title: "The answer's type is application/scim+json",
    level: Level::Must,
    sources: &[rfc7644("3.1"), rfc7644("8.1")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "send `Content-Type: application/scim+json` with every body",
    run: |target| Box::pin(answers_scim_json(target)),
};

async fn answers_scim_json(target: &Target) -> Outcome {
    let created = target.create(Kind::User, target.user_draft()).await?;
    let id = created.expect_created().blocked_by("CRE-01")?.id().to_owned();
    let read = target.send(Request::get(path_of(Kind::User, &id))).await?;
    let list = target.send(Request::query(Kind::User).parameter("count", "1")).await?;
    let mut all = Findings::default();
    for exchange in [&created, &read, &list] {
        let media_type = exchange.answer.media_type();
        if media_type != "application/scim+json" {
            all.add(
                exchange,
                "the body has another type",
                "application/scim+json",
                media_type,
            );
        }
    }
    all.end()
}

/// In the strict profile who accepts only application/json gets application/json.
const HONOURS_ACCEPT: Check = Check {
    id: "REA-07",
    title: "Accept: application/json is honoured; Accept: */* too",
    level: Level::Should,
    sources: &[rfc7644("3.8")],
    section: Section::Read,
    needs: &[],
    also_in: &[],
    hint: "answer whoever accepts application/json, or everything; the first with application/json",
    run: |target| Box::pin(honours_accept(target)),
};

async fn honours_accept(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let mut all = Findings::default();
    for accept in ["application/json", "*/*"] {
        let exchange = target.send(Request::get(made.path()).accept(accept)).await?;
        all.take(
            exchange
                .expect_status(&[200])
                .and_then(|read| read.resource().map(|_| ()))
                .during(accept),
        );
        let media_type = exchange.answer.media_type();
        let is_asked = media_type == accept || accept == "*/*" || target.profile() != Profile::Strict;
        if !is_asked || !["application/json", "application/scim+json"].contains(&media_type.as_str()) {
            all.add(
                &exchange,
                "the body has a type that was not asked for",
                accept,
                media_type,
            );
        }
    }
    all.end()
}

/// The other side of members.
const SHOWS_GROUPS: Check = Check {
    id: "REA-08",
    title: "groups on a user shows the groups that have the user as a direct member, and cannot be written",
    level: Level::Should,
    sources: &[rfc7643("4.1.2")],
    section: Section::Read,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "derive `groups` from the members of groups, and refuse or ignore writes to it",
    run: |target| Box::pin(shows_groups(target)),
};

async fn shows_groups(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let group = target.new_group(&[&user]).await?;
    let _other = target.new_group(&[]).await?;
    expect_groups(target, &user, &[&group.id]).await?;
    if !target.discovered().patch {
        return Ok(());
    }
    let written = target.patch(&user, &[PatchOp::remove("groups")]).await?;
    if written.status() >= 300 {
        written.expect_error(400, Some("mutability"))?;
    }
    expect_groups(target, &user, &[&group.id])
        .await
        .during("after a write to groups")
}

async fn expect_groups(target: &Target, user: &crate::target::Made, wanted: &[&str]) -> Outcome {
    let exchange = target.read(user).await?;
    let value = exchange.json()?;
    let found: Vec<&str> = json::elements(&value, "groups")
        .iter()
        .filter_map(|group| json::text(group, &["value"]))
        .collect();
    if found == wanted {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "groups does not show the groups of the user",
        wanted.join(", "),
        shown(json::get(&value, &["groups"]).filter(|groups| **groups != Value::Null)),
    ))
}
