//! Removing what a run made, and saying what could not be removed.

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::ledger::Entry;
use super::resources::AT_ONCE;
use super::{Kind, Request, Target, equals, locked, path_of};
use crate::json;
use crate::verdict::{Stop, Verdict};

/// What came of removing the run's resources.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanUp {
    /// How many were removed.
    pub removed: usize,
    /// What is, or may be, still there.
    pub left: Vec<Leftover>,
}

/// A resource that could not be removed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    /// Which.
    #[serde(flatten)]
    pub entry: Entry,
    /// Why it is still there.
    pub reason: String,
}

impl Target {
    /// Deletes what the run made: groups, then users. Never fails; what it cannot delete it lists.
    ///
    /// A create whose answer gave no id is looked up by its name first.
    pub async fn clean_up(&self) -> CleanUp {
        let entries = locked(&self.shared.ledger).take();
        let (groups, users): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.kind == Kind::Group);
        let mut done = CleanUp::default();
        for entries in [groups, users] {
            let mut removals =
                stream::iter(entries.into_iter().map(|entry| self.remove(entry))).buffer_unordered(AT_ONCE);
            while let Some(removal) = removals.next().await {
                match removal {
                    Ok(removed) => done.removed += removed,
                    Err(left) => done.left.push(left),
                }
            }
        }
        // What was refused stays known to the ledger only as its answers said; nothing is tried twice.
        locked(&self.shared.ledger).take();
        done
    }

    async fn remove(&self, entry: Entry) -> Result<usize, Leftover> {
        let removed = async {
            let ids = match &entry.id {
                Some(id) => vec![id.clone()],
                None => self.look_up(&entry).await?,
            };
            let count = ids.len();
            for id in ids {
                self.send(Request::delete(path_of(entry.kind, &id)))
                    .await?
                    .expect_status(&[200, 202, 204, 404])?;
            }
            Ok(count)
        };
        removed.await.map_err(|stop: Stop| Leftover {
            reason: Verdict::from(Err(stop))
                .findings()
                .first()
                .map_or_else(String::new, |finding| match &finding.actual {
                    Some(actual) => format!("{} ({actual})", finding.message),
                    None => finding.message.clone(),
                }),
            entry,
        })
    }

    async fn look_up(&self, entry: &Entry) -> Result<Vec<String>, Stop> {
        if entry.name.is_empty() {
            return Ok(Vec::new());
        }
        let exchange = self
            .find(entry.kind, &equals(entry.kind.naming_attribute(), &entry.name))
            .await?;
        let page = exchange.list()?;
        // A server that ignores filters would have us delete everything.
        Ok(page
            .resources
            .iter()
            .filter(|found| {
                json::text(found, &[entry.kind.naming_attribute()])
                    .is_some_and(|name| name.eq_ignore_ascii_case(&entry.name))
            })
            .filter_map(|found| json::text(found, &["id"]).map(str::to_owned))
            .collect())
    }
}
