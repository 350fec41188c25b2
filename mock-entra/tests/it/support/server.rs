//! The server: routing, storage, faults, history.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use super::{TOKEN, discovery, filter, patch};

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// An answer that replaces the next fitting ones.
#[derive(Clone, Debug)]
pub struct Fault {
    pub method: &'static str,
    /// Part of path and query.
    pub path: String,
    pub answer: ResponseTemplate,
    pub times: usize,
    /// The request has its effect before it is answered so.
    pub after: bool,
}

#[derive(Default)]
struct World {
    users: Vec<Value>,
    groups: Vec<Value>,
    made: u64,
    faults: Vec<Fault>,
    history: Vec<(String, String, Value)>,
}

/// A SCIM server on a free port of the loopback.
#[derive(Clone)]
pub struct Server {
    http: Arc<MockServer>,
    world: Arc<Mutex<World>>,
}

struct Handler(Arc<Mutex<World>>);

impl Server {
    pub async fn start() -> Self {
        let http = Arc::new(MockServer::start().await);
        let world = Arc::new(Mutex::new(World::default()));
        Mock::given(any())
            .respond_with(Handler(world.clone()))
            .mount(&http)
            .await;
        Self { http, world }
    }

    pub fn url(&self) -> String {
        format!("{}/scim", self.http.uri())
    }

    pub fn arm(&self, fault: Fault) {
        self.world().faults.push(fault);
    }

    /// Method, path with query, and body of every request since the last call.
    pub fn history(&self) -> Vec<(String, String, Value)> {
        std::mem::take(&mut self.world().history)
    }

    /// The same without GETs.
    pub fn writes(&self) -> Vec<(String, String, Value)> {
        let mut history = self.history();
        history.retain(|(method, ..)| method != "GET");
        history
    }

    pub fn user(&self, name: &str) -> Option<Value> {
        let is_it = |user: &&Value| user["userName"].as_str() == Some(name);
        self.world().users.iter().find(is_it).cloned()
    }

    pub fn users(&self) -> Vec<Value> {
        self.world().users.clone()
    }

    pub fn groups(&self) -> Vec<Value> {
        self.world().groups.clone()
    }

    /// Names of the members of a group.
    pub fn members(&self, group: &str) -> BTreeSet<String> {
        let world = self.world();
        let group = world.groups.iter().find(|found| found["displayName"] == group).unwrap();
        let name = |member: &Value| {
            let user = world.users.iter().find(|user| user["id"] == member["value"]);
            user.map_or("?".to_owned(), |user| user["userName"].as_str().unwrap().to_owned())
        };
        group["members"].as_array().into_iter().flatten().map(name).collect()
    }

    /// Changes the store behind everybody's back.
    pub fn edit(&self, edit: impl FnOnce(&mut Vec<Value>, &mut Vec<Value>)) {
        let world = &mut *self.world();
        edit(&mut world.users, &mut world.groups);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

/// A field by its name in any case.
pub fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    key_of(object, name).and_then(|key| object.get(key))
}

pub fn key_of(object: &Value, name: &str) -> Option<String> {
    object
        .as_object()?
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()
}

fn error(status: u16, scim_type: Option<&str>, detail: &str) -> ResponseTemplate {
    let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": detail, "status": status.to_string()});
    if let Some(scim_type) = scim_type {
        body["scimType"] = json!(scim_type);
    }
    ResponseTemplate::new(status).set_body_json(body)
}

fn not_found() -> ResponseTemplate {
    error(404, None, "Resource not found: no such id")
}

impl Respond for Handler {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut world = self.0.lock().unwrap();
        let method = request.method.to_string();
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let whole = format!("{}{query}", request.url.path().trim_start_matches("/scim"));
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        world.history.push((method.clone(), whole.clone(), body.clone()));
        let token = request
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        if token != Some(&format!("Bearer {TOKEN}")) {
            return error(401, None, "wrong token");
        }
        let fits = |fault: &Fault| fault.times > 0 && fault.method == method && whole.contains(&fault.path);
        if let Some(at) = world.faults.iter().position(fits) {
            world.faults[at].times -= 1;
            let fault = world.faults[at].clone();
            if fault.after {
                let _ = world.answer(&method, &whole, request, &body);
            }
            return fault.answer;
        }
        world.answer(&method, &whole, request, &body)
    }
}

