//! The naive directory: lists that are walked, and rules A7, A10 and A11 written down a second time.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::program::{Dialect, GroupStep, Step, UserStep};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The id of somebody who never was.
const NOBODY: &str = "6f1de5a7-0000-4000-8000-000000000000";

/// A request to send.
pub struct Request {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
}

fn of(method: Method, path: String, body: Option<Value>) -> Request {
    Request { method, path, body }
}

fn patch(path: String, operations: &[Value]) -> Request {
    of(Method::PATCH, path, Some(json!({ "Operations": operations })))
}

#[derive(Debug, Clone)]
struct User {
    id: String,
    name: String,
    title: Option<u8>,
    active: bool,
    manager: Option<String>,
    is_gone: bool,
}

#[derive(Debug, Clone)]
struct Group {
    id: String,
    name: String,
    members: BTreeSet<String>,
    is_gone: bool,
}

/// What the directory should hold.
pub struct Oracle {
    prefix: String,
    users: Vec<User>,
    groups: Vec<Group>,
}

impl Oracle {
    /// An empty one whose names begin so.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            users: Vec::new(),
            groups: Vec::new(),
        }
    }

    fn user_name(&self, name: u8, upper: bool) -> String {
        let name = format!("{}user{name}@contoso.test", self.prefix);
        if upper { name.to_uppercase() } else { name }
    }

    fn group_name(&self, name: u8) -> String {
        format!("{}group{name}", self.prefix)
    }

    fn user_id(&self, user: usize) -> String {
        self.users
            .get(user)
            .map_or_else(|| NOBODY.to_owned(), |user| user.id.clone())
    }

    fn group_id(&self, group: usize) -> String {
        self.groups
            .get(group)
            .map_or_else(|| NOBODY.to_owned(), |group| group.id.clone())
    }

    fn named(&self, members: &[usize]) -> Vec<Value> {
        members
            .iter()
            .map(|user| json!({ "value": self.user_id(*user) }))
            .collect()
    }

    fn user_body(&self, name: &str, title: Option<u8>, active: Option<bool>, manager: Option<usize>) -> Value {
        let mut body = json!({ "schemas": [USER, ENTERPRISE], "userName": name });
        if let Some(title) = title {
            body["title"] = json!(title_text(title));
        }
        if let Some(active) = active {
            body["active"] = json!(if active { "True" } else { "False" });
        }
        if let Some(manager) = manager {
            body[ENTERPRISE] = json!({ "manager": self.user_id(manager) });
        }
        body
    }

    /// The step as a request.
    pub fn request(&self, step: &Step) -> Request {
        match step {
            Step::User(step) => self.user_request(step),
            Step::Group(step) => self.group_request(step),
        }
    }

    fn user_request(&self, step: &UserStep) -> Request {
        let path = |user: usize| format!("/Users/{}", self.user_id(user));
        match step {
            UserStep::Create {
                name,
                upper,
                title,
                active,
                manager,
            } => {
                let body = self.user_body(&self.user_name(*name, *upper), *title, *active, *manager);
                of(Method::POST, "/Users".to_owned(), Some(body))
            }
            UserStep::Replace { user, name, title } => {
                let body = self.user_body(&self.user_name(*name, false), *title, None, None);
                of(Method::PUT, path(*user), Some(body))
            }
            UserStep::Title { user, title, dialect } => patch(
                path(*user),
                &[change(*dialect, "title", title.map(title_text).map(Value::from))],
            ),
            UserStep::Active { user, active, dialect } => {
                let value = match dialect {
                    Dialect::Legacy => json!(if *active { "True" } else { "false" }),
                    Dialect::Compliant | Dialect::PathLess => json!(active),
                };
                patch(path(*user), &[change(*dialect, "active", Some(value))])
            }
            UserStep::Rename {
                user,
                name,
                upper,
                dialect,
            } => {
                let value = json!(self.user_name(*name, *upper));
                patch(path(*user), &[change(*dialect, "userName", Some(value))])
            }
            UserStep::Manager { user, manager, dialect } => {
                let value = manager.map(|manager| match dialect {
                    Dialect::Legacy => json!([{ "$ref": null, "value": self.user_id(manager) }]),
                    Dialect::Compliant => json!(self.user_id(manager)),
                    Dialect::PathLess => json!({ "value": self.user_id(manager) }),
                });
                let manager = format!("{ENTERPRISE}:manager");
                patch(path(*user), &[change(*dialect, &manager, value)])
            }
            UserStep::Broken { user } => patch(
                path(*user),
                &[
                    json!({ "op": "replace", "path": "title", "value": "broken" }),
                    json!({ "op": "replace", "path": "active", "value": false }),
                    json!({ "op": "replace", "path": "userName", "value": "" }),
                ],
            ),
            UserStep::Delete { user } => of(Method::DELETE, path(*user), None),
        }
    }

    fn group_request(&self, step: &GroupStep) -> Request {
        let path = |group: usize| format!("/Groups/{}", self.group_id(group));
        match step {
            GroupStep::Create { name, members } => {
                let body = json!({ "schemas": [GROUP], "displayName": self.group_name(*name), "members": self.named(members) });
                of(Method::POST, "/Groups".to_owned(), Some(body))
            }
            GroupStep::Add {
                group,
                members,
                dialect,
            } => {
                let value = json!(self.named(members));
                patch(
                    path(*group),
                    &[match dialect {
                        Dialect::Legacy => json!({ "op": "Add", "path": "members", "value": value }),
                        Dialect::Compliant => json!({ "op": "add", "path": "members", "value": value }),
                        Dialect::PathLess => json!({ "op": "add", "value": { "members": value } }),
                    }],
                )
            }
            GroupStep::Remove {
                group,
                members,
                dialect,
            } => {
                let operations = match dialect {
                    Dialect::Legacy => {
                        vec![json!({ "op": "Remove", "path": "members", "value": self.named(members) })]
                    }
                    Dialect::Compliant | Dialect::PathLess => members
                        .iter()
                        .map(|user| json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", self.user_id(*user)) }))
                        .collect(),
                };
                patch(path(*group), &operations)
            }
            GroupStep::Replace { group, members } => patch(
                path(*group),
                &[json!({ "op": "replace", "path": "members", "value": self.named(members) })],
            ),
            GroupStep::Clear { group } => patch(path(*group), &[json!({ "op": "remove", "path": "members" })]),
            GroupStep::Rename { group, name } => {
                let value = json!(self.group_name(*name));
                patch(
                    path(*group),
                    &[json!({ "op": "Replace", "path": "displayName", "value": value })],
                )
            }
            GroupStep::Delete { group } => of(Method::DELETE, path(*group), None),
        }
    }

    /// Does the step, and tells the status that the server should have answered; `made` is the id it gave.
    pub fn apply(&mut self, step: &Step, made: Option<&str>) -> u16 {
        match step {
            Step::User(step) => self.apply_to_users(step, made),
            Step::Group(step) => self.apply_to_groups(step, made),
        }
    }

    fn apply_to_users(&mut self, step: &UserStep, made: Option<&str>) -> u16 {
        match step {
            UserStep::Create {
                name,
                upper,
                title,
                active,
                manager,
            } => {
                let name = self.user_name(*name, *upper);
                let manager_id = manager.map(|manager| self.user_id(manager));
                if self.is_taken(&name, None) {
                    return 409;
                }
                if manager_id.as_ref().is_some_and(|id| !self.is_alive(id)) {
                    return 400;
                }
                self.users.push(User {
                    id: made.unwrap_or_default().to_owned(),
                    name,
                    title: *title,
                    active: active.unwrap_or(true),
                    manager: manager_id,
                    is_gone: false,
                });
                201
            }
            UserStep::Replace { user, name, title } => {
                let name = self.user_name(*name, false);
                self.change_user(*user, |user| {
                    user.name = name;
                    user.title = *title;
                    user.manager = None;
                })
            }
            UserStep::Title { user, title, .. } => self.change_user(*user, |user| user.title = *title),
            UserStep::Active { user, active, .. } => self.change_user(*user, |user| user.active = *active),
            UserStep::Rename { user, name, upper, .. } => {
                let name = self.user_name(*name, *upper);
                self.change_user(*user, |user| user.name = name)
            }
            UserStep::Manager { user, manager, .. } => {
                let id = manager.map(|manager| self.user_id(manager));
                let current = self.users.get(*user).and_then(|user| user.manager.clone());
                let is_new = id.is_some() && id != current;
                if self.live_user(*user).is_some() && is_new && id.as_ref().is_some_and(|id| !self.is_alive(id)) {
                    return 400;
                }
                self.change_user(*user, |user| user.manager = id)
            }
            UserStep::Broken { user } => {
                if self.live_user(*user).is_some() {
                    400
                } else {
                    404
                }
            }
            UserStep::Delete { user } => {
                let Some(gone) = self.live_user(*user) else { return 404 };
                gone.is_gone = true;
                let id = gone.id.clone();
                for user in &mut self.users {
                    user.manager.take_if(|manager| *manager == id);
                }
                for group in &mut self.groups {
                    group.members.remove(&id);
                }
                204
            }
        }
    }

    fn apply_to_groups(&mut self, step: &GroupStep, made: Option<&str>) -> u16 {
        match step {
            GroupStep::Create { name, members } => {
                let name = self.group_name(*name);
                if self.is_group_taken(&name, None) {
                    return 409;
                }
                let Some(members) = self.alive(members) else { return 400 };
                self.groups.push(Group {
                    id: made.unwrap_or_default().to_owned(),
                    name,
                    members,
                    is_gone: false,
                });
                201
            }
            GroupStep::Add { group, members, .. } => {
                let named = self.alive(members);
                let Some(group) = self.live_group(*group) else {
                    return 404;
                };
                let Some(named) = named else { return 400 };
                group.members.extend(named);
                204
            }
            GroupStep::Remove {
                group,
                members,
                dialect,
            } => {
                let named: Vec<String> = members.iter().map(|user| self.user_id(*user)).collect();
                let Some(group) = self.live_group(*group) else {
                    return 404;
                };
                if named.is_empty() && !matches!(dialect, Dialect::Legacy) {
                    // No operation at all.
                    return 400;
                }
                group.members.retain(|id| !named.contains(id));
                204
            }
            GroupStep::Replace { group, members } => {
                let named = self.alive(members);
                let Some(group) = self.live_group(*group) else {
                    return 404;
                };
                let Some(named) = named else { return 400 };
                group.members = named;
                204
            }
            GroupStep::Clear { group } => {
                let Some(group) = self.live_group(*group) else {
                    return 404;
                };
                group.members.clear();
                204
            }
            GroupStep::Rename { group, name } => {
                let name = self.group_name(*name);
                let id = self.group_id(*group);
                if self.live_group(*group).is_none() {
                    return 404;
                }
                if self.is_group_taken(&name, Some(&id)) {
                    return 409;
                }
                self.groups[*group].name = name;
                204
            }
            GroupStep::Delete { group } => {
                let Some(group) = self.live_group(*group) else {
                    return 404;
                };
                group.is_gone = true;
                group.members.clear();
                204
            }
        }
    }

    fn change_user(&mut self, user: usize, change: impl FnOnce(&mut User)) -> u16 {
        let Some(live) = self.live_user(user) else { return 404 };
        let mut changed = live.clone();
        change(&mut changed);
        if self.is_taken(&changed.name, Some(&changed.id)) {
            return 409;
        }
        self.users[user] = changed;
        200
    }

    fn live_user(&mut self, user: usize) -> Option<&mut User> {
        self.users.get_mut(user).filter(|user| !user.is_gone)
    }

    fn live_group(&mut self, group: usize) -> Option<&mut Group> {
        self.groups.get_mut(group).filter(|group| !group.is_gone)
    }

    fn is_alive(&self, id: &str) -> bool {
        self.users.iter().any(|user| user.id == id && !user.is_gone)
    }

    fn alive(&self, members: &[usize]) -> Option<BTreeSet<String>> {
        let ids = members.iter().map(|user| self.user_id(*user));
        ids.map(|id| self.is_alive(&id).then_some(id)).collect()
    }

    fn is_taken(&self, name: &str, own: Option<&str>) -> bool {
        self.users
            .iter()
            .any(|user| !user.is_gone && user.name.eq_ignore_ascii_case(name) && Some(user.id.as_str()) != own)
    }

    fn is_group_taken(&self, name: &str, own: Option<&str>) -> bool {
        self.groups
            .iter()
            .any(|group| !group.is_gone && group.name == name && Some(group.id.as_str()) != own)
    }

    /// Every path there ever was, and what is to be read there.
    pub fn resources(&self) -> Vec<(String, Option<Value>)> {
        let users = self.users.iter().map(|user| {
            let shown = (!user.is_gone).then(|| self.shown_user(user));
            (format!("/Users/{}", user.id), shown)
        });
        let groups = self.groups.iter().map(|group| {
            let shown = json!({ "id": group.id, "displayName": group.name, "members": group.members });
            (format!("/Groups/{}", group.id), (!group.is_gone).then_some(shown))
        });
        users.chain(groups).collect()
    }

    fn shown_user(&self, user: &User) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(user.id));
        shown.insert("userName".to_owned(), json!(user.name));
        if let Some(title) = user.title {
            shown.insert("title".to_owned(), json!(title_text(title)));
        }
        shown.insert("active".to_owned(), json!(user.active));
        if let Some(manager) = &user.manager {
            shown.insert(ENTERPRISE.to_owned(), json!({ "manager": { "value": manager } }));
        }
        let mut groups: Vec<&str> = self.groups_of(&user.id);
        groups.sort_unstable();
        if !groups.is_empty() {
            shown.insert("groups".to_owned(), json!(groups));
        }
        Value::Object(shown)
    }

    fn groups_of(&self, id: &str) -> Vec<&str> {
        let groups = self.groups.iter().filter(|group| group.members.contains(id));
        groups.map(|group| group.id.as_str()).collect()
    }

    /// Queries, and the ids that they find in order of creation.
    pub fn queries(&self) -> Vec<(String, Vec<String>)> {
        let live = || self.users.iter().filter(|user| !user.is_gone);
        let users =
            |keep: &dyn Fn(&User) -> bool| live().filter(|user| keep(user)).map(|user| user.id.clone()).collect();
        let mine = format!("userName+sw+%22{}%22", self.prefix);
        let mut queries = vec![
            (format!("/Users?filter={mine}"), users(&|_| true)),
            (
                format!("/Users?filter={mine}+and+not+(active+eq+false)"),
                users(&|user| user.active),
            ),
            (
                format!("/Users?filter=title+eq+%22TITLE+1%22+and+{mine}"),
                users(&|user| user.title == Some(1)),
            ),
        ];
        let mut sorted: Vec<&User> = live().collect();
        sorted.sort_by_key(|user| user.name.to_lowercase());
        let ids = sorted.iter().rev().map(|user| user.id.clone()).collect();
        queries.push((
            format!("/Users?filter={mine}&sortBy=userName&sortOrder=descending"),
            ids,
        ));
        for user in &self.users {
            let name = user.name.to_lowercase().replace('@', "%40");
            let found = live().filter(|other| other.name.eq_ignore_ascii_case(&user.name));
            queries.push((
                format!("/Users?filter=userName+eq+%22{name}%22"),
                found.map(|user| user.id.clone()).collect(),
            ));
            queries.push((
                format!("/Users?filter=manager+eq+%22{}%22", user.id),
                users(&|other| other.manager.as_ref() == Some(&user.id)),
            ));
            queries.push((
                format!("/Groups?filter=members+eq+%22{}%22", user.id),
                self.groups_of(&user.id).into_iter().map(str::to_owned).collect(),
            ));
        }
        queries
    }
}

fn title_text(title: u8) -> String {
    format!("Title {title}")
}

/// A change of one attribute; no value means that it goes.
fn change(dialect: Dialect, path: &str, value: Option<Value>) -> Value {
    match (dialect, value) {
        (Dialect::Legacy, Some(value)) => json!({ "op": "Replace", "path": path, "value": value }),
        (Dialect::Legacy, None) => json!({ "op": "Remove", "path": path }),
        (Dialect::Compliant, Some(value)) => json!({ "op": "add", "path": path, "value": value }),
        (Dialect::Compliant, None) => json!({ "op": "remove", "path": path }),
        (Dialect::PathLess, value) => json!({ "op": "replace", "value": { path: value } }),
    }
}
