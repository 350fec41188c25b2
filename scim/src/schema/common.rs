//! The attributes every resource has without any schema listing them (RFC 7643 §3.1).

use super::attribute::Attribute;

const META: &[Attribute] = &[
    Attribute::string("resourceType", "The name of the resource type")
        .case_exact()
        .read_only(),
    Attribute::date_time("created", "When the resource was created").read_only(),
    Attribute::date_time("lastModified", "When the resource last changed").read_only(),
    Attribute::reference("location", &["uri"], "The URL of the resource")
        .case_exact()
        .read_only(),
    Attribute::string("version", "The version of the resource, as in its ETag")
        .case_exact()
        .read_only(),
];

static COMMON: [Attribute; 4] = [
    Attribute::reference("schemas", &["uri"], "The URNs of the schemas the resource uses")
        .multi_valued()
        .required()
        .case_exact()
        .read_only()
        .always_returned(),
    Attribute::string("id", "The service provider's identifier of the resource")
        .case_exact()
        .read_only()
        .always_returned()
        .unique_on_server(),
    Attribute::string("externalId", "The client's identifier of the resource").case_exact(),
    Attribute::complex(
        "meta",
        META,
        "What the service provider knows about the resource itself",
    )
    .read_only(),
];

/// `schemas`, `id`, `externalId` and `meta`: part of every resource, never listed by `/Schemas`.
///
/// `schemas` counts as readOnly here: it follows from what the resource holds, so a client's list
/// of a PATCH is not taken.
pub fn common_attributes() -> &'static [Attribute] {
    &COMMON
}
