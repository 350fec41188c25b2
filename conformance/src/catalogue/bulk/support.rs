//! BLK-05 to 07: what is no bulk request, where there is no bulk, and who the caller is.

use serde_json::json;

use super::bulk;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target, equals};
use crate::verdict::Findings;

/// Left out, and another message's.
pub(super) const REFUSES_NO_SCHEMA: Check = Check {
    id: "BLK-05",
    title: "No BulkRequest schema: 400",
    level: Level::Must,
    sources: &[rfc7644("3.7")],
    section: Section::Bulk,
    needs: &[Needs::Bulk],
    also_in: &[],
    hint: "answer a body that does not name BulkRequest with 400, and do nothing of it",
    run: |target| Box::pin(refuses_no_schema(target)),
};

async fn refuses_no_schema(target: &Target) -> Outcome {
    let draft = target.user_draft();
    let name = draft["userName"].as_str().unwrap_or_default().to_owned();
    let create = json!({"method": "POST", "path": "/Users", "bulkId": "ana", "data": draft});
    let mut all = Findings::default();
    for body in [
        json!({"Operations": [create]}),
        json!({"schemas": [crate::json::PATCH_OP], "Operations": [create]}),
    ] {
        all.take(target.send(Request::post("/Bulk", body)).await?.expect_error(400, None));
    }
    if target.discovered().filter {
        let found = target.find(Kind::User, &equals("userName", &name)).await?;
        all.take(found.list()?.expect_none());
    }
    all.end()
}

/// Where bulk is announced there is nothing to refuse, and the check passes.
pub(super) const SAYS_IT_IS_NOT_SUPPORTED: Check = Check {
    id: "BLK-06",
    title: "Not supported: 501",
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Bulk,
    needs: &[],
    also_in: &[],
    hint: "answer /Bulk with 501 where bulk is not announced",
    run: |target| Box::pin(says_it_is_not_supported(target)),
};

async fn says_it_is_not_supported(target: &Target) -> Outcome {
    if target.discovered().bulk {
        target.note("bulk is announced");
        return Ok(());
    }
    let create = json!({"method": "POST", "path": "/Users", "bulkId": "ana", "data": target.user_draft()});
    let answer = target.send(Request::post("/Bulk", bulk(&[create]))).await?;
    answer.expect_error(501, None)?;
    Ok(())
}

/// Each passes in every profile: whether a caller is a user is not for the client to say.
pub(super) const ME: Check = Check {
    id: "BLK-07",
    title: "/Me answers the caller's own user, or 501, 404 or 308",
    level: Level::Should,
    sources: &[rfc7644("3.11")],
    section: Section::Bulk,
    needs: &[],
    also_in: &[],
    hint: "answer /Me with the caller's user, point to it, or say that there is none",
    run: |target| Box::pin(me(target)),
};

async fn me(target: &Target) -> Outcome {
    let exchange = target.send(Request::get("/Me")).await?;
    match exchange.status() {
        200 => {
            let me = exchange.resource()?;
            me.expect(&["meta", "resourceType"], &json!("User"))?;
        }
        308 => {
            if exchange.answer.header("location").is_none() {
                return Err(crate::verdict::Stop::differs(
                    &exchange,
                    "the 308 leads nowhere",
                    "a Location header",
                    "no such header",
                ));
            }
        }
        _ => {
            exchange.expect_refused(&[404, 501])?;
        }
    }
    Ok(())
}
