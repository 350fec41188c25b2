//! DIS-13 to 15: what the core schemas say about their attributes.

use serde_json::Value;

use super::{find, schemas};
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::exchange::Exchange;
use crate::json::{self, GROUP, USER};
use crate::source::rfc7643;
use crate::target::Target;
use crate::verdict::{Findings, Step, Stop, shown};

/// Attributes of a user as RFC 7643 §8.7.1 has them: name, type, `*` for several values,
/// mutability and return rule where they are not readWrite and default. A dot leads below.
const USER_ATTRIBUTES: &str = "\
userName string
name complex
name.formatted string
name.familyName string
name.givenName string
name.middleName string
name.honorificPrefix string
name.honorificSuffix string
displayName string
nickName string
profileUrl reference
title string
userType string
preferredLanguage string
locale string
timezone string
active boolean
password string writeOnly never
emails complex *
emails.value string
emails.display string
emails.type string
emails.primary boolean
phoneNumbers complex *
phoneNumbers.value string
phoneNumbers.display string
phoneNumbers.type string
phoneNumbers.primary boolean
ims complex *
ims.value string
ims.display string
ims.type string
ims.primary boolean
photos complex *
photos.value reference
photos.display string
photos.type string
photos.primary boolean
addresses complex *
addresses.formatted string
addresses.streetAddress string
addresses.locality string
addresses.region string
addresses.postalCode string
addresses.country string
addresses.type string
groups complex * readOnly
groups.value string readOnly
groups.$ref reference readOnly
groups.display string readOnly
groups.type string readOnly
entitlements complex *
entitlements.value string
entitlements.display string
entitlements.type string
entitlements.primary boolean
roles complex *
roles.value string
roles.display string
roles.type string
roles.primary boolean
x509Certificates complex *
x509Certificates.value binary
x509Certificates.display string
x509Certificates.type string
x509Certificates.primary boolean
";

/// Attributes of a group, likewise.
const GROUP_ATTRIBUTES: &str = "\
displayName string
members complex *
members.value string immutable
members.$ref reference immutable
members.type string immutable
";

/// A server may leave attributes out; `userName`, and a group's `displayName`, it may not.
pub(super) const AS_THE_RFC_HAS_THEM: Check = Check {
    id: "DIS-13",
    title: "Core schemas give their attributes the type, multiplicity, mutability and return rule of RFC 7643 §8.7",
    level: Level::Must,
    sources: &[rfc7643("7"), rfc7643("8.7.1")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "take the characteristics of core attributes from RFC 7643 §8.7.1; leave out what is not supported",
    run: |target| Box::pin(as_the_rfc_has_them(target)),
};

async fn as_the_rfc_has_them(target: &Target) -> Outcome {
    let (exchange, schemas) = schemas(target).await?;
    let mut all = Findings::default();
    for (urn, table, needed) in [
        (USER, USER_ATTRIBUTES, "userName"),
        (GROUP, GROUP_ATTRIBUTES, "displayName"),
    ] {
        let Some(schema) = find(&schemas, "id", urn) else {
            if urn == USER || target.discovered().groups {
                all.add(&exchange, "a core schema is not listed", urn, "other schemas");
            }
            continue;
        };
        for line in table.lines() {
            compare(&mut all, &exchange, schema, line, needed);
        }
    }
    all.end()
}

fn compare(all: &mut Findings, exchange: &Exchange, schema: &Value, line: &str, needed: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let [path, kind, flags @ ..] = words.as_slice() else {
        return;
    };
    let Some(found) = definition(schema, path) else {
        if *path == needed {
            all.add(exchange, "the schema lacks an attribute", *path, "nothing");
        }
        return;
    };
    let given = |wanted: &[&'static str], otherwise| {
        wanted
            .iter()
            .copied()
            .find(|it| flags.contains(it))
            .unwrap_or(otherwise)
    };
    let wanted = format!(
        "type {kind}, multiValued {}, mutability {}, returned {}",
        flags.contains(&"*"),
        given(&["readOnly", "immutable", "writeOnly"], "readWrite"),
        given(&["never"], "default"),
    );
    // The defaults of RFC 7643 §7 stand for what is left out.
    let text = |name: &str, otherwise: &'static str| json::text(found, &[name]).unwrap_or(otherwise).to_owned();
    let is_multi = json::get(found, &["multiValued"])
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let announced = format!(
        "type {}, multiValued {is_multi}, mutability {}, returned {}",
        text("type", "string"),
        text("mutability", "readWrite"),
        text("returned", "default"),
    );
    if !announced.eq_ignore_ascii_case(&wanted) {
        all.add(
            exchange,
            format!("{path} is announced with other characteristics"),
            wanted,
            announced,
        );
    }
}

/// The definition of an attribute or, behind a dot, of a sub-attribute.
fn definition<'v>(schema: &'v Value, path: &str) -> Option<&'v Value> {
    let (name, sub) = path
        .split_once('.')
        .map_or((path, None), |(name, sub)| (name, Some(sub)));
    let attribute = find(json::elements(schema, "attributes"), "name", name)?;
    match sub {
        Some(sub) => find(json::elements(attribute, "subAttributes"), "name", sub),
        None => Some(attribute),
    }
}

