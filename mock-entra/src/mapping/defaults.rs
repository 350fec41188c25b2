//! The default tables of the SCIM application template (reference §14; documented).

use super::{AttributeMapping, ENTERPRISE_USER, Source, Target};

pub(super) fn users() -> Vec<AttributeMapping> {
    let active = Source::Switch {
        source: "IsSoftDeleted",
        cases: vec![("False", "True"), ("True", "False")],
    };
    let formatted = Source::Join {
        separator: " ",
        sources: vec!["givenName", "surname"],
    };
    let mut mappings = vec![
        direct("userPrincipalName", Target::Simple("userName")),
        row(active, Target::Simple("active")),
        direct("displayName", Target::Simple("displayName")),
        direct("jobTitle", Target::Simple("title")),
        direct("mail", Target::Filtered("emails", "work", "value")),
        direct("preferredLanguage", Target::Simple("preferredLanguage")),
        direct("givenName", Target::Nested("name", "givenName")),
        direct("surname", Target::Nested("name", "familyName")),
        row(formatted, Target::Nested("name", "formatted")),
        direct(
            "physicalDeliveryOfficeName",
            Target::Filtered("addresses", "work", "formatted"),
        ),
        direct("streetAddress", Target::Filtered("addresses", "work", "streetAddress")),
        direct("city", Target::Filtered("addresses", "work", "locality")),
        direct("state", Target::Filtered("addresses", "work", "region")),
        direct("postalCode", Target::Filtered("addresses", "work", "postalCode")),
        direct("country", Target::Filtered("addresses", "work", "country")),
        direct("telephoneNumber", Target::Filtered("phoneNumbers", "work", "value")),
        direct("mobile", Target::Filtered("phoneNumbers", "mobile", "value")),
        direct(
            "facsimileTelephoneNumber",
            Target::Filtered("phoneNumbers", "fax", "value"),
        ),
        direct("mailNickname", Target::Simple("externalId")),
        direct("employeeId", Target::Extension(ENTERPRISE_USER, "employeeNumber")),
        direct("department", Target::Extension(ENTERPRISE_USER, "department")),
        row(
            Source::Reference("manager"),
            Target::Extension(ENTERPRISE_USER, "manager"),
        ),
    ];
    mappings[0].matching = Some(1);
    mappings
}

pub(super) fn groups() -> Vec<AttributeMapping> {
    let mut mappings = vec![
        direct("displayName", Target::Simple("displayName")),
        direct("objectId", Target::Simple("externalId")),
        row(Source::Reference("members"), Target::Simple("members")),
    ];
    mappings[0].matching = Some(1);
    mappings
}

fn direct(source: &'static str, target: Target) -> AttributeMapping {
    row(Source::Direct(source), target)
}

fn row(source: Source, target: Target) -> AttributeMapping {
    AttributeMapping {
        source,
        target,
        matching: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn default_tables_read_as_in_the_portal() {
        let mut table = String::new();
        for row in users().iter().chain(&groups()) {
            let matching = row.matching.map(|at| format!(" (match {at})")).unwrap_or_default();
            writeln!(table, "{} -> {}{matching}", row.source, row.target).unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
