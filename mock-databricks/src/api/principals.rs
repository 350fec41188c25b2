//! `…/Users` and `…/ServicePrincipals` at both levels: lists, reads, creation, replacement, PATCH, deletion.
//!
//! The two kinds differ in little: what names them (see [`super::kind`]), and that only users have names and e-mail
//! addresses. The name is given once and stays for ever; changes of it are dropped in silence [documented].

use http::{Method, StatusCode};
use serde_json::Value;

use super::access::Rights;
use super::draft::{self, Draft};
use super::list::{self, Listed};
use super::projection::Projection;
use super::query::Query;
use super::route::Target;
use super::staleness::Row;
use super::{Context, Request, Route, changed, conflict_type, object, patch, render, visible};
use crate::answer::Answer;
use crate::errors::{self, ScimError};
use crate::filter::Field;
use crate::state::{Id, Kind, Level, Principal, Profile, Standing};
use crate::switches::{Switch, Switches};

/// One kind of principal at one level.
#[derive(Debug, Clone, Copy)]
struct Place {
    kind: Kind,
    level: Level,
}

pub(crate) fn handle(
    context: &mut Context<'_>,
    request: &Request<'_>,
    route: &Route,
    kind: Kind,
    rights: Rights,
) -> Result<Answer, ScimError> {
    let place = Place {
        kind,
        level: route.level,
    };
    match (&route.target, request.method) {
        (None, &Method::GET) => index(context, request, place, rights),
        (None, _) => create(context, request, place),
        (Some(target), &Method::GET) => read(context, request, place, target, rights),
        (Some(target), &Method::PUT) => replace(context, request, place, target),
        (Some(target), &Method::PATCH) => modify(context, request, place, target),
        (Some(target), _) => delete(context, place, target),
    }
}

fn index(context: &mut Context<'_>, request: &Request<'_>, place: Place, rights: Rights) -> Result<Answer, ScimError> {
    let query = visible(Query::parse(request.query, context.switches)?, rights);
    let stale = context.stale_rows(place.kind.listing(), place.level);
    let context = &*context;
    let through = context.workspace.through_groups();
    let aim = context.switches.is(Switch::AutomaticIdentityManagement, "on");
    let seen = |principal: &'_ Principal| {
        let there = place.level == Level::Account || principal.workspace.is_some() || through.contains(&principal.id);
        // Nobody has used them yet, and no list shows them [issue TF 5142].
        there && !(aim && principal.unused) && !stale.hide(principal.id)
    };
    let table = context.workspace.of_kind(place.kind);
    let at = at(place.level);
    let all = table
        .iter()
        .filter(|principal| seen(principal))
        .map(at)
        .chain(stale.rows());
    let named = |name: &str| {
        table
            .named(name)
            .filter(|principal| seen(principal))
            .map(at)
            .chain(stale.rows())
    };
    let filterable = place.kind.filterable(context.switches);
    let found = list::select(&query, context.switches, &filterable, all, named)?;
    Ok(list::page(&query, context.switches, &found, |row| match row {
        Row::Now(seen) => render::principal(context, seen, &query.projection),
        Row::Before(shown) => query.projection.apply((*shown).clone()),
    }))
}

/// A principal as a row of a list at one level.
fn at<'a>(level: Level) -> impl Fn(&'a Principal) -> Row<'a, Seen<'a>> + Copy {
    move |principal| Row::Now(principal.seen(level))
}

fn read(
    context: &mut Context<'_>,
    request: &Request<'_>,
    place: Place,
    target: &Target,
    rights: Rights,
) -> Result<Answer, ScimError> {
    let query = visible(Query::parse(request.query, context.switches)?, rights);
    let stale = context.stale_read(target.id, place.kind.listing(), place.level);
    let body = match stale {
        Some(before) => before.map(|full| query.projection.apply(full)),
        None => find(context, place, target.id)
            .map(|principal| render::principal(context, &principal.seen(place.level), &query.projection)),
    };
    match body {
        Some(body) => Ok(Answer::scim(StatusCode::OK, &Value::Object(body))),
        None => Err(place.kind.not_found(&target.written)),
    }
}