/// Entra reads the type to decide whether to send "True" or true.
pub(super) const BOOLEANS: Check = Check {
    id: "DIS-14",
    title: "`active` and every `primary` are announced as boolean",
    level: Level::Must,
    sources: &[rfc7643("4.1.1"), rfc7643("8.7.1")],
    section: Section::Discovery,
    needs: &[],
    also_in: &[],
    hint: "announce `active` and `primary` with the type boolean, and return JSON booleans",
    run: |target| Box::pin(booleans(target)),
};

async fn booleans(target: &Target) -> Outcome {
    let (exchange, schemas) = schemas(target).await?;
    let user = core(&exchange, &schemas, USER)?;
    let mut all = Findings::default();
    let mut check = |name: String, attribute: Option<&Value>| {
        let kind = attribute.and_then(|attribute| json::get(attribute, &["type"]));
        if kind.and_then(Value::as_str) != Some("boolean") {
            all.add(
                &exchange,
                format!("{name} is not announced as boolean"),
                "boolean",
                shown(kind),
            );
        }
    };
    check("active".to_owned(), definition(user, "active"));
    for attribute in json::elements(user, "attributes") {
        if let Some(primary) = find(json::elements(attribute, "subAttributes"), "name", "primary") {
            let name = json::text(attribute, &["name"]).unwrap_or_default();
            check(format!("{name}.primary"), Some(primary));
        }
    }
    all.end()
}

/// What a member is made of.
pub(super) const MEMBERS: Check = Check {
    id: "DIS-15",
    title: "members announces value, $ref, display and type, with $ref a reference to User and Group",
    level: Level::Should,
    sources: &[rfc7643("4.2"), rfc7643("8.7.1")],
    section: Section::Discovery,
    needs: &[Needs::Groups],
    also_in: &[],
    hint: "announce the four sub-attributes of members, $ref with referenceTypes User and Group",
    run: |target| Box::pin(members(target)),
};

async fn members(target: &Target) -> Outcome {
    let (exchange, schemas) = schemas(target).await?;
    let group = core(&exchange, &schemas, GROUP)?;
    let mut all = Findings::default();
    for name in ["value", "$ref", "display", "type"] {
        if definition(group, &format!("members.{name}")).is_none() {
            all.add(&exchange, format!("members.{name} is not announced"), name, "nothing");
        }
    }
    if let Some(reference) = definition(group, "members.$ref") {
        let types: Vec<&str> = json::elements(reference, "referenceTypes")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let is_reference = json::text(reference, &["type"]) == Some("reference");
        if !is_reference || !["User", "Group"].iter().all(|kind| types.contains(kind)) {
            all.add(
                &exchange,
                "members.$ref is announced as something else",
                "a reference to User and Group",
                shown(Some(reference)),
            );
        }
    }
    all.end()
}

fn core<'v>(exchange: &Exchange, schemas: &'v [Value], urn: &str) -> Result<&'v Value, Stop> {
    find(schemas, "id", urn)
        .ok_or_else(|| Stop::differs(exchange, "a core schema is not listed", urn, "other schemas"))
        .blocked_by("DIS-10")
}
