//! QRY-34: pages by cursor (RFC 9865).

use std::collections::BTreeSet;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::exchange::Exchange;
use crate::json;
use crate::source::Source;
use crate::target::{Kind, Target};
use crate::verdict::{Finding, Findings, Stop, shown};

/// The users of the walk, on pages of [`PAGE`].
const USERS: usize = 5;
const PAGE: &str = "2";

/// The pages that are read before a walk by cursor counts as endless.
const MOST_PAGES: usize = 10_000;

const fn rfc9865(section: &'static str) -> Source {
    Source::Rfc { number: 9865, section }
}

/// From the first page to the last, one page back, and a cursor nobody gave.
pub(super) const PAGES_BY_CURSOR: Check = Check {
    id: "QRY-34",
    title: "Cursor paging as announced",
    level: Level::Must,
    sources: &[rfc9865("2"), rfc9865("2.1")],
    section: Section::Query,
    needs: &[Needs::Cursor],
    also_in: &[],
    hint: "start at an empty cursor, give nextCursor on every page but the last, and answer an unknown cursor with 400 invalidCursor",
    run: |target| Box::pin(pages_by_cursor(target)),
};

async fn pages_by_cursor(target: &Target) -> Outcome {
    let made = target.new_users(USERS).await?;
    let mut seen: Vec<String> = Vec::new();
    let mut cursor = Some(String::new());
    let mut pages: Vec<Exchange> = Vec::new();
    while let Some(at) = cursor {
        let exchange = page(target, &at).await?;
        let list = exchange.list()?;
        if list.resources.len() > 2 {
            let came = list.resources.len().to_string();
            return Err(Stop::differs(&exchange, "a page holds more than count", PAGE, came));
        }
        seen.extend(list.ids().into_iter().map(str::to_owned));
        cursor = json::text(&list.value, &["nextCursor"]).map(str::to_owned);
        pages.push(exchange);
        if pages.len() > MOST_PAGES {
            return Err(Finding::new("the walk by cursor does not end").into());
        }
    }
    let mut all = Findings::default();
    let unique: BTreeSet<&String> = seen.iter().collect();
    let last = pages.last().expect("a walk has a page");
    if unique.len() != seen.len() || !made.iter().all(|user| unique.contains(&user.id)) {
        all.add(
            last,
            "the pages do not hold each user once",
            made.iter().map(|user| user.id.as_str()).collect::<Vec<_>>().join(", "),
            seen.join(", "),
        );
    }
    if let [first, second, ..] = pages.as_slice() {
        all.take(leads_back(target, first, second).await);
    }
    let unknown = page(target, "conformance-unknown-cursor").await?;
    all.take(expect_cursor_error(&unknown));
    all.end()
}

async fn page(target: &Target, cursor: &str) -> Result<Exchange, Stop> {
    let query = target.mine(Kind::User).parameter("cursor", cursor);
    target.send(query.parameter("count", PAGE)).await
}

/// `previousCursor` is optional; where it is there, it leads to the page before.
async fn leads_back(target: &Target, first: &Exchange, second: &Exchange) -> Outcome {
    let Some(back) = json::text(&second.json()?, &["previousCursor"]).map(str::to_owned) else {
        return Ok(());
    };
    let exchange = page(target, &back).await?;
    let (found, wanted) = (exchange.list()?, first.list()?);
    if found.ids() == wanted.ids() {
        return Ok(());
    }
    Err(Stop::differs(
        &exchange,
        "previousCursor does not lead to the page before",
        wanted.ids().join(", "),
        found.ids().join(", "),
    ))
}

/// A cursor that cannot be told from one that has run out may be called expired.
fn expect_cursor_error(exchange: &Exchange) -> Outcome {
    let body = exchange.expect_error(400, None)?.json()?;
    match json::text(&body, &["scimType"]) {
        Some("invalidCursor" | "expiredCursor") => Ok(()),
        _ => Err(Stop::differs(
            exchange,
            "an unknown cursor is refused with another scimType",
            "invalidCursor",
            shown(json::get(&body, &["scimType"])),
        )),
    }
}
