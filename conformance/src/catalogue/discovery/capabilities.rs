//! DIS-19: what is announced, tried.

use serde_json::json;

use crate::check::{Check, Level, Outcome, Section};
use crate::json::{self, BULK_REQUEST};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Kind, PatchOp, Request, Target, equals};
use crate::verdict::{Findings, Step};

/// Each in the smallest form that shows it; the sections of the catalogue look closer.
pub(super) const KEEPS_ITS_WORD: Check = Check {
    id: "DIS-19",
    title: "A capability that is announced works, one that is denied answers 501 (or 404 for /Me, /Bulk)",
    level: Level::Must,
    sources: &[rfc7643("5"), rfc7644("3.12")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "announce what works and nothing else; answer what is not supported with 501",
    run: |target| Box::pin(keeps_its_word(target)),
};

async fn keeps_its_word(target: &Target) -> Outcome {
    let mut all = Findings::default();
    all.take(patch(target).await.during("patch"));
    all.take(filter(target).await.during("filter"));
    all.take(bulk(target).await.during("bulk"));
    all.take(optional(target).await);
    let me = target.send(Request::get("/Me")).await?;
    all.take(me.expect_status(&[200, 308, 404, 501]).during("/Me"));
    all.end()
}

async fn patch(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let patched = target
        .patch(&user, &[PatchOp::replace("displayName", "Ana Patched")])
        .await?;
    if target.discovered().patch {
        patched.expect_patched()?;
    } else {
        patched.expect_status(&[501])?;
    }
    Ok(())
}

/// A filter that is not supported may be refused as such, or as a filter; it may not be ignored.
async fn filter(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let found = target.find(Kind::User, &equals("userName", &user.name)).await?;
    if target.discovered().filter {
        found.list()?.expect_only(&user.id)?;
    } else {
        found.expect_status(&[400, 403, 501])?;
    }
    Ok(())
}

async fn bulk(target: &Target) -> Outcome {
    let create = json!({
        "schemas": [BULK_REQUEST],
        "Operations": [{"method": "POST", "path": "/Users", "bulkId": "one", "data": target.user_draft()}],
    });
    let answer = target.send(Request::post("/Bulk", create)).await?;
    if target.discovered().bulk {
        answer.expect_status(&[200])?;
    } else {
        answer.expect_status(&[404, 501])?;
    }
    Ok(())
}

/// What may be left undone in silence counts only where it is announced.
async fn optional(target: &Target) -> Outcome {
    let (user, found) = (target.new_user().await?, target.discovered());
    let mut all = Findings::default();
    if found.sort {
        let sorted = target.mine(Kind::User).parameter("sortBy", "userName");
        all.take(target.send(sorted).await?.list().map(|_| ()).during("sort"));
    }
    if found.etag {
        let read = target.read(&user).await?;
        if read.answer.header("etag").is_none() {
            all.add(&read, "etag: the answer has no ETag", "an ETag header", "nothing");
        }
    }
    if found.cursor {
        let first = target.mine(Kind::User).parameter("cursor", "").parameter("count", "1");
        let page = target.send(first).await?;
        let next = page
            .list()
            .map(|page| json::text(&page.value, &["nextCursor"]).is_some());
        match next {
            Ok(true) => {}
            Ok(false) => all.add(
                &page,
                "cursor: a first page of several has no nextCursor",
                "nextCursor",
                "nothing",
            ),
            Err(stop) => all.take::<()>(Err(stop).during("cursor")),
        }
    }
    all.end()
}
