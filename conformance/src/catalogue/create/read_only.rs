//! CRE-13, 14 and 19: what the server decides, and what it never tells.

use serde_json::json;

use crate::check::{Check, Level, Outcome, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::{rfc7643, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, path_of};
use crate::verdict::{Findings, Stop};

/// Ids are the server's.
pub(super) const MAKES_ITS_OWN_ID: Check = Check {
    id: "CRE-13",
    title: "An id that the client sends is ignored; the server makes its own",
    level: Level::Must,
    sources: &[rfc7643("3.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "throw the client's id away and make one; externalId is where a client's id goes",
    run: |target| Box::pin(makes_its_own_id(target)),
};

async fn makes_its_own_id(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let chosen = target.unknown_id();
    draft["id"] = json!(chosen);
    let exchange = target.create(Kind::User, draft).await?;
    let made = exchange.expect_created()?;
    if made.id() == chosen {
        return Err(Stop::differs(
            &exchange,
            "the client's id was taken",
            "an id of the server's own",
            chosen,
        ));
    }
    let read = target.send(Request::get(path_of(Kind::User, &chosen))).await?;
    read.expect_status(&[404])?;
    Ok(())
}

/// Entra sends `meta` with every create.
pub(super) const IGNORES_READ_ONLY: Check = Check {
    id: "CRE-14",
    title: "Other readOnly attributes in the body (meta, groups) are ignored",
    level: Level::Must,
    sources: &[rfc7644("3.3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "ignore readOnly attributes of a create, neither refuse nor store them",
    run: |target| Box::pin(ignores_read_only(target)),
};

async fn ignores_read_only(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["meta"] = json!({
        "resourceType": "Group",
        "created": "2001-01-01T00:00:00Z",
        "location": "https://example.com/elsewhere",
        "version": "W/\"conformance\"",
    });
    draft["groups"] = json!([{"value": target.unknown_id(), "display": "none"}]);
    let exchange = target.create(Kind::User, draft.clone()).await?;
    let made = exchange.expect_created()?;
    let mut all = Findings::default();
    all.take(made.expect_absent(&["groups"]));
    for name in ["resourceType", "created", "location", "version"] {
        let found = json::get(&made.value, &["meta", name]);
        if found == Some(&draft["meta"][name]) {
            all.add(
                &exchange,
                format!("the client's meta.{name} was taken"),
                "a value of the server's own",
                draft["meta"][name].to_string(),
            );
        }
    }
    all.end()
}

/// A secret, wherever it might show: in answers to POST, GET, PATCH, a list, and when asked for.
pub(super) const HIDES_THE_PASSWORD: Check = Check {
    id: "CRE-19",
    title: "password is accepted and never comes back, in no answer",
    level: Level::Must,
    sources: &[rfc7643("4.1.1"), rfc7643("7")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "take a password, or throw it away, and return it nowhere: its return rule is never",
    run: |target| Box::pin(hides_the_password(target)),
};

async fn hides_the_password(target: &Target) -> Outcome {
    let (first, second) = ("Tr0ub4dor&3-first", "Tr0ub4dor&3-second");
    let mut draft = target.user_draft();
    draft["password"] = json!(first);
    let created = target.create(Kind::User, draft).await?;
    let id = created.expect_created()?.id().to_owned();
    let path = path_of(Kind::User, &id);
    let mut exchanges = vec![created];
    for request in [
        Request::get(&path),
        Request::get(&path).parameter("attributes", "userName,password"),
        target.mine(Kind::User),
    ] {
        exchanges.push(target.send(request).await?);
    }
    if target.discovered().patch {
        let change = PatchOp::message(&[PatchOp::replace("password", second)]);
        exchanges.push(target.send(Request::patch(&path, change)).await?);
        exchanges.push(target.send(Request::get(&path)).await?);
    }
    let mut all = Findings::default();
    for exchange in &exchanges {
        let tells = |secret: &str| exchange.answer.body.contains(secret);
        if tells(first) || tells(second) || names_password(exchange) {
            all.add(
                exchange,
                "the password comes back",
                "no password",
                "a password in the body",
            );
        }
    }
    all.end()
}

fn names_password(exchange: &Exchange) -> bool {
    exchange
        .json()
        .is_ok_and(|body| json::present(&body, &["password"]).is_some())
}
