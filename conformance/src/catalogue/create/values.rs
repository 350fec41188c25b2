//! CRE-16 to 18, 20 and 24: values that are read as what they mean.

use serde_json::{Value, json};

use crate::check::{Check, Level, Outcome, Section};
use crate::expect::Representation;
use crate::json;
use crate::source::{Source, rfc7643};
use crate::target::{Kind, Request, Target, path_of};
use crate::verdict::{Findings, Step, Stop, shown};

/// Text from an expression, in a boolean's place.
pub(super) const READS_ACTIVE_AS_BOOLEAN: Check = Check {
    id: "CRE-16",
    title: r#"active sent as the string "True" or "False" is taken as a boolean"#,
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: r#"read "True" and "False", in any letter case, as booleans, and return JSON booleans"#,
    run: |target| Box::pin(reads_active_as_boolean(target)),
};

async fn reads_active_as_boolean(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for (text, wanted) in [("True", true), ("False", false)] {
        let mut draft = target.user_draft();
        draft["active"] = json!(text);
        let exchange = target.create(Kind::User, draft).await?;
        all.take(
            exchange
                .expect_created()
                .and_then(|made| made.expect(&["active"], &json!(wanted)).map(|_| ()))
                .during(format_args!("active sent as {text:?}")),
        );
    }
    all.end()
}

/// Entra's mappings are expressions, and an expression yields text.
pub(super) const READS_PRIMARY_AS_BOOLEAN: Check = Check {
    id: "CRE-17",
    title: "primary sent as a string is taken as a boolean",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: r#"read "True" and "False", in any letter case, where the schema says boolean, and return a JSON boolean"#,
    run: |target| Box::pin(reads_primary_as_boolean(target)),
};

async fn reads_primary_as_boolean(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let address = draft["userName"].clone();
    draft["emails"] = json!([{"primary": "True", "type": "work", "value": address}]);
    draft["phoneNumbers"] = json!([
        {"primary": "true", "type": "work", "value": "555-0100"},
        {"primary": "False", "type": "mobile", "value": "555-0101"},
    ]);
    draft["roles"] = json!([{"primary": "True", "type": "WindowsAzureActiveDirectoryRole", "value": "Admin"}]);

    let exchange = target.send(Request::post("/Users", draft)).await?;
    exchange.expect_status(&[200, 201])?;
    let made = exchange.resource()?;
    let read = target.send(Request::get(path_of(Kind::User, made.id()))).await?;
    read.expect_status(&[200])?;
    let read = read.resource()?;
    let mut all = Findings::default();
    all.take(expect_primary(&read, "emails", "work", true));
    all.take(expect_primary(&read, "phoneNumbers", "work", true));
    all.take(expect_primary(&read, "phoneNumbers", "mobile", false));
    // A server may keep no roles (RFC 7643 §4.1.2 leaves their meaning open); one that does keeps booleans.
    if !json::elements(&read.value, "roles").is_empty() {
        all.take(expect_primary(&read, "roles", "WindowsAzureActiveDirectoryRole", true));
    }
    all.end()
}

/// `primary` of the one element of this type. A false one may be left out.
fn expect_primary(read: &Representation<'_>, name: &str, kind: &str, wanted: bool) -> Outcome {
    let elements = json::of_type(&read.value, name, kind);
    let found = elements.first().and_then(|element| json::get(element, &["primary"]));
    let fine = match found {
        Some(value) => *value == json!(wanted),
        None => !wanted && elements.len() == 1,
    };
    if fine {
        return Ok(());
    }
    Err(Stop::differs(
        read.exchange,
        format!(r#"{name}[type eq "{kind}"].primary is not the boolean"#),
        wanted.to_string(),
        shown(found),
    ))
}

/// Refused, or made one: the RFC leaves the choice, so both pass in every profile.
pub(super) const ONE_PRIMARY: Check = Check {
    id: "CRE-18",
    title: "Two values with primary true in one attribute are refused, or made one",
    level: Level::Must,
    sources: &[rfc7643("2.4")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer 400 invalidValue, or keep one primary value and say so in the answer",
    run: |target| Box::pin(one_primary(target)),
};

async fn one_primary(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["emails"] = json!([
        {"primary": true, "type": "work", "value": draft["userName"]},
        {"primary": true, "type": "home", "value": format!("{}@home.example", target.name())},
    ]);
    let exchange = target.create(Kind::User, draft).await?;
    if exchange.status() >= 400 {
        exchange.expect_error(400, None)?;
        return Ok(());
    }
    let id = exchange.expect_created()?.id().to_owned();
    let read = target.send(Request::get(path_of(Kind::User, &id))).await?;
    let user = read.expect_status(&[200])?.json()?;
    let emails = json::elements(&user, "emails");
    let primary = emails
        .iter()
        .filter(|email| json::get(email, &["primary"]) == Some(&json!(true)))
        .count();
    if primary > 1 {
        let found = shown(Some(&Value::from(emails)));
        return Err(Stop::differs(&read, "two e-mails are primary", "one at most", found));
    }
    Ok(())
}

/// A person who is made to work is made to work today.
pub(super) const ACTIVE_BY_DEFAULT: Check = Check {
    id: "CRE-20",
    title: "No `active` in the body: the user is active",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "set `active` to true when a create does not say, and return it",
    run: |target| Box::pin(active_by_default(target)),
};

async fn active_by_default(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft
        .as_object_mut()
        .expect("the usual draft is an object")
        .remove("active");
    let made = target.new_user_from(draft).await?;
    target
        .read(&made)
        .await?
        .resource()?
        .expect(&["active"], &json!(true))?;
    Ok(())
}

/// Three ways to say nothing.
pub(super) const NULL_IS_NOT_THERE: Check = Check {
    id: "CRE-24",
    title: "null and an empty array count as \"not there\"",
    level: Level::Must,
    sources: &[rfc7643("2.5")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "read null and [] as if the attribute had been left out",
    run: |target| Box::pin(null_is_not_there(target)),
};

async fn null_is_not_there(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["nickName"] = Value::Null;
    draft["title"] = Value::Null;
    draft["phoneNumbers"] = json!([]);
    draft["roles"] = json!([]);
    let exchange = target.create(Kind::User, draft).await?;
    let id = exchange.expect_created()?.id().to_owned();
    let read = target.send(Request::get(path_of(Kind::User, &id))).await?;
    let user = read.expect_status(&[200])?.resource()?;
    let mut all = Findings::default();
    for name in ["nickName", "title", "phoneNumbers", "roles"] {
        all.take(user.expect_absent(&[name]));
    }
    all.end()
}
