//! What a stored resource asks of Databricks: the few attributes that it can hold.

use serde_json::{Map, Value};

use crate::id::fold;
use crate::store::{Field, Stored};

/// `externalId` is limited upstream; a longer one is not owned there.
const LONGEST_EXTERNAL_ID: usize = 64;

/// A user as Databricks is to hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedUser {
    /// `userName` as the client wrote it.
    pub user_name: String,
    /// The same, folded: as Databricks stores it.
    pub name_key: String,
    /// The client's own id.
    pub external_id: Option<String>,
    /// Whether the account may be used.
    pub active: bool,
    /// Fields that have a value; an attribute without one is not owned upstream.
    pub fields: Vec<(Field, String)>,
    /// Those of them that only a create carries: they cannot be changed at this level (rule E1).
    pub unowned: Vec<Field>,
}

/// A group as Databricks is to hold it, without its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedGroup {
    /// `displayName`.
    pub display_name: String,
    /// The same, folded.
    pub name_key: String,
    /// The client's own id.
    pub external_id: Option<String>,
}

impl WantedUser {
    /// What `stored` asks for.
    pub fn of(stored: &Stored) -> Self {
        let document = &stored.document;
        let name = document.get("name").and_then(Value::as_object);
        let part = |key: &str| name.and_then(|name| text(name, key));
        let external_id = stored.external_id.clone();
        let fields = [
            (Field::DisplayName, text(document, "displayName")),
            (Field::GivenName, part("givenName")),
            (Field::FamilyName, part("familyName")),
            (
                Field::ExternalId,
                external_id
                    .clone()
                    .filter(|id| id.chars().count() <= LONGEST_EXTERNAL_ID),
            ),
        ];
        Self {
            user_name: stored.name.clone(),
            name_key: fold(&stored.name),
            external_id,
            active: stored.active,
            fields: fields
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?)))
                .collect(),
            unowned: Vec::new(),
        }
    }

    /// The same where some fields cannot be changed.
    #[must_use]
    pub fn but_for(self, cannot_change: impl Fn(&Field) -> bool) -> Self {
        let fields = self.fields.iter().map(|(field, _)| *field);
        Self {
            unowned: fields.filter(cannot_change).collect(),
            ..self
        }
    }
}

impl WantedGroup {
    /// What `stored` asks for.
    pub fn of(stored: &Stored) -> Self {
        Self {
            display_name: stored.name.clone(),
            name_key: fold(&stored.name),
            external_id: stored.external_id.clone(),
        }
    }
}

fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    map.get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
