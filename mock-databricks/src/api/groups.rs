//! `…/Groups`: lists, reads, creation, replacement, PATCH, deletion of workspace-local groups.
//!
//! `admins` and `users` cannot be created, renamed or deleted, and nobody leaves `users` (documented).

use http::{Method, StatusCode};
use serde_json::Value;

use super::access::Rights;
use super::draft::{self, Draft, Member};
use super::list::{self, Listed};
use super::patch;
use super::projection::Projection;
use super::query::Query;
use super::route::Target;
use super::users::visible;
use super::{Context, Request, Route, changed, conflict_type, object, render};
use crate::answer::Answer;
use crate::errors::{self, ScimError};
use crate::filter::Field;
use crate::limits::MOST_GROUPS;
use crate::state::{Group, Id, MemberEdits, Workspace};
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
    match (&route.target, request.method) {
        (None, &Method::GET) => index(context, request, rights),
        (None, _) => create(context, request),
        (Some(target), &Method::GET) => read(context, request, target, rights),
        (Some(target), &Method::PUT) => replace(context, request, target),
        (Some(target), &Method::PATCH) => modify(context, request, target),
        (Some(target), _) => delete(context, target),
    }
}

fn index(context: &Context<'_>, request: &Request<'_>, rights: Rights) -> Result<Answer, ScimError> {
    let query = visible(Query::parse(request.query)?, rights);
    let groups = context.workspace.groups();
    let found = list::select(&query, context.switches, groups.iter(), |name| groups.named(name))?;
    Ok(list::page(&query, context.switches, &found, |group| {
        render::group(context.workspace, group, &query.projection)
    }))
}

fn read(
    context: &mut Context<'_>,
    request: &Request<'_>,
    target: &Target,
    rights: Rights,
) -> Result<Answer, ScimError> {
    let query = visible(Query::parse(request.query)?, rights);
    let stale = context
        .workspace
        .stale
        .take(target.id, context.now, context.time_factor);
    let body = match stale {
        Some(before) => before.map(|full| query.projection.apply(full)),
        None => context
            .workspace
            .groups()
            .get(target.id)
            .map(|group| render::group(context.workspace, group, &query.projection)),
    };
    match body {
        Some(body) => Ok(Answer::scim(StatusCode::OK, &Value::Object(body))),
        None => Err(ScimError::group_not_found(&target.written)),
    }
}

fn create(context: &mut Context<'_>, request: &Request<'_>) -> Result<Answer, ScimError> {
    let body = object(request.body)?;
    let draft = Draft::new(&body, &MODEL, context.switches)?;
    let display_name = required_display_name(&draft)?;
    check_name_is_free(context, &display_name, None)?;
    if context.size_limits && context.workspace.groups().len() >= MOST_GROUPS {
        return Err(errors::size_limit("groups", MOST_GROUPS));
    }
    let members = draft.members()?;
    let id = context.workspace.next_id();
    let mut group = Group::new(id, &display_name);
    write(&draft, &mut group, context)?;
    let mut edits = context.workspace.edit_members(id);
    if let Err(refusal) = add_all(&mut edits, &members, context.switches) {
        edits.undo();
        return Err(refusal);
    }
    drop(edits);
    remember_stale(context, id);
    context.workspace.add_group(group);
    let status = context.switches.status(Switch::CreateStatus);
    Ok(Answer::scim(status, &Value::Object(full(context, id))))
}

fn replace(context: &mut Context<'_>, request: &Request<'_>, target: &Target) -> Result<Answer, ScimError> {
    let mut group = held(context, target)?;
    let body = object(request.body)?;
    let draft = Draft::new(&body, &MODEL, context.switches)?;
    let display_name = required_display_name(&draft)?;
    check_rename(context, &group, &display_name)?;
    let members = draft.members()?;
    group.display_name = display_name;
    write(&draft, &mut group, context)?;
    remember_stale(context, group.id);
    let mut edits = context.workspace.edit_members(group.id);
    edits.clear();
    if let Err(refusal) = add_all(&mut edits, &members, context.switches) {
        edits.undo();
        return Err(refusal);
    }
    drop(edits);
    Ok(store(context, group, Switch::PutAnswer))
}