fn create(context: &mut Context<'_>, request: &Request<'_>, place: Place) -> Result<Answer, ScimError> {
    let body = object(request.body)?;
    let draft = Draft::new(&body, place.kind.model(), context.switches)?;
    let name = match draft.text(place.kind.name_attribute())?.filter(|name| !name.is_empty()) {
        Some(name) => name,
        // Databricks makes an application id for a service principal of its own [fixture].
        None if place.kind == Kind::ServicePrincipal && draft.text("displayName")?.is_some() => {
            context.workspace.next_application_id()
        }
        None => return Err(ScimError::missing(place.kind.name_attribute())),
    };
    let known = context.workspace.of_kind(place.kind).named(&name).next().cloned();
    if let Some(holder) = known.as_ref().filter(|holder| is_taken(context, place, holder)) {
        return Err(place
            .kind
            .exists(place.level, &holder.name, conflict_type(context.switches)));
    }
    // The documented number is for both kinds together, and for each level by itself.
    if context.workspace.principals_at(place.level) >= context.sizes.users {
        return Err(errors::size_limit("users and service principals", context.sizes.users));
    }
    let mut principal = match known {
        // Somebody of the account enters the workspace.
        Some(known) => known,
        None => Principal::new(
            Id::none(),
            place.kind,
            match place.kind {
                Kind::User => name.to_lowercase(),
                Kind::ServicePrincipal => name,
            },
        ),
    };
    write(context, &draft, &mut principal, place, true)?;
    let id = new_id(context, &principal);
    principal.id = id;
    principal.unused = false;
    remember_stale(context, place.kind, id);
    context.workspace.put_principal(principal);
    let status = context.switches.status(Switch::CreateStatus);
    Ok(Answer::scim(status, &Value::Object(full(context, id, place.level))))
}

/// Whether a name cannot be had at this level: somebody of the account may still enter the workspace.
fn is_taken(context: &Context<'_>, place: Place, holder: &Principal) -> bool {
    let hidden = holder.unused && context.switches.is(Switch::AutomaticIdentityManagement, "on");
    if hidden {
        return context.switches.is(Switch::UnusedUserCreate, "conflict");
    }
    place.level == Level::Account || holder.workspace.is_some()
}

/// The id of a principal that is created: its own, if the account knows it.
fn new_id(context: &mut Context<'_>, principal: &Principal) -> Id {
    let same = context.switches.is(Switch::RecreatedId, "same");
    let former = context.workspace.former_id(&principal.name);
    if principal.id == Id::none() && context.forced_id.is_some() {
        return context.next_id();
    }
    match (principal.id == Id::none(), former) {
        (true, Some(former)) if same => former,
        (true, _) => context.workspace.next_id(),
        // It was deleted from the workspace and comes back as somebody else.
        (false, Some(former)) if !same && former == principal.id => {
            let id = context.workspace.next_id();
            context.workspace.rename_id(former, id);
            id
        }
        (false, _) => principal.id,
    }
}

fn replace(
    context: &mut Context<'_>,
    request: &Request<'_>,
    place: Place,
    target: &Target,
) -> Result<Answer, ScimError> {
    let mut principal = held(context, place, target)?;
    let body = object(request.body)?;
    let draft = Draft::new(&body, place.kind.model(), context.switches)?;
    // Required, and ignored when it differs [documented; for service principals on Azure: fixture TF 1319].
    let name = draft.text(place.kind.name_attribute())?;
    if name.is_none_or(|name| name.is_empty()) && place.kind.put_needs_name(context.switches) {
        return Err(ScimError::missing(place.kind.name_attribute()));
    }
    write(context, &draft, &mut principal, place, false)?;
    Ok(store(context, principal, place, put_form(place.level)))
}

