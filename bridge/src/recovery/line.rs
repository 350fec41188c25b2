//! One line of the id map, and what the map says of the store. Pure.

use serde::{Deserialize, Serialize};

use crate::store::IdPair;

/// How new the store was when a line was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which life of the store.
    pub epoch: String,
    /// Its newest revision.
    pub revision: i64,
}

/// One line: a pair of ids with the mark of that moment, or the mark alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapLine {
    /// Which life of the store wrote it.
    pub epoch: String,
    /// The store's newest revision then.
    pub revision: i64,
    /// `User` or `Group`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// The SCIM id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The id at the target.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upstream_id: Option<String>,
}

impl MapLine {
    /// A line of `mark`, with `pair` if there is one.
    pub fn new(mark: &Mark, pair: Option<&IdPair>) -> Self {
        Self {
            epoch: mark.epoch.clone(),
            revision: mark.revision,
            kind: pair.map(|pair| pair.kind.clone()),
            id: pair.map(|pair| pair.id.clone()),
            upstream_id: pair.map(|pair| pair.upstream_id.clone()),
        }
    }

    /// Reads a line; `None` for one that was cut off or is something else.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// The pair it holds, if it holds one.
    pub fn pair(&self) -> Option<IdPair> {
        Some(IdPair {
            id: self.id.clone()?,
            kind: self.kind.clone()?,
            upstream_id: self.upstream_id.clone()?,
        })
    }

    /// The mark it holds.
    pub fn mark(&self) -> Mark {
        Mark {
            epoch: self.epoch.clone(),
            revision: self.revision,
        }
    }
}

/// Whether a store that stands at `store` is older than, or another than, the one that wrote a map up to `map`.
/// A store without an epoch never had a map.
pub(super) fn is_behind(store: Option<&Mark>, map: Option<&Mark>) -> bool {
    match (store, map) {
        (_, None) => false,
        (None, Some(map)) => map.revision > 0,
        (Some(store), Some(map)) => store.epoch != map.epoch || store.revision < map.revision,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(epoch: &str, revision: i64) -> Mark {
        Mark {
            epoch: epoch.to_owned(),
            revision,
        }
    }

    #[test]
    fn a_store_is_behind_when_its_map_has_seen_more_or_another() {
        let (old, new, other) = (mark("a", 7), mark("a", 9), mark("b", 99));
        for (store, map, behind) in [
            (Some(&new), Some(&old), false),
            (Some(&new), Some(&new), false),
            (Some(&old), Some(&new), true),
            (Some(&other), Some(&old), true),
            (None, Some(&old), true),
            (None, None, false),
            (Some(&old), None, false),
        ] {
            assert_eq!(is_behind(store, map), behind, "{store:?} {map:?}");
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written_and_a_cut_one_is_none() {
        let pair = IdPair {
            id: "1f0c".to_owned(),
            kind: "User".to_owned(),
            upstream_id: "17".to_owned(),
        };
        for pair in [Some(&pair), None] {
            let line = MapLine::new(&mark("a", 7), pair);
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(MapLine::parse(&text).as_ref(), Some(&line));
            assert_eq!((line.pair().as_ref(), line.mark()), (pair, mark("a", 7)));
            assert_eq!(MapLine::parse(&text[..text.len() - 1]), None);
        }
    }
}
