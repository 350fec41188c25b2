//! QRY-01, 21 to 25 and 28: the shape of a list, and its pages.

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::exchange::Exchange;
use crate::expect::Page;
use crate::json;
use crate::source::rfc7644;
use crate::target::{Kind, Request, Target};
use crate::verdict::{Findings, Stop, shown};

/// A page of what this check has made: three users.
async fn page_of_three(target: &Target, parameters: &[(&str, &str)]) -> Result<Exchange, Stop> {
    let request = parameters
        .iter()
        .fold(target.mine(Kind::User), |request, (name, value)| {
            request.parameter(name, value)
        });
    target.send(request).await
}

/// `itemsPerPage` says how many came; in the strict profile it may not be left out.
fn expect_items_per_page(page: &Page<'_>, profile: Profile) -> Outcome {
    let (said, came) = (page.number("itemsPerPage"), page.resources.len() as u64);
    if said == Some(came) || (said.is_none() && profile != Profile::Strict) {
        return Ok(());
    }
    Err(Stop::differs(
        page.exchange,
        "itemsPerPage is not the number of resources",
        came.to_string(),
        shown(json::get(&page.value, &["itemsPerPage"])),
    ))
}

/// startIndex and itemsPerPage may be left out where all is on one page, except in the strict profile.
pub(super) const ANSWERS_A_LIST: Check = Check {
    id: "QRY-01",
    title: "GET /Users answers a ListResponse with totalResults, startIndex, itemsPerPage, Resources",
    level: Level::Must,
    sources: &[rfc7644("3.4.2")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "wrap every answer to a query in a ListResponse with the four attributes",
    run: |target| Box::pin(answers_a_list(target)),
};

async fn answers_a_list(target: &Target) -> Outcome {
    let _somebody = target.new_user().await?;
    let exchange = target.send(Request::query(Kind::User)).await?;
    let page = exchange.list()?;
    let is_whole = page.resources.len() as u64 == page.total;
    let mut all = Findings::default();
    for name in ["startIndex", "itemsPerPage"] {
        if page.number(name).is_none() && (!is_whole || target.profile() == Profile::Strict) {
            let found = shown(json::get(&page.value, &[name]));
            all.add(&exchange, format!("the list has no {name}"), "a whole number", found);
        }
    }
    if page.resources.is_empty() {
        all.add(
            &exchange,
            "the list holds nobody",
            "the user who was just made, and others",
            "no resource",
        );
    }
    all.take(expect_items_per_page(&page, target.profile()));
    all.end()
}

/// A page is as large as the client wants it.
pub(super) const HOLDS_AS_MANY_AS_ASKED: Check = Check {
    id: "QRY-21",
    title: "count=n gives at most n, and itemsPerPage says how many came",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "return no more than `count` resources, and their number as itemsPerPage",
    run: |target| Box::pin(holds_as_many_as_asked(target)),
};

async fn holds_as_many_as_asked(target: &Target) -> Outcome {
    target.new_users(3).await?;
    let exchange = page_of_three(target, &[("count", "2")]).await?;
    let page = exchange.list()?;
    let mut all = Findings::default();
    if page.resources.is_empty() || page.resources.len() > 2 {
        let came = page.resources.len().to_string();
        all.add(&exchange, "count=2 gives another number of resources", "1 or 2", came);
    }
    if page.total < 3 {
        all.add(
            &exchange,
            "totalResults counts the page only",
            "3 at least",
            page.total.to_string(),
        );
    }
    all.take(expect_items_per_page(&page, target.profile()));
    all.end()
}

/// The first is number one.
pub(super) const COUNTS_FROM_ONE: Check = Check {
    id: "QRY-22",
    title: "startIndex is counted from one, and is echoed",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "make startIndex=1 the first resource, and return the startIndex of the page",
    run: |target| Box::pin(counts_from_one(target)),
};

async fn counts_from_one(target: &Target) -> Outcome {
    target.new_users(3).await?;
    let whole = page_of_three(target, &[]).await?;
    let whole = whole.list()?;
    let mut all = Findings::default();
    for start in [1, 2_usize] {
        let exchange = page_of_three(target, &[("startIndex", &start.to_string()), ("count", "1")]).await?;
        let page = exchange.list()?;
        let wanted = whole.ids().get(start - 1).copied().unwrap_or_default().to_owned();
        if page.ids() != [wanted.as_str()] {
            let message = format!("startIndex={start}&count=1 gives another resource than the whole list");
            all.add(&exchange, message, wanted, page.ids().join(", "));
        }
        if page.number("startIndex") != Some(start as u64) {
            let found = shown(json::get(&page.value, &["startIndex"]));
            all.add(&exchange, "startIndex is not echoed", start.to_string(), found);
        }
    }
    all.end()
}

/// Clients that count from zero are forgiven.
pub(super) const READS_LESS_THAN_ONE_AS_ONE: Check = Check {
    id: "QRY-23",
    title: "startIndex below one is read as one",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "read startIndex 0 and below as 1",
    run: |target| Box::pin(reads_less_than_one_as_one(target)),
};

async fn reads_less_than_one_as_one(target: &Target) -> Outcome {
    target.new_users(2).await?;
    let first = page_of_three(target, &[("startIndex", "1"), ("count", "1")]).await?;
    let first = first.list()?;
    let mut all = Findings::default();
    for start in ["0", "-5"] {
        let exchange = page_of_three(target, &[("startIndex", start), ("count", "1")]).await?;
        let page = exchange.list()?;
        if page.ids() != first.ids() || page.number("startIndex").is_some_and(|start| start != 1) {
            let message = format!("startIndex={start} is not read as 1");
            let found = format!(
                "startIndex {} with {}",
                shown(json::get(&page.value, &["startIndex"])),
                page.ids().join(", ")
            );
            all.add(
                &exchange,
                message,
                format!("startIndex 1 with {}", first.ids().join(", ")),
                found,
            );
        }
    }
    all.end()
}

/// How many are there?
pub(super) const COUNTS_ONLY: Check = Check {
    id: "QRY-24",
    title: "count=0 gives totalResults and no resource; a negative count is read as zero",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "answer count=0 with the number of matches and no resource",
    run: |target| Box::pin(counts_only(target)),
};

async fn counts_only(target: &Target) -> Outcome {
    target.new_users(2).await?;
    let mut all = Findings::default();
    for count in ["0", "-3"] {
        let exchange = page_of_three(target, &[("count", count)]).await?;
        let page = exchange.list()?;
        if !page.resources.is_empty() || page.total < 2 {
            let message = format!("count={count} is not answered with the number alone");
            let found = format!("totalResults {} and {} resources", page.total, page.resources.len());
            all.add(&exchange, message, "totalResults 2 at least, and no resource", found);
        }
    }
    all.end()
}

/// A walk that goes one step too far.
pub(super) const ENDS: Check = Check {
    id: "QRY-25",
    title: "startIndex past the end: 200, no resource, totalResults unchanged",
    level: Level::Must,
    sources: &[rfc7644("3.4.2.4")],
    section: Section::Query,
    needs: &[],
    also_in: &[],
    hint: "answer a page behind the last one with an empty list, not with an error",
    run: |target| Box::pin(ends(target)),
};

async fn ends(target: &Target) -> Outcome {
    target.new_users(2).await?;
    let all = page_of_three(target, &[("count", "0")]).await?;
    let total = all.list()?.total;
    let exchange = page_of_three(target, &[("startIndex", "1000000"), ("count", "10")]).await?;
    let page = exchange.list()?;
    // Without a filter others may come and go meanwhile.
    let is_same = page.total == total || !target.discovered().filter;
    if is_same && page.resources.is_empty() {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "a page past the end is not an empty one",
        format!("totalResults {total} and no resource"),
        format!("totalResults {} and {} resources", page.total, page.resources.len()),
    ))
}

/// A client plans its walk by it.
pub(super) const TOTAL_IS_OF_MATCHES: Check = Check {
    id: "QRY-28",
    title: "totalResults with a filter counts matches, not the page",
    level: Level::Must,
    sources: &[rfc7644("3.4.2")],
    section: Section::Query,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "count all that match, before the page is cut",
    run: |target| Box::pin(total_is_of_matches(target)),
};

async fn total_is_of_matches(target: &Target) -> Outcome {
    target.new_users(3).await?;
    let exchange = page_of_three(target, &[("count", "1")]).await?;
    let page = exchange.list()?;
    if page.total == 3 && page.resources.len() == 1 {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "totalResults does not count the matches",
        "totalResults 3 and one resource",
        format!("totalResults {} and {} resources", page.total, page.resources.len()),
    ))
}
