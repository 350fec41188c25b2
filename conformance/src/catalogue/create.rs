//! CRE: creating a user.

use serde_json::json;

use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::expect::Representation;
use crate::json;
use crate::source::{Source, rfc7644};
use crate::target::{Kind, Request, Target, equals};
use crate::verdict::{Findings, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &ANSWERS_CREATED,
    &SENDS_BACK_WHAT_WAS_SENT,
    &REFUSES_A_TAKEN_NAME,
    &READS_PRIMARY_AS_BOOLEAN,
];

/// The first thing anybody does.
const ANSWERS_CREATED: Check = Check {
    id: "CRE-01",
    title: "POST /Users answers 201",
    level: Level::Must,
    sources: &[rfc7644("3.3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer a create with 201 and the user as stored, with an id that the server made",
    run: |target| Box::pin(answers_created(target)),
};

async fn answers_created(target: &Target) -> Outcome {
    let exchange = target.create(Kind::User, target.user_draft()).await?;
    exchange.expect_status(&[201])?.resource()?;
    Ok(())
}

/// Entra compares what it wrote with what it reads, and writes again what differs.
const SENDS_BACK_WHAT_WAS_SENT: Check = Check {
    id: "CRE-05",
    title: "What was sent comes back: userName, name, displayName, active, externalId, work e-mail",
    level: Level::Should,
    sources: &[rfc7644("3.3"), Source::Entra],
    section: Section::Create,
    needs: &[],
    also_in: &[Profile::Entra],
    hint: "store and return values as they were written, letter for letter: Entra sends again, cycle after cycle, what comes back changed",
    run: |target| Box::pin(sends_back_what_was_sent(target)),
};

async fn sends_back_what_was_sent(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    // Capitals inside: a server that folds case gives itself away.
    let user_name = format!("Ana.{}@Example.com", target.name());
    draft["userName"] = json!(user_name);
    draft["emails"][0]["value"] = json!(user_name);
    let made = target.new_user_from(draft.clone()).await?;

    let exchange = target.read(&made).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    for path in [
        &["userName"] as &[&str],
        &["externalId"],
        &["displayName"],
        &["active"],
        &["name", "givenName"],
        &["name", "familyName"],
    ] {
        let sent = json::get(&draft, path).expect("the draft above has the attribute");
        all.take(read.expect(path, sent));
    }
    all.take(read.expect_element("emails", "work", &draft["emails"][0]["value"]));
    all.end()
}

/// Entra's only guard against making somebody twice.
const REFUSES_A_TAKEN_NAME: Check = Check {
    id: "CRE-08",
    title: "A second user of the same userName is answered 409 with scimType uniqueness",
    level: Level::Must,
    sources: &[rfc7644("3.3"), rfc7644("3.12")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "compare userName without case among all users, disabled ones too, and answer 409 with scimType uniqueness",
    run: |target| Box::pin(refuses_a_taken_name(target)),
};

async fn refuses_a_taken_name(target: &Target) -> Outcome {
    let first = target.new_user().await?;
    let mut second = target.user_draft();
    second["userName"] = json!(first.name);
    second["displayName"] = json!("Another");

    let exchange = target.create(Kind::User, second).await?;
    exchange.expect_error(409, Some("uniqueness"))?;

    let read = target.read(&first).await?;
    read.resource()?.expect(&["displayName"], &first.draft["displayName"])?;
    if target.discovered().filter {
        let found = target.find(Kind::User, &equals("userName", &first.name)).await?;
        found.list()?.expect_only(&first.id)?;
    }
    Ok(())
}

/// Entra's mappings are expressions, and an expression yields text.
const READS_PRIMARY_AS_BOOLEAN: Check = Check {
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
    let read = target
        .send(Request::get(crate::target::path_of(Kind::User, made.id())))
        .await?;
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
