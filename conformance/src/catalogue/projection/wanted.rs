//! PRJ-01 to 03, 07 and 08: what was asked for, and no more.

use serde_json::json;

use super::{expect_projected, search};
use crate::check::{Check, Level, Outcome, Section};
use crate::exchange::Exchange;
use crate::json::{self, ENTERPRISE, USER};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Kind, Request, Target};
use crate::verdict::{Findings, Step};

/// Less to read, less to tell.
pub(super) const ON_ONE: Check = Check {
    id: "PRJ-01",
    title: "attributes= on one resource leaves only what was asked, with id and schemas",
    level: Level::Must,
    sources: &[rfc7644("3.9"), rfc7643("7")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "return what `attributes` names, and beside it only what is always returned",
    run: |target| Box::pin(on_one(target)),
};

async fn on_one(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let read = Request::get(made.path()).parameter("attributes", "userName,title");
    let exchange = target.send(read).await?;
    let found = exchange.expect_status(&[200])?.resource()?;
    expect_projected(&found, &["userName", "title"], target.profile())?;
    found.expect(&["userName"], &json!(made.name))?;
    Ok(())
}

/// The same for each of them.
pub(super) const ON_A_LIST: Check = Check {
    id: "PRJ-02",
    title: "attributes= on a list",
    level: Level::Must,
    sources: &[rfc7644("3.9")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "shape every resource of a list by `attributes`",
    run: |target| Box::pin(on_a_list(target)),
};

async fn on_a_list(target: &Target) -> Outcome {
    target.new_users(2).await?;
    let list = target.mine(Kind::User).parameter("attributes", "userName");
    let exchange = target.send(list).await?;
    let page = exchange.list()?;
    let mut all = Findings::default();
    for id in page.ids() {
        all.take(expect_projected(&page.one(id)?, &["userName"], target.profile()));
    }
    all.take(page.first());
    all.end()
}

/// There it is an array.
pub(super) const IN_A_SEARCH: Check = Check {
    id: "PRJ-03",
    title: "attributes= in .search",
    level: Level::Should,
    sources: &[rfc7644("3.4.3")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "read `attributes` of a SearchRequest as an array of names",
    run: |target| Box::pin(in_a_search(target)),
};

async fn in_a_search(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let exchange = search(target, "attributes", json!(["userName"])).await?;
    let page = exchange.list().blocked_by("QRY-32")?;
    expect_projected(&page.first()?, &["userName"], target.profile())?;
    if target.discovered().filter {
        page.expect_only(&made.id)?;
    }
    Ok(())
}

/// On one, in a list, and in the answer to the create.
pub(super) const NOT_THE_PASSWORD: Check = Check {
    id: "PRJ-07",
    title: "returned never is never returned, even when asked for by name",
    level: Level::Must,
    sources: &[rfc7643("7")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "leave out what is never returned, whoever asks",
    run: |target| Box::pin(not_the_password(target)),
};

async fn not_the_password(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["password"] = json!("Tr0ub4dor&3-never");
    let create = Request::post("/Users", draft).parameter("attributes", "userName,password");
    let created = target.send(create).await?;
    let id = created
        .expect_status(&[200, 201])
        .and_then(Exchange::resource)
        .blocked_by("CRE-19")?;
    let path = crate::target::path_of(Kind::User, id.id());
    let read = target
        .send(Request::get(path).parameter("attributes", "password"))
        .await?;
    let list = target
        .send(target.mine(Kind::User).parameter("attributes", "password"))
        .await?;
    let mut all = Findings::default();
    for exchange in [&created, &read, &list] {
        if exchange.answer.body.contains("Tr0ub4dor") || exchange.answer.body.contains("\"password\"") {
            all.add(
                exchange,
                "the password is returned",
                "no password",
                "a password in the body",
            );
        }
    }
    all.end()
}

/// Attributes have longer names, too.
pub(super) const BELOW_AND_BY_URN: Check = Check {
    id: "PRJ-08",
    title: "A sub-attribute (name.familyName, emails.value) and a full URN may be named",
    level: Level::Must,
    sources: &[rfc7644("3.10")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "resolve dotted names and URNs in `attributes` as in paths and filters",
    run: |target| Box::pin(below_and_by_urn(target)),
};

async fn below_and_by_urn(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let mut all = Findings::default();
    for (asked, top, inside, gone) in [
        ("name.familyName".to_owned(), "name", "familyName", "givenName"),
        ("emails.value".to_owned(), "emails", "value", "type"),
        (format!("{USER}:name.familyName"), "name", "familyName", "givenName"),
        (
            format!("{ENTERPRISE}:department"),
            ENTERPRISE,
            "department",
            "employeeNumber",
        ),
    ] {
        let exchange = target
            .send(Request::get(made.path()).parameter("attributes", &asked))
            .await?;
        let found = exchange.expect_status(&[200])?.resource()?;
        all.take(expect_projected(&found, &[top], target.profile()).during(&asked));
        let part = &found.value[top];
        let part = part.as_array().and_then(|elements| elements.first()).unwrap_or(part);
        if json::present(part, &[inside]).is_none() || json::present(part, &[gone]).is_some() {
            let message = format!("{asked}: the answer holds another part of {top}");
            all.add(&exchange, message, format!("{inside} and no {gone}"), part.to_string());
        }
    }
    all.end()
}
