//! ERR: errors, those that these checks provoke and all others of the run so far.

use serde_json::{Value, json};

use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::json::{self, ERROR};
use crate::source::{Source, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, path_of};
use crate::verdict::{Finding, Step, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &ARE_SCIM_ERRORS,
    &SAY_THEIR_STATUS,
    &SAY_WHY,
    &SAY_WHICH_KIND,
    &ARE_SCIM_JSON,
    &TELL_NO_SECRETS,
    &CARRY_A_REQUEST_ID,
];

/// Every error answer of the run so far, after one of each kind was provoked.
async fn errors(target: &Target) -> Result<Vec<Exchange>, Stop> {
    let user = target.new_user().await?;
    let unknown = path_of(Kind::User, &target.unknown_id());
    let mut requests = vec![
        Request::query(Kind::User).anonymous(),
        Request::get(&unknown),
        Request::delete(&unknown),
        Request::put(&unknown, target.user_draft()),
        Request::get("/ConformanceUnknown"),
        Request::post("/Users", user.draft.clone()),
        Request::new(reqwest::Method::POST, "/Users").text("application/scim+json", "{"),
        Request::new(reqwest::Method::POST, "/Users").text("text/plain", "userName=ana"),
        Request::delete("/ServiceProviderConfig"),
        Request::put("/Users", json!({})),
    ];
    if target.discovered().filter {
        requests.push(Request::query(Kind::User).filter("userName eq"));
    }
    if target.discovered().patch {
        let message = |operation| PatchOp::message(&[operation]);
        requests.push(Request::patch(user.path(), message(PatchOp::replace("id", "x"))));
        requests.push(Request::patch(user.path(), message(PatchOp::replace("emails[", "x"))));
        requests.push(Request::patch(user.path(), json!({})));
    }
    for request in requests {
        target.send(request).await?;
    }
    let seen = target.errors_seen();
    if seen.is_empty() {
        return Err(Stop::from(Finding::new("nothing was refused"))).blocked_by("REA-02");
    }
    target.note(format!("{} error answers", seen.len()));
    Ok(seen)
}

/// Each error passes, or says what is wrong. Of several that are wrong the first is told.
async fn expect_each(target: &Target, wrong: impl Fn(&Exchange) -> Option<(String, String, String)>) -> Outcome {
    let errors = errors(target).await?;
    let bad: Vec<_> = errors
        .iter()
        .filter_map(|exchange| wrong(exchange).map(|wrong| (exchange, wrong)))
        .collect();
    let Some((exchange, (message, expected, actual))) = bad.first() else {
        return Ok(());
    };
    let message = format!(
        "{}: {message} ({} of {} errors are so)",
        exchange.name(),
        bad.len(),
        errors.len()
    );
    Err(Stop::differs(exchange, message, expected, actual))
}

/// The body as JSON; null if it is none.
fn body(exchange: &Exchange) -> Value {
    serde_json::from_str(&exchange.answer.body).unwrap_or_default()
}

/// Also where the router, and not the service, says no.
const ARE_SCIM_ERRORS: Check = Check {
    id: "ERR-01",
    title: "Every 4xx and 5xx body is a SCIM error with its schema URN",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "shape every error alike, those of the web server and its router too",
    run: |target| Box::pin(are_scim_errors(target)),
};

async fn are_scim_errors(target: &Target) -> Outcome {
    expect_each(target, |exchange| {
        let body = body(exchange);
        let wanted = format!("`schemas` with {ERROR}");
        (!json::has_schema(&body, ERROR)).then(|| {
            let found = if body.is_null() {
                "no JSON".to_owned()
            } else {
                shown(json::get(&body, &["schemas"]))
            };
            ("the body is not a SCIM error".to_owned(), wanted, found)
        })
    })
    .await
}

/// Twice the same.
const SAY_THEIR_STATUS: Check = Check {
    id: "ERR-02",
    title: "status in it is a string and equals the HTTP status",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "write the status into the body, as text",
    run: |target| Box::pin(say_their_status(target)),
};

async fn say_their_status(target: &Target) -> Outcome {
    expect_each(target, |exchange| {
        let (body, wanted) = (body(exchange), exchange.status().to_string());
        let found = json::get(&body, &["status"]);
        (found.and_then(Value::as_str) != Some(&wanted)).then(|| {
            (
                "the error has another status".to_owned(),
                format!("{wanted:?}"),
                shown(found),
            )
        })
    })
    .await
}

/// A sentence: several words.
const SAY_WHY: Check = Check {
    id: "ERR-03",
    title: "detail is there and can be read by a person",
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "say in a sentence what was wrong with the request: it stands in Entra's log",
    run: |target| Box::pin(say_why(target)),
};

async fn say_why(target: &Target) -> Outcome {
    expect_each(target, |exchange| {
        let body = body(exchange);
        let found = json::get(&body, &["detail"]);
        let is_sentence = found
            .and_then(Value::as_str)
            .is_some_and(|detail| detail.split_whitespace().count() > 1 && detail.chars().any(char::is_alphabetic));
        (!is_sentence).then(|| {
            (
                "the error does not say why".to_owned(),
                "a sentence".to_owned(),
                shown(found),
            )
        })
    })
    .await
}

