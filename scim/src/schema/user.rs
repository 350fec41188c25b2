//! The core `User` schema (RFC 7643 §4.1, §8.7.1, with the RFC's verified errata).

use super::attribute::{Attribute, Schema};

const PRIMARY: Attribute = Attribute::boolean("primary", "Whether this is the preferred one; true for at most one");
const DISPLAY: Attribute = Attribute::string("display", "A name to show; not for matching");

const NAME: &[Attribute] = &[
    Attribute::string("formatted", "The whole name, ready to be shown"),
    Attribute::string("familyName", "The family name, or last name"),
    Attribute::string("givenName", "The given name, or first name"),
    Attribute::string("middleName", "The middle names"),
    Attribute::string("honorificPrefix", "The title before the name, such as Dr."),
    Attribute::string("honorificSuffix", "The suffix after the name, such as III"),
];

const EMAILS: &[Attribute] = &[
    Attribute::string("value", "The e-mail address"),
    DISPLAY,
    Attribute::string("type", "What the address is for").canonical(&["work", "home", "other"]),
    PRIMARY,
];

const PHONE_NUMBERS: &[Attribute] = &[
    Attribute::string("value", "The phone number"),
    DISPLAY,
    Attribute::string("type", "What the number is for").canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IMS: &[Attribute] = &[
    Attribute::string("value", "The address for instant messages"),
    DISPLAY,
    Attribute::string("type", "The messaging service")
        .canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTOS: &[Attribute] = &[
    Attribute::reference("value", &["external"], "The URL of the picture").case_exact(),
    DISPLAY,
    Attribute::string("type", "The kind of picture").canonical(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESSES: &[Attribute] = &[
    Attribute::string("formatted", "The whole address, ready to be printed"),
    Attribute::string("streetAddress", "Street, house number, post office box"),
    Attribute::string("locality", "The city"),
    Attribute::string("region", "The state or region"),
    Attribute::string("postalCode", "The postal code"),
    Attribute::string("country", "The country, as ISO 3166-1 alpha-2 code"),
    Attribute::string("type", "What the address is for").canonical(&["work", "home", "other"]),
    PRIMARY,
];

const GROUPS: &[Attribute] = &[
    Attribute::string("value", "The id of the group").read_only(),
    Attribute::reference("$ref", &["User", "Group"], "The URL of the group").read_only(),
    Attribute::string("display", "The name of the group").read_only(),
    Attribute::string("type", "Whether the user is a member directly or through another group")
        .canonical(&["direct", "indirect"])
        .read_only(),
];

const ENTITLEMENTS: &[Attribute] = &[
    Attribute::string("value", "The entitlement"),
    DISPLAY,
    Attribute::string("type", "The kind of entitlement"),
    PRIMARY,
];

const ROLES: &[Attribute] = &[
    Attribute::string("value", "The role"),
    DISPLAY,
    Attribute::string("type", "The kind of role"),
    PRIMARY,
];

const CERTIFICATES: &[Attribute] = &[
    Attribute::binary("value", "The certificate, DER in base64"),
    DISPLAY,
    Attribute::string("type", "What the certificate is for"),
    PRIMARY,
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::string(
        "userName",
        "The name the user signs in with, unique without regard to case",
    )
    .required()
    .unique_on_server(),
    Attribute::complex("name", NAME, "The parts of the user's name"),
    Attribute::string("displayName", "The name to show for the user"),
    Attribute::string("nickName", "What the user likes to be called"),
    Attribute::reference("profileUrl", &["external"], "The URL of the user's profile page"),
    Attribute::string("title", "The job title, such as Vice President"),
    Attribute::string("userType", "The relation to the organization, such as Contractor"),
    Attribute::string("preferredLanguage", "The language the user prefers, such as en-US"),
    Attribute::string("locale", "The locale for numbers, dates and currency, such as en-US"),
    Attribute::string("timezone", "The time zone, such as Europe/Vienna"),
    Attribute::boolean("active", "Whether the user may sign in"),
    Attribute::string("password", "Accepted and discarded").secret(),
    Attribute::complex("emails", EMAILS, "E-mail addresses").multi_valued(),
    Attribute::complex("phoneNumbers", PHONE_NUMBERS, "Phone numbers").multi_valued(),
    Attribute::complex("ims", IMS, "Addresses for instant messages").multi_valued(),
    Attribute::complex("photos", PHOTOS, "Pictures of the user").multi_valued(),
    Attribute::complex("addresses", ADDRESSES, "Postal addresses").multi_valued(),
    Attribute::complex(
        "groups",
        GROUPS,
        "The groups the user belongs to; changed at the groups",
    )
    .multi_valued()
    .read_only(),
    Attribute::complex("entitlements", ENTITLEMENTS, "What the user may use").multi_valued(),
    Attribute::complex("roles", ROLES, "The user's roles").multi_valued(),
    Attribute::complex("x509Certificates", CERTIFICATES, "The user's certificates").multi_valued(),
];

pub(super) static USER: Schema = Schema {
    id: super::CORE_USER,
    name: "User",
    description: "User Account",
    attributes: ATTRIBUTES,
};
