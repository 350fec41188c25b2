//! QRY-02, 05, 06, 08, 09 and 35: the lookups by which a client recognises what it made.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Request, Target, equals};

/// The query that Entra sends most.
pub(super) const FINDS_BY_USER_NAME: Check = Check {
    id: "QRY-02",
    title: "userName eq finds exactly one",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "evaluate the filter: return the one user of that name in a ListResponse, and nobody else",
    run: |target| Box::pin(finds_by_user_name(target)),
};

async fn finds_by_user_name(target: &Target) -> Outcome {
    let wanted = target.new_user().await?;
    let _other = target.new_user().await?;
    let exchange = target.find(Kind::User, &equals("userName", &wanted.name)).await?;
    exchange
        .list()?
        .expect_only(&wanted.id)?
        .first()?
        .expect(&["userName"], &json!(wanted.name))?;
    Ok(())
}

/// `userName` is not case-exact.
pub(super) const USER_NAME_IGNORES_CASE: Check = Check {
    id: "QRY-05",
    title: "userName eq in other letter case finds the user",
    level: Level::Must,
    sources: &[rfc7643("4.1.1")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "compare userName without regard to case (caseExact false)",
    run: |target| Box::pin(user_name_ignores_case(target)),
};

async fn user_name_ignores_case(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let exchange = target
        .find(Kind::User, &equals("userName", &made.name.to_uppercase()))
        .await?;
    exchange.list()?.expect_only(&made.id)?;
    Ok(())
}

/// The client's own id, which is case-exact.
pub(super) const EXTERNAL_ID_MINDS_CASE: Check = Check {
    id: "QRY-06",
    title: "externalId eq finds the user, and letter case counts",
    level: Level::Must,
    sources: &[rfc7643("3.1")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "index externalId and compare it letter for letter (caseExact true)",
    run: |target| Box::pin(external_id_minds_case(target)),
};

async fn external_id_minds_case(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let external_id = format!("Ext-{}", target.name());
    draft["externalId"] = json!(external_id);
    let made = target.new_user_from(draft).await?;
    let found = target.find(Kind::User, &equals("externalId", &external_id)).await?;
    found.list()?.expect_only(&made.id)?;
    let other = target
        .find(Kind::User, &equals("externalId", &external_id.to_uppercase()))
        .await?;
    other.list()?.expect_none()?;
    Ok(())
}

/// How Entra matches by mail. The address of another type does not count.
pub(super) const FINDS_BY_WORK_EMAIL: Check = Check {
    id: "QRY-08",
    title: r#"emails[type eq "work"].value eq finds the user"#,
    level: Level::Entra,
    sources: &[rfc7644("3.4.2.2"), Source::Entra],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "evaluate the value filter in brackets and compare the sub-attribute behind it, on the same element",
    run: |target| Box::pin(finds_by_work_email(target)),
};

async fn finds_by_work_email(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let (work, home) = (draft["userName"].clone(), format!("{}@home.example", target.name()));
    draft["emails"] = json!([
        {"primary": true, "type": "work", "value": work},
        {"type": "home", "value": home},
    ]);
    let made = target.new_user_from(draft).await?;
    let attribute = r#"emails[type eq "work"].value"#;
    let found = target.find(Kind::User, &equals(attribute, &made.name)).await?;
    found.list()?.expect_only(&made.id)?;
    let none = target.find(Kind::User, &equals(attribute, &home)).await?;
    none.list()?.expect_none()?;
    Ok(())
}

/// How Entra matches a group.
pub(super) const FINDS_A_GROUP_BY_NAME: Check = Check {
    id: "QRY-09",
    title: "displayName eq finds the group",
    level: Level::Entra,
    sources: &[rfc7644("3.4.2.2"), Source::Entra],
    section: Section::Query,
    needs: &[Needs::Filter, Needs::Groups],
    also_in: &[],
    hint: "support `displayName eq` on /Groups, also beside excludedAttributes=members",
    run: |target| Box::pin(finds_a_group_by_name(target)),
};

async fn finds_a_group_by_name(target: &Target) -> Outcome {
    let wanted = target.new_group(&[]).await?;
    let _other = target.new_group(&[]).await?;
    let exchange = target
        .send(
            Request::query(Kind::Group)
                .parameter("excludedAttributes", "members")
                .filter(&equals("displayName", &wanted.name)),
        )
        .await?;
    exchange
        .list()?
        .expect_only(&wanted.id)?
        .first()?
        .expect(&["displayName"], &json!(wanted.name))?;

    let exchange = target
        .find(Kind::Group, &equals("displayName", &target.unknown_id()))
        .await?;
    exchange.list()?.expect_none()?;
    Ok(())
}

/// Entra looks again straight after a create, and makes a second user if it finds none.
pub(super) const FINDS_WHAT_WAS_JUST_MADE: Check = Check {
    id: "QRY-35",
    title: "A just-made user is found by filter at once",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "answer filters from a state that holds every acknowledged write; an index that lags makes Entra create twice",
    run: |target| Box::pin(finds_what_was_just_made(target)),
};

async fn finds_what_was_just_made(target: &Target) -> Outcome {
    for _ in 0..5 {
        let made = target.new_user().await?;
        let exchange = target.find(Kind::User, &equals("userName", &made.name)).await?;
        exchange.list()?.expect_only(&made.id)?;
    }
    Ok(())
}
