//! AUT: who may ask. How the bytes travel is in [`super::transport`].

use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::{Source, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, path_of};
use crate::verdict::{Finding, Findings, Step, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &REFUSES_NOBODY,
    &REFUSES_A_WRONG_TOKEN,
    &REFUSES_A_BARE_TOKEN,
    &CHALLENGES,
    &REFUSES_WITH_A_SCIM_ERROR,
    &READS_THE_SCHEME_IN_ANY_CASE,
    &KEEPS_THE_TOKEN,
    &super::transport::SPEAKS_TLS_ONLY,
    &DISCOVERY_TAKES_THE_TOKEN,
];

/// A token that is nobody's.
const WRONG: &str = "Bearer conformance-wrong-token";

/// RFC 9110 took over from RFC 7235.
const fn rfc7235(section: &'static str) -> Source {
    Source::Rfc { number: 7235, section }
}

/// A directory of people is nobody's business.
const REFUSES_NOBODY: Check = Check {
    id: "AUT-01",
    title: "No Authorization header is answered 401",
    level: Level::Must,
    sources: &[rfc7644("2"), rfc7644("3.12"), rfc7235("3.1")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "ask for the token before anything else: no method and no path answers a caller without one",
    run: |target| Box::pin(refuses_nobody(target)),
};

async fn refuses_nobody(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let change = PatchOp::message(&[PatchOp::replace("displayName", "Changed by nobody")]);
    let mut all = Findings::default();
    for request in [
        Request::query(Kind::User),
        Request::get(user.path()),
        Request::post("/Users", target.user_draft()),
        Request::patch(user.path(), change),
        Request::delete(user.path()),
    ] {
        all.take(target.send(request.anonymous()).await?.expect_status(&[401]));
    }
    all.take(
        target
            .read(&user)
            .await?
            .resource()?
            .expect(&["displayName"], &user.draft["displayName"]),
    );
    all.end()
}

/// Whole tokens are compared, not beginnings.
const REFUSES_A_WRONG_TOKEN: Check = Check {
    id: "AUT-02",
    title: "A wrong bearer token is answered 401",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "compare the whole token, in constant time, and answer 401 to any other",
    run: |target| Box::pin(refuses_spellings(target, &[WRONG, "Bearer $TOKEN-and-more", "Bearer "])),
};

/// The scheme is part of the credential.
const REFUSES_A_BARE_TOKEN: Check = Check {
    id: "AUT-03",
    title: "A token without the word Bearer before it is answered 401",
    level: Level::Must,
    sources: &[Source::Rfc {
        number: 6750,
        section: "2.1",
    }],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "take the token only after the scheme Bearer",
    run: |target| Box::pin(refuses_spellings(target, &["$TOKEN", "Basic $TOKEN"])),
};

async fn refuses_spellings(target: &Target, headers: &[&'static str]) -> Outcome {
    let mut all = Findings::default();
    for header in headers {
        let exchange = target.send(somebody().authorization(header)).await?;
        all.take(exchange.expect_status(&[401]));
    }
    all.end()
}

/// A request that everybody with the token may make.
fn somebody() -> Request {
    Request::query(Kind::User).parameter("count", "1")
}

/// The answers to no token and to a wrong one, both 401.
async fn refusals(target: &Target) -> Result<[Exchange; 2], Stop> {
    let none = target.send(somebody().anonymous()).await?;
    none.expect_status(&[401]).blocked_by("AUT-01")?;
    let wrong = target.send(somebody().authorization(WRONG)).await?;
    wrong.expect_status(&[401]).blocked_by("AUT-02")?;
    Ok([none, wrong])
}

/// In the strict profile the challenge names Bearer; any challenge passes in the others.
const CHALLENGES: Check = Check {
    id: "AUT-04",
    title: "A 401 carries WWW-Authenticate",
    level: Level::Must,
    sources: &[rfc7235("3.1")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "send `WWW-Authenticate: Bearer` with every 401",
    run: |target| Box::pin(challenges(target)),
};

async fn challenges(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for exchange in refusals(target).await? {
        let challenge = exchange.answer.header("www-authenticate").unwrap_or_default();
        let names_bearer = challenge.to_ascii_lowercase().contains("bearer");
        if challenge.is_empty() || (target.profile() == Profile::Strict && !names_bearer) {
            all.add(
                &exchange,
                "the 401 does not say how to authenticate",
                "WWW-Authenticate: Bearer",
                if challenge.is_empty() {
                    "no such header"
                } else {
                    challenge
                },
            );
        }
    }
    all.end()
}

/// A client that logs what it was told should have something to log.
const REFUSES_WITH_A_SCIM_ERROR: Check = Check {
    id: "AUT-05",
    title: r#"The 401 body is a SCIM error with `status` "401" and a detail"#,
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "shape the 401 as every other error: schemas, status as a string, detail",
    run: |target| Box::pin(refuses_with_a_scim_error(target)),
};

async fn refuses_with_a_scim_error(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for exchange in refusals(target).await? {
        let Ok(body) = exchange.expect_error(401, None).and_then(Exchange::json) else {
            all.take(exchange.expect_error(401, None));
            continue;
        };
        if json::text(&body, &["status"]) != Some("401") {
            all.add(
                &exchange,
                "the error has another status",
                r#""401""#,
                shown(json::get(&body, &["status"])),
            );
        }
        if json::text(&body, &["detail"]).is_none_or(str::is_empty) {
            all.add(
                &exchange,
                "the error has no detail",
                "a sentence",
                shown(json::get(&body, &["detail"])),
            );
        }
    }
    all.end()
}

/// A scheme is a token of HTTP, and those have no case.
const READS_THE_SCHEME_IN_ANY_CASE: Check = Check {
    id: "AUT-06",
    title: "The scheme's name is matched without regard to case (`bearer`)",
    level: Level::Must,
    sources: &[rfc7235("2.1")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "compare the scheme without case, and only the token letter for letter",
    run: |target| Box::pin(reads_the_scheme_in_any_case(target)),
};

async fn reads_the_scheme_in_any_case(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for header in ["bearer $TOKEN", "BEARER $TOKEN"] {
        let exchange = target.send(somebody().authorization(header)).await?;
        all.take(exchange.expect_status(&[200]));
    }
    all.end()
}

/// Looks back on every answer of the run, beside those it provokes.
const KEEPS_THE_TOKEN: Check = Check {
    id: "AUT-07",
    title: "The token shows up in no answer, header or error text",
    level: Level::Must,
    sources: &[rfc7644("7.3"), rfc7644("7.4")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "never echo the Authorization header, neither in an error nor on a debug page; revoke the token that was shown",
    run: |target| Box::pin(keeps_the_token(target)),
};

async fn keeps_the_token(target: &Target) -> Outcome {
    for request in [
        somebody(),
        somebody().authorization("Bearer $TOKEN-and-more"),
        somebody().authorization("Basic $TOKEN"),
        Request::get("/ServiceProviderConfig"),
        Request::get(path_of(Kind::User, &target.unknown_id())),
        Request::get("/conformance-unknown-path"),
        Request::query(Kind::User).filter("userName eq"),
        Request::post("/Users", serde_json::Value::Null).text("application/scim+json", "{"),
    ] {
        target.send(request).await?;
    }
    let leaks = target.leaks_seen();
    match leaks.first() {
        None => Ok(()),
        Some(first) => Err(Finding::shown_by(first, "the token stands in an answer")
            .compared(
                "no answer with the token",
                format!("{} answers with it; this is the first", leaks.len()),
            )
            .into()),
    }
}

/// One token opens the whole endpoint.
const DISCOVERY_TAKES_THE_TOKEN: Check = Check {
    id: "AUT-09",
    title: "Every discovery endpoint answers a caller who is signed in; none needs another credential",
    level: Level::Should,
    sources: &[rfc7644("4")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "serve /ServiceProviderConfig, /ResourceTypes and /Schemas to the same token as /Users",
    run: |target| Box::pin(discovery_takes_the_token(target)),
};

async fn discovery_takes_the_token(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for path in super::discovery::ENDPOINTS {
        all.take(target.send(Request::get(path)).await?.expect_status(&[200]));
    }
    all.end()
}