impl World {
    fn answer(&mut self, method: &str, whole: &str, request: &Request, body: &Value) -> ResponseTemplate {
        let path = whole.split('?').next().unwrap().trim_matches('/');
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["Schemas"]) => ResponseTemplate::new(200).set_body_json(discovery::schemas()),
            ("GET", ["ServiceProviderConfig"]) => {
                ResponseTemplate::new(200).set_body_json(discovery::service_provider_config())
            }
            ("GET", ["ResourceTypes"]) => ResponseTemplate::new(200).set_body_json(discovery::resource_types()),
            ("GET", [kind @ ("Users" | "Groups")]) => self.list(kind, &query),
            ("POST", [kind @ ("Users" | "Groups")]) => self.create(kind, body),
            ("GET", [kind, id]) => match self.find(kind, id) {
                Some(at) => {
                    let resource = project(&self.of(kind)[at], &query);
                    ResponseTemplate::new(200).set_body_json(resource)
                }
                None => not_found(),
            },
            ("PATCH", [kind, id]) => self.change(kind, id, body),
            ("DELETE", [kind, id]) => self.delete(kind, id),
            _ => not_found(),
        }
    }

    fn of(&mut self, kind: &str) -> &mut Vec<Value> {
        if kind == "Users" {
            &mut self.users
        } else {
            &mut self.groups
        }
    }

    fn find(&mut self, kind: &str, id: &str) -> Option<usize> {
        self.of(kind).iter().position(|resource| resource["id"] == id)
    }

    fn list(&mut self, kind: &str, query: &[(String, String)]) -> ResponseTemplate {
        let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, text)| text);
        let mut hits = Vec::new();
        for resource in self.of(kind).iter() {
            match value("filter").map(|filter| filter::matches(resource, filter)) {
                None | Some(Some(true)) => hits.push(project(resource, query)),
                Some(Some(false)) => {}
                Some(None) => return error(400, Some("invalidFilter"), "cannot be read"),
            }
        }
        let total = hits.len();
        let number = |name: &str, default: usize| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let (start, count) = (number("startIndex", 1), number("count", 100));
        let page: Vec<_> = hits.into_iter().skip(start - 1).take(count).collect();
        ResponseTemplate::new(200).set_body_json(json!({
            "schemas": [LIST], "totalResults": total, "startIndex": start,
            "itemsPerPage": page.len(), "Resources": page
        }))
    }

    fn create(&mut self, kind: &str, body: &Value) -> ResponseTemplate {
        let name = if kind == "Users" { "userName" } else { "displayName" };
        let Some(value) = field(body, name).and_then(Value::as_str).map(str::to_lowercase) else {
            return error(400, Some("invalidValue"), &format!("{name} is required"));
        };
        let same = |other: &Value| other[name].as_str().map(str::to_lowercase) == Some(value.clone());
        if self.of(kind).iter().any(same) {
            return error(409, Some("uniqueness"), &format!("{name} is already taken"));
        }
        self.made += 1;
        let mut resource = body.clone();
        let map = resource.as_object_mut().unwrap();
        map.shift_remove("meta");
        map.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
        map.insert("id".to_owned(), json!(format!("srv-{}", self.made)));
        let extensions: Vec<_> = map.keys().filter(|key| key.starts_with("urn:")).cloned().collect();
        let schemas = map["schemas"].as_array_mut().unwrap();
        schemas.retain(|schema| schema.as_str().is_some_and(|text| text.starts_with("urn:")));
        for extension in extensions {
            if !schemas.contains(&json!(extension)) {
                schemas.push(json!(extension));
            }
        }
        self.of(kind).push(resource.clone());
        ResponseTemplate::new(201).set_body_json(resource)
    }

    fn change(&mut self, kind: &str, id: &str, body: &Value) -> ResponseTemplate {
        let Some(at) = self.find(kind, id) else {
            return not_found();
        };
        let mut resource = self.of(kind)[at].clone();
        if let Err((scim_type, detail)) = patch::apply(&mut resource, body) {
            return error(400, Some(scim_type), &detail);
        }
        let before: Vec<_> = self.of(kind)[at]["members"].as_array().cloned().unwrap_or_default();
        for member in resource["members"].as_array().into_iter().flatten() {
            let id = member["value"].as_str().unwrap_or_default();
            if !before.contains(member) && self.find("Users", id).is_none() {
                return error(400, Some("invalidValue"), &format!("no such member {id}"));
            }
        }
        self.of(kind)[at] = resource.clone();
        if kind == "Users" {
            ResponseTemplate::new(200).set_body_json(resource)
        } else {
            ResponseTemplate::new(204)
        }
    }

    fn delete(&mut self, kind: &str, id: &str) -> ResponseTemplate {
        let Some(at) = self.find(kind, id) else {
            return not_found();
        };
        self.of(kind).remove(at);
        for group in &mut self.groups {
            if let Some(members) = group["members"].as_array_mut() {
                members.retain(|member| member["value"] != id);
            }
        }
        for user in &mut self.users {
            let Some(extension) = user.get_mut(ENTERPRISE) else {
                continue;
            };
            if extension["manager"]["value"] == id {
                extension.as_object_mut().unwrap().shift_remove("manager");
            }
        }
        ResponseTemplate::new(204)
    }
}

fn project(resource: &Value, query: &[(String, String)]) -> Value {
    let mut resource = resource.clone();
    let map = resource.as_object_mut().unwrap();
    for (key, names) in query {
        let named = |name: &str| names.split(',').any(|other| other.eq_ignore_ascii_case(name));
        match key.as_str() {
            "excludedAttributes" => map.retain(|name, _| !named(name)),
            "attributes" => map.retain(|name, _| named(name) || name == "id" || name == "schemas"),
            _ => {}
        }
    }
    resource
}
