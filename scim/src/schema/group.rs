//! The core `Group` schema (RFC 7643 §4.2, §8.7.1).
//!
//! Two differences from the RFC's table, announced by `/Schemas`: `displayName` is unique on the
//! server, because Entra matches groups by it (rule A11), and a member may have a `display`, which
//! the RFC's examples send and its table leaves out.

use super::attribute::{Attribute, Schema};

const MEMBERS: &[Attribute] = &[
    Attribute::string("value", "The id of the member").immutable(),
    Attribute::reference("$ref", &["User", "Group"], "The URL of the member").immutable(),
    Attribute::string("type", "Whether the member is a user or a group")
        .canonical(&["User", "Group"])
        .immutable(),
    Attribute::string("display", "The name of the member").immutable(),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("displayName", "The name of the group, unique without regard to case")
        .required()
        .unique_on_server(),
    Attribute::complex("members", MEMBERS, "The members of the group").multi_valued(),
];

pub(super) static GROUP: Schema = Schema {
    id: super::CORE_GROUP,
    name: "Group",
    description: "Group",
    attributes: ATTRIBUTES,
};
