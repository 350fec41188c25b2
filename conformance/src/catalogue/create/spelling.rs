//! CRE-23 and 25: letters in values, letters in names.

use serde_json::json;

use crate::check::{Check, Level, Outcome, Section};
use crate::json::{ENTERPRISE, USER};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Kind, Request, Target, equals, path_of};
use crate::verdict::Findings;

/// People have names in all scripts.
pub(super) const KEEPS_LETTERS: Check = Check {
    id: "CRE-23",
    title: "Letters outside ASCII, an apostrophe and a plus sign in userName and names survive a round trip",
    level: Level::Must,
    sources: &[rfc7644("3.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "read and write UTF-8 everywhere, and let no name be cleaned of its letters",
    run: |target| Box::pin(keeps_letters(target)),
};

async fn keeps_letters(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let user_name = format!("{}-zoë.o'hara+ß@example.com", target.name());
    draft["userName"] = json!(user_name);
    draft["displayName"] = json!("Zoë O’Hara-Ångström 山田");
    draft["name"] = json!({"givenName": "Zoë 花子", "familyName": "O'Hara-Łukasiewicz"});
    let made = target.new_user_from(draft.clone()).await?;
    let read = target.read(&made).await?;
    let mut all = Findings::default();
    all.take(read.resource()?.expect_all(
        &draft,
        &[
            &["userName"],
            &["displayName"],
            &["name", "givenName"],
            &["name", "familyName"],
        ],
    ));
    if target.discovered().filter {
        let found = target.find(Kind::User, &equals("userName", &user_name)).await?;
        all.take(found.list()?.expect_only(&made.id));
    }
    all.end()
}

/// Names have no case; old clients write them in capitals.
pub(super) const READS_NAMES_IN_ANY_CASE: Check = Check {
    id: "CRE-25",
    title: "Attribute names in any letter case are understood",
    level: Level::Must,
    sources: &[rfc7643("2.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "compare attribute names, and the URNs of extensions, without case",
    run: |target| Box::pin(reads_names_in_any_case(target)),
};

async fn reads_names_in_any_case(target: &Target) -> Outcome {
    let name = target.name();
    let address = format!("{name}@example.com");
    let draft = json!({
        "Schemas": [USER, ENTERPRISE],
        "USERNAME": address,
        "displayname": "Ana Example",
        "Name": {"GIVENNAME": "Ana", "familyname": "Example"},
        "EMAILS": [{"Value": address, "TYPE": "work", "Primary": true}],
    });
    let exchange = target.create(Kind::User, draft.clone()).await?;
    let id = exchange.expect_created()?.id().to_owned();
    let read = target.send(Request::get(path_of(Kind::User, &id))).await?;
    let user = read.expect_status(&[200])?.resource()?;
    let mut all = Findings::default();
    for (path, wanted) in [
        (&["userName"] as &[&str], &draft["USERNAME"]),
        (&["displayName"], &draft["displayname"]),
        (&["name", "givenName"], &draft["Name"]["GIVENNAME"]),
        (&["name", "familyName"], &draft["Name"]["familyname"]),
    ] {
        all.take(user.expect(path, wanted));
    }
    all.take(user.expect_element("emails", "work", &json!(address)));
    if target.discovered().filter {
        let found = target.find(Kind::User, &equals("userName", &address)).await?;
        all.take(found.list()?.expect_only(&id));
    }
    all.end()
}
