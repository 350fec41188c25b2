//! The two resource types served: `User` and `Group` (RFC 7643 §6).

use super::attribute::Schema;

/// A kind of resource: its endpoint, its core schema and its extensions.
#[derive(Debug)]
pub struct ResourceType {
    /// The name, as in `meta.resourceType`.
    pub name: &'static str,
    /// The path of the endpoint below the base URL, for example `/Users`.
    pub endpoint: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// The core schema.
    pub schema: &'static Schema,
    /// The known extensions. Others are stored as sent.
    pub extensions: &'static [&'static Schema],
}

static USER: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "User Account",
    schema: &super::user::USER,
    extensions: &[&super::enterprise::ENTERPRISE],
};

static GROUP: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Group",
    schema: &super::group::GROUP,
    extensions: &[],
};

/// The resource type `User`, with the enterprise extension.
pub fn user() -> &'static ResourceType {
    &USER
}

/// The resource type `Group`.
pub fn group() -> &'static ResourceType {
    &GROUP
}

/// Every resource type `/ResourceTypes` lists.
pub fn resource_types() -> &'static [&'static ResourceType] {
    static ALL: [&ResourceType; 2] = [&USER, &GROUP];
    &ALL
}
