//! CRE-01 to 07: what comes back.

use serde_json::{Value, json};

use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::json::{self, ENTERPRISE, USER};
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Request, Target};
use crate::verdict::{Findings, Step, Stop, shown};

/// The first thing anybody does.
pub(super) const ANSWERS_CREATED: Check = Check {
    id: "CRE-01",
    title: "POST /Users answers 201",
    level: Level::Must,
    sources: &[rfc7644("3.3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer a create with 201 and the user as stored, with an id that the server made",
    run: |target| Box::pin(answers_created(target)),
};

async fn answers_created(target: &Target) -> Outcome {
    let exchange = target.create(Kind::User, target.user_draft()).await?;
    exchange.expect_status(&[201])?.resource()?;
    Ok(())
}

/// What a client must know of the new user.
pub(super) const HOLDS_ID_AND_META: Check = Check {
    id: "CRE-02",
    title: "The answer holds id, meta.resourceType, meta.created, meta.lastModified, meta.location",
    level: Level::Must,
    sources: &[rfc7643("3.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "return the id and all of meta with the 201, times as in 2026-01-31T12:00:00Z",
    run: |target| Box::pin(holds_id_and_meta(target)),
};

async fn holds_id_and_meta(target: &Target) -> Outcome {
    let exchange = created(target).await?;
    let made = exchange.resource()?;
    let mut all = Findings::default();
    all.take(made.expect(&["meta", "resourceType"], &json!("User")));
    all.take(made.time(&["meta", "created"]));
    all.take(made.time(&["meta", "lastModified"]));
    if json::text(&made.value, &["meta", "location"]).is_none_or(str::is_empty) {
        let found = shown(json::get(&made.value, &["meta"]));
        all.add(&exchange, "the user has no meta.location", "the URL of the user", found);
    }
    all.end()
}

/// A create that works, answered as CRE-01 wants it.
async fn created(target: &Target) -> Result<Exchange, Stop> {
    let exchange = target.create(Kind::User, target.user_draft()).await?;
    exchange.expect_created().blocked_by("CRE-01")?;
    Ok(exchange)
}

/// Two ways to say one thing.
pub(super) const LOCATION_IS_META_LOCATION: Check = Check {
    id: "CRE-03",
    title: "Location is there and equals meta.location",
    level: Level::Must,
    sources: &[rfc7644("3.3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "send the URL of the new user both as Location and as meta.location, letter for letter the same",
    run: |target| Box::pin(location_is_meta_location(target)),
};

async fn location_is_meta_location(target: &Target) -> Outcome {
    let exchange = created(target).await?;
    let header = exchange.answer.header("location");
    let body = exchange.json()?;
    let meta = json::text(&body, &["meta", "location"]);
    if header.is_some() && header == meta {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "Location and meta.location are not the same",
        format!("Location: {}", meta.unwrap_or("the URL of the user")),
        header.unwrap_or("no Location"),
    ))
}

/// The token goes only to the server that is checked: a location elsewhere is not followed.
pub(super) const LOCATION_CAN_BE_READ: Check = Check {
    id: "CRE-04",
    title: "meta.location can be read and answers the same resource",
    level: Level::Must,
    sources: &[rfc7644("3.3"), rfc7643("3.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "build meta.location from the URL by which clients reach the endpoint",
    run: |target| Box::pin(location_can_be_read(target)),
};

async fn location_can_be_read(target: &Target) -> Outcome {
    let exchange = created(target).await?;
    let made = exchange.resource()?;
    let location = json::text(&made.value, &["meta", "location"])
        .ok_or_else(|| Stop::failed(&exchange, "the user has no meta.location"))
        .blocked_by("CRE-02")?;
    if !target.base().is_same_server(location) {
        let reason = format!("meta.location names another server, where the token must not go: {location}");
        return Err(Stop::Skipped(reason));
    }
    let read = target.send_to(location.to_owned(), &Request::get("")).await?;
    read.expect_status(&[200])?
        .resource()?
        .expect_all(&made.value, &[&["id"], &["userName"]])?;
    Ok(())
}

/// Entra compares what it wrote with what it reads, and writes again what differs.
pub(super) const SENDS_BACK_WHAT_WAS_SENT: Check = Check {
    id: "CRE-05",
    title: "What was sent comes back: userName, name, displayName, active, externalId, work e-mail",
    level: Level::Should,
    sources: &[rfc7644("3.3"), Source::Entra],
    section: Section::Create,
    needs: &[],
    also_in: &[Profile::Entra],
    hint: "store and return values as they were written, letter for letter: Entra sends again, cycle after cycle, what comes back changed",
    run: |target| Box::pin(sends_back_what_was_sent(target)),
};

async fn sends_back_what_was_sent(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    // Capitals inside: a server that folds case gives itself away.
    let user_name = format!("Ana.{}@Example.com", target.name());
    draft["userName"] = json!(user_name);
    draft["emails"][0]["value"] = json!(user_name);
    let made = target.new_user_from(draft.clone()).await?;

    let exchange = target.read(&made).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    for path in [
        &["userName"] as &[&str],
        &["externalId"],
        &["displayName"],
        &["active"],
        &["name", "givenName"],
        &["name", "familyName"],
    ] {
        let sent = json::get(&draft, path).expect("the draft above has the attribute");
        all.take(read.expect(path, sent));
    }
    all.take(read.expect_element("emails", "work", &draft["emails"][0]["value"]));
    all.end()
}

/// `schemas` tells a client where to look.
pub(super) const SCHEMAS_NAME_WHAT_IS_THERE: Check = Check {
    id: "CRE-06",
    title: "The schemas array names the core schema and each extension that is present",
    level: Level::Must,
    sources: &[rfc7643("3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "list in `schemas` the core URN and the URN of every extension object in the user",
    run: |target| Box::pin(schemas_name_what_is_there(target)),
};

async fn schemas_name_what_is_there(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let exchange = target.read(&made).await?;
    let user = exchange.json()?;
    let extensions = json::names(&user).into_iter().filter(|name| name.starts_with("urn:"));
    let missing: Vec<&str> = std::iter::once(USER)
        .chain(extensions)
        .filter(|urn| !json::has_schema(&user, urn))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "schemas does not name all that is there",
        missing.join(", "),
        shown(json::get(&user, &["schemas"])),
    ))
}

/// The attributes of an employee.
pub(super) const KEEPS_THE_EXTENSION: Check = Check {
    id: "CRE-07",
    title: "The Enterprise extension (employeeNumber, department, organization, division, costCenter, manager) survives a round trip",
    level: Level::Should,
    sources: &[rfc7643("4.3")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "store and return the Enterprise extension, manager as an object with value",
    run: |target| Box::pin(keeps_the_extension(target)),
};

async fn keeps_the_extension(target: &Target) -> Outcome {
    let manager = target.new_user().await?;
    let mut draft = target.user_draft();
    draft[ENTERPRISE] = json!({
        "employeeNumber": "00701",
        "department": "R&D",
        "organization": "Example",
        "division": "North",
        "costCenter": "4130",
        "manager": {"value": manager.id},
    });
    let made = target.new_user_from(draft.clone()).await?;
    let read = target.read(&made).await?;
    let paths = ["employeeNumber", "department", "organization", "division", "costCenter"];
    let mut all = Findings::default();
    for name in paths {
        let wanted: &Value = &draft[ENTERPRISE][name];
        all.take(read.resource()?.expect(&[ENTERPRISE, name], wanted));
    }
    all.take(
        read.resource()?
            .expect(&[ENTERPRISE, "manager", "value"], &json!(manager.id)),
    );
    all.end()
}
