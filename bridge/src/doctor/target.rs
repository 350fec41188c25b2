//! What Databricks says: credential, role, target shape, limits used, clock.

use std::time::Duration;

use super::report::{Report, Step};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::databricks::{Client, DatabricksError, Inspection, Level};
use crate::id::UpstreamId;
use crate::reconcile::shape::look::questions;
use crate::reconcile::shape::{Evidence, SeenGroup, classify, closed_way, unsuitable};

pub(super) const CREDENTIAL: &str = "credential";
const ROLE: &str = "role";
const SHAPE: &str = "target shape";
const LIMITS: &str = "limits used";
const CLOCK: &str = "clock";

/// What Databricks holds at most (published limits): users with service principals, and groups.
const MOST_PRINCIPALS: u64 = 10_000;
const MOST_GROUPS: u64 = 5_000;
/// How far the clocks may be apart: beyond this, signatures and tokens begin to fail.
const CLOCK_FAIL: Duration = Duration::from_mins(5);
const CLOCK_WARN: Duration = Duration::from_mins(1);

/// Looks at all of it; whether the credential is admitted.
pub(super) async fn examine(report: &mut Report<'_>, config: &Config, client: &Client, clock: Clock) -> bool {
    let inspected = client.inspect().await;
    let now = clock.now();
    let inspection = match inspected {
        Ok(inspection) => inspection,
        Err(error) => {
            report.add(Step::fail(CREDENTIAL, error.to_string(), remedy(&error)));
            skip(report);
            return false;
        }
    };
    report.add(credential(client, &inspection, now));
    report.begin(ROLE);
    report.add(role(client, &inspection).await);
    report.begin(SHAPE);
    report.add(shape(client, config, &inspection).await);
    report.begin(LIMITS);
    report.add(limits(client).await);
    report.add(clocks(inspection.date, now));
    true
}

/// Nothing of it can be looked at.
pub(super) fn skip(report: &mut Report<'_>) -> bool {
    for name in [ROLE, SHAPE, LIMITS, CLOCK] {
        report.skip(name, CREDENTIAL);
    }
    false
}

fn credential(client: &Client, inspection: &Inspection, now: Timestamp) -> Step {
    let kind = client.credential_kind();
    let lasting = client.credential_expires_at().map_or_else(String::new, |at| {
        format!(
            "; the token lives {} minutes more and is renewed",
            at.after(now).as_secs() / 60
        )
    });
    Step::ok(
        CREDENTIAL,
        format!("{kind}, admitted as {}{lasting}", inspection.me.user_name),
    )
}

/// Member of `admins`, by what `/Me` shows, else by the group itself; at the account the role of an admin.
async fn role(client: &Client, inspection: &Inspection) -> Step {
    let me = &inspection.me;
    if client.level() == Level::Account {
        let is_admin = me.roles.iter().any(|role| role.value == "account_admin");
        let name = &me.user_name;
        return if is_admin {
            Step::ok(ROLE, format!("{name} is an admin of the account"))
        } else {
            Step::warn(
                ROLE,
                format!("{name} does not have the role account_admin itself"),
                "make this service principal an account admin, unless it is one by a group",
            )
        };
    }
    let shown = me.groups.iter().any(|group| group.display.as_deref() == Some("admins"));
    let member = if shown {
        Ok(true)
    } else {
        match client.level() {
            Level::Workspace => is_admin(client, &me.id).await,
            // The account's groups are asked there, and admins is the workspace's.
            Level::Account | Level::AccountThroughWorkspace => Ok(false),
        }
    };
    let remedy = "make this identity a workspace admin: add it to the group admins in the workspace's settings";
    match member {
        Ok(true) => Step::ok(ROLE, format!("{} is a member of admins", me.user_name)),
        Ok(false) => Step::fail(ROLE, format!("{} is no member of admins", me.user_name), remedy),
        Err(error) => Step::fail(ROLE, error.to_string(), remedy),
    }
}

async fn is_admin(client: &Client, me: &str) -> Result<bool, DatabricksError> {
    let found = client.groups_named("admins").await?.value.resources;
    let group = found.iter().find(|group| group.display_name == "admins");
    let Some(id) = group.and_then(|group| UpstreamId::parse(&group.id)) else {
        return Ok(false);
    };
    let members = client.group(&id).await?.value.members;
    Ok(members.iter().any(|member| member.value == me))
}

