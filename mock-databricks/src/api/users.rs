//! `…/Users`: lists, reads, creation, replacement, PATCH, deletion.
//!
//! `userName` is lower-cased and stays for ever; `emails` follows it; changes of either are dropped in silence (documented).

use http::{Method, StatusCode};
use serde_json::Value;

use super::access::{NAMES, Rights};
use super::draft::{self, Draft};
use super::list::{self, Listed};
use super::patch;
use super::projection::Projection;
use super::query::Query;
use super::route::Target;
use super::{Context, Request, Route, changed, conflict_type, object, render};
use crate::answer::Answer;
use crate::errors::{self, ScimError};
use crate::filter::Field;
use crate::limits::MOST_USERS;
use crate::state::User;
use crate::switches::{Switch, Switches};

/// Top-level attributes of the model; `groups`, `id` and `meta` are read-only and may be echoed.
const MODEL: [&str; 12] = [
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
    let users = context.workspace.users();
    let found = list::select(&query, context.switches, users.iter(), |name| users.named(name))?;
    Ok(list::page(&query, context.switches, &found, |user| {
        render::user(context.workspace, context.switches, user, &query.projection)
    }))
}

/// What a caller without rights may see (documented: ids and names).
pub(super) fn visible(mut query: Query, rights: Rights) -> Query {
    if rights == Rights::NamesOnly {
        query.projection = Projection::new(Some(&NAMES.join(",")), None);
    }
    query
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
            .users()
            .get(target.id)
            .map(|user| render::user(context.workspace, context.switches, user, &query.projection)),
    };
    match body {
        Some(body) => Ok(Answer::scim(StatusCode::OK, &Value::Object(body))),
        None => Err(ScimError::user_not_found(&target.written)),
    }
}

fn create(context: &mut Context<'_>, request: &Request<'_>) -> Result<Answer, ScimError> {
    let body = object(request.body)?;
    let draft = Draft::new(&body, &MODEL, context.switches)?;
    let user_name = required_user_name(&draft)?;
    let workspace = &mut *context.workspace;
    if let Some(holder) = workspace.users().named(&user_name).next() {
        let kind = conflict_type(context.switches);
        return Err(ScimError::user_exists(&holder.user_name, kind));
    }
    if context.size_limits && workspace.users().len() >= MOST_USERS {
        return Err(errors::size_limit("users and service principals", MOST_USERS));
    }
    let former = workspace
        .former_id(&user_name)
        .filter(|_| context.switches.is(Switch::RecreatedId, "same"));
    let id = former.unwrap_or_else(|| workspace.next_id());
    let mut user = User::new(id, &user_name);
    write(&draft, &mut user, context.switches, context.size_limits)?;
    if context.switches.is(Switch::DerivedName, "from-display-name") {
        derive_name(&mut user);
    }
    remember_stale(context, id);
    context.workspace.add_user(user);
    let status = context.switches.status(Switch::CreateStatus);
    Ok(Answer::scim(status, &Value::Object(full(context, id))))
}

fn replace(context: &mut Context<'_>, request: &Request<'_>, target: &Target) -> Result<Answer, ScimError> {
    let before = held(context, target)?;
    let body = object(request.body)?;
    let draft = Draft::new(&body, &MODEL, context.switches)?;
    // Required, and ignored when it differs (documented).
    required_user_name(&draft)?;
    let mut user = before.clone();
    write(&draft, &mut user, context.switches, context.size_limits)?;
    keep_federated_names(&before, &mut user, context.switches);
    Ok(store(context, user, Switch::PutAnswer))
}

fn modify(context: &mut Context<'_>, request: &Request<'_>, target: &Target) -> Result<Answer, ScimError> {
    let before = held(context, target)?;
    let operations = patch::parse(request.body, context.switches)?;
    let mut user = before.clone();
    for operation in &operations {
        patch::user::apply(operation, &mut user, context.switches)?;
    }
    keep_federated_names(&before, &mut user, context.switches);
    draft::check_lengths(
        user.display_name.as_ref(),
        user.external_id.as_ref(),
        context.size_limits,
    )?;
    Ok(store(context, user, Switch::PatchAnswer))
}

fn delete(context: &mut Context<'_>, target: &Target) -> Result<Answer, ScimError> {
    let user = held(context, target)?;
    remember_stale(context, user.id);
    context.workspace.remove_user(user.id);
    Ok(Answer::no_content())
}

