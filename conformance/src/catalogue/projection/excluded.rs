//! PRJ-04 to 06: all but what was excluded.

use serde_json::json;

use super::search;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{Source, rfc7643, rfc7644};
use crate::target::{Kind, Request, Target, equals};
use crate::verdict::{Findings, Step};

/// Where .search is not served, QRY-32 tells; here it is passed over.
pub(super) const EVERYWHERE: Check = Check {
    id: "PRJ-04",
    title: "excludedAttributes= on one resource, on a list, in .search",
    level: Level::Must,
    sources: &[rfc7644("3.9")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "leave out what `excludedAttributes` names, wherever resources are returned",
    run: |target| Box::pin(everywhere(target)),
};

async fn everywhere(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let one = Request::get(made.path()).parameter("excludedAttributes", "title,name.familyName");
    let one = target.send(one).await?;
    let mut all = Findings::default();
    all.take(
        one.expect_status(&[200])?
            .resource()?
            .expect_absent(&["title"])?
            .expect_absent(&["name", "familyName"])?
            .expect_all(&made.draft, &[&["displayName"], &["name", "givenName"]]),
    );
    let list = target.mine(Kind::User).parameter("excludedAttributes", "title");
    let list = target.send(list).await?;
    let by_search = search(target, "excludedAttributes", json!(["title"])).await?;
    for (what, exchange) in [("a list", &list), (".search", &by_search)] {
        if what == ".search" && matches!(exchange.status(), 404 | 405 | 501) {
            target.note(".search is not served");
            continue;
        }
        let page = exchange.list().during(what)?;
        let found = page.first().during(what)?;
        all.take(found.expect_absent(&["title"]).map(|_| ()).during(what));
        if target.discovered().filter {
            all.take(
                found
                    .expect(&["displayName"], &made.draft["displayName"])
                    .map(|_| ())
                    .during(what),
            );
        }
    }
    all.end()
}

/// Entra never reads members of a group it matches.
pub(super) const MEMBERS: Check = Check {
    id: "PRJ-05",
    title: "excludedAttributes=members on a group, by id and by filter",
    level: Level::Entra,
    sources: &[rfc7644("3.9"), Source::Entra],
    section: Section::Projection,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "leave the members out when they are excluded: Entra reads groups of any size so",
    run: |target| Box::pin(members(target)),
};

async fn members(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let group = target.new_group(&[&user]).await?;
    let one = Request::get(group.path()).parameter("excludedAttributes", "members");
    let one = target.send(one).await?;
    let mut all = Findings::default();
    all.take(
        one.expect_status(&[200])?
            .resource()?
            .expect(&["displayName"], &json!(group.name))?
            .expect_absent(&["members"]),
    );
    if target.discovered().filter {
        let query = Request::query(Kind::Group)
            .parameter("excludedAttributes", "members")
            .filter(&equals("displayName", &group.name));
        let found = target.send(query).await?;
        let page = found.list()?;
        all.take(page.expect_only(&group.id));
        all.take(page.first()?.expect_absent(&["members"]));
    }
    all.end()
}

/// Without it nobody knows who it is.
pub(super) const NOT_THE_ID: Check = Check {
    id: "PRJ-06",
    title: "id cannot be excluded",
    level: Level::Must,
    sources: &[rfc7643("3.1"), rfc7643("7")],
    section: Section::Projection,
    needs: &[],
    also_in: &[],
    hint: "return the id always, whatever is excluded",
    run: |target| Box::pin(not_the_id(target)),
};

async fn not_the_id(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let read = Request::get(made.path()).parameter("excludedAttributes", "id,schemas,title");
    let exchange = target.send(read).await?;
    exchange
        .expect_status(&[200])?
        .resource()?
        .expect(&["id"], &json!(made.id))?
        .expect_absent(&["title"])?;
    Ok(())
}
