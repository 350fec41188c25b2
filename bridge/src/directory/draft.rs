//! A resource's indexed keys, read from its document.

use scim::resource::{Resource, get};
use scim::schema::ENTERPRISE_USER;
use serde_json::Value;

use crate::id::{ScimId, fold};
use crate::store::{Kind, NewResource};

/// The row that stores `document` under `id`. `members` must not be part of it any more.
pub(super) fn to_row(id: ScimId, kind: Kind, document: Resource) -> NewResource {
    let name = match kind {
        Kind::User => text(&document, "userName"),
        Kind::Group => text(&document, "displayName"),
    }
    .unwrap_or_default();
    NewResource {
        id,
        kind,
        name_key: fold(&name),
        name,
        external_id: text(&document, "externalId"),
        work_email_key: work_email(&document).map(|value| fold(&value)),
        manager_id: manager(&document),
        // A user without `active` is active.
        active: kind == Kind::Group || get(&document, "active").and_then(Value::as_bool) != Some(false),
        document,
    }
}

fn text(document: &Resource, name: &str) -> Option<String> {
    get(document, name).and_then(Value::as_str).map(str::to_owned)
}

fn work_email(document: &Resource) -> Option<String> {
    let emails = get(document, "emails")?.as_array()?;
    emails.iter().filter_map(Value::as_object).find_map(|email| {
        let kind = get(email, "type").and_then(Value::as_str)?;
        let value = get(email, "value").and_then(Value::as_str)?;
        kind.eq_ignore_ascii_case("work").then(|| value.to_owned())
    })
}

/// The id of the manager that a user's document names.
pub(super) fn manager(document: &Resource) -> Option<String> {
    let extension = get(document, ENTERPRISE_USER)?.as_object()?;
    let manager = get(extension, "manager")?.as_object()?;
    get(manager, "value").and_then(Value::as_str).map(str::to_owned)
}

/// Takes the manager out of a user's document, and the extension with it if nothing else is in it.
pub(super) fn clear_manager(document: &mut Resource) {
    let emptied = scim::resource::get_mut(document, ENTERPRISE_USER)
        .and_then(Value::as_object_mut)
        .is_some_and(|extension| {
            scim::resource::remove(extension, "manager");
            extension.is_empty()
        });
    if emptied {
        scim::resource::remove(document, ENTERPRISE_USER);
    }
}
