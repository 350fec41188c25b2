//! QRY-26, 27 and 29: long lists.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::json;
use crate::source::rfc7644;
use crate::target::{AT_ONCE, Kind, Made, Request, Target};
use crate::verdict::{Findings, Step, Stop};

/// 105 users on pages of 100.
pub(super) const USERS: Check = Check {
    id: "QRY-26",
    title: "Walking page by page sees each resource once, over more than one page of 100",
    level: Level::Should,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "keep one order over all pages of a query, and give pages without gap or overlap",
    run: |target| Box::pin(users(target)),
};

async fn users(target: &Target) -> Outcome {
    let users = target.new_users(target.sizes().listed).await?;
    walks(target, Kind::User, &users).await
}

/// 105 groups on pages of 100.
pub(super) const GROUPS: Check = Check {
    id: "QRY-27",
    title: "The same holds for groups",
    level: Level::Should,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "keep one order over all pages of a query, and give pages without gap or overlap",
    run: |target| Box::pin(groups(target)),
};

async fn groups(target: &Target) -> Outcome {
    let groups: Vec<Made> = stream::iter((0..target.sizes().listed).map(|_| target.new_group(&[])))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    walks(target, Kind::Group, &groups).await
}

async fn walks(target: &Target, kind: Kind, made: &[Made]) -> Outcome {
    let ids: Vec<&str> = made.iter().map(|made| made.id.as_str()).collect();
    let walk = target.expect_listed(kind, &target.mine(kind), &ids).await?;
    target.note(format!("{} {}s on {} pages", ids.len(), kind.word(), walk.pages));
    Ok(())
}

/// In the strict profile fewer come: Entra does not ask again with a smaller count.
pub(super) const NO_MORE_THAN_IT_SAYS: Check = Check {
    id: "QRY-29",
    title: "Over the server's maximum: fewer come, or 400 tooMany",
    level: Level::Should,
    sources: &[rfc7644("3.4.2.2"), rfc7644("3.12")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "cut the page to filter.maxResults and say so in itemsPerPage",
    run: |target| Box::pin(no_more_than_it_says(target)),
};

async fn no_more_than_it_says(target: &Target) -> Outcome {
    target.new_users(2).await?;
    let config = target.send(Request::get("/ServiceProviderConfig")).await?;
    let config = config.json().blocked_by("DIS-01")?;
    let most = json::get(&config, &["filter", "maxResults"]).and_then(serde_json::Value::as_u64);
    let exchange = target
        .send(
            Request::query(Kind::User)
                .parameter("attributes", "userName")
                .parameter("count", "1000000"),
        )
        .await?;
    if exchange.status() == 400 && target.profile() != Profile::Strict {
        exchange.expect_error(400, Some("tooMany"))?;
        return Ok(());
    }
    let page = exchange.list()?;
    let came = page.resources.len() as u64;
    let mut all = Findings::default();
    if let Some(most) = most.filter(|most| came > *most) {
        let message = "more resources came than filter.maxResults announces";
        all.add(&exchange, message, format!("{most} at most"), came.to_string());
    }
    if came == 0 {
        return Err(Stop::differs(
            &exchange,
            "a large count is answered with nobody",
            "as many as fit",
            "none",
        ));
    }
    all.end()
}