fn held(context: &Context<'_>, target: &Target) -> Result<User, ScimError> {
    let user = context.workspace.users().get(target.id);
    user.cloned().ok_or_else(|| ScimError::user_not_found(&target.written))
}

fn store(context: &mut Context<'_>, user: User, form: Switch) -> Answer {
    let id = user.id;
    remember_stale(context, id);
    context.workspace.put_user(user);
    changed(context.switches, form, || full(context, id))
}

fn full(context: &Context<'_>, id: crate::state::Id) -> serde_json::Map<String, Value> {
    let user = context.workspace.users().get(id);
    user.map(|user| {
        let everything = Projection::default();
        render::user(context.workspace, context.switches, user, &everything)
    })
    .unwrap_or_default()
}

fn remember_stale(context: &mut Context<'_>, id: crate::state::Id) {
    if context.switches.is(Switch::StaleReads, "first-read") {
        let before = context.workspace.users().get(id).is_some();
        let before = before.then(|| full(context, id));
        context.workspace.stale.remember(id, context.now, before);
    }
}

fn required_user_name(draft: &Draft<'_>) -> Result<String, ScimError> {
    draft
        .text("userName")?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ScimError::missing("userName"))
}

/// Everything a body replaces; what it leaves out is cleared (documented for PUT).
fn write(draft: &Draft<'_>, user: &mut User, switches: &Switches, size_limits: bool) -> Result<(), ScimError> {
    user.display_name = draft.text("displayName")?;
    user.given_name = draft.sub_text("name", "givenName")?;
    user.family_name = draft.sub_text("name", "familyName")?;
    user.active = draft.boolean("active")?.unwrap_or(true);
    user.external_id = draft.text("externalId")?;
    user.entitlements = draft.values("entitlements")?;
    user.roles = draft.values("roles")?;
    if switches.is(Switch::UserExternalId, "dropped") {
        user.external_id = None;
    }
    draft::check_entitlements(&user.entitlements, switches)?;
    draft::check_lengths(user.display_name.as_ref(), user.external_id.as_ref(), size_limits)?;
    Ok(())
}

/// In identity-federated workspaces names of users do not change through the workspace (documented).
fn keep_federated_names(before: &User, user: &mut User, switches: &Switches) {
    if switches.is(Switch::FederatedNames, "ignored") {
        user.display_name.clone_from(&before.display_name);
        user.given_name.clone_from(&before.given_name);
        user.family_name.clone_from(&before.family_name);
    }
}

/// "John Doe" gives John and Doe (an example of the vendor's account API).
fn derive_name(user: &mut User) {
    if user.given_name.is_none()
        && user.family_name.is_none()
        && let Some((given, family)) = user.display_name.as_deref().and_then(|name| name.split_once(' '))
    {
        let (given, family) = (given.to_owned(), family.to_owned());
        user.given_name = Some(given);
        user.family_name = Some(family);
    }
}

impl Listed for User {
    const INDEXED: &'static str = "username";

    fn filterable(switches: &Switches) -> Vec<&'static str> {
        let mut known = vec!["username", "displayname", "active", "id"];
        if switches.is(Switch::ExternalIdFilter, "supported") {
            known.push("externalid");
        }
        if switches.is(Switch::EmailsValueFilter, "supported") {
            known.push("emails.value");
        }
        known
    }

    fn field(&self, name: &str, switches: &Switches) -> Field<'_> {
        let text = match name {
            "username" | "emails.value" => Some(self.user_name.as_str().into()),
            "displayname" => self.display_name.as_deref().map(Into::into),
            "name.givenname" => self.given_name.as_deref().map(Into::into),
            "name.familyname" => self.family_name.as_deref().map(Into::into),
            "active" => Some(if self.active { "true" } else { "false" }.into()),
            "id" => Some(self.id.to_string().into()),
            "externalid" => self.external_id.as_deref().map(Into::into),
            _ => None,
        };
        let case_sensitive = match name {
            "username" | "emails.value" => switches.is(Switch::UserNameFilterCase, "sensitive"),
            "displayname" => switches.is(Switch::DisplayNameFilterCase, "sensitive"),
            "externalid" => true,
            _ => false,
        };
        Field { text, case_sensitive }
    }
}