async fn shape(client: &Client, config: &Config, inspection: &Inspection) -> Step {
    let host = config.target.workspace_url.host_str().unwrap_or_default();
    if client.level() != Level::Account
        && let (Some(named), Some(answering)) = (workspace_number(host), inspection.workspace_id.as_deref())
        && named != answering
    {
        let found = format!("workspace {answering} answers under the name of workspace {named}");
        return Step::fail(
            SHAPE,
            found,
            "target.workspace_url or target.resolve leads to another workspace: correct it",
        );
    }
    match evidence(client).await {
        Ok(evidence) => judge(client.level(), &evidence),
        Err(error) => match closed_way(client.level(), &error) {
            Some(why) => Step::fail(SHAPE, why.found, why.remedy),
            None => Step::fail(SHAPE, error.to_string(), remedy(&error)),
        },
    }
}

/// What the bridge itself looks at when it starts, but for what its store tells.
async fn evidence(client: &Client) -> Result<Evidence, DatabricksError> {
    let mut evidence = Evidence {
        groups: client.scopes().await?.iter().filter_map(SeenGroup::of).collect(),
        ..Evidence::default()
    };
    for question in questions(client.level()) {
        evidence.ask(*question, client).await?;
    }
    Ok(evidence)
}

/// As the bridge decides it (rule E1), and what else is worth knowing.
fn judge(level: Level, evidence: &Evidence) -> Step {
    if let Some(why) = unsuitable(level, evidence) {
        return Step::fail(SHAPE, why.found, why.remedy);
    }
    let shape = classify(evidence);
    let mut found = vec![format!("level {}", level.as_str())];
    let said = |told: Option<bool>, yes: &str, no: &str| told.map(|told| if told { yes } else { no }.to_owned());
    found.extend(said(
        evidence.federated,
        "identity federation is on",
        "identity federation is off",
    ));
    found.extend(said(
        evidence.proxy,
        "account identities can be read through the workspace",
        "account identities cannot be read through the workspace",
    ));
    let of_account = || evidence.groups.iter().filter(|group| group.of_account == Some(true));
    let shown = evidence.groups.len();
    match of_account().next() {
        Some(first) if level == Level::Workspace => {
            let number = of_account().count();
            found.push(format!(
                "{number} of the first {shown} groups belong to the account (\"{}\" is one)",
                first.name
            ));
            let remedy = "members of account groups cannot be changed through the workspace: give the bridge groups of other \
                          names, or set target.level = \"account-through-workspace\"";
            Step::warn(SHAPE, found.join(", "), remedy)
        }
        _ if level.is_account() && shape.identity_management_suspected => {
            found.push("some groups have an externalId already".to_owned());
            let remedy =
                "if automatic identity management is on, do not let the bridge have the same people and groups";
            Step::warn(SHAPE, found.join(", "), remedy)
        }
        _ if level == Level::Workspace => {
            found.push(format!("the first {shown} groups are the workspace's own"));
            Step::ok(SHAPE, found.join(", "))
        }
        _ => Step::ok(SHAPE, found.join(", ")),
    }
}

/// The number in `adb-1234567890123456.7.azuredatabricks.net`.
fn workspace_number(host: &str) -> Option<&str> {
    let (number, _) = host.strip_prefix("adb-")?.split_once('.')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
}

async fn limits(client: &Client) -> Step {
    match counts(client).await {
        Ok((users, robots, groups)) => used(users, robots, groups),
        Err(error) => Step::fail(LIMITS, error.to_string(), remedy(&error)),
    }
}

async fn counts(client: &Client) -> Result<(u64, u64, u64), DatabricksError> {
    let users = client.count("Users").await?;
    let robots = client.count("ServicePrincipals").await?;
    Ok((users, robots, client.count("Groups").await?))
}

fn used(users: u64, robots: u64, groups: u64) -> Step {
    let principals = users + robots;
    let found =
        format!("{users} users and {robots} service principals of {MOST_PRINCIPALS}, {groups} groups of {MOST_GROUPS}");
    let (most, nearly) = (
        principals >= MOST_PRINCIPALS || groups >= MOST_GROUPS,
        principals * 10 >= MOST_PRINCIPALS * 9 || groups * 10 >= MOST_GROUPS * 9,
    );
    let remedy =
        "assign fewer people and groups in Entra, delete accounts that nobody uses, or ask Databricks for more";
    match (most, nearly) {
        (true, _) => Step::fail(LIMITS, format!("{found}: full"), remedy),
        (false, true) => Step::warn(LIMITS, format!("{found}: nearly full"), remedy),
        (false, false) => Step::ok(LIMITS, found),
    }
}

fn clocks(theirs: Option<Timestamp>, ours: Timestamp) -> Step {
    let Some(theirs) = theirs else {
        return Step::warn(CLOCK, "the answer has no date", "compare this machine's clock by hand");
    };
    let apart = theirs.since(ours).max(ours.since(theirs));
    let found = format!("{} seconds from Databricks' clock", apart.as_secs());
    let remedy = "let a time service set this machine's clock";
    if apart >= CLOCK_FAIL {
        Step::fail(CLOCK, found, remedy)
    } else if apart >= CLOCK_WARN {
        Step::warn(CLOCK, found, remedy)
    } else {
        Step::ok(CLOCK, found)
    }
}

