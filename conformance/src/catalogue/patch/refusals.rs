//! PAT-23, 24 and 26 to 28: what is refused.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::exchange::Exchange;
use crate::json::{self, PATCH_OP, USER};
use crate::source::rfc7644;
use crate::target::{Kind, PatchOp, Request, Target, path_of};
use crate::verdict::{Findings, Step, Stop, shown};

/// Also in other letter case.
pub(super) const A_TAKEN_NAME: Check = Check {
    id: "PAT-23",
    title: "userName changed to one that another has: 409",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "compare a new userName with all others, without case",
    run: |target| Box::pin(a_taken_name(target)),
};

async fn a_taken_name(target: &Target) -> Outcome {
    let (user, other) = (target.new_user().await?, target.new_user().await?);
    let mut all = Findings::default();
    for name in [other.name.clone(), other.name.to_uppercase()] {
        let patched = target.patch(&user, &[PatchOp::replace("userName", name)]).await?;
        all.take(patched.expect_error(409, Some("uniqueness")));
    }
    let read = target.read(&user).await?;
    all.take(read.resource()?.expect(&["userName"], &json!(user.name)));
    all.end()
}

/// Named in a path, it was meant.
pub(super) const READ_ONLY: Check = Check {
    id: "PAT-24",
    title: "id and other readOnly targets: 400 mutability, and nothing changed",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "answer 400 mutability when the path of an operation names a readOnly attribute",
    run: |target| Box::pin(read_only(target)),
};

async fn read_only(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let before = target.read(&user).await?.json()?;
    let mut all = Findings::default();
    for path in ["id", "meta.created", "meta.resourceType"] {
        let operation = PatchOp::replace(path, "2001-01-01T00:00:00Z");
        let patched = target.patch(&user, &[operation]).await?;
        all.take(patched.expect_error(400, Some("mutability")).map(|_| ()).during(path));
    }
    let read = target.read(&user).await?;
    let paths: [&[&str]; 3] = [&["id"], &["meta", "created"], &["meta", "resourceType"]];
    all.take(read.resource()?.expect_all(&before, &paths));
    all.end()
}

/// Entra then makes the user anew.
pub(super) const AN_UNKNOWN_ID: Check = Check {
    id: "PAT-26",
    title: "An unknown id: 404",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "answer a PATCH of an id that nobody has with 404 and a SCIM error",
    run: |target| Box::pin(an_unknown_id(target)),
};

async fn an_unknown_id(target: &Target) -> Outcome {
    let change = PatchOp::message(&[PatchOp::replace("displayName", "Nobody")]);
    let path = path_of(Kind::User, &target.unknown_id());
    target
        .send(Request::patch(path, change))
        .await?
        .expect_error(404, None)?;
    Ok(())
}

/// `schemas` is there and names another message: one that is left out is forgiven, as Entra's suites leave it out.
pub(super) const WHAT_IS_NO_PATCH: Check = Check {
    id: "PAT-27",
    title: "An unknown op, a remove without a path, no Operations, no PatchOp schema: 400 with invalidSyntax, noTarget or invalidValue",
    level: Level::Must,
    sources: &[rfc7644("3.5.2"), rfc7644("3.12")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "check the message before anything is done, and say with scimType what is wrong",
    run: |target| Box::pin(what_is_no_patch(target)),
};

async fn what_is_no_patch(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let replace = json!({"op": "replace", "path": "displayName", "value": "Changed"});
    let message = |operation: Value| json!({"schemas": [PATCH_OP], "Operations": [operation]});
    let mut all = Findings::default();
    for (doing, body) in [
        (
            "an unknown op",
            message(json!({"op": "set", "path": "displayName", "value": "Changed"})),
        ),
        ("a remove without a path", message(json!({"op": "remove"}))),
        ("no Operations", json!({"schemas": [PATCH_OP]})),
        ("another schema", json!({"schemas": [USER], "Operations": [replace]})),
    ] {
        let patched = target.send(Request::patch(user.path(), body)).await?;
        all.take(expect_message_error(&patched).during(doing));
    }
    let read = target.read(&user).await?;
    all.take(
        read.resource()?
            .expect_all(&user.draft, &[&["displayName"], &["userName"]]),
    );
    all.end()
}

fn expect_message_error(exchange: &Exchange) -> Outcome {
    let body = exchange.expect_error(400, None)?.json()?;
    match json::text(&body, &["scimType"]) {
        Some("invalidSyntax" | "noTarget" | "invalidValue") => Ok(()),
        _ => Err(Stop::differs(
            exchange,
            "the 400 has another scimType",
            "invalidSyntax, noTarget or invalidValue",
            shown(json::get(&body, &["scimType"])),
        )),
    }
}

/// Brackets that do not close, names that are none.
pub(super) const A_BROKEN_PATH: Check = Check {
    id: "PAT-28",
    title: "A path that cannot be parsed: 400 invalidPath",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "answer a path that does not follow the grammar with 400 invalidPath",
    run: |target| Box::pin(a_broken_path(target)),
};

async fn a_broken_path(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let mut all = Findings::default();
    for path in [
        r#"emails[type eq "work""#,
        "emails[type eq].value",
        r#"emails[type eq "work"]value"#,
        "name..givenName",
        "display name",
    ] {
        let patched = target.patch(&user, &[PatchOp::replace(path, "x")]).await?;
        all.take(patched.expect_error(400, Some("invalidPath")).map(|_| ()).during(path));
    }
    let read = target.read(&user).await?;
    all.take(
        read.resource()?
            .expect_all(&user.draft, &[&["displayName"], &["name", "givenName"]]),
    );
    all.end()
}