fn modify(
    context: &mut Context<'_>,
    request: &Request<'_>,
    place: Place,
    target: &Target,
) -> Result<Answer, ScimError> {
    let before = held(context, place, target)?;
    let operations = patch::parse(request.body, context.switches)?;
    let mut edited = patch::principal::Edited {
        kind: place.kind,
        level: place.level,
        id: before.id,
        profile: before.profile.clone(),
        standing: before.standing(place.level),
    };
    for operation in &operations {
        patch::principal::apply(operation, &mut edited, context.switches)?;
    }
    let patch::principal::Edited { profile, standing, .. } = edited;
    let mut principal = before;
    settle(context, &mut principal, place, profile, standing, false)?;
    Ok(store(context, principal, place, patch_form(place.level)))
}

pub(super) fn put_form(level: Level) -> Switch {
    match level {
        Level::Workspace => Switch::PutAnswer,
        Level::Account => Switch::AccountPutAnswer,
    }
}

pub(super) fn patch_form(level: Level) -> Switch {
    match level {
        Level::Workspace => Switch::PatchAnswer,
        Level::Account => Switch::AccountPatchAnswer,
    }
}

/// From the workspace: the account keeps it. From the account: from every workspace, too [documented].
fn delete(context: &mut Context<'_>, place: Place, target: &Target) -> Result<Answer, ScimError> {
    let principal = held(context, place, target)?;
    remember_stale(context, place.kind, principal.id);
    match place.level {
        Level::Workspace => context.workspace.leave_workspace(principal.id),
        Level::Account => context.workspace.remove_principal(principal.id),
    }
    Ok(Answer::no_content())
}

fn find<'a>(context: &'a Context<'_>, place: Place, id: Id) -> Option<&'a Principal> {
    let principal = context.workspace.of_kind(place.kind).get(id)?;
    let there = place.level == Level::Account || context.workspace.is_in_workspace(principal);
    there.then_some(principal)
}

fn held(context: &Context<'_>, place: Place, target: &Target) -> Result<Principal, ScimError> {
    let principal = find(context, place, target.id).cloned();
    principal.ok_or_else(|| place.kind.not_found(&target.written))
}

fn store(context: &mut Context<'_>, principal: Principal, place: Place, form: Switch) -> Answer {
    let id = principal.id;
    remember_stale(context, place.kind, id);
    context.workspace.put_principal(principal);
    changed(context.switches, form, || full(context, id, place.level))
}

fn full(context: &Context<'_>, id: Id, level: Level) -> serde_json::Map<String, Value> {
    let principal = context.workspace.principal(id);
    principal
        .map(|principal| render::principal(context, &principal.seen(level), &Projection::default()))
        .unwrap_or_default()
}

fn remember_stale(context: &mut Context<'_>, kind: Kind, id: Id) {
    context.remember_stale(id, kind.listing(), |context, level| {
        let place = Place { kind, level };
        find(context, place, id)
            .map(|principal| render::principal(context, &principal.seen(level), &Projection::default()))
    });
}

/// Everything a body replaces; what it leaves out is cleared [documented for PUT].
fn write(
    context: &Context<'_>,
    draft: &Draft<'_>,
    principal: &mut Principal,
    place: Place,
    is_new: bool,
) -> Result<(), ScimError> {
    let names = match place.kind {
        Kind::User => [
            draft.sub_text("name", "givenName")?,
            draft.sub_text("name", "familyName")?,
        ],
        Kind::ServicePrincipal => [None, None],
    };
    let [given_name, family_name] = names;
    let mut profile = Profile {
        display_name: draft.text("displayName")?,
        given_name,
        family_name,
        external_id: draft.text("externalId")?,
    };
    if is_new && place.kind == Kind::User && derives_name(context.switches, place.level) {
        derive_name(&mut profile);
    }
    let standing = Standing {
        active: draft.boolean("active")?.unwrap_or(true),
        entitlements: match place.level {
            Level::Workspace => draft.values("entitlements")?,
            Level::Account => Vec::new(),
        },
        roles: draft.values("roles")?,
    };
    draft::check_entitlements(&standing.entitlements, context.switches)?;
    settle(context, principal, place, profile, standing, is_new)
}

