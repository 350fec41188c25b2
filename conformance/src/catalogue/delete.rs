//! DEL: deleting.

use crate::check::{Check, Level, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target, path_of};
use crate::verdict::{Findings, Step, Stop};

pub(super) const CHECKS: &[&Check] = &[
    &ANSWERS_NO_CONTENT,
    &ANSWERS_A_SECOND_ONE_404,
    &ANSWERS_AN_UNKNOWN_ID_404,
];

/// The end of a user.
const ANSWERS_NO_CONTENT: Check = Check {
    id: "DEL-01",
    title: "DELETE answers 204 with no body",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "answer a successful DELETE with 204 and nothing after the headers",
    run: |target| Box::pin(answers_no_content(target)),
};

async fn answers_no_content(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let exchange = target.delete(&user).await?;
    exchange.expect_status(&[204])?;
    if !exchange.answer.body.is_empty() {
        return Err(Stop::differs(
            &exchange,
            "the 204 has a body",
            "no body",
            format!("{} bytes", exchange.answer.body.len()),
        ));
    }
    Ok(())
}

/// A repeat, as after a lost answer.
const ANSWERS_A_SECOND_ONE_404: Check = Check {
    id: "DEL-03",
    title: "A second DELETE: 404",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "forget the id with the first DELETE: every later request for it is a 404",
    run: |target| Box::pin(answers_a_second_one_404(target)),
};

async fn answers_a_second_one_404(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    target
        .delete(&user)
        .await
        .and_then(|exchange| exchange.expect_status(&[200, 202, 204]).map(|_| ()))
        .blocked_by("DEL-01")?;
    target.delete(&user).await?.expect_error(404, None)?;
    Ok(())
}

/// Entra takes a 404 as done, and anything else as a failure.
const ANSWERS_AN_UNKNOWN_ID_404: Check = Check {
    id: "DEL-04",
    title: "DELETE of an unknown id: 404",
    level: Level::Must,
    sources: &[rfc7644("3.6"), rfc7644("3.12")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "answer an id that nobody has with 404 and a SCIM error, for users and groups",
    run: |target| Box::pin(answers_an_unknown_id_404(target)),
};

async fn answers_an_unknown_id_404(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for kind in [Kind::User, Kind::Group] {
        if kind == Kind::User || target.discovered().groups {
            let exchange = target
                .send(Request::delete(path_of(kind, &target.unknown_id())))
                .await?;
            all.take(exchange.expect_error(404, None));
        }
    }
    all.end()
}
