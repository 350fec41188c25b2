//! The schemas of the three discovery endpoints (RFC 7643 §5 to §7, §8.7.2; RFC 9865 §4).

use super::attribute::{Attribute, Schema};

const SUPPORTED: Attribute = Attribute::boolean("supported", "Whether it is supported")
    .required()
    .read_only();

const FEATURE: &[Attribute] = &[SUPPORTED];

const BULK: &[Attribute] = &[
    SUPPORTED,
    Attribute::integer("maxOperations", "The most operations of one request")
        .required()
        .read_only(),
    Attribute::integer("maxPayloadSize", "The largest body in bytes")
        .required()
        .read_only(),
];

const FILTER: &[Attribute] = &[
    SUPPORTED,
    Attribute::integer("maxResults", "The most resources of one answer")
        .required()
        .read_only(),
];

const PAGINATION: &[Attribute] = &[
    Attribute::boolean("cursor", "Whether pages can follow one another by cursor")
        .required()
        .read_only(),
    Attribute::boolean("index", "Whether pages can be counted")
        .required()
        .read_only(),
    Attribute::string("defaultPaginationMethod", "What a query gets that asks for neither")
        .canonical(&["cursor", "index"])
        .read_only(),
    Attribute::integer("defaultPageSize", "Resources of a page when the client does not say").read_only(),
    Attribute::integer("maxPageSize", "The most resources of a page").read_only(),
    Attribute::integer("cursorTimeout", "Seconds a cursor is good for; none if it stays good").read_only(),
];

const SCHEMES: &[Attribute] = &[
    Attribute::string("type", "The kind of authentication")
        .canonical(&["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"])
        .required()
        .read_only(),
    Attribute::string("name", "The name of the scheme")
        .required()
        .read_only(),
    Attribute::string("description", "What the scheme is")
        .required()
        .read_only(),
    Attribute::reference("specUri", &["external"], "Where the scheme is specified").read_only(),
    Attribute::reference("documentationUri", &["external"], "Where its use is described").read_only(),
    Attribute::boolean("primary", "Whether this is the preferred scheme").read_only(),
];

const CONFIG_ATTRIBUTES: &[Attribute] = &[
    Attribute::reference("documentationUri", &["external"], "Help for people").read_only(),
    Attribute::complex("patch", FEATURE, "PATCH").required().read_only(),
    Attribute::complex("bulk", BULK, "Bulk operations")
        .required()
        .read_only(),
    Attribute::complex("filter", FILTER, "Filters").required().read_only(),
    Attribute::complex("changePassword", FEATURE, "Changing a password")
        .required()
        .read_only(),
    Attribute::complex("sort", FEATURE, "Sorting").required().read_only(),
    Attribute::complex("etag", FEATURE, "Versions and conditional requests")
        .required()
        .read_only(),
    // RFC 9865 §4 adds it.
    Attribute::complex("pagination", PAGINATION, "How a long list is divided").read_only(),
    Attribute::complex("authenticationSchemes", SCHEMES, "How a client proves who it is")
        .multi_valued()
        .required()
        .read_only(),
];

pub(super) static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    id: super::SERVICE_PROVIDER_CONFIG,
    name: "Service Provider Configuration",
    description: "What this service provider supports",
    attributes: CONFIG_ATTRIBUTES,
};

const EXTENSIONS: &[Attribute] = &[
    Attribute::reference("schema", &["uri"], "The URN of the extension")
        .required()
        .case_exact()
        .read_only(),
    Attribute::boolean("required", "Whether every resource must have it")
        .required()
        .read_only(),
];

