//! `…/Groups` at both levels: lists, reads, creation, replacement, PATCH, deletion.
//!
//! `admins`, `users` and `account users` cannot be created, renamed or deleted, and nobody leaves `users` [documented].
//! The surprise: the workspace shows account groups that are assigned to it, and refuses to change them.

use http::{Method, StatusCode};
use serde_json::Value;

use super::access::Rights;
use super::draft::{self, Draft, Member};
use super::list::{self, Listed};
use super::patch;
use super::principals::{patch_form, put_form};
use super::projection::Projection;
use super::query::Query;
use super::route::Target;
use super::staleness::Row;
use super::{Context, Request, Route, changed, conflict_type, federation, object, render, visible};
use crate::answer::Answer;
use crate::errors::{self, ScimError};
use crate::filter::Field;
use crate::state::{Group, Id, Level, Listing, MemberEdits};
use crate::switches::{Switch, Switches};

const MODEL: [&str; 9] = [
    "schemas",
    "id",
    "displayName",
    "externalId",
    "members",
    "groups",
    "entitlements",
    "roles",
    "meta",
];

pub(crate) fn handle(
    context: &mut Context<'_>,
    request: &Request<'_>,
    route: &Route,
    rights: Rights,
) -> Result<Answer, ScimError> {
    let level = route.level;
    match (&route.target, request.method) {
        (None, &Method::GET) => index(context, request, level, rights),
        (None, _) => create(context, request, level),
        (Some(target), &Method::GET) => read(context, request, level, target, rights),
        (Some(target), &Method::PUT) => replace(context, request, level, target),
        (Some(target), &Method::PATCH) => modify(context, request, level, target),
        (Some(target), _) => delete(context, level, target),
    }
}

fn index(context: &mut Context<'_>, request: &Request<'_>, level: Level, rights: Rights) -> Result<Answer, ScimError> {
    let mut query = visible(Query::parse(request.query, context.switches)?, rights);
    // Accounts made after 2025-08-22 list groups without members [documented].
    if level == Level::Account && context.switches.is(Switch::AccountListMembers, "absent") {
        query.projection.leave_out("members");
    }
    let stale = context.stale_rows(Listing::Groups, level);
    let context = &*context;
    let groups = context.workspace.groups();
    let hides_system = !context.switches.on(Switch::AccountUsersListed);
    let seen = |group: &&Group| {
        let is_system = group.id == context.workspace.reserved().account_users;
        is_shown(context, group, level) && !(is_system && hides_system) && !stale.hide(group.id)
    };
    let all = groups.iter().filter(seen).map(Row::Now).chain(stale.rows());
    let named = |name: &str| groups.named(name).filter(seen).map(Row::Now).chain(stale.rows());
    let found = list::select(&query, context.switches, &filterable(context.switches), all, named)?;
    Ok(list::page(&query, context.switches, &found, |row| match row {
        Row::Now(group) => render::group(context, group, level, &query.projection),
        Row::Before(shown) => query.projection.apply((*shown).clone()),
    }))
}

/// Whether a level holds a group.
fn is_held(context: &Context<'_>, group: &Group, level: Level) -> bool {
    group.home == level || level == Level::Workspace && context.workspace.is_assigned(group.id)
}

/// Whether a level shows a group in lists and reads.
fn is_shown(context: &Context<'_>, group: &Group, level: Level) -> bool {
    is_held(context, group, level) && (group.home == level || context.switches.is(Switch::AccountGroups, "shown"))
}

fn read(
    context: &mut Context<'_>,
    request: &Request<'_>,
    level: Level,
    target: &Target,
    rights: Rights,
) -> Result<Answer, ScimError> {
    let query = visible(Query::parse(request.query, context.switches)?, rights);
    let stale = context.stale_read(target.id, Listing::Groups, level);
    let body = match stale {
        Some(before) => before.map(|full| query.projection.apply(full)),
        None => context
            .workspace
            .groups()
            .get(target.id)
            .filter(|group| is_shown(context, group, level))
            .map(|group| render::group(context, group, level, &query.projection)),
    };
    match body {
        Some(body) => Ok(Answer::scim(StatusCode::OK, &Value::Object(body))),
        None => Err(not_found(target)),
    }
}

