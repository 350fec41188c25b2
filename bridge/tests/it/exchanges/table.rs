//! The recordings, what the client does for each, and what it concludes.

use bridge::databricks::wire;
use bridge::store::Kind;
use serde_json::{Value, json};

/// What the client does.
#[derive(Debug)]
pub enum Act {
    Me,
    /// At the workspace, or at this path.
    OAuth(Option<&'static str>),
    Entra,
    ManagedIdentity,
    User(&'static str),
    Group(&'static str),
    Users,
    Groups,
    UsersNamed(&'static str),
    GroupsNamed(&'static str),
    Create(Kind, Value),
    Patch(Kind, &'static str, Vec<Value>),
    Delete(Kind, &'static str),
}

/// How far its request is that of the recording.
#[derive(Debug, Clone, Copy)]
pub enum Sent {
    /// Method, path, body.
    Same,
    /// The body; the recording is of another level.
    Body,
    /// It asks otherwise: only the answer counts.
    Other,
}

/// One exchange.
#[derive(Debug)]
pub struct Row {
    pub file: &'static str,
    pub exchange: usize,
    pub act: Act,
    pub sent: Sent,
    pub concluded: &'static str,
}

fn row(file: &'static str, exchange: usize, act: Act, sent: Sent, concluded: &'static str) -> Row {
    Row {
        file,
        exchange,
        act,
        sent,
        concluded,
    }
}

const ACCOUNT: &str = "/oidc/accounts/11111111-2222-4333-8444-555555555555/v1/token";

/// All of them.
pub fn rows() -> Vec<Row> {
    let mut rows = tokens();
    rows.extend(refusals());
    rows.extend(users());
    rows.extend(groups_written());
    rows.extend(groups_read());
    rows
}

fn tokens() -> Vec<Row> {
    use Sent::{Other, Same};
    vec![
        // Its moment lies in the past: a token without life is got and not kept.
        row(
            "azure-managed-identity",
            0,
            Act::ManagedIdentity,
            Same,
            "token for 0 minutes",
        ),
        // The older version of the endpoint writes its numbers as strings.
        row(
            "azure-sp-token-v1-and-management",
            0,
            Act::Entra,
            Other,
            "token for 60 minutes",
        ),
        row(
            "azure-sp-token-v1-and-management",
            1,
            Act::Entra,
            Other,
            "token for 60 minutes",
        ),
        row(
            "azure-sp-token-v1-and-management",
            2,
            Act::Me,
            Same,
            "me 3333333333333333 9f5c2a37-0000-4000-8000-000000000002 at []",
        ),
        row("azure-sp-token-v2", 0, Act::Entra, Same, "token for 60 minutes"),
        row(
            "azure-sp-token-failure",
            0,
            Act::Entra,
            Same,
            "not-admitted 401 credential refused",
        ),
        row("azure-tenant-discovery", 0, Act::Me, Other, "sign-in 302"),
        row(
            "oauth-expires-in-string",
            0,
            Act::OAuth(None),
            Same,
            "token for 60 minutes",
        ),
        row("oauth-m2m-workspace", 1, Act::OAuth(None), Same, "token for 60 minutes"),
        row(
            "oauth-m2m-account",
            1,
            Act::OAuth(Some(ACCOUNT)),
            Same,
            "token for 60 minutes",
        ),
        row(
            "oauth-invalid-client",
            0,
            Act::OAuth(None),
            Same,
            "not-admitted 401 credential refused",
        ),
        row(
            "me",
            0,
            Act::Me,
            Same,
            "me 1000012345 tester@databricks.com at [900800700600]",
        ),
        row(
            "me-service-principal",
            0,
            Act::Me,
            Same,
            "me 1000012345 aaaaaaaa-bbbb-4ccc-dddd-eeeeeeeeeeee at [900800700600]",
        ),
    ]
}

fn refusals() -> Vec<Row> {
    use Sent::{Other, Same};
    let add = || vec![wire::add_members(&["1112"])];
    vec![
        row(
            "auth-401-no-credential",
            0,
            Act::Me,
            Same,
            "not-admitted 401 credential refused",
        ),
        row(
            "auth-403-invalid-token",
            0,
            Act::Me,
            Same,
            "not-admitted 403 credential refused",
        ),
        row("auth-403-not-admin", 0, Act::Groups, Same, "not-admitted 403 not admin"),
        row(
            "auth-403-wrong-workspace",
            0,
            Act::Me,
            Same,
            "not-admitted 403 unknown principal",
        ),
        row(
            "network-403-ip-acl",
            0,
            Act::Me,
            Same,
            "not-admitted 403 ip access list",
        ),
        row(
            "network-403-ip-acl-account",
            0,
            Act::Users,
            Other,
            "not-admitted 403 ip access list",
        ),
        row("private-link-403-json", 0, Act::Me, Same, "private-link 403"),
        row("private-link-403-text", 0, Act::Me, Same, "private-link 403"),
        row("private-link-redirect", 0, Act::Me, Same, "private-link 302"),
        row("private-link-redirect", 1, Act::Me, Other, "sign-in 200"),
        row("outage-503", 0, Act::Users, Same, "busy 503"),
        row(
            "throttle-429-retry-after",
            0,
            Act::Users,
            Same,
            "rate-limited 429 after 1s",
        ),
        row(
            "throttle-429-retry-after",
            1,
            Act::Users,
            Same,
            "users 1001=user1@example.com of 1",
        ),
        row(
            "throttle-429-no-retry-after",
            0,
            Act::Patch(Kind::Group, "1357924680135792", add()),
            Same,
            "rate-limited 429 after -",
        ),
        row(
            "groups-external-immutable-500",
            0,
            Act::Patch(Kind::Group, "4444444444444444", add()),
            Same,
            "failed 500",
        ),
        row(
            "groups-external-immutable-500",
            1,
            Act::Patch(Kind::Group, "4444444444444444", add()),
            Sent::Body,
            "done",
        ),
    ]
}

fn new_user(active: bool) -> Act {
    let user = wire::NewUser {
        user_name: "me@example.com".to_owned(),
        display_name: Some("Example user".to_owned()),
        active,
        ..wire::NewUser::default()
    };
    Act::Create(Kind::User, user.to_json())
}

fn users() -> Vec<Row> {
    use Sent::{Body, Other, Same};
    const READ: &str = "user 1001 me@example.com active Some(true) roles [] groups [4567,9877]";
    const WITH_ROLES: &str = "user 1001 me@example.com active Some(true) roles [a,b] groups [4567,9877]";
    const INACTIVE: &str = "user 1001 me@example.com active Some(false) roles [] groups [4567,9877]";
    let user = || Act::User("1001");
    let patch = |operation| Act::Patch(Kind::User, "1001", vec![operation]);
    let role = "arn:aws:iam::123456789012:instance-profile/x";
    let add_role = json!({ "op": "add", "value": { "roles": [{ "value": "account_admin" }] } });
    vec![
        // It sends no entitlements of its own.
        row("users-create-workspace", 0, new_user(true), Other, "created 1001"),
        row("users-create-workspace", 1, user(), Same, READ),
        row("users-create-inactive", 0, new_user(false), Other, "created 1001"),
        row("users-create-inactive", 1, user(), Same, INACTIVE),
        row(
            "users-create-duplicate-workspace",
            0,
            new_user(true),
            Same,
            "already-exists 409",
        ),
        row("users-delete", 0, Act::Delete(Kind::User, "1001"), Same, "done"),
        row("users-get-400-gateway-error", 0, user(), Same, "refused 400"),
        row("users-get-workspace", 0, user(), Same, INACTIVE),
        row(
            "users-list-filter-username",
            0,
            Act::UsersNamed("Me@Example.com"),
            Same,
            "users 1001",
        ),
        row(
            "users-list-filter-username-account",
            0,
            Act::UsersNamed("me@example.com"),
            Other,
            "users 1001",
        ),
        row(
            "users-patch-deactivate-workspace",
            0,
            patch(wire::set_active(false)),
            Same,
            "done",
        ),
        row(
            "users-patch-deactivate-account",
            0,
            patch(wire::set_active(false)),
            Body,
            "done",
        ),
        row(
            "users-patch-entitlements-replace",
            0,
            patch(wire::clear_entitlements()),
            Other,
            "done",
        ),
        row("users-patch-roles", 0, patch(add_role), Body, "done"),
        row("users-patch-roles", 1, patch(wire::remove_role(role)), Other, "done"),
        row("users-patch-roles", 2, patch(wire::remove_role(role)), Same, "done"),
        row("users-put-workspace", 0, user(), Same, WITH_ROLES),
        row(
            "users-put-workspace",
            2,
            user(),
            Other,
            "user  me@example.com active Some(true) roles [a,b] groups [4567,9877]",
        ),
    ]
}

fn group_patch(operation: Value) -> Act {
    Act::Patch(Kind::Group, "1001", vec![operation])
}

fn groups_written() -> Vec<Row> {
    use Sent::{Other, Same};
    let add = |ids: &[&str]| group_patch(wire::add_members(ids));
    let clear = || group_patch(wire::clear_entitlements());
    let rename = wire::set_attribute("displayName", Some("db-temp-finance"));
    let rename = Act::Patch(Kind::Group, "1357924680135792", vec![rename]);
    let remove = group_patch(wire::remove_member("2002"));
    let create = Act::create_group;
    vec![
        row("groups-add-member", 0, add(&["2002"]), Same, "done"),
        row("groups-add-members-pathless", 0, add(&["1112", "1113"]), Other, "done"),
        row(
            "groups-create-minimal-testserver",
            0,
            create("my-group"),
            Other,
            "created 1",
        ),
        row("groups-create-duplicate", 0, create("1001"), Same, "already-exists 409"),
        row("groups-delete", 0, Act::Delete(Kind::Group, "1001"), Same, "done"),
        row("groups-patch-entitlements-replace", 0, clear(), Other, "done"),
        row("groups-patch-error-400", 0, add(&["2002"]), Same, "refused 400"),
        row("groups-patch-rename", 0, rename, Same, "done"),
        row("groups-remove-member", 0, remove, Same, "done"),
        row("entitlements-remove-with-value", 0, clear(), Other, "done"),
    ]
}

fn groups_read() -> Vec<Row> {
    use Sent::{Other, Same};
    const SCIENTISTS: &str = "group 1001 Data Scientists members [2002]";
    const ALONE: &str = "group 1001 Data Scientists members []";
    const OLD_NAME: &str = "group 1357924680135792 finance members []";
    const NEW_NAME: &str = "group 1357924680135792 db-temp-finance members []";
    let group = Act::Group;
    vec![
        row("groups-add-member", 1, group("1001"), Same, SCIENTISTS),
        row(
            "groups-create-duplicate",
            1,
            Act::GroupsNamed("1001"),
            Same,
            "groups 123=",
        ),
        row("groups-get-404", 0, group("1234"), Same, "not-found 404"),
        row("groups-get-404-gateway", 0, group("1001"), Same, "not-found 404"),
        row("groups-get-members", 0, group("1001"), Same, SCIENTISTS),
        row(
            "groups-get-members",
            1,
            group("3003"),
            Same,
            "group 3003 Data Scientists members []",
        ),
        row(
            "groups-list-account-attributes",
            0,
            Act::GroupsNamed("ds"),
            Other,
            "groups 4004=",
        ),
        row(
            "groups-list-account-attributes",
            1,
            group("4004"),
            Other,
            "group 4004 ds members []",
        ),
        row(
            "groups-nested-read",
            0,
            Act::GroupsNamed("ds"),
            Same,
            "groups 4004=1112,1113,1114",
        ),
        row(
            "groups-nested-read",
            1,
            group("1114"),
            Same,
            "group 1114 child-group members [2001]",
        ),
        row("groups-patch-entitlements-replace", 1, group("1001"), Same, ALONE),
        row("groups-patch-rename", 1, group("1357924680135792"), Same, OLD_NAME),
        row("groups-patch-rename", 2, group("1357924680135792"), Same, NEW_NAME),
        // A member without a value, and no id at all.
        row("groups-put", 0, group("1001"), Same, "group   members []"),
        row("groups-put", 2, group("1001"), Same, "group  Data Ninjas members []"),
    ]
}