const RESOURCE_TYPE_ATTRIBUTES: &[Attribute] = &[
    Attribute::string("id", "The name of the resource type, as identifier").read_only(),
    Attribute::string("name", "The name of the resource type")
        .required()
        .case_exact()
        .read_only()
        .unique_on_server(),
    Attribute::string("description", "What the resource type is").read_only(),
    Attribute::reference("endpoint", &["uri"], "The path of the endpoint, such as /Users")
        .required()
        .read_only()
        .unique_on_server(),
    Attribute::reference("schema", &["uri"], "The URN of the core schema")
        .required()
        .case_exact()
        .read_only(),
    Attribute::complex("schemaExtensions", EXTENSIONS, "The extensions of the resource type")
        .multi_valued()
        .required()
        .read_only(),
];

pub(super) static RESOURCE_TYPE: Schema = Schema {
    id: super::RESOURCE_TYPE,
    name: "ResourceType",
    description: "A kind of resource and its endpoint",
    attributes: RESOURCE_TYPE_ATTRIBUTES,
};

const NAME: Attribute = Attribute::string("name", "The attribute's name")
    .required()
    .case_exact()
    .read_only();
const TYPE: Attribute = Attribute::string("type", "The data type")
    .canonical(&[
        "string",
        "complex",
        "boolean",
        "decimal",
        "integer",
        "dateTime",
        "reference",
        "binary",
    ])
    .required()
    .read_only();
const MULTI_VALUED: Attribute = Attribute::boolean("multiValued", "Whether the value is an array")
    .required()
    .read_only();
const DESCRIPTION: Attribute = Attribute::string("description", "What the attribute is for")
    .case_exact()
    .read_only();
const REQUIRED: Attribute = Attribute::boolean("required", "Whether a resource must have it").read_only();
const CANONICAL_VALUES: Attribute = Attribute::string("canonicalValues", "Suggested values")
    .multi_valued()
    .case_exact()
    .read_only();
const CASE_EXACT: Attribute = Attribute::boolean("caseExact", "Whether letter case counts").read_only();
const MUTABILITY: Attribute = Attribute::string("mutability", "Who may write it, and when")
    .canonical(&["readOnly", "readWrite", "immutable", "writeOnly"])
    .case_exact()
    .read_only();
const RETURNED: Attribute = Attribute::string("returned", "When it is part of an answer")
    .canonical(&["always", "never", "default", "request"])
    .case_exact()
    .read_only();
const UNIQUENESS: Attribute = Attribute::string("uniqueness", "Among which resources it is unique")
    .canonical(&["none", "server", "global"])
    .case_exact()
    .read_only();
const REFERENCE_TYPES: Attribute = Attribute::string("referenceTypes", "What a reference may point at")
    .multi_valued()
    .case_exact()
    .read_only();

const SUB_ATTRIBUTES: &[Attribute] = &[
    NAME,
    TYPE,
    MULTI_VALUED,
    DESCRIPTION,
    REQUIRED,
    CANONICAL_VALUES,
    CASE_EXACT,
    MUTABILITY,
    RETURNED,
    UNIQUENESS,
    REFERENCE_TYPES,
];

const ATTRIBUTES: &[Attribute] = &[
    NAME,
    TYPE,
    MULTI_VALUED,
    DESCRIPTION,
    REQUIRED,
    CANONICAL_VALUES,
    CASE_EXACT,
    MUTABILITY,
    RETURNED,
    UNIQUENESS,
    REFERENCE_TYPES,
    Attribute::complex("subAttributes", SUB_ATTRIBUTES, "The parts of a complex attribute")
        .multi_valued()
        .read_only(),
];

const SCHEMA_ATTRIBUTES: &[Attribute] = &[
    Attribute::string("id", "The URN of the schema").required().read_only(),
    Attribute::string("name", "The name of the schema")
        .required()
        .read_only(),
    Attribute::string("description", "What the schema describes").read_only(),
    Attribute::complex("attributes", ATTRIBUTES, "The attributes the schema defines")
        .multi_valued()
        .required()
        .read_only(),
];

pub(super) static SCHEMA: Schema = Schema {
    id: super::SCHEMA,
    name: "Schema",
    description: "The attributes of a resource or of an extension",
    attributes: SCHEMA_ATTRIBUTES,
};
