//! DIS-16 to 18 and 20: what discovery refuses, and where it is served.

use serde_json::json;

use super::ENDPOINTS;
use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::source::rfc7644;
use crate::target::{Request, Target};
use crate::verdict::Findings;

/// In the strict profile the 405 also says in `Allow` what is allowed (RFC 9110 §15.5.6).
pub(super) const ONLY_READS: Check = Check {
    id: "DIS-16",
    title: "POST, PUT, PATCH, DELETE on the three discovery endpoints are answered 405",
    level: Level::Should,
    sources: &[rfc7644("4")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "answer every method but GET on discovery with 405 and `Allow: GET`",
    run: |target| Box::pin(only_reads(target)),
};

async fn only_reads(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for path in ENDPOINTS {
        for request in [
            Request::post(path, json!({})),
            Request::put(path, json!({})),
            Request::patch(path, json!({})),
            Request::delete(path),
        ] {
            let exchange = target.send(request).await?;
            let allow = exchange.answer.header("allow").unwrap_or_default();
            if exchange.status() != 405 {
                all.take(exchange.expect_status(&[405]));
            } else if target.profile() == Profile::Strict && !allow.contains("GET") {
                all.add(&exchange, "the 405 does not say what is allowed", "Allow: GET", allow);
            }
        }
    }
    all.end()
}

/// A filter that is ignored would look as if it had matched everything.
pub(super) const REFUSES_A_FILTER: Check = Check {
    id: "DIS-17",
    title: "A filter on a discovery endpoint is answered 403",
    level: Level::Should,
    sources: &[rfc7644("4")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "answer a `filter` on discovery with 403, so that nobody takes all for what he asked",
    run: |target| Box::pin(refuses_a_filter(target)),
};

async fn refuses_a_filter(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for path in ENDPOINTS {
        let exchange = target.send(Request::get(path).filter(r#"id eq "User""#)).await?;
        all.take(exchange.expect_error(403, None));
    }
    all.end()
}

/// Where a second base serves users, as `/v2` below or above the first, discovery is there as well.
pub(super) const BELOW_THE_SAME_BASE: Check = Check {
    id: "DIS-18",
    title: "Discovery works below the same base as /Users, with and without a version segment in the base",
    level: Level::Should,
    sources: &[rfc7644("3.13")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "serve discovery wherever /Users is served, with the version segment and without",
    run: |target| Box::pin(below_the_same_base(target)),
};

async fn below_the_same_base(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for path in ENDPOINTS {
        all.take(target.send(Request::get(path)).await?.expect_status(&[200]));
    }
    let Some(other) = target.base().other_version() else {
        return all.end();
    };
    let users = Request::get("/Users").parameter("count", "1");
    let served = target.send_to(other.join("/Users", &[]), &users).await?;
    if served.status() != 200 {
        target.note(format!("{other} serves no users"));
        return all.end();
    }
    for path in ENDPOINTS {
        let exchange = target.send_to(other.join(path, &[]), &Request::get(path)).await?;
        all.take(exchange.expect_status(&[200]));
    }
    all.end()
}

/// A web page, or an empty 200, would be taken for an answer.
pub(super) const REFUSES_AN_UNKNOWN_PATH: Check = Check {
    id: "DIS-20",
    title: "An unknown path below the base is answered 404 with a SCIM error",
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "answer what is not served with 404 and a SCIM error, not with a page for people",
    run: |target| Box::pin(refuses_an_unknown_path(target)),
};

async fn refuses_an_unknown_path(target: &Target) -> Outcome {
    let exchange = target.send(Request::get("/ConformanceUnknown")).await?;
    exchange.expect_error(404, None)?;
    Ok(())
}
