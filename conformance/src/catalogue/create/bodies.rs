//! CRE-11, 12, 15, 21, 22 and 27: bodies, their types and their size.

use serde_json::json;

use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Request, Target};
use crate::verdict::{Findings, Step, Stop};

/// Cut short, and JSON that is no object.
pub(super) const REFUSES_WHAT_IS_NOT_JSON: Check = Check {
    id: "CRE-11",
    title: "A body that is not JSON: 400, scimType invalidSyntax",
    level: Level::Must,
    sources: &[rfc7644("3.12")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer a body that cannot be read with 400 and scimType invalidSyntax, not with a page of the web server",
    run: |target| Box::pin(refuses_what_is_not_json(target)),
};

async fn refuses_what_is_not_json(target: &Target) -> Outcome {
    let whole = target.user_draft().to_string();
    let mut all = Findings::default();
    for body in [&whole[..whole.len() - 1], "[]", "userName=ana"] {
        let request = Request::new(reqwest::Method::POST, "/Users").text("application/scim+json", body);
        let exchange = target.send(request).await?;
        all.take(exchange.expect_error(400, Some("invalidSyntax")));
    }
    all.end()
}

/// Without it nobody knows what the body is.
pub(super) const REFUSES_NO_SCHEMAS: Check = Check {
    id: "CRE-12",
    title: "No schemas array: 400",
    level: Level::Must,
    sources: &[rfc7643("3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer a create without `schemas` with 400",
    run: |target| Box::pin(refuses_no_schemas(target)),
};

async fn refuses_no_schemas(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft
        .as_object_mut()
        .expect("the usual draft is an object")
        .remove("schemas");
    target.create(Kind::User, draft).await?.expect_error(400, None)?;
    Ok(())
}

/// In the strict profile the create is taken, with the attribute or without: Entra counts a refusal as a
/// failed user, in every cycle.
pub(super) const TAKES_UNKNOWN_ATTRIBUTES: Check = Check {
    id: "CRE-15",
    title: "An attribute that no schema knows is ignored or refused, and never a 500",
    level: Level::Should,
    sources: &[rfc7644("3.3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "take the user and leave out, or keep, what is not known",
    run: |target| Box::pin(takes_unknown_attributes(target)),
};

async fn takes_unknown_attributes(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["conformanceUnknown"] = json!({"a": [1, "b"]});
    let exchange = target.create(Kind::User, draft).await?;
    if target.profile() == Profile::Strict || exchange.status() < 400 {
        exchange.expect_created()?;
    } else {
        exchange.expect_error(400, None)?;
    }
    Ok(())
}

/// Entra sends the one, many tools the other.
pub(super) const TAKES_BOTH_MEDIA_TYPES: Check = Check {
    id: "CRE-21",
    title: "application/scim+json and application/json are both accepted as the request's type",
    level: Level::Must,
    sources: &[rfc7644("3.1"), rfc7644("8.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "take both media types, with and without a charset",
    run: |target| Box::pin(takes_both_media_types(target)),
};

async fn takes_both_media_types(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for media_type in [
        "application/scim+json",
        "application/scim+json; charset=utf-8",
        "application/json",
        "application/json; charset=utf-8",
    ] {
        let request = Request::new(reqwest::Method::POST, "/Users").text(media_type, target.user_draft().to_string());
        let exchange = target.send(request).await?;
        all.take(exchange.expect_created().map(|_| ()).during(media_type));
    }
    all.end()
}

/// What is called text is not read as JSON.
pub(super) const REFUSES_OTHER_MEDIA_TYPES: Check = Check {
    id: "CRE-22",
    title: "Another request type (text/xml, text/plain) is answered 415",
    level: Level::Should,
    sources: &[Source::Rfc {
        number: 7231,
        section: "6.5.13",
    }],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer any type but application/scim+json and application/json with 415",
    run: |target| Box::pin(refuses_other_media_types(target)),
};

async fn refuses_other_media_types(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for media_type in ["text/xml", "text/plain"] {
        let request = Request::new(reqwest::Method::POST, "/Users").text(media_type, target.user_draft().to_string());
        let exchange = target.send(request).await?;
        all.take(exchange.expect_error(415, None).map(|_| ()).during(media_type));
    }
    all.end()
}

/// The body is larger than any server should take (20 MB). In the strict profile only 413 passes; in
/// the others also a 400, and a server that takes it all is noted.
pub(super) const REFUSES_A_LARGE_BODY: Check = Check {
    id: "CRE-27",
    title: "A body over the limit is answered 413, not cut and not a 500",
    level: Level::Should,
    sources: &[rfc7644("3.12")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "limit bodies, and answer 413 with a SCIM error before the connection is closed",
    run: |target| Box::pin(refuses_a_large_body(target)),
};

async fn refuses_a_large_body(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    draft["title"] = json!("x".repeat(target.sizes().body));
    let exchange = target.create(Kind::User, draft).await?;
    match exchange.status() {
        413 => {
            exchange.expect_error(413, None)?;
        }
        400 if target.profile() != Profile::Strict => {}
        200..=299 if target.profile() != Profile::Strict => {
            target.note(format!("a body of {} bytes was taken", target.sizes().body));
        }
        status => {
            let message = format!("a body of {} bytes was answered {status}", target.sizes().body);
            return Err(Stop::differs(&exchange, message, "413", status.to_string()));
        }
    }
    Ok(())
}