/// Puts a changed profile and standing into the principal, as far as this level lets them change.
fn settle(
    context: &Context<'_>,
    principal: &mut Principal,
    place: Place,
    mut profile: Profile,
    mut standing: Standing,
    is_new: bool,
) -> Result<(), ScimError> {
    let switches = context.switches;
    if place.kind == Kind::User && switches.is(Switch::UserExternalId, "dropped") {
        profile.external_id = None;
    }
    draft::check_lengths(
        profile.display_name.as_ref(),
        profile.external_id.as_ref(),
        context.sizes,
    )?;
    // A principal the account does not know yet takes everything from its first writer.
    let is_unknown = is_new && principal.id == Id::none();
    if place.level == Level::Workspace && !is_unknown && names_are_federated(switches) {
        // In identity-federated workspaces names do not change through the workspace [documented].
        profile = Profile {
            external_id: profile.external_id,
            ..principal.profile.clone()
        };
    }
    // Reactivation is for the account first, then for the workspace [issue KB; what happens otherwise is inferred].
    if place.level == Level::Workspace && standing.active && !principal.account.active {
        match () {
            () if switches.is(Switch::WorkspaceReactivation, "refused") => {
                return Err(ScimError::invalid_value("User is inactive in the account."));
            }
            () if switches.is(Switch::WorkspaceReactivation, "ignored") => standing.active = false,
            () => {}
        }
    }
    principal.profile = profile;
    if is_unknown && place.level == Level::Workspace {
        // A user created in a workspace is created in the account as well [documented], and is active there.
        principal.account = Standing::default();
    }
    principal.set_standing(place.level, standing);
    Ok(())
}

pub(super) fn names_are_federated(switches: &Switches) -> bool {
    switches.is(Switch::FederatedNames, "ignored") || switches.is(Switch::IdentityFederation, "on")
}

fn derives_name(switches: &Switches, level: Level) -> bool {
    match level {
        Level::Workspace => switches.is(Switch::DerivedName, "from-display-name"),
        Level::Account => switches.is(Switch::AccountDerivedName, "from-display-name"),
    }
}

/// "John Doe" gives John and Doe [documented: an example of the account API].
fn derive_name(profile: &mut Profile) {
    if profile.given_name.is_none()
        && profile.family_name.is_none()
        && let Some((given, family)) = profile.display_name.as_deref().and_then(|name| name.split_once(' '))
    {
        let (given, family) = (given.to_owned(), family.to_owned());
        profile.given_name = Some(given);
        profile.family_name = Some(family);
    }
}

/// A principal as one level sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) level: Level,
}

impl Principal {
    pub(crate) fn seen(&self, level: Level) -> Seen<'_> {
        Seen { principal: self, level }
    }
}

impl<'a> Listed<'a> for Seen<'a> {
    fn field(&self, name: &str, switches: &Switches) -> Field<'a> {
        let Principal {
            kind,
            name: own_name,
            profile,
            ..
        } = self.principal;
        let text = match name {
            "emails.value" if *kind == Kind::User => Some(own_name.as_str().into()),
            "displayname" => profile.display_name.as_deref().map(Into::into),
            "name.givenname" => profile.given_name.as_deref().map(Into::into),
            "name.familyname" => profile.family_name.as_deref().map(Into::into),
            "active" => Some(
                if self.principal.is_active(self.level) {
                    "true"
                } else {
                    "false"
                }
                .into(),
            ),
            "id" => Some(self.principal.id.to_string().into()),
            "externalid" => profile.external_id.as_deref().map(Into::into),
            _ if name == kind.indexed() => Some(own_name.as_str().into()),
            _ => None,
        };
        let case_sensitive = list::is_case_sensitive(name, switches);
        Field { text, case_sensitive }
    }
}
