//! QRY-07, 15, 16 and 17: how a filter may be spelled.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json::{ENTERPRISE, USER};
use crate::source::{Source, rfc7644};
use crate::target::{Kind, Request, Target, equals};
use crate::verdict::{Findings, Step};

/// Neither has a case.
pub(super) const READS_NAMES_AND_OPERATORS_IN_ANY_CASE: Check = Check {
    id: "QRY-07",
    title: "The attribute's name and the operator in any letter case",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "compare attribute names, operators and the words and, or, not without case",
    run: |target| Box::pin(reads_in_any_case(target)),
};

async fn reads_in_any_case(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let name = json!(made.name);
    let mut all = Findings::default();
    for filter in [
        format!("USERNAME eq {name}"),
        format!("username EQ {name}"),
        format!("userName Eq {name} AND NOT (Title Eq \"nobody\")"),
    ] {
        let found = target.find(Kind::User, &filter).await?;
        all.take(
            found
                .list()
                .and_then(|page| page.expect_only(&made.id).map(|_| ()))
                .during(filter),
        );
    }
    all.end()
}

/// Of the core schema and of the extension.
pub(super) const READS_URNS: Check = Check {
    id: "QRY-15",
    title: "An attribute named with its full URN",
    level: Level::Must,
    sources: &[rfc7644("3.10")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "resolve `URN:attribute` in the schema of that URN",
    run: |target| Box::pin(reads_urns(target)),
};

async fn reads_urns(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let department = target.name();
    draft[ENTERPRISE]["department"] = json!(department);
    let made = target.new_user_from(draft).await?;
    let mut all = Findings::default();
    for filter in [
        equals(&format!("{USER}:userName"), &made.name),
        format!(
            "{} and {USER}:name.familyName eq \"Example\"",
            equals("userName", &made.name)
        ),
        equals(&format!("{ENTERPRISE}:department"), &department),
    ] {
        let found = target.find(Kind::User, &filter).await?;
        all.take(
            found
                .list()
                .and_then(|page| page.expect_only(&made.id).map(|_| ()))
                .during(filter),
        );
    }
    all.end()
}

/// A value that is decoded twice, or not at all, is another value.
pub(super) const READS_QUOTES: Check = Check {
    id: "QRY-16",
    title: "Quotes, backslashes and percent-coded characters inside the value",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "read the literal as a JSON string, once, after the query string is decoded, once",
    run: |target| Box::pin(reads_quotes(target)),
};

async fn reads_quotes(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let display_name = format!(r#"{} "Ana" \ C:\new 100%25 & more=1"#, target.name());
    draft["displayName"] = json!(display_name);
    let made = target.new_user_from(draft).await?;
    let mut other = target.user_draft();
    other["displayName"] = json!(display_name.replace("%25", "%"));
    target.new_user_from(other).await?;
    let found = target.find(Kind::User, &equals("displayName", &display_name)).await?;
    found.list()?.expect_only(&made.id)?;
    Ok(())
}

/// Entra encodes as a form does.
pub(super) const READS_PLUS_AS_A_BLANK: Check = Check {
    id: "QRY-17",
    title: "`+` in a query stands for a space, %2B for a plus sign",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "decode the query string as a form: + is a blank, %20 too, and only %2B a plus",
    run: |target| Box::pin(reads_plus_as_a_blank(target)),
};

async fn reads_plus_as_a_blank(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let name = target.name();
    draft["displayName"] = json!(format!("{name} one+two"));
    let made = target.new_user_from(draft).await?;
    let mut all = Findings::default();
    for filter in [
        format!("filter=displayName+eq+%22{name}+one%2Btwo%22"),
        format!("filter=displayName%20eq%20%22{name}%20one%2Btwo%22"),
    ] {
        let found = target
            .send(Request::query(Kind::User).raw_parameter(filter.clone()))
            .await?;
        all.take(
            found
                .list()
                .and_then(|page| page.expect_only(&made.id).map(|_| ()))
                .during(filter),
        );
    }
    all.end()
}
