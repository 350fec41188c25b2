//! ETG: versions of a resource, and requests that depend on them.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::{Source, rfc7644};
use crate::target::{Kind, Made, PatchOp, Request, Target, path_of};
use crate::verdict::{Findings, Step, Stop};

pub(super) const CHECKS: &[&Check] = &[
    &ARE_SENT,
    &CHANGE,
    &ANSWER_NOT_MODIFIED,
    &REFUSE_AN_OLD_ONE,
    &STAR_GOES_THROUGH,
];

/// The `ETag` of an answer; blocked by ETG-01 when there is none.
fn etag(exchange: &Exchange) -> Result<String, Stop> {
    exchange
        .answer
        .header("etag")
        .map(str::to_owned)
        .ok_or_else(|| Stop::failed(exchange, "the answer has no ETag"))
        .blocked_by("ETG-01")
}

/// A user, and his version now.
async fn versioned(target: &Target) -> Result<(Made, String), Stop> {
    let user = target.new_user().await?;
    let version = etag(&target.read(&user).await?)?;
    Ok((user, version))
}

fn change(title: &str) -> serde_json::Value {
    PatchOp::message(&[PatchOp::replace("title", title)])
}

/// A PATCH that is answered 204 has no meta: there the ETag is the one of the
/// next read. Of a user, and of a group that is patched.
const ARE_SENT: Check = Check {
    id: "ETG-01",
    title: "ETag is sent on POST, GET, PUT, PATCH and equals meta.version",
    level: Level::Must,
    sources: &[rfc7644("3.14")],
    section: Section::Versions,
    needs: &[Needs::Etag],
    also_in: &[],
    hint: "send the version as ETag with every answer about one resource, and as meta.version in it",
    run: |target| Box::pin(are_sent(target)),
};

async fn are_sent(target: &Target) -> Outcome {
    let draft = target.user_draft();
    let created = target.create(Kind::User, draft.clone()).await?;
    let path = path_of(Kind::User, created.expect_created().blocked_by("CRE-01")?.id());
    let mut exchanges = vec![
        created,
        target.send(Request::get(&path)).await?,
        target.send(Request::put(&path, draft)).await?,
    ];
    if target.discovered().patch {
        exchanges.push(target.send(Request::patch(&path, change("Director"))).await?);
    }
    let read = target.send(Request::get(&path)).await?;
    let mut all = Findings::default();
    if target.discovered().patch && target.discovered().groups {
        let group = target.new_group(&[]).await?;
        let rename = PatchOp::replace("displayName", target.name());
        let patched = target.patch(&group, &[rename]).await?;
        patched.expect_patched().blocked_by("GRP-14")?;
        let read = target.read(&group).await?;
        all.take(expect_version(&patched, &read));
    }
    for exchange in &exchanges {
        exchange.expect_status(&[200, 201, 204])?;
        all.take(expect_version(exchange, &read));
    }
    all.end()
}

/// The `ETag` is the `meta.version` of the body or, where there is none, of the read that followed.
fn expect_version(exchange: &Exchange, read: &Exchange) -> Outcome {
    let is_empty = exchange.answer.body.is_empty();
    let body = if is_empty { read.json()? } else { exchange.json()? };
    let (header, meta) = (exchange.answer.header("etag"), json::text(&body, &["meta", "version"]));
    if header.is_some() && header == meta {
        return Ok(());
    }
    Err(Stop::differs(
        exchange,
        format!("{}: ETag and meta.version are not the same", exchange.name()),
        format!("ETag: {}", meta.unwrap_or("the version of the resource")),
        header.unwrap_or("no ETag"),
    ))
}

/// And not without a change.
const CHANGE: Check = Check {
    id: "ETG-02",
    title: "It changes with the resource",
    level: Level::Must,
    sources: &[rfc7644("3.14")],
    section: Section::Versions,
    needs: &[Needs::Etag],
    also_in: &[],
    hint: "make a new version with every change, and with none but a change",
    run: |target| Box::pin(change_with_the_resource(target)),
};