fn create(context: &mut Context<'_>, request: &Request<'_>, level: Level) -> Result<Answer, ScimError> {
    let body = object(request.body)?;
    let draft = Draft::new(&body, &MODEL, context.switches)?;
    let display_name = required_display_name(&draft)?;
    check_name_is_free(context, &display_name, level, None)?;
    if groups_at(context, level) >= context.sizes.groups {
        return Err(errors::size_limit("groups", context.sizes.groups));
    }
    let members = draft.members()?;
    draft::check_member_count(members.len(), context.sizes)?;
    let id = context.next_id();
    let mut group = Group::new(id, level, &display_name);
    write(&draft, &mut group, level, context)?;
    let mut edits = context.workspace.edit_members(id, level);
    if let Err(refusal) = add_all(&mut edits, &members, context.switches) {
        edits.undo();
        return Err(refusal);
    }
    drop(edits);
    remember_stale(context, id);
    context.workspace.add_group(group);
    let status = context.switches.status(Switch::CreateStatus);
    Ok(Answer::scim(status, &Value::Object(full(context, id, level))))
}

fn groups_at(context: &Context<'_>, level: Level) -> usize {
    let groups = context.workspace.groups().iter();
    groups.filter(|group| group.home == level).count()
}

fn replace(
    context: &mut Context<'_>,
    request: &Request<'_>,
    level: Level,
    target: &Target,
) -> Result<Answer, ScimError> {
    let mut group = held(context, level, target)?;
    let body = object(request.body)?;
    let draft = Draft::new(&body, &MODEL, context.switches)?;
    let display_name = required_display_name(&draft)?;
    if group.home != level {
        federation::check_body(&body)?;
        group.entitlements = draft.values("entitlements")?;
        draft::check_entitlements(&group.entitlements, context.switches)?;
        return Ok(store(context, group, level, put_form(level)));
    }
    check_rename(context, &group, &display_name)?;
    let members = draft.members()?;
    draft::check_member_count(members.len(), context.sizes)?;
    group.display_name = display_name;
    write(&draft, &mut group, level, context)?;
    remember_stale(context, group.id);
    let mut edits = context.workspace.edit_members(group.id, group.home);
    edits.clear();
    if let Err(refusal) = add_all(&mut edits, &members, context.switches) {
        edits.undo();
        return Err(refusal);
    }
    drop(edits);
    Ok(store(context, group, level, put_form(level)))
}

fn modify(
    context: &mut Context<'_>,
    request: &Request<'_>,
    level: Level,
    target: &Target,
) -> Result<Answer, ScimError> {
    let before = held(context, level, target)?;
    let operations = patch::parse(request.body, context.switches)?;
    draft::check_member_count(patch::group::members_named(&operations), context.sizes)?;
    if before.home != level {
        federation::check_operations(&operations, &before, context.switches)?;
    }
    remember_stale(context, before.id);
    let mut group = before.clone();
    let scope = patch::group::Scope {
        level,
        home: before.home,
    };
    let mut edits = context.workspace.edit_members(group.id, group.home);
    let applied = operations
        .iter()
        .try_for_each(|operation| patch::group::apply(operation, &mut group, &mut edits, scope, context.switches));
    if let Err(refusal) = applied {
        edits.undo();
        return Err(refusal);
    }
    // The name is checked once all operations are through: they are one change.
    let (display_name, external_id) = (group.display_name.clone(), group.external_id.clone());
    let lengths = draft::check_lengths(Some(&display_name), external_id.as_ref(), context.sizes);
    let journal = edits.into_journal();
    let checked = lengths.and_then(|()| check_rename(context, &before, &display_name));
    if let Err(refusal) = checked {
        context.workspace.undo_members(group.id, journal);
        return Err(refusal);
    }
    Ok(store(context, group, level, patch_form(level)))
}

fn delete(context: &mut Context<'_>, level: Level, target: &Target) -> Result<Answer, ScimError> {
    let group = held(context, level, target)?;
    if context.workspace.reserved().is_group(group.id) {
        let status = context.switches.status(Switch::ReservedGroupDelete);
        return Err(errors::reserved_group(status, &group.display_name, "cannot be deleted"));
    }
    remember_stale(context, group.id);
    if group.home == level {
        context.workspace.remove_group(group.id);
    } else {
        // The workspace cannot delete a group of the account, only part with it [inferred].
        context.workspace.assign_group(group.id, false);
    }
    Ok(Answer::no_content())
}

