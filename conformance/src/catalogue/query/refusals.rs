//! QRY-18 to 20: filters that cannot be, or must not be, answered.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Kind, Target, equals};
use crate::verdict::{Findings, Step, Stop};

/// Who guesses, guesses wrong.
pub(super) const REFUSES_BROKEN_FILTERS: Check = Check {
    id: "QRY-18",
    title: "A broken filter: 400, scimType invalidFilter",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.2"), rfc7644("3.12")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "answer what cannot be parsed with 400 invalidFilter, and never with everybody",
    run: |target| Box::pin(refuses_broken_filters(target)),
};

async fn refuses_broken_filters(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for filter in [
        "userName eq",
        r#"userName is "ana""#,
        r#"(userName eq "ana""#,
        r#"userName eq "ana" and"#,
        r#"userName eq "ana" "bo""#,
        r#"emails[type eq "work""#,
        r#"userName eq "ana"#,
    ] {
        let answer = target.find(Kind::User, filter).await?;
        all.take(
            answer
                .expect_error(400, Some("invalidFilter"))
                .map(|_| ())
                .during(filter),
        );
    }
    all.end()
}

/// In the strict profile it matches nothing: a 400 would stop Entra's job for a typing error in a mapping.
pub(super) const UNKNOWN_ATTRIBUTES_MATCH_NOTHING: Check = Check {
    id: "QRY-19",
    title: "An attribute unknown to the schema in a filter: 400 invalidFilter, or no match",
    level: Level::Should,
    sources: &[rfc7644("3.4.2.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "let an attribute that nobody has match nobody",
    run: |target| Box::pin(unknown_attributes_match_nothing(target)),
};

async fn unknown_attributes_match_nothing(target: &Target) -> Outcome {
    let _somebody = target.new_user().await?;
    let answer = target.find(Kind::User, r#"conformanceUnknown eq "x""#).await?;
    if answer.status() == 400 && target.profile() != Profile::Strict {
        answer.expect_error(400, Some("invalidFilter"))?;
    } else {
        answer.list()?.expect_none()?;
    }
    Ok(())
}

/// A right guess must look like a wrong one.
pub(super) const TELLS_NO_SECRET: Check = Check {
    id: "QRY-20",
    title: "A filter on a writeOnly attribute tells nothing",
    level: Level::Should,
    sources: &[rfc7643("2.2"), rfc7644("7.5.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "answer a filter on password as one on an attribute that nobody has, or refuse it",
    run: |target| Box::pin(tells_no_secret(target)),
};

async fn tells_no_secret(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["password"] = json!("Tr0ub4dor&3-secret");
    let user = target.new_user_from(draft).await?;
    let user_name = equals("userName", &user.name);
    let mut all = Findings::default();
    for op in ["eq", "sw"] {
        let guess = |text: &str| format!("{user_name} and password {op} {}", json!(text));
        let right = target.find(Kind::User, &guess("Tr0ub4dor&3-secret")).await?;
        let wrong = target.find(Kind::User, &guess("Tr0ub4dor&3-wrong")).await?;
        let told = |exchange: &crate::exchange::Exchange| -> Result<(u16, u64), Stop> {
            let total = if exchange.status() == 200 {
                exchange.list()?.total
            } else {
                0
            };
            Ok((exchange.status(), total))
        };
        let (right_tells, wrong_tells) = (told(&right)?, told(&wrong)?);
        if right_tells != wrong_tells {
            let text = |(status, total): (u16, u64)| format!("{status}, totalResults {total}");
            all.add(
                &right,
                format!("a right guess of the password ({op}) looks other than a wrong one"),
                text(wrong_tells),
                text(right_tells),
            );
        }
    }
    all.end()
}
