//! PUT-05, 06, 08 and 09: what is refused.

use serde_json::json;

use super::changed;
use crate::check::{Check, Level, Outcome, Profile, Section};
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target, equals, path_of};
use crate::verdict::{Findings, Step};

/// Nobody loses his name by mistake.
pub(super) const WITHOUT_A_NAME: Check = Check {
    id: "PUT-05",
    title: "A required attribute left out: 400",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "refuse a replace without a required attribute, and keep what is stored",
    run: |target| Box::pin(without_a_name(target)),
};

async fn without_a_name(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let mut body = changed(&made);
    body.as_object_mut()
        .expect("the usual draft is an object")
        .remove("userName");
    let mut all = Findings::default();
    all.take(target.put(&made, body).await?.expect_error(400, None));
    let read = target.read(&made).await?;
    all.take(
        read.resource()?
            .expect_all(&made.draft, &[&["userName"], &["displayName"]]),
    );
    all.end()
}

/// Names are compared with others', also in other letter case.
pub(super) const ANOTHERS_NAME: Check = Check {
    id: "PUT-06",
    title: "A name that another has: 409; one's own name: fine",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "compare the userName of a replace with that of all others, and not with its own",
    run: |target| Box::pin(anothers_name(target)),
};

async fn anothers_name(target: &Target) -> Outcome {
    let (made, other) = (target.new_user().await?, target.new_user().await?);
    let mut body = changed(&made);
    let own = target.put(&made, body.clone()).await?;
    let mut all = Findings::default();
    all.take(own.expect_status(&[200]).map(|_| ()).during("one's own name"));
    for name in [other.name.clone(), other.name.to_uppercase()] {
        body["userName"] = json!(name);
        let taken = target.put(&made, body.clone()).await?;
        all.take(taken.expect_error(409, Some("uniqueness")));
    }
    let read = target.read(&made).await?;
    all.take(read.resource()?.expect(&["userName"], &json!(made.name)));
    all.end()
}

/// A PUT does not create.
pub(super) const AN_UNKNOWN_ID: Check = Check {
    id: "PUT-08",
    title: "An unknown id: 404, no new resource",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "replace only what is there: a PUT never creates",
    run: |target| Box::pin(an_unknown_id(target)),
};

async fn an_unknown_id(target: &Target) -> Outcome {
    let path = path_of(Kind::User, &target.unknown_id());
    let draft = target.user_draft();
    let name = draft["userName"].as_str().unwrap_or_default().to_owned();
    let mut all = Findings::default();
    all.take(target.send(Request::put(&path, draft)).await?.expect_error(404, None));
    all.take(target.send(Request::get(&path)).await?.expect_status(&[404]));
    if target.discovered().filter {
        let found = target.find(Kind::User, &equals("userName", &name)).await?;
        all.take(found.list()?.expect_none());
    }
    all.end()
}

/// In the strict profile it is 405: the path is there, the method is not.
pub(super) const THE_COLLECTION: Check = Check {
    id: "PUT-09",
    title: "PUT on the collection: 404 or 405",
    level: Level::Should,
    sources: &[rfc7644("3.2")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "answer PUT on /Users with 405 and Allow",
    run: |target| Box::pin(the_collection(target)),
};

async fn the_collection(target: &Target) -> Outcome {
    let exchange = target.send(Request::put("/Users", target.user_draft())).await?;
    let allowed: &[u16] = if target.profile() == Profile::Strict {
        &[405]
    } else {
        &[404, 405]
    };
    exchange.expect_refused(allowed)?;
    Ok(())
}
