//! A stored resource as the client sees it.

use scim::projection::Projection;
use scim::resource::Resource;
use scim::schema::{self, ResourceType};
use serde_json::{Value, json};

use super::Endpoint;
use crate::store::{Kind, Snapshot, StoreError, Stored};

/// A resource as the client sees it.
pub(super) struct Rendered {
    /// The JSON.
    pub(super) body: Value,
    /// Its URL.
    pub(super) location: String,
    /// Its weak ETag (rule A13).
    pub(super) version: String,
}

/// The schema side of a kind.
pub(super) fn type_of(kind: Kind) -> &'static ResourceType {
    match kind {
        Kind::User => schema::user(),
        Kind::Group => schema::group(),
    }
}

impl Endpoint {
    /// The URL of a resource (rule A6: never from the request).
    pub(super) fn location(&self, kind: Kind, id: &str) -> String {
        format!("{}{}/{id}", self.options().public_url, type_of(kind).endpoint)
    }

    /// What a client asked to see of `stored`: with `id`, `meta`, and what is derived.
    pub(super) fn render(
        &self,
        store: &Snapshot<'_>,
        stored: &Stored,
        projection: &Projection,
    ) -> Result<Rendered, StoreError> {
        let whole = self.whole(store, stored, projection)?;
        let shown = if projection.is_everything() {
            whole
        } else {
            projection.apply(type_of(stored.kind), &whole)
        };
        Ok(Rendered {
            body: Value::Object(shown),
            location: self.location(stored.kind, stored.id.as_str()),
            version: stored.etag(),
        })
    }

    /// The resource before projection, as filters see it; `groups` and `members` only if `needed`.
    pub(super) fn whole(
        &self,
        store: &Snapshot<'_>,
        stored: &Stored,
        needed: &Projection,
    ) -> Result<Resource, StoreError> {
        let mut whole = Resource::new();
        let mut document = stored.document.clone();
        if let Some(schemas) = document.shift_remove("schemas") {
            whole.insert("schemas".to_owned(), schemas);
        }
        whole.insert("id".to_owned(), json!(stored.id.as_str()));
        whole.extend(document);
        match stored.kind {
            Kind::User if needed.wants("groups") => {
                let groups = store.groups_of(stored.pk)?;
                if !groups.is_empty() {
                    let items = groups.iter().map(|(id, name)| {
                        json!({ "value": id.as_str(), "$ref": self.location(Kind::Group, id.as_str()), "display": name, "type": "direct" })
                    });
                    whole.insert("groups".to_owned(), items.collect());
                }
            }
            Kind::Group if needed.wants("members") => {
                let members = store.members(stored.pk)?;
                let items = members.iter().map(|member| {
                    let mut item = json!({ "value": member.id.as_str(), "$ref": self.location(member.kind, member.id.as_str()), "type": member.kind.as_str() });
                    if let Some(display) = &member.display {
                        item["display"] = json!(display);
                    }
                    item
                });
                whole.insert("members".to_owned(), items.collect());
            }
            Kind::User | Kind::Group => {}
        }
        whole.insert(
            "meta".to_owned(),
            json!({
                "resourceType": stored.kind.as_str(),
                "created": stored.created_at.to_rfc3339(),
                "lastModified": stored.changed_at.to_rfc3339(),
                "location": self.location(stored.kind, stored.id.as_str()),
                "version": stored.etag(),
            }),
        );
        Ok(whole)
    }
}
