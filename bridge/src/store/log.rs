//! The provisioning log read back: one entry a change, with every call that was made for it.
//!
//! Its surprise: a person's entries include changes of groups, those that moved the person in or out.

use rusqlite::types::Value as Column;
use rusqlite::{Row, ToSql, params};

use super::fields::moment;
use super::{Kind, Snapshot, StoreError};
use crate::clock::Timestamp;
use crate::id::{ScimId, fold};

/// A step as it is read back.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StepEntry {
    /// When, RFC 3339.
    pub at: String,
    /// Method, path and what it does.
    pub call: String,
    /// HTTP status; `null` when no answer came, or no call was needed.
    pub status: Option<u16>,
    /// What came of it.
    pub outcome: String,
    /// How long it took, milliseconds.
    pub millis: u64,
}

/// One change of the provisioning log.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LogEntry {
    /// The change's number.
    pub revision: i64,
    /// When it was accepted, RFC 3339.
    pub at: String,
    /// The request's id.
    pub request_id: String,
    /// The resource's id.
    pub resource_id: String,
    /// `User` or `Group`.
    pub kind: String,
    /// The resource's name at that time.
    pub name: String,
    /// What was done.
    pub action: String,
    /// In the log of a person, what a change of a group did to the membership: `added` or `removed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<&'static str>,
    /// What the client was told.
    pub answer: String,
    /// What came of it; `pending` while it is open.
    pub outcome: String,
    /// When that was, RFC 3339.
    pub settled_at: Option<String>,
    /// The calls made for it.
    pub steps: Vec<StepEntry>,
}

/// Which entries to read. Everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only resources whose name contains this, without letter case.
    pub name: Option<String>,
    /// Only changes of these users, and the changes of groups that moved one of them in or out.
    pub people: Option<Vec<ScimId>>,
    /// Only changes of these groups.
    pub groups: Option<Vec<ScimId>>,
    /// Only outcomes that begin so.
    pub outcome: Option<String>,
    /// Only changes accepted at or after this.
    pub since: Option<Timestamp>,
    /// Only changes accepted before this.
    pub until: Option<Timestamp>,
    /// Only entries after this revision.
    pub after: i64,
    /// So many at most.
    pub limit: usize,
}

const COLUMNS: &str =
    "revision, at, request_id, resource_id, kind, name, action, answer, ifnull(outcome, 'pending'), settled_at";

fn read_entry(row: &Row<'_>) -> Result<LogEntry, StoreError> {
    Ok(LogEntry {
        revision: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?).to_rfc3339(),
        request_id: row.get(2)?,
        resource_id: row.get(3)?,
        kind: row.get(4)?,
        name: row.get(5)?,
        action: row.get(6)?,
        membership: None,
        answer: row.get(7)?,
        outcome: row.get(8)?,
        settled_at: moment(row.get(9)?).map(Timestamp::to_rfc3339),
        steps: Vec::new(),
    })
}

/// Ids as one parameter: a JSON list.
fn list(ids: &[ScimId]) -> String {
    ids.iter()
        .map(ScimId::as_str)
        .collect::<serde_json::Value>()
        .to_string()
}

/// The conditions of `query` and their parameters, in order.
fn conditions(query: &LogQuery) -> (String, Vec<Column>) {
    let mut sql = "revision > ?".to_owned();
    let mut parameters = vec![Column::Integer(query.after)];
    let mut and = |condition: &str, values: Vec<Column>| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        parameters.extend(values);
    };
    if let Some(name) = &query.name {
        let like = format!("%{}%", name.replace(['%', '_'], "_"));
        and("name LIKE ?", vec![like.into()]);
    }
    if let Some(people) = &query.people {
        let ids = Column::from(list(people));
        and(
            "revision IN (SELECT revision FROM revisions WHERE resource_id IN (SELECT value FROM json_each(?))
                 UNION SELECT revision FROM moved WHERE member_id IN (SELECT value FROM json_each(?)))",
            vec![ids.clone(), ids],
        );
    }
    if let Some(groups) = &query.groups {
        and(
            "resource_id IN (SELECT value FROM json_each(?))",
            vec![list(groups).into()],
        );
    }
    if let Some(outcome) = &query.outcome {
        and("ifnull(outcome, 'pending') LIKE ? || '%'", vec![outcome.clone().into()]);
    }
    if let Some(since) = query.since {
        and("at >= ?", vec![since.as_micros().into()]);
    }
    if let Some(until) = query.until {
        and("at < ?", vec![until.as_micros().into()]);
    }
    (sql, parameters)
}

impl Snapshot<'_> {
    /// The newest entries that `query` asks for, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        let mut entries = self.entries(query, "DESC")?;
        entries.reverse();
        Ok(entries)
    }

    /// The oldest entries that `query` asks for, oldest first: a page of a log that is read through. The next page
    /// begins after the last revision of this one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn log_page(&self, query: &LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        self.entries(query, "ASC")
    }

    fn entries(&self, query: &LogQuery, order: &str) -> Result<Vec<LogEntry>, StoreError> {
        let (conditions, mut parameters) = conditions(query);
        parameters.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
        let parameters: Vec<&dyn ToSql> = parameters.iter().map(|value| value as &dyn ToSql).collect();
        let sql = format!("SELECT {COLUMNS} FROM revisions WHERE {conditions} ORDER BY revision {order} LIMIT ?");
        let mut entries = self.all(&sql, parameters.as_slice(), read_entry)?;
        for entry in &mut entries {
            entry.steps = self.steps(&entry.resource_id, entry.revision)?;
            if let Some(people) = &query.people {
                entry.membership = self.moved(entry.revision, people)?;
            }
        }
        Ok(entries)
    }

    fn moved(&self, revision: i64, people: &[ScimId]) -> Result<Option<&'static str>, StoreError> {
        self.one(
            "SELECT added FROM moved WHERE revision = ?1 AND member_id IN (SELECT value FROM json_each(?2))",
            params![revision, list(people)],
            |row| Ok(if row.get(0)? { "added" } else { "removed" }),
        )
    }

    /// The calls that took `revision` into account and none newer of the same resource.
    fn steps(&self, resource_id: &str, revision: i64) -> Result<Vec<StepEntry>, StoreError> {
        self.all(
            "SELECT at, call, status, outcome, millis FROM steps WHERE resource_id = ?1 AND revision >= ?2
               AND revision < ifnull((SELECT min(r.revision) FROM revisions r WHERE r.resource_id = ?1 AND r.revision > ?2), 9e18)
             ORDER BY step",
            params![resource_id, revision],
            |row| {
                Ok(StepEntry {
                    at: Timestamp::from_micros(row.get(0)?).to_rfc3339(),
                    call: row.get(1)?,
                    status: row.get(2)?,
                    outcome: row.get(3)?,
                    millis: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                })
            },
        )
    }

    /// Ids of all resources of a kind, live or deleted, that have or ever had this name, without letter case; or
    /// whose id it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn ever_named(&self, kind: Kind, name: &str) -> Result<Vec<ScimId>, StoreError> {
        self.all(
            "SELECT resource_id FROM names WHERE kind = ?1 AND name_key = ?2
             UNION SELECT id FROM tombstones WHERE kind = ?1 AND name_key = ?2
             UNION SELECT resource_id FROM revisions WHERE kind = ?1 AND resource_id = ?3",
            params![kind.as_str(), fold(name), name],
            |row| Ok(ScimId::new(row.get::<_, String>(0)?)),
        )
    }
}
