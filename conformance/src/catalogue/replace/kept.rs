//! PUT-04 and 07: what a replace cannot change.

use serde_json::{Value, json};

use crate::check::{Check, Level, Outcome, Section};
use crate::json::{self, USER};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Request, Target};
use crate::verdict::{Findings, Step};

/// Clients send back what they read, and old at that.
pub(super) const READ_ONLY: Check = Check {
    id: "PUT-04",
    title: "id, meta.created and other readOnly attributes stay as they were",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "ignore readOnly attributes of a replace",
    run: |target| Box::pin(read_only(target)),
};

async fn read_only(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let before = target.read(&made).await?.json()?;
    let mut body = super::changed(&made);
    body["id"] = json!(target.unknown_id());
    body["meta"] =
        json!({"resourceType": "Group", "created": "2001-01-01T00:00:00Z", "location": "https://example.com/x"});
    body["groups"] = json!([{"value": target.unknown_id()}]);
    let put = target.put(&made, body).await?;
    put.expect_status(&[200])?;
    let read = target.read(&made).await?;
    let after = read.resource()?;
    let mut all = Findings::default();
    for path in [
        &["id"] as &[&str],
        &["meta", "resourceType"],
        &["meta", "created"],
        &["meta", "location"],
        &["groups"],
    ] {
        all.take(after.expect_all(&before, &[path]));
    }
    all.take(after.expect(&["displayName"], &json!("Ana Replaced")));
    all.end()
}

/// The core schemas have immutable attributes only inside members. Where an extension of the user
/// announces one, its change is tried too.
pub(super) const IMMUTABLE: Check = Check {
    id: "PUT-07",
    title: "An immutable attribute changed: 400 mutability; same value: fine",
    level: Level::Must,
    sources: &[rfc7644("3.5.1"), rfc7643("2.2")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "compare immutable attributes with what is stored, and refuse only another value",
    run: |target| Box::pin(immutable(target)),
};

async fn immutable(target: &Target) -> Outcome {
    let mut all = Findings::default();
    if target.discovered().groups {
        let member = target.new_user().await?;
        let group = target.new_group(&[&member]).await?;
        let put = target.put(&group, group.draft.clone()).await?;
        all.take(put.expect_status(&[200]).map(|_| ()).during("the same members again"));
        all.take(target.read(&group).await?.resource()?.expect_members(&[&member.id]));
    }
    let Some((extension, name)) = immutable_attribute(target).await else {
        target.note("no immutable attribute of a user is announced");
        return all.end();
    };
    let mut draft = target.user_draft();
    draft[&extension] = json!({&name: "first"});
    let made = target.new_user_from(draft.clone()).await?;
    let same = target.put(&made, draft.clone()).await?;
    all.take(same.expect_status(&[200]).map(|_| ()).during("the same value again"));
    draft[&extension] = json!({&name: "second"});
    let other = target.put(&made, draft).await?;
    all.take(other.expect_error(400, Some("mutability")));
    let read = target.read(&made).await?;
    all.take(read.resource()?.expect(&[&extension, &name], &json!("first")));
    all.end()
}

/// The URN of an extension of users, and the name of an immutable text in it.
async fn immutable_attribute(target: &Target) -> Option<(String, String)> {
    let list = async |path: &str| {
        let exchange = target.send(Request::get(path)).await.ok()?;
        exchange.list().ok().map(|page| page.resources)
    };
    let (types, schemas) = (list("/ResourceTypes").await?, list("/Schemas").await?);
    let user = types
        .iter()
        .find(|one| json::text(one, &["schema"]).is_some_and(|urn| urn.eq_ignore_ascii_case(USER)))?;
    let extensions = json::elements(user, "schemaExtensions");
    extensions
        .iter()
        .filter_map(|extension| json::text(extension, &["schema"]))
        .find_map(|urn| {
            let schema = schemas.iter().find(|one| json::text(one, &["id"]) == Some(urn))?;
            let attribute = json::elements(schema, "attributes")
                .iter()
                .find(|one| is_immutable_text(one))?;
            Some((urn.to_owned(), json::text(attribute, &["name"])?.to_owned()))
        })
}

fn is_immutable_text(attribute: &Value) -> bool {
    json::text(attribute, &["mutability"]) == Some("immutable")
        && json::text(attribute, &["type"]) == Some("string")
        && json::get(attribute, &["multiValued"]) != Some(&json!(true))
}
