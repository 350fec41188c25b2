//! QRY-30 and 31: order.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target};
use crate::verdict::{Finding, Step, Stop};

/// Display names out of order, with capitals that come first where bytes are compared.
const NAMES: [&str; 5] = ["delta", "Bravo", "alpha", "Echo", "charlie"];

/// Users with these names; their ids in ascending order.
async fn named(target: &Target) -> Result<Vec<String>, Stop> {
    let mut ids = Vec::new();
    for name in NAMES {
        let mut draft = target.user_draft();
        draft["displayName"] = json!(name);
        ids.push((name.to_lowercase(), target.new_user_from(draft).await?.id));
    }
    ids.sort();
    Ok(ids.into_iter().map(|(_, id)| id).collect())
}

/// A sorted list, read in pages of this size, has the users in this order.
async fn expect_order(target: &Target, query: Request, page: usize, wanted: &[String]) -> Outcome {
    let walk = target.walk(Kind::User, &query, page).await?;
    if walk.ids() == wanted {
        return Ok(());
    }
    Err(Finding::shown_by(&walk.last, "the users come in another order")
        .compared(wanted.join(", "), walk.ids().join(", "))
        .into())
}

fn sorted(target: &Target, order: Option<&str>) -> Request {
    let query = target.mine(Kind::User).parameter("sortBy", "displayName");
    match order {
        Some(order) => query.parameter("sortOrder", order),
        None => query,
    }
}

/// By an attribute that is not case-exact: capitals do not come first.
pub(super) const SORTS: Check = Check {
    id: "QRY-30",
    title: "sortBy ascending, descending, and ascending by default",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.3")],
    section: Section::Query,
    needs: &[Needs::Sort],
    also_in: &[],
    hint: "sort by the attribute, without case where it is not caseExact, and ascending unless sortOrder says descending",
    run: |target| Box::pin(sorts(target)),
};

async fn sorts(target: &Target) -> Outcome {
    let mut ids = named(target).await?;
    let page = target.sizes().page;
    for order in [None, Some("ascending")] {
        expect_order(target, sorted(target, order), page, &ids)
            .await
            .during(format_args!("sortOrder {}", order.unwrap_or("left out")))?;
    }
    ids.reverse();
    expect_order(target, sorted(target, Some("descending")), page, &ids)
        .await
        .during("sortOrder descending")
}

/// A page is a piece of the sorted whole.
pub(super) const SORTS_BEFORE_IT_PAGES: Check = Check {
    id: "QRY-31",
    title: "sortBy together with paging",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.3")],
    section: Section::Query,
    needs: &[Needs::Sort],
    also_in: &[],
    hint: "sort the whole result first and cut the page from it then",
    run: |target| Box::pin(sorts_before_it_pages(target)),
};

async fn sorts_before_it_pages(target: &Target) -> Outcome {
    let mut ids = named(target).await?;
    expect_order(target, sorted(target, None), 2, &ids).await?;
    ids.reverse();
    expect_order(target, sorted(target, Some("descending")), 2, &ids).await
}