/// What to do about a call that failed.
pub(super) fn remedy(error: &DatabricksError) -> String {
    match error {
        DatabricksError::PrivateLink { .. } => {
            "the call came in by the public front end: the name must lead to the private \
                                                endpoint on this machine, see name and address class"
                .to_owned()
        }
        DatabricksError::NotAdmitted { detail, .. } => of_not_admitted(detail).to_owned(),
        DatabricksError::Unreachable { cause } if cause.starts_with("credential unavailable") => {
            "the token endpoint must be reachable from here: check the way to it, target.proxy and its name".to_owned()
        }
        DatabricksError::Unreachable { .. } => "check the way to the workspace".to_owned(),
        DatabricksError::RateLimited { .. } | DatabricksError::Busy { .. } => "try again in a minute".to_owned(),
        DatabricksError::WrongShape { .. } => {
            "groups of the account are not changed through the workspace: set target.level = \"account-through-workspace\""
                .to_owned()
        }
        DatabricksError::OutcomeUnknown(_) => {
            "check that target.workspace_url is the workspace's address and that nothing on \
                                               the way answers in its place; else try again in a minute"
                .to_owned()
        }
        DatabricksError::AlreadyExists { .. } | DatabricksError::NotFound { .. } | DatabricksError::Refused { .. } => {
            "check that target.workspace_url is the workspace's address alone".to_owned()
        }
    }
}

fn of_not_admitted(detail: &str) -> &'static str {
    match detail.split(':').next().unwrap_or_default() {
        "ip access list" => {
            "add the address that this machine comes from to the workspace's IP access list, or come by the private endpoint"
        }
        "not admin" => {
            "make this identity a workspace admin: add it to the group admins in the workspace's settings; where target.level is \
             not \"workspace\", an account admin may be needed"
        }
        "unknown principal" => {
            "add this identity to the workspace or the account, or set target.azure_workspace_resource_id if it may manage the workspace in Azure"
        }
        _ => {
            "make a new token or secret for this identity and put it where the configuration says; check the ids beside it"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::State;
    use super::*;

    #[test]
    fn limits_warn_at_nine_tenths_and_fail_when_full() {
        assert_eq!(used(8_000, 999, 10).state, State::Ok);
        assert_eq!(used(8_000, 1_000, 10).state, State::Warn);
        assert_eq!(used(10, 0, 4_500).state, State::Warn);
        assert_eq!(used(10_000, 0, 1).state, State::Fail);
        assert_eq!(used(1, 0, 5_000).state, State::Fail);
    }

    #[test]
    fn clocks_apart_warn_at_a_minute_and_fail_at_five_in_both_directions() {
        let at = |seconds: i64| Timestamp::from_seconds(1_767_600_000 + seconds);
        for (theirs, state) in [
            (0, State::Ok),
            (59, State::Ok),
            (-60, State::Warn),
            (299, State::Warn),
            (300, State::Fail),
            (-4000, State::Fail),
        ] {
            assert_eq!(clocks(Some(at(theirs)), at(0)).state, state, "{theirs}");
        }
        assert_eq!(clocks(None, at(0)).state, State::Warn);
    }

    #[test]
    fn the_shape_fails_where_the_bridge_would_not_write_and_warns_of_groups_to_keep_off() {
        let group = |name: &str, of_account| SeenGroup {
            name: name.to_owned(),
            of_account: Some(of_account),
            has_external_id: false,
        };
        let seen = |groups: Vec<SeenGroup>| Evidence {
            groups,
            ..Evidence::default()
        };
        let workspace = Level::Workspace;
        assert_eq!(judge(workspace, &seen(vec![group("Ops", false)])).state, State::Ok);
        let step = judge(workspace, &seen(vec![group("Ops", false), group("Finance", true)]));
        assert_eq!(step.state, State::Warn);
        assert!(step.found.contains("\"Finance\""), "{}", step.found);
        let step = judge(workspace, &seen(vec![group("Finance", true)]));
        assert_eq!(step.state, State::Fail);
        assert!(
            step.remedy
                .as_deref()
                .is_some_and(|remedy| remedy.contains("target.level")),
            "{:?}",
            step.remedy
        );
        assert_eq!(
            judge(Level::Account, &seen(vec![group("Finance", true)])).state,
            State::Ok
        );
    }

    #[test]
    fn the_workspaces_number_stands_in_its_name() {
        assert_eq!(
            workspace_number("adb-1234567890123456.7.azuredatabricks.net"),
            Some("1234567890123456")
        );
        assert_eq!(workspace_number("localhost"), None);
        assert_eq!(workspace_number("adb-x.7.azuredatabricks.net"), None);
    }
}
