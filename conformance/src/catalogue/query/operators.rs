//! QRY-10 to 14: the operators.

use jiff::tz::Offset;
use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{Kind, Made, Target, equals};
use crate::verdict::{Findings, Step, Stop};

/// A filter narrowed to what this check has made, and the ids that it should find.
async fn expect(target: &Target, filter: &str, wanted: &[&Made]) -> Outcome {
    let narrowed = format!("{} and {filter}", target.is_mine(Kind::User));
    let found = target.find(Kind::User, &narrowed).await?;
    let ids: Vec<&str> = wanted.iter().map(|made| made.id.as_str()).collect();
    found
        .list()
        .and_then(|page| page.expect_ids(&ids).map(|_| ()))
        .during(filter)
}

/// A user whose title and nick name are these.
async fn titled(target: &Target, title: &str, nick_name: Option<&str>) -> Result<Made, Stop> {
    let mut draft = target.user_draft();
    draft["title"] = json!(title);
    if let Some(nick_name) = nick_name {
        draft["nickName"] = json!(nick_name);
    }
    target.new_user_from(draft).await
}

/// The operators on text.
pub(super) const COMPARES_TEXT: Check = Check {
    id: "QRY-10",
    title: "ne, co, sw, ew",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "evaluate ne, co, sw and ew on text, without case where the attribute is not caseExact",
    run: |target| Box::pin(compares_text(target)),
};

async fn compares_text(target: &Target) -> Outcome {
    let one = titled(target, "Chief Engineer", None).await?;
    let two = titled(target, "Chief Accountant", None).await?;
    let mut all = Findings::default();
    for (filter, wanted) in [
        (r#"title ne "Chief Engineer""#, vec![&two]),
        (r#"title co "ief""#, vec![&one, &two]),
        (r#"title co "ENGIN""#, vec![&one]),
        (r#"title sw "Chief A""#, vec![&two]),
        (r#"title sw "Engineer""#, vec![]),
        (r#"title ew "Engineer""#, vec![&one]),
        (r#"title ew "Chief""#, vec![]),
    ] {
        all.take(expect(target, filter, &wanted).await);
    }
    all.end()
}

/// Whether there is a value at all.
pub(super) const KNOWS_WHAT_IS_PRESENT: Check = Check {
    id: "QRY-11",
    title: "pr",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "let pr match attributes that have a value, also multi-valued and complex ones",
    run: |target| Box::pin(knows_what_is_present(target)),
};

async fn knows_what_is_present(target: &Target) -> Outcome {
    let with = titled(target, "Engineer", Some("Ace")).await?;
    let without = titled(target, "Engineer", None).await?;
    let mut all = Findings::default();
    for (filter, wanted) in [
        ("nickName pr", vec![&with]),
        ("not (nickName pr)", vec![&without]),
        ("emails pr", vec![&with, &without]),
        ("name.familyName pr", vec![&with, &without]),
    ] {
        all.take(expect(target, filter, &wanted).await);
    }
    all.end()
}

/// Against the time that the server itself gives, in UTC and with an offset.
pub(super) const COMPARES_TIMES: Check = Check {
    id: "QRY-12",
    title: "gt, ge, lt, le on meta.lastModified",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "compare dates and times as points in time, whatever their offset and precision",
    run: |target| Box::pin(compares_times(target)),
};

async fn compares_times(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let read = target.read(&made).await?;
    let time = read.resource()?.last_modified()?;
    let east = Offset::from_seconds(19_800).expect("five hours and a half are an offset");
    let elsewhere = time.display_with_offset(east).to_string();
    let mut all = Findings::default();
    for time in [time.to_string(), elsewhere] {
        for (op, matches) in [("ge", true), ("le", true), ("gt", false), ("lt", false)] {
            let filter = format!(r#"meta.lastModified {op} "{time}""#);
            let wanted: &[&Made] = if matches { &[&made] } else { &[] };
            all.take(expect(target, &filter, wanted).await);
        }
    }
    for (filter, matches) in [
        (r#"meta.lastModified gt "2001-01-01T00:00:00Z""#, true),
        (r#"meta.lastModified lt "2001-01-01T00:00:00Z""#, false),
    ] {
        let wanted: &[&Made] = if matches { &[&made] } else { &[] };
        all.take(expect(target, filter, wanted).await);
    }
    all.end()
}

/// What belongs together. Each of the last two would find another user with the other precedence.
pub(super) const JOINS: Check = Check {
    id: "QRY-13",
    title: "and, or, not and brackets, with and before or",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "let `and` bind stronger than `or`, `not` strongest, and brackets decide",
    run: |target| Box::pin(joins(target)),
};

async fn joins(target: &Target) -> Outcome {
    let one = titled(target, "Engineer", Some("Ace")).await?;
    let two = titled(target, "Engineer", Some("Bo")).await?;
    let three = titled(target, "Accountant", Some("Ace")).await?;
    let mut all = Findings::default();
    for (filter, wanted) in [
        (r#"title eq "Engineer" and nickName eq "Ace""#, vec![&one]),
        (r#"(nickName eq "Bo" or title eq "Accountant")"#, vec![&two, &three]),
        (r#"not (title eq "Engineer")"#, vec![&three]),
        (
            r#"(title eq "Engineer" or title eq "Accountant") and nickName eq "Ace""#,
            vec![&one, &three],
        ),
        (r#"not (title eq "Engineer" and nickName eq "Ace")"#, vec![&two, &three]),
    ] {
        all.take(expect(target, filter, &wanted).await);
    }
    let precedence = format!(
        r#"{} or {} and title eq "Accountant""#,
        equals("userName", &one.name),
        equals("userName", &two.name),
    );
    let found = target.find(Kind::User, &precedence).await?;
    all.take(found.list()?.expect_only(&one.id).map(|_| ()).during("a or b and c"));
    all.end()
}

/// Literals have types.
pub(super) const COMPARES_BOOLEANS: Check = Check {
    id: "QRY-14",
    title: "active eq true, as a boolean",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "read true and false without quotes as booleans",
    run: |target| Box::pin(compares_booleans(target)),
};

async fn compares_booleans(target: &Target) -> Outcome {
    let active = target.new_user().await?;
    let mut draft = target.user_draft();
    draft["active"] = json!(false);
    let disabled = target.new_user_from(draft).await?;
    let mut all = Findings::default();
    for (filter, wanted) in [
        ("active eq true", vec![&active]),
        ("active eq false", vec![&disabled]),
        ("active ne true", vec![&disabled]),
    ] {
        all.take(expect(target, filter, &wanted).await);
    }
    all.end()
}
