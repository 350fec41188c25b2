//! PAT-05, 06, 08, 16 and 31: attributes that have parts, and values without a path.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json::{self, ENTERPRISE};
use crate::source::rfc7644;
use crate::target::{PatchOp, Target};
use crate::verdict::Findings;

/// The keys say what.
pub(super) const REPLACES_WITHOUT_A_PATH: Check = Check {
    id: "PAT-05",
    title: "replace without a path, the value an object",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "replace the attributes that the value names, and leave the others",
    run: |target| Box::pin(replaces_without_a_path(target)),
};

async fn replaces_without_a_path(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let mail = json!(format!("{}@new.example", target.name()));
    let keys = json!({
        "displayName": "Bo Changed",
        "name": {"givenName": "Bo"},
        "emails": [{"type": "work", "primary": true, "value": mail}],
    });
    let read = target.patched(&user, &[PatchOp::replace_keys(keys)]).await?;
    let found = read.resource()?;
    let mut all = Findings::default();
    all.take(found.expect(&["displayName"], &json!("Bo Changed")));
    all.take(found.expect(&["name", "givenName"], &json!("Bo")));
    all.take(found.expect_element("emails", "work", &mail));
    all.take(found.expect_all(&user.draft, &[&["userName"], &["title"], &["externalId"]]));
    all.end()
}

/// What is there stays.
pub(super) const ADDS_WITHOUT_A_PATH: Check = Check {
    id: "PAT-06",
    title: "add without a path",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.1")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "add the attributes that the value names: set simple ones, and append to multi-valued ones",
    run: |target| Box::pin(adds_without_a_path(target)),
};

async fn adds_without_a_path(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let home = json!(format!("{}@home.example", target.name()));
    let keys = json!({
        "nickName": "Ace",
        "name": {"middleName": "M."},
        "emails": [{"type": "home", "value": home}],
    });
    let read = target.patched(&user, &[PatchOp::new("add", None, Some(keys))]).await?;
    let found = read.resource()?;
    let mut all = Findings::default();
    all.take(found.expect(&["nickName"], &json!("Ace")));
    all.take(found.expect(&["name", "middleName"], &json!("M.")));
    all.take(found.expect_all(&user.draft, &[&["name", "familyName"], &["displayName"]]));
    all.take(found.expect_element("emails", "home", &home));
    all.take(found.expect_element("emails", "work", &user.draft["emails"][0]["value"]));
    all.end()
}

/// One part of a name.
pub(super) const LEAVES_THE_FAMILY_NAME: Check = Check {
    id: "PAT-08",
    title: "name.givenName by path leaves name.familyName alone",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "change the one sub-attribute and keep its siblings",
    run: |target| Box::pin(leaves_the_family_name(target)),
};

async fn leaves_the_family_name(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let read = target
        .patched(&user, &[PatchOp::replace("name.givenName", "Bo")])
        .await?;
    read.resource()?
        .expect(&["name", "givenName"], &json!("Bo"))?
        .expect_all(&user.draft, &[&["name", "familyName"]])?;
    Ok(())
}

/// Set, changed, removed, and set where no extension was.
pub(super) const REACHES_THE_EXTENSION: Check = Check {
    id: "PAT-16",
    title: "An extension attribute by full URN path, URN:attribute",
    level: Level::Must,
    sources: &[rfc7644("3.10")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "resolve `URN:attribute` in the extension of that URN, and make the extension if need be",
    run: |target| Box::pin(reaches_the_extension(target)),
};

async fn reaches_the_extension(target: &Target) -> Outcome {
    let path = |name: &str| format!("{ENTERPRISE}:{name}");
    let user = target.new_user().await?;
    let mut bare = target.user_draft();
    bare.as_object_mut()
        .expect("the usual draft is an object")
        .remove(ENTERPRISE);
    bare["schemas"] = json!([json::USER]);
    let bare = target.new_user_from(bare).await?;
    let mut all = Findings::default();
    let read = target
        .patched(
            &user,
            &[
                PatchOp::add(&path("costCenter"), "4130"),
                PatchOp::replace(&path("department"), "Sales"),
            ],
        )
        .await?;
    all.take(read.resource()?.expect(&[ENTERPRISE, "costCenter"], &json!("4130")));
    all.take(read.resource()?.expect(&[ENTERPRISE, "department"], &json!("Sales")));
    let read = target.patched(&user, &[PatchOp::remove(&path("department"))]).await?;
    all.take(read.resource()?.expect_absent(&[ENTERPRISE, "department"]));
    all.take(read.resource()?.expect(&[ENTERPRISE, "costCenter"], &json!("4130")));
    let read = target
        .patched(&bare, &[PatchOp::add(&path("department"), "Sales")])
        .await?;
    all.take(read.resource()?.expect(&[ENTERPRISE, "department"], &json!("Sales")));
    all.end()
}

/// A name in all its parts, and a list of addresses by another list.
pub(super) const REPLACES_AS_A_WHOLE: Check = Check {
    id: "PAT-31",
    title: "A complex attribute replaced as a whole (name, addresses)",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "set every sub-attribute that the value names; a multi-valued attribute becomes the new list",
    run: |target| Box::pin(replaces_as_a_whole(target)),
};

async fn replaces_as_a_whole(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["addresses"] = json!([
        {"type": "work", "locality": "Hamburg", "country": "DE"},
        {"type": "home", "locality": "Bremen", "country": "DE"},
    ]);
    let user = target.new_user_from(draft).await?;
    let name = json!({"givenName": "Bo", "familyName": "Other", "formatted": "Bo Other"});
    let address = json!({"type": "work", "locality": "Berlin", "streetAddress": "1 Way"});
    let read = target
        .patched(
            &user,
            &[
                PatchOp::replace("name", name.clone()),
                PatchOp::replace("addresses", json!([address])),
            ],
        )
        .await?;
    let found = read.resource()?;
    let mut all = Findings::default();
    for part in ["givenName", "familyName", "formatted"] {
        all.take(found.expect(&["name", part], &name[part]));
    }
    let addresses = json::elements(&found.value, "addresses");
    let is_new = |one: &serde_json::Value| {
        ["type", "locality", "streetAddress", "country"]
            .iter()
            .all(|part| json::present(one, &[part]) == address.get(part))
    };
    if addresses.len() != 1 || !addresses.iter().all(is_new) {
        let actual = serde_json::Value::from(addresses).to_string();
        all.add(
            &read,
            "addresses is not the new list",
            json!([address]).to_string(),
            actual,
        );
    }
    all.end()
}
