//! Reading a list to its end.

use serde_json::Value;

use super::{Kind, Request, Target};
use crate::exchange::Exchange;
use crate::json;
use crate::verdict::{Finding, Stop};

/// The pages that are read before a list counts as endless.
const MOST_PAGES: usize = 1000;

/// A list, read page by page.
#[derive(Debug)]
pub struct Walk {
    /// What stood on the pages, in order, repetitions included.
    pub resources: Vec<Value>,
    /// The number of pages that were read.
    pub pages: usize,
    /// The last page.
    pub last: Exchange,
}

impl Walk {
    /// How often the resource of this id was seen.
    pub fn times(&self, id: &str) -> usize {
        self.resources
            .iter()
            .filter(|resource| json::text(resource, &["id"]) == Some(id))
            .count()
    }

    /// The ids of the resources that this check made, in order.
    pub fn ids(&self) -> Vec<&str> {
        self.resources
            .iter()
            .filter_map(|resource| json::text(resource, &["id"]))
            .collect()
    }
}

impl Target {
    /// A query that finds what this check has made: by its names' prefix where the endpoint
    /// filters, else everything.
    pub fn mine(&self, kind: Kind) -> Request {
        let query = Request::query(kind);
        if self.discovered().filter {
            query.filter(&self.is_mine(kind))
        } else {
            query
        }
    }

    /// The filter that finds what this check has made.
    pub fn is_mine(&self, kind: Kind) -> String {
        format!("{} sw {}", kind.naming_attribute(), Value::from(self.prefix()))
    }

    /// Reads a query from its first page to its last, `page` resources at a time, and keeps what
    /// this check has made.
    ///
    /// # Errors
    ///
    /// Fails when a page is no list, skips the check when the list has no end.
    pub async fn walk(&self, kind: Kind, query: &Request, page: usize) -> Result<Walk, Stop> {
        let prefix = self.prefix();
        let is_mine = |found: &Value| {
            json::text(found, &[kind.naming_attribute()]).is_some_and(|name| {
                name.get(..prefix.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(&prefix))
            })
        };
        let (mut resources, mut start) = (Vec::new(), 1);
        for pages in 1..=MOST_PAGES {
            let request = query
                .clone()
                .parameter("startIndex", &start.to_string())
                .parameter("count", &page.to_string());
            let last = self.send(request).await?;
            let found = last.list()?;
            let (came, total) = (found.resources.len(), found.total);
            resources.extend(found.resources.into_iter().filter(is_mine));
            start += came;
            if came == 0 || start as u64 > total {
                return Ok(Walk { resources, pages, last });
            }
        }
        Err(Stop::Skipped(format!(
            "the list has more than {MOST_PAGES} pages of {page}, too many to read"
        )))
    }

    /// As [`Target::walk`], to prove that these are listed once each.
    ///
    /// # Errors
    ///
    /// Fails with the ids that are missing or come again.
    pub async fn expect_listed(&self, kind: Kind, query: &Request, ids: &[&str]) -> Result<Walk, Stop> {
        let walk = self.walk(kind, query, self.sizes().page).await?;
        let wrong: Vec<String> = ids
            .iter()
            .map(|id| (id, walk.times(id)))
            .filter(|(_, times)| *times != 1)
            .map(|(id, times)| format!("{id} {times} times"))
            .collect();
        if wrong.is_empty() {
            return Ok(walk);
        }
        Err(
            Finding::shown_by(&walk.last, "the pages of the list do not hold each resource once")
                .compared(
                    format!("each of {} {}s once", ids.len(), kind.word()),
                    crate::exchange::clip(&wrong.join(", "), 300),
                )
                .into(),
        )
    }
}