async fn change_with_the_resource(target: &Target) -> Outcome {
    let (user, first) = versioned(target).await?;
    let again = target.read(&user).await?;
    let mut all = Findings::default();
    if etag(&again)? != first {
        all.add(
            &again,
            "the version has changed without a change",
            first.clone(),
            etag(&again)?,
        );
    }
    let mut body = user.draft.clone();
    body["title"] = json!("Director");
    target
        .put(&user, body)
        .await?
        .expect_status(&[200])
        .blocked_by("PUT-01")?;
    let changed = target.read(&user).await?;
    if etag(&changed)? == first {
        all.add(
            &changed,
            "the version is the same after a change",
            "another version",
            first,
        );
    }
    all.end()
}

/// An old value is answered in full.
const ANSWER_NOT_MODIFIED: Check = Check {
    id: "ETG-03",
    title: "If-None-Match with the present value: 304 without a body",
    level: Level::Must,
    sources: &[rfc7644("3.14")],
    section: Section::Versions,
    needs: &[Needs::Etag],
    also_in: &[],
    hint: "answer a read of what the client has already with 304",
    run: |target| Box::pin(answer_not_modified(target)),
};

async fn answer_not_modified(target: &Target) -> Outcome {
    let (user, version) = versioned(target).await?;
    let same = target
        .send(Request::get(user.path()).header("if-none-match", version.clone()))
        .await?;
    same.expect_status(&[304])?;
    if !same.answer.body.is_empty() {
        let body = format!("{} bytes", same.answer.body.len());
        return Err(Stop::differs(&same, "the 304 has a body", "no body", body));
    }
    let mut body = user.draft.clone();
    body["title"] = json!("Director");
    target
        .put(&user, body)
        .await?
        .expect_status(&[200])
        .blocked_by("PUT-01")?;
    let changed = target
        .send(Request::get(user.path()).header("if-none-match", version))
        .await?;
    changed
        .expect_status(&[200])?
        .resource()?
        .expect(&["title"], &json!("Director"))?;
    Ok(())
}

/// Two administrators, one user. With the present value the change goes through.
const REFUSE_AN_OLD_ONE: Check = Check {
    id: "ETG-04",
    title: "If-Match with an old value: 412, and nothing changed",
    level: Level::Must,
    sources: &[rfc7644("3.14")],
    section: Section::Versions,
    needs: &[Needs::Etag],
    also_in: &[],
    hint: "compare If-Match with the version before anything is changed, on PUT, PATCH and DELETE",
    run: |target| Box::pin(refuse_an_old_one(target)),
};

async fn refuse_an_old_one(target: &Target) -> Outcome {
    let (user, old) = versioned(target).await?;
    let mut body = user.draft.clone();
    body["title"] = json!("Director");
    target
        .put(&user, body.clone())
        .await?
        .expect_status(&[200])
        .blocked_by("PUT-01")?;
    body["title"] = json!("Overwritten");
    let mut requests = vec![Request::put(user.path(), body.clone()), Request::delete(user.path())];
    if target.discovered().patch {
        requests.push(Request::patch(user.path(), change("Overwritten")));
    }
    let mut all = Findings::default();
    for request in requests {
        let exchange = target.send(request.header("if-match", old.clone())).await?;
        all.take(exchange.expect_error(412, None));
    }
    let read = target.send(Request::get(user.path())).await?;
    all.take(read.expect_status(&[200]).and_then(|read| {
        read.resource()?.expect(&["title"], &json!("Director"))?;
        Ok(())
    }));
    if all.is_empty() {
        let present = etag(&read)?;
        let put = target
            .send(Request::put(user.path(), body).header("if-match", present))
            .await?;
        all.take(put.expect_status(&[200]));
    }
    all.end()
}

/// Whatever version, as long as there is one.
const STAR_GOES_THROUGH: Check = Check {
    id: "ETG-05",
    title: "If-Match: * on something that exists goes through",
    level: Level::Must,
    sources: &[Source::Rfc {
        number: 7232,
        section: "3.1",
    }],
    section: Section::Versions,
    needs: &[Needs::Etag],
    also_in: &[],
    hint: "let `If-Match: *` mean: if it is there at all",
    run: |target| Box::pin(star_goes_through(target)),
};

async fn star_goes_through(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let mut body = user.draft.clone();
    body["title"] = json!("Director");
    let put = target
        .send(Request::put(user.path(), body).header("if-match", "*"))
        .await?;
    put.expect_status(&[200])?
        .resource()?
        .expect(&["title"], &json!("Director"))?;
    let deleted = target
        .send(Request::delete(user.path()).header("if-match", "*"))
        .await?;
    deleted.expect_status(&[204])?;
    Ok(())
}