fn not_found(target: &Target) -> ScimError {
    ScimError::not_found("Group", &target.written)
}

fn held(context: &Context<'_>, level: Level, target: &Target) -> Result<Group, ScimError> {
    let group = context.workspace.groups().get(target.id);
    group
        .filter(|group| is_held(context, group, level))
        .cloned()
        .ok_or_else(|| not_found(target))
}

fn store(context: &mut Context<'_>, group: Group, level: Level, form: Switch) -> Answer {
    let id = group.id;
    context.workspace.put_group(group);
    changed(context.switches, form, || full(context, id, level))
}

fn full(context: &Context<'_>, id: Id, level: Level) -> serde_json::Map<String, Value> {
    let group = context.workspace.groups().get(id);
    group
        .map(|group| render::group(context, group, level, &Projection::default()))
        .unwrap_or_default()
}

fn remember_stale(context: &mut Context<'_>, id: Id) {
    context.remember_stale(id, Listing::Groups, |context, level| {
        let group = context.workspace.groups().get(id);
        let there = group.is_some_and(|group| is_shown(context, group, level));
        there.then(|| full(context, id, level))
    });
}

fn required_display_name(draft: &Draft<'_>) -> Result<String, ScimError> {
    draft
        .text("displayName")?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ScimError::missing("displayName"))
}

fn write(draft: &Draft<'_>, group: &mut Group, level: Level, context: &Context<'_>) -> Result<(), ScimError> {
    group.external_id = draft.text("externalId")?;
    if level == Level::Workspace {
        group.entitlements = draft.values("entitlements")?;
    }
    group.roles = draft.values("roles")?;
    draft::check_entitlements(&group.entitlements, context.switches)?;
    draft::check_lengths(Some(&group.display_name), group.external_id.as_ref(), context.sizes)
}

fn add_all(edits: &mut MemberEdits<'_>, members: &[Member], switches: &Switches) -> Result<(), ScimError> {
    for member in members {
        if let Member::Known(id) = member {
            patch::group::admit(edits, *id, switches)?;
        }
    }
    Ok(())
}

fn check_rename(context: &Context<'_>, group: &Group, to: &str) -> Result<(), ScimError> {
    if group.display_name == to {
        return Ok(());
    }
    if context.workspace.reserved().is_group(group.id) {
        let status = context.switches.status(Switch::ReservedGroupDelete);
        return Err(errors::reserved_group(status, &group.display_name, "cannot be renamed"));
    }
    check_name_is_free(context, to, group.home, Some(group.id))
}

/// A name is taken within its own level only [inferred].
fn check_name_is_free(context: &Context<'_>, name: &str, home: Level, but_for: Option<Id>) -> Result<(), ScimError> {
    let workspace = &*context.workspace;
    let exact = context.switches.is(Switch::GroupNameUnique, "exact");
    let taken = workspace.groups().named(name).any(|group| {
        let same = !exact || group.display_name == name || workspace.reserved().is_group(group.id);
        group.home == home && same && Some(group.id) != but_for
    });
    if taken {
        let detail = format!("Group with name {name} already exists.");
        return Err(ScimError::conflict(detail, conflict_type(context.switches)));
    }
    Ok(())
}

fn filterable(switches: &Switches) -> list::Filterable {
    let mut known = vec!["displayname", "id"];
    if switches.is(Switch::ExternalIdFilter, "supported") {
        known.push("externalid");
    }
    known
}

impl<'a> Listed<'a> for &'a Group {
    fn field(&self, name: &str, switches: &Switches) -> Field<'a> {
        let text = match name {
            "displayname" => Some(self.display_name.as_str().into()),
            "id" => Some(self.id.to_string().into()),
            "externalid" => self.external_id.as_deref().map(Into::into),
            _ => None,
        };
        let case_sensitive = list::is_case_sensitive(name, switches);
        Field { text, case_sensitive }
    }
}
