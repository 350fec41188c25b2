//! PRJ-09 and 10: both parameters at once, and both on writes.

use serde_json::json;

use super::expect_projected;
use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::source::rfc7644;
use crate::target::{Kind, PatchOp, Request, Target, path_of};
use crate::verdict::{Findings, Step};

/// In the strict profile `attributes` decides: a read should not fail for a parameter too many.
pub(super) const TOGETHER: Check = Check {
    id: "PRJ-09",
    title: "Both parameters together: attributes decides, or 400",
    level: Level::Should,
    sources: &[rfc7644("3.9")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "let `attributes` decide when both are given",
    run: |target| Box::pin(together(target)),
};

async fn together(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let read = Request::get(made.path())
        .parameter("attributes", "userName")
        .parameter("excludedAttributes", "title");
    let exchange = target.send(read).await?;
    if exchange.status() == 400 && target.profile() != Profile::Strict {
        exchange.expect_error(400, None)?;
        return Ok(());
    }
    let found = exchange.expect_status(&[200])?.resource()?;
    expect_projected(&found, &["userName"], target.profile())
}

/// A PATCH with `attributes` is answered 200 with the part asked for (RFC 7644 §3.5.2).
pub(super) const ON_WRITES: Check = Check {
    id: "PRJ-10",
    title: "The two parameters shape the answers to POST, PUT and PATCH as well",
    level: Level::Should,
    sources: &[rfc7644("3.9")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "shape the answer to every write by the two parameters; a PATCH with one of them is answered 200",
    run: |target| Box::pin(on_writes(target)),
};

async fn on_writes(target: &Target) -> Outcome {
    let draft = target.user_draft();
    let asked = |request: Request| request.parameter("attributes", "userName");
    let created = target.send(asked(Request::post("/Users", draft.clone()))).await?;
    let made = created.expect_created()?;
    let path = path_of(Kind::User, made.id());
    let mut all = Findings::default();
    all.take(expect_projected(&made, &["userName"], target.profile()).during("POST"));
    let mut writes = vec![("PUT", Request::put(&path, draft))];
    if target.discovered().patch {
        let change = PatchOp::message(&[PatchOp::replace("title", json!("Director"))]);
        writes.push(("PATCH", Request::patch(&path, change)));
    }
    for (method, request) in writes {
        let without = request.clone().parameter("excludedAttributes", "title");
        let exchange = target.send(asked(request)).await?;
        let found = exchange.expect_status(&[200]).and_then(Exchange::resource);
        all.take(
            found
                .and_then(|found| expect_projected(&found, &["userName"], target.profile()))
                .during(method),
        );
        let exchange = target.send(without).await?;
        let found = exchange.expect_status(&[200]).and_then(Exchange::resource);
        all.take(
            found
                .and_then(|found| found.expect_absent(&["title"]).map(|_| ()))
                .during(format_args!("{method} with excludedAttributes")),
        );
    }
    all.end()
}
