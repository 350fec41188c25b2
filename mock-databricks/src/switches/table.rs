//! The list of switches: name, choices with the default first, evidence, meaning.

use std::ops::RangeInclusive;

/// What values a switch takes; the first word or number is the default.
#[derive(Debug)]
pub(crate) enum Domain {
    Words(&'static [&'static str]),
    YesNo(bool),
    Numbers(&'static [u64]),
    /// Range and default.
    Range(RangeInclusive<u64>, u64),
}

/// One uncertain behaviour.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) domain: Domain,
    pub(crate) evidence: &'static str,
    pub(crate) about: &'static str,
}

macro_rules! switches {
    ($($switch:ident, $name:literal, $domain:expr, $evidence:literal, $about:literal;)*) => {
        /// The name of a switch inside the program.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Switch { $($switch),* }

        /// All switches, in the order of [`Switch`].
        pub(crate) static SPECS: &[Spec] = &[
            $(Spec {
                name: $name,
                domain: $domain,
                evidence: $evidence,
                about: $about,
            }),*
        ];
    };
}

use Domain::{Numbers, Range, Words, YesNo};

switches! {
    RemoveMembersWithValue, "remove_members_with_value", Words(&["wipe", "reject", "named"]),
        "conflict: both recorded by users, the third would be the RFC reading of newer parsers",
        "PATCH remove with path members and a value list: empties the whole group, answers 400, or removes those named";
    CapitalisedOps, "capitalised_ops", Words(&["accept", "reject"]),
        "conflict: one parser lower-cases, the other accepts them since version 2.4.0",
        "op spelled Add, Replace, Remove";
    CreateStatus, "create_status", Numbers(&[201, 200]),
        "conflict: the account example shows 201, an older table lists 200",
        "status of a successful POST";
    PutAnswer, "put_answer", Words(&["resource", "empty-object", "empty", "no-content"]),
        "conflict: documentation and provider fixtures differ",
        "a successful PUT: 200 with the resource, 200 with {}, 200 without a body, or 204";
    PatchAnswer, "patch_answer", Words(&["resource", "empty-object", "empty", "no-content"]),
        "conflict: documentation and provider fixtures differ",
        "a successful PATCH: 200 with the resource, 200 with {}, 200 without a body, or 204";
    ConflictScimType, "conflict_scim_type", YesNo(false),
        "inferred: clients match the 409 text from its first character",
        "scimType uniqueness in 409 bodies";
    EmptyResources, "empty_resources", Words(&["absent", "present"]),
        "fixture: readers treat absent as empty",
        "the key Resources of a page without resources";
    PageCap, "page_cap", Range(1..=1_000_000, 100),
        "conflict: parameter tables say 100, the text beside them 10000",
        "most resources on one page; a larger count is cut silently";
    CountZero, "count_zero", Words(&["no-resources", "ignored"]),
        "inferred: RFC 7644 3.4.2.4, unverified",
        "count=0: totals only, or as if absent";
    UserExternalId, "user_external_id", Words(&["stored", "dropped"]),
        "conflict: one page says unsupported, the provider writes and reads it",
        "externalId of users";
    PlusInQuery, "plus_in_query", Words(&["blank", "literal"]),
        "conflict: the vendor's Python and Go SDKs write blanks of a filter as +, a thread reports a 400 for a + left in it",
        "a + in a query string";
    ExternalIdFilter, "external_id_filter", Words(&["supported", "refused"]),
        "inferred: never seen in use",
        "externalId in filters";
    EmailsValueFilter, "emails_value_filter", Words(&["supported", "refused"]),
        "inferred: never seen in use",
        "emails.value in filters of users";
    UserNameFilterCase, "user_name_filter_case", Words(&["insensitive", "sensitive"]),
        "inferred from lower-casing and the duplicate rule",
        "letter case in filters on userName";
    DisplayNameFilterCase, "display_name_filter_case", Words(&["insensitive", "sensitive"]),
        "inferred: the rule is unknown",
        "letter case in filters on displayName";
    GroupNameUnique, "group_name_unique", Words(&["ignoring-case", "exact"]),
        "inferred: only exact duplicates are recorded",
        "whether two groups may differ in letter case alone";
    AddPresentMember, "add_present_member", Words(&["success", "400", "404"]),
        "inferred: the provider relies on it being harmless",
        "adding a member that is there";
    RemoveAbsentMember, "remove_absent_member", Words(&["success", "400", "404"]),
        "inferred: the provider relies on it being harmless",
        "removing a member that is not there";
    UnknownMember, "unknown_member", Words(&["ignore", "refuse"]),
        "inferred: recorded for UUIDs only, which are always ignored",
        "a numeric member id that names nothing";
    UnknownPatchPath, "unknown_patch_path", Words(&["refuse", "ignore"]),
        "inferred",
        "a PATCH path outside the model: 400 invalidPath, or nothing happens";
    PathlessUnknownKeys, "pathless_unknown_keys", Words(&["drop", "refuse"]),
        "inferred: dotted keys inside a value without path are unrecorded",
        "keys outside the model, dotted ones included, in a PATCH value without path";
    UnknownAttributes, "unknown_attributes", Words(&["drop", "refuse"]),
        "inferred",
        "attributes outside the model in POST and PUT bodies";
    UnknownEntitlement, "unknown_entitlement", Words(&["refuse", "accept"]),
        "inferred",
        "entitlement values outside the documented five";
    ActiveString, "active_string", Words(&["accept", "cast-error"]),
        "conflict: passes in live tests at workspace level, a recorded 500 for account users",
        "PATCH active with the plain string \"false\"";
    ActiveBoolean, "active_boolean", Words(&["accept", "ignore"]),
        "inferred: the RFC form, without a record of success or failure",
        "PATCH active with a JSON boolean";
    FederatedNames, "federated_names", Words(&["writable", "ignored"]),
        "documented for identity-federated workspaces, where the change is dropped; identity_federation includes it",
        "changes of displayName and name of principals through the workspace";
    DerivedName, "derived_name", Words(&["absent", "from-display-name"]),
        "conflict: the account example derives it, workspace examples do not",
        "name of a user created with a displayName alone";
    WorkspaceExtension, "workspace_extension", YesNo(false),
        "documented as possible",
        "the workspace extension URN in schemas of users";
    ReservedGroupDelete, "reserved_group_delete", Numbers(&[400, 403]),
        "inferred: refused, status unknown",
        "DELETE and rename of admins and users";
    UsersGroupRemoval, "users_group_removal", Words(&["refuse", "ignore"]),
        "documented that nobody can be removed, answer inferred",
        "removing somebody from the group users";
    NonAdminReads, "non_admin_reads", Words(&["names-only", "refused"]),
        "conflict: ids and names are documented, an older record refuses",
        "reads by somebody who is not a workspace admin";
    RecreatedId, "recreated_id", Words(&["new", "same"]),
        "inferred",
        "id of a user created again after a deletion";
    WithoutV2, "without_v2", Words(&["served", "not-found"]),
        "conflict: the gallery's tenant URL has no /v2, nothing else uses it",
        "/api/2.0/preview/scim/Users and so on";
    UnknownEndpointStatus, "unknown_endpoint_status", Numbers(&[404, 405]),
        "inferred: the message is recorded, the status is not",
        "unknown paths, discovery endpoints, ids that are no numbers";
    ScimContentType, "scim_content_type", Words(&["application/scim+json; charset=utf-8", "application/json; charset=utf-8", "application/json"]),
        "conflict: both seen, clients parse by content",
        "Content-Type of API answers";
    MostUsers, "most_users", Range(0..=100_000_000, 10_000),
        "documented, for the account and for each workspace",
        "most users and service principals together; 0: no limit. --limits off lifts this and the other sizes, /seed may exceed them";
    MostGroups, "most_groups", Range(0..=100_000_000, 5_000),
        "documented, for the account and for each workspace",
        "most groups; 0: no limit";
    LongestDisplayName, "longest_display_name", Range(0..=1_000_000, 255),
        "documented",
        "most characters of a displayName; 0: no limit";
    LongestExternalId, "longest_external_id", Range(0..=1_000_000, 64),
        "documented",
        "most characters of an externalId; 0: no limit";
    MostMembersPerRequest, "most_members_per_request", Range(0..=1_000_000, 0),
        "inferred: unknown, vendors keep to a hundred",
        "most members named in one request; 0: no limit";
    AccountConcurrency, "account_concurrency", Range(1..=1_000, 4),
        "inferred from the cap of a workspace",
        "calls of the account at once; the workspace's four are fixed";
    ThrottleAnswer, "throttle_answer", Words(&["429-retry-after", "429", "500", "mixed"]),
        "fixture for 429 with and without the header, recorded for the disguised 500",
        "what a call over the rate gets; mixed: one of the three by chance";
    RateModel, "rate_model", Words(&["token-bucket", "sliding-window"]),
        "inferred: a recorded text speaks of a token bucket",
        "how the published rates are counted";
    AbandonedRequests, "abandoned_requests", Words(&["hold", "release"]),
        "inferred",
        "whether a held request keeps its slot after the client hung up";
    StaleReads, "stale_reads", Words(&["off", "first-read", "flipping"]),
        "fixture: a migration tool sees groups appear, vanish and appear; inferred for the first read from the vendor's fake server; live tests read their writes",
        "first-read: the first GET by id after a write shows the old state; flipping: for a minute each read and list may";
    StalePercent, "stale_percent", Range(0..=100, 50),
        "inferred",
        "of a hundred reads in the minute after a write, how many show the old state while stale_reads is flipping";
    LatencyMs, "latency_ms", Range(0..=600_000, 0),
        "inferred: tens to hundreds of milliseconds are usual; 0 keeps tests quick",
        "how long every admitted request holds its slot";
    IdentityFederation, "identity_federation", Words(&["off", "on"]),
        "documented: both kinds of workspace exist",
        "on: account groups and permission assignments reach the workspace; names, members and groups of the account do not change through it";
    AutomaticIdentityManagement, "automatic_identity_management", Words(&["off", "on"]),
        "issue: unused identities are invisible to lists; account groups with an external id take no change from the workspace",
        "whether Databricks resolves Entra identities by itself";
    UnusedUserCreate, "unused_user_create", Words(&["conflict", "adopt"]),
        "inferred: the lists do not show them, what a create does is unrecorded",
        "POST of a user that automatic identity management knows and nobody has used";
    AccountGroups, "account_groups", Words(&["shown", "hidden"]),
        "conflict: a migration tool finds them in the workspace's lists, a documentation page says it does not see them",
        "account groups assigned to the workspace in its lists and reads";
    AccountPutAnswer, "account_put_answer", Words(&["no-content", "resource", "empty-object", "empty"]),
        "conflict: documentation and provider fixtures differ",
        "a successful PUT at account level";
    AccountPatchAnswer, "account_patch_answer", Words(&["no-content", "resource", "empty-object", "empty"]),
        "conflict: documentation and provider fixtures differ",
        "a successful PATCH at account level";
    AccountListMembers, "account_list_members", Words(&["absent", "present"]),
        "documented: absent for accounts created after 2025-08-22",
        "members of groups in lists of the account";
    AccountUsersListed, "account_users_listed", YesNo(false),
        "inferred: a group of the system that nobody manages",
        "the group account users in lists of the account";
    AccountDerivedName, "account_derived_name", Words(&["from-display-name", "absent"]),
        "documented: an example of the account API derives both parts",
        "name of an account user created with a displayName alone";
    AccountActiveString, "account_active_string", Words(&["cast-error", "accept"]),
        "conflict: a recorded 500 for account users",
        "PATCH active of an account user with the plain string \"false\"";
    ProxyWrites, "proxy_writes", Words(&["workspace-admins", "account-admins", "refused"]),
        "inferred: reads are recorded, and one write, a reactivation",
        "who may write account identities through the workspace's host";
    WorkspaceReactivation, "workspace_reactivation", Words(&["ignored", "refused", "allowed"]),
        "inferred: documented is only that the account comes first",
        "active true in the workspace for somebody who is inactive in the account";
    PutApplicationId, "put_application_id", Words(&["required", "optional"]),
        "fixture: the provider must send it on Azure",
        "applicationId in a PUT of a service principal";
    ServicePrincipalDisplayName, "service_principal_display_name", Words(&["writable", "ignored-by-patch"]),
        "conflict: an older page calls it immutable by PATCH, acceptance tests rename by PUT",
        "displayName of service principals";
    RemoveRoles, "remove_roles", Words(&["allowed", "denied"]),
        "issue: a refusal was recorded, the provider relies on success",
        "PATCH that removes roles";
    UnknownAccountStatus, "unknown_account_status", Numbers(&[403, 404]),
        "inferred",
        "a path with the id of another account";
    AssignmentsWithoutFederation, "assignments_without_federation", Numbers(&[400, 404]),
        "inferred: the text is recorded, the status is not",
        "permission assignments of a workspace without identity federation";
    WrongPlaceCredential, "wrong_place_credential", Numbers(&[401, 403]),
        "inferred: that the text about unsupported types is meant for it",
        "status for a credential that works at another level";
    AccountTokenInWorkspace, "account_token_in_workspace", Words(&["accepted", "refused"]),
        "inferred",
        "an OAuth token of the account at a workspace its principal is in";
    ExpiredTokenStatus, "expired_token_status", Numbers(&[401, 403]),
        "conflict: users recorded 403 in 2024 and 401 since the end of 2025, each with a text of its own",
        "status for an OAuth or Entra token whose time is over";
    OauthLifetimeS, "oauth_lifetime_s", Range(1..=86_400, 3_600),
        "fixture: one hour",
        "seconds an OAuth token of Databricks works";
    ExpiresInForm, "expires_in_form", Words(&["number", "string"]),
        "fixture: both are in the vendor's code",
        "expires_in of an OAuth token";
    InvalidClientStatus, "invalid_client_status", Numbers(&[401, 400]),
        "inferred: RFC 6749 5.2 allows both",
        "status for a wrong OAuth client secret";
    OidcBehindPrivateLink, "oidc_behind_private_link", Words(&["answers", "refused"]),
        "inferred: threads saw tokens while the API refused",
        "the workspace's token endpoint and discovery at the public front end, when public access is disabled";
    OidcBehindIpAccessList, "oidc_behind_ip_access_list", Words(&["refused", "answers"]),
        "inferred: nothing shows an exception",
        "token endpoints and discovery for an address outside of the IP access list";
    IpAccessListDelayS, "ip_access_list_delay_s", Range(0..=600, 0),
        "documented: changes take up to a few minutes; 0 keeps tests quick",
        "seconds until a change of the IP access lists is in force, divided by the time factor";
    RedirectStatus, "redirect_status", Numbers(&[302, 301, 303, 307, 308]),
        "conflict: 301 and 302 are both mentioned",
        "status of the Private Link refusal in redirect form";
    UnknownOauthScope, "unknown_oauth_scope", Words(&["refused", "echoed"]),
        "inferred: RFC 6749 5.2; all-apis and scim are documented",
        "a scope of an OAuth token that is neither all-apis nor scim";
    EntraLifetimeS, "entra_lifetime_s", Range(1..=86_400, 3_599),
        "documented: about an hour",
        "seconds a token of Entra works";
    ManagedIdentityLifetimeS, "managed_identity_lifetime_s", Range(1..=86_400, 86_400),
        "fixture: one day",
        "seconds a token of a managed identity works";
    ManagementToken, "management_token", Words(&["enters", "ignored"]),
        "inferred from the rule that Contributor and Owner are let in",
        "an application with a role in Azure and a management token, not yet in the workspace: it enters as admin, or is refused";
    SignInStatus, "sign_in_status", Numbers(&[302, 301, 303, 307, 308]),
        "inferred: a 3xx is recorded",
        "status of /aad/auth";
}

impl Switch {
    pub(crate) fn spec(self) -> &'static Spec {
        &SPECS[self as usize]
    }
}