/// Table 9 of RFC 7644 §3.12, and those that RFC 9865 adds.
const SCIM_TYPES: [&str; 14] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
    "",
];

/// A program reads it.
const SAY_WHICH_KIND: Check = Check {
    id: "ERR-04",
    title: "scimType, where there is one, is from the RFC's list",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "use the words of the RFC for scimType, or leave it out",
    run: |target| Box::pin(say_which_kind(target)),
};

async fn say_which_kind(target: &Target) -> Outcome {
    expect_each(target, |exchange| {
        let body = body(exchange);
        let found = json::present(&body, &["scimType"])?;
        let is_known = found.as_str().is_some_and(|found| SCIM_TYPES.contains(&found));
        (!is_known).then(|| {
            let wanted = "a word of RFC 7644 §3.12, table 9".to_owned();
            (
                "the error has a scimType nobody knows".to_owned(),
                wanted,
                found.to_string(),
            )
        })
    })
    .await
}

/// Except to a client that asked for another.
const ARE_SCIM_JSON: Check = Check {
    id: "ERR-05",
    title: "The error's type is application/scim+json",
    level: Level::Should,
    sources: &[rfc7644("3.1")],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "send errors as application/scim+json, like everything else",
    run: |target| Box::pin(are_scim_json(target)),
};

async fn are_scim_json(target: &Target) -> Outcome {
    expect_each(target, |exchange| {
        let asked = exchange.request.headers.iter().find(|(name, _)| name == "accept");
        let wanted = match asked {
            Some((_, asked)) if asked == "application/json" => "application/json",
            _ => "application/scim+json",
        };
        let found = exchange.answer.media_type();
        (found != wanted).then(|| ("the error has another type".to_owned(), wanted.to_owned(), found))
    })
    .await
}

/// What stack traces, paths and secrets look like.
const SECRETS: [&str; 22] = [
    "stack trace",
    "stack backtrace",
    "stacktrace",
    "Traceback (most recent call last)",
    "panicked at",
    "at java.",
    "at org.",
    "at System.",
    "   at Microsoft.",
    "NullPointerException",
    "NullReferenceException",
    ".java:",
    ".rs:",
    ".py\", line",
    ".go:",
    "/usr/",
    "/home/",
    "/var/",
    "C:\\\\",
    "SELECT ",
    "password=",
    "dapi",
];

/// Whoever attacks reads errors first.
const TELL_NO_SECRETS: Check = Check {
    id: "ERR-06",
    title: "No stack trace, file path or upstream secret in it",
    level: Level::Must,
    sources: &[rfc7644("7.5.1")],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "tell the client what it did, and the log what happened inside",
    run: |target| Box::pin(tell_no_secrets(target)),
};

async fn tell_no_secrets(target: &Target) -> Outcome {
    expect_each(target, |exchange| {
        let found = SECRETS.iter().find(|secret| exchange.answer.body.contains(**secret))?;
        let message = "the error tells what happens inside".to_owned();
        Some((
            message,
            "a word to the client".to_owned(),
            format!("`{found}` in the body"),
        ))
    })
    .await
}

/// The names under which services send it.
const REQUEST_IDS: [&str; 6] = [
    "x-request-id",
    "request-id",
    "x-ms-request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "traceresponse",
];

/// Of a success and of an error, and never the same. What stands in the log is not seen from outside.
/// No RFC asks for it: outside the strict profile a server without one is passed over.
const CARRY_A_REQUEST_ID: Check = Check {
    id: "ERR-07",
    title: "An answer carries a request id that the log has too",
    level: Level::Bridge,
    sources: &[Source::Bridge],
    section: Section::Errors,
    needs: &[],
    also_in: &[],
    hint: "give each request an id, send it as X-Request-Id, and write it into every line of the log",
    run: |target| Box::pin(carry_a_request_id(target)),
};

async fn carry_a_request_id(target: &Target) -> Outcome {
    let requests = [
        Request::query(Kind::User).parameter("count", "1"),
        Request::get(path_of(Kind::User, &target.unknown_id())),
    ];
    let mut ids: Vec<String> = Vec::new();
    for request in requests {
        let exchange = target.send(request).await?;
        let id = REQUEST_IDS.iter().find_map(|name| exchange.answer.header(name));
        match id.filter(|id| !id.is_empty()) {
            Some(id) if ids.iter().any(|other| other == id) => {
                return Err(Stop::differs(
                    &exchange,
                    "two answers carry one id",
                    "an id of its own",
                    id,
                ));
            }
            Some(id) => ids.push(id.to_owned()),
            None if target.profile() == Profile::Strict => {
                return Err(Stop::differs(
                    &exchange,
                    "the answer carries no request id",
                    "X-Request-Id",
                    "no such header",
                ));
            }
            None => {
                return Err(Stop::Skipped(
                    "answers carry no request id; no RFC asks for one".to_owned(),
                ));
            }
        }
    }
    Ok(())
}
