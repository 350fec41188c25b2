//! PAT-01, 03, 04 and 22: simple attributes by path.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json;
use crate::source::rfc7644;
use crate::target::{Kind, PatchOp, Target, equals};
use crate::verdict::{Findings, Step};

/// The simplest change.
pub(super) const REPLACES_BY_PATH: Check = Check {
    id: "PAT-01",
    title: "replace of a simple attribute by path",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "set the attribute that `path` names and leave every other one as it was",
    run: |target| Box::pin(replaces_by_path(target)),
};

async fn replaces_by_path(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let patched = target
        .patch(&user, &[PatchOp::replace("displayName", "Ana Renamed")])
        .await?;
    patched.expect_patched()?;

    let exchange = target.read(&user).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    all.take(read.expect(&["displayName"], &json!("Ana Renamed")));
    for untouched in [&["userName"] as &[&str], &["active"], &["name", "familyName"]] {
        let sent = json::get(&user.draft, untouched).expect("the usual draft has the attribute");
        all.take(read.expect(untouched, sent));
    }
    all.end()
}

/// To a simple attribute, add is replace.
pub(super) const ADDS: Check = Check {
    id: "PAT-03",
    title: "add of a simple attribute that was unset, and of one that was set",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.1")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "let add set a simple attribute, whether it had a value or not",
    run: |target| Box::pin(adds(target)),
};

async fn adds(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let read = target
        .patched(
            &user,
            &[PatchOp::add("nickName", "Ace"), PatchOp::add("title", "Director")],
        )
        .await?;
    let mut all = Findings::default();
    all.take(read.resource()?.expect(&["nickName"], &json!("Ace")));
    all.take(read.resource()?.expect(&["title"], &json!("Director")));
    all.take(
        read.resource()?
            .expect_all(&user.draft, &[&["displayName"], &["userName"]]),
    );
    all.end()
}

/// Gone is gone.
pub(super) const REMOVES: Check = Check {
    id: "PAT-04",
    title: "remove of a simple attribute; remove of one that is not there is no error",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "unassign what `path` names, and let a remove of nothing succeed",
    run: |target| Box::pin(removes(target)),
};

async fn removes(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    for doing in ["title is removed", "title is removed again"] {
        let read = target.patched(&user, &[PatchOp::remove("title")]).await.during(doing)?;
        let found = read.resource()?;
        found.expect_absent(&["title"]).during(doing)?;
        found
            .expect_all(&user.draft, &[&["displayName"], &["userName"]])
            .during(doing)?;
    }
    Ok(())
}

/// People marry.
pub(super) const RENAMES: Check = Check {
    id: "PAT-22",
    title: "userName changed by PATCH, then found under the new name and not under the old",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch, Needs::Filter],
    also_in: &[],
    hint: "make userName changeable under the same id; a server that says yes and changes nothing is asked again in every cycle",
    run: |target| Box::pin(renames(target)),
};

async fn renames(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let new = format!("{}@example.com", target.name());
    target
        .patch(&user, &[PatchOp::replace("userName", new.clone())])
        .await?
        .expect_patched()?;

    target
        .read(&user)
        .await?
        .resource()?
        .expect(&["userName"], &json!(new))?;
    let found = target.find(Kind::User, &equals("userName", &new)).await?;
    found.list()?.expect_only(&user.id)?;
    let old = target.find(Kind::User, &equals("userName", &user.name)).await?;
    old.list()?.expect_none()?;
    Ok(())
}