fn modify(context: &mut Context<'_>, request: &Request<'_>, target: &Target) -> Result<Answer, ScimError> {
    let before = held(context, target)?;
    let operations = patch::parse(request.body, context.switches)?;
    remember_stale(context, before.id);
    let mut group = before.clone();
    let mut edits = context.workspace.edit_members(group.id);
    let applied = operations
        .iter()
        .try_for_each(|operation| patch::group::apply(operation, &mut group, &mut edits, context.switches));
    if let Err(refusal) = applied {
        edits.undo();
        return Err(refusal);
    }
    // The name is checked once all operations are through: they are one change.
    let (display_name, external_id) = (group.display_name.clone(), group.external_id.clone());
    let size_limits = context.size_limits;
    let lengths = draft::check_lengths(Some(&display_name), external_id.as_ref(), size_limits);
    // The journal borrows the members, the check only the names.
    let journal = edits.into_journal();
    let checked = lengths.and_then(|()| check_rename(context, &before, &display_name));
    if let Err(refusal) = checked {
        context.workspace.undo_members(group.id, journal);
        return Err(refusal);
    }
    Ok(store(context, group, Switch::PatchAnswer))
}

fn delete(context: &mut Context<'_>, target: &Target) -> Result<Answer, ScimError> {
    let group = held(context, target)?;
    if context.workspace.reserved().is_group(group.id) {
        let status = context.switches.status(Switch::ReservedGroupDelete);
        return Err(errors::reserved_group(status, &group.display_name, "cannot be deleted"));
    }
    remember_stale(context, group.id);
    context.workspace.remove_group(group.id);
    Ok(Answer::no_content())
}

fn held(context: &Context<'_>, target: &Target) -> Result<Group, ScimError> {
    let group = context.workspace.groups().get(target.id);
    group
        .cloned()
        .ok_or_else(|| ScimError::group_not_found(&target.written))
}

fn store(context: &mut Context<'_>, group: Group, form: Switch) -> Answer {
    let id = group.id;
    context.workspace.put_group(group);
    changed(context.switches, form, || full(context, id))
}

fn full(context: &Context<'_>, id: Id) -> serde_json::Map<String, Value> {
    let group = context.workspace.groups().get(id);
    group
        .map(|group| render::group(context.workspace, group, &Projection::default()))
        .unwrap_or_default()
}

fn remember_stale(context: &mut Context<'_>, id: Id) {
    if context.switches.is(Switch::StaleReads, "first-read") {
        let before = context.workspace.groups().get(id).is_some();
        let before = before.then(|| full(context, id));
        context.workspace.stale.remember(id, context.now, before);
    }
}

fn required_display_name(draft: &Draft<'_>) -> Result<String, ScimError> {
    draft
        .text("displayName")?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ScimError::missing("displayName"))
}

fn write(draft: &Draft<'_>, group: &mut Group, context: &Context<'_>) -> Result<(), ScimError> {
    group.external_id = draft.text("externalId")?;
    group.entitlements = draft.values("entitlements")?;
    group.roles = draft.values("roles")?;
    draft::check_entitlements(&group.entitlements, context.switches)?;
    draft::check_lengths(
        Some(&group.display_name),
        group.external_id.as_ref(),
        context.size_limits,
    )
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
    check_name_is_free(context, to, Some(group.id))
}

fn check_name_is_free(context: &Context<'_>, name: &str, but_for: Option<Id>) -> Result<(), ScimError> {
    let workspace: &Workspace = context.workspace;
    let exact = context.switches.is(Switch::GroupNameUnique, "exact");
    let taken = workspace.groups().named(name).any(|group| {
        let same = !exact || group.display_name == name || workspace.reserved().is_group(group.id);
        same && Some(group.id) != but_for
    });
    if taken {
        let kind = conflict_type(context.switches);
        return Err(ScimError::group_exists(name, kind));
    }
    Ok(())
}

impl Listed for Group {
    const INDEXED: &'static str = "displayname";

    fn filterable(switches: &Switches) -> Vec<&'static str> {
        let mut known = vec!["displayname", "id"];
        if switches.is(Switch::ExternalIdFilter, "supported") {
            known.push("externalid");
        }
        known
    }

    fn field(&self, name: &str, switches: &Switches) -> Field<'_> {
        let text = match name {
            "displayname" => Some(self.display_name.as_str().into()),
            "id" => Some(self.id.to_string().into()),
            "externalid" => self.external_id.as_deref().map(Into::into),
            _ => None,
        };
        let case_sensitive = match name {
            "displayname" => switches.is(Switch::DisplayNameFilterCase, "sensitive"),
            "externalid" => true,
            _ => false,
        };
        Field { text, case_sensitive }
    }
}
