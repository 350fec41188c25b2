//! What tells users from service principals on the wire: the attribute that names them, and the words of the refusals.

use crate::errors::ScimError;
use crate::state::{Kind, Level, Listing};
use crate::switches::{Switch, Switches};

impl Kind {
    /// The attribute that names a principal once and for ever.
    pub(super) fn name_attribute(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::ServicePrincipal => "applicationId",
        }
    }

    /// The same, as filters are read.
    pub(super) fn indexed(self) -> &'static str {
        match self {
            Self::User => "username",
            Self::ServicePrincipal => "applicationid",
        }
    }

    /// The list it is in.
    pub(super) fn listing(self) -> Listing {
        match self {
            Self::User => Listing::Users,
            Self::ServicePrincipal => Listing::ServicePrincipals,
        }
    }

    /// The segment of its paths.
    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::ServicePrincipal => "ServicePrincipals",
        }
    }

    /// Top-level attributes of the model; `groups`, `id` and `meta` are read-only and may be echoed [fixture].
    pub(super) fn model(self) -> &'static [&'static str] {
        match self {
            Self::User => &[
                "schemas",
                "id",
                "userName",
                "displayName",
                "name",
                "emails",
                "active",
                "externalId",
                "entitlements",
                "roles",
                "groups",
                "meta",
            ],
            Self::ServicePrincipal => &[
                "schemas",
                "id",
                "applicationId",
                "displayName",
                "active",
                "externalId",
                "entitlements",
                "roles",
                "groups",
                "meta",
            ],
        }
    }

    /// Lower-cased attributes a filter may name [documented and fixture; two of them are switches].
    pub(super) fn filterable(self, switches: &Switches) -> Vec<&'static str> {
        let mut known = vec![self.indexed(), "displayname", "active", "id"];
        if switches.is(Switch::ExternalIdFilter, "supported") {
            known.push("externalid");
        }
        if self == Self::User && switches.is(Switch::EmailsValueFilter, "supported") {
            known.push("emails.value");
        }
        known
    }

    /// Whether a PUT must repeat the name [documented for users; fixture TF 1319 for service principals on Azure].
    pub(super) fn put_needs_name(self, switches: &Switches) -> bool {
        self == Self::User || switches.is(Switch::PutApplicationId, "required")
    }

    /// 404 [fixture for groups, inferred for principals].
    pub(super) fn not_found(self, id: &str) -> ScimError {
        match self {
            Self::User => ScimError::not_found("User", id),
            Self::ServicePrincipal => ScimError::not_found("Service principal", id),
        }
    }

    /// 409: the texts differ between the levels, and the account takes a service principal for a user [fixture TF].
    pub(super) fn exists(self, level: Level, name: &str, scim_type: Option<&str>) -> ScimError {
        let detail = match (level, self) {
            (Level::Workspace, Self::User) => format!("User with username {name} already exists."),
            (Level::Workspace, Self::ServicePrincipal) => {
                format!("Service principal with application ID {name} already exists.")
            }
            (Level::Account, Self::User) => format!(
                "User with email {name} already exists in this account. Note: emails are case insensitive \
                 (i.e abc@domain.com and ABC@DOMAIN.COM are considered equivalent)"
            ),
            (Level::Account, Self::ServicePrincipal) => {
                format!("User with email {name} already exists in this account")
            }
        };
        ScimError::conflict(detail, scim_type)
    }
}
