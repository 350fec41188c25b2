//! A SCIM server in memory: small, complete enough for every check, and not ours.
//!
//! It shares no code with the bridge, so that a check which only the bridge's own habits
//! satisfy shows itself here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use super::Fault;
use super::patching;

/// The only token the server takes.
pub const TOKEN: &str = "correct-horse-battery";

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A request, taken apart.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// Below the base: `/Users/1`.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
}

impl Call {
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.starts_with(path)
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The operations of a PATCH, to be changed.
    pub fn operations(&mut self) -> Option<&mut Vec<Value>> {
        self.body.as_mut()?.get_mut("Operations")?.as_array_mut()
    }
}

/// An answer before it is written.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub location: Option<String>,
    pub body: Option<Value>,
    pub delay: Duration,
}

impl Reply {
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            location: None,
            body: Some(body),
            delay: Duration::ZERO,
        }
    }

    pub fn error(status: u16, scim_type: Option<&str>, detail: &str) -> Self {
        let mut body = json!({"schemas": [ERROR], "status": status.to_string(), "detail": detail});
        if let Some(scim_type) = scim_type {
            body["scimType"] = json!(scim_type);
        }
        Self::new(status, body)
    }

    fn empty(status: u16) -> Self {
        Self {
            body: None,
            ..Self::new(status, Value::Null)
        }
    }

    /// Each resource of the answer: its own body, or the elements of a list.
    pub fn each_resource(&mut self, mut change: impl FnMut(&mut Value)) {
        let Some(body) = self.body.as_mut() else { return };
        match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(resources) => resources.iter_mut().for_each(change),
            None => change(body),
        }
    }

    /// Keeps only these elements of a list, and counts again.
    pub fn keep(&mut self, keep: impl FnMut(&Value) -> bool) {
        let Some(body) = self.body.as_mut() else { return };
        let Some(resources) = body.get_mut("Resources").and_then(Value::as_array_mut) else {
            return;
        };
        resources.retain(keep);
        let count = resources.len();
        body["totalResults"] = json!(count);
    }

    pub fn total(&self) -> Option<u64> {
        self.body.as_ref()?.get("totalResults")?.as_u64()
    }
}

/// A running server.
pub struct Server {
    http: MockServer,
}

impl Server {
    /// Starts one with this fault, or one without a fault.
    pub async fn start(fault: Fault) -> Self {
        let http = MockServer::start().await;
        let state = Scim {
            base: format!("{}/scim", http.uri()),
            resources: Arc::default(),
            fault,
        };
        Mock::given(any()).respond_with(state).mount(&http).await;
        Self { http }
    }

    pub fn url(&self) -> String {
        format!("{}/scim", self.http.uri())
    }
}

struct Scim {
    base: String,
    resources: Arc<Mutex<Store>>,
    fault: Fault,
}

#[derive(Default)]
struct Store {
    next: u64,
    users: Vec<Value>,
    groups: Vec<Value>,
}

impl Respond for Scim {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let mut call = Call {
            method: request.method.to_string(),
            path: request.url.path().trim_start_matches("/scim").to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            body: serde_json::from_slice(&request.body).ok(),
        };
        untangle(&mut call);
        let token = request
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        let mut reply = if token == Some(&format!("Bearer {TOKEN}")) {
            (self.fault.request)(&mut call);
            let mut reply = self.answer(&call);
            (self.fault.answer)(&call, &mut reply);
            reply
        } else {
            Reply::error(401, None, "the token is not known")
        };
        let mut template = ResponseTemplate::new(reply.status).set_delay(reply.delay);
        if let Some(location) = reply.location.take() {
            template = template.insert_header("location", location);
        }
        match reply.body {
            Some(body) => template.set_body_raw(body.to_string(), "application/scim+json"),
            None => template,
        }
    }
}

/// `?flag/Users&filter=…`: the path joined behind the query.
fn untangle(call: &mut Call) {
    if let Some(at) = call.query.iter().position(|(key, _)| key.contains("/Users")) {
        let (key, _) = call.query.remove(at);
        key[key.find('/').unwrap()..].clone_into(&mut call.path);
    }
}

impl Scim {
    fn answer(&self, call: &Call) -> Reply {
        let mut store = self.resources.lock().unwrap();
        let segments: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        match (call.method.as_str(), segments.as_slice()) {
            ("GET", ["ServiceProviderConfig"]) => Reply::new(200, service_provider_config()),
            ("GET", ["ResourceTypes"]) => list(vec![json!({"name": "User"}), json!({"name": "Group"})], call),
            ("GET", ["Schemas"]) => list(vec![group_schema()], call),
            ("POST", [kind @ ("Users" | "Groups")]) => self.create(&mut store, kind, call),
            ("GET", [kind @ ("Users" | "Groups")]) => {
                let found: Result<Vec<Value>, Reply> = store
                    .of(kind)
                    .iter()
                    .filter_map(|resource| match matches(call.parameter("filter"), resource) {
                        Ok(true) => Some(Ok(projected(resource, call))),
                        Ok(false) => None,
                        Err(detail) => Some(Err(Reply::error(400, Some("invalidFilter"), &detail))),
                    })
                    .collect();
                found.map_or_else(|refusal| refusal, |found| list(found, call))
            }
            (_, [kind @ ("Users" | "Groups"), id]) => Self::one(&mut store, kind, id, call),
            _ => Reply::error(404, None, "no such endpoint"),
        }
    }

    fn create(&self, store: &mut Store, kind: &str, call: &Call) -> Reply {
        let Some(Value::Object(body)) = &call.body else {
            return Reply::error(400, Some("invalidSyntax"), "the body is not a JSON object");
        };
        let mut resource = Value::Object(body.clone());
        let name = naming_attribute(kind);
        if store.is_taken(kind, name, &resource, None) {
            return Reply::error(409, Some("uniqueness"), &format!("the {name} is taken"));
        }
        patching::coerce(&mut resource);
        store.next += 1;
        let id = store.next.to_string();
        let location = format!("{}/{kind}/{id}", self.base);
        resource["id"] = json!(id);
        resource["meta"] = json!({"resourceType": kind.trim_end_matches('s'), "location": location});
        store.of(kind).push(resource.clone());
        Reply {
            location: Some(location),
            ..Reply::new(201, resource)
        }
    }

    fn one(store: &mut Store, kind: &str, id: &str, call: &Call) -> Reply {
        let Some(at) = store.of(kind).iter().position(|resource| resource["id"] == id) else {
            return Reply::error(404, None, &format!("nobody has the id {id}"));
        };
        match call.method.as_str() {
            "GET" => Reply::new(200, projected(&store.of(kind)[at], call)),
            "DELETE" => {
                store.of(kind).remove(at);
                Reply::empty(204)
            }
            "PATCH" => {
                let mut changed = store.of(kind)[at].clone();
                if let Err(detail) = patching::apply(&mut changed, call.body.as_ref()) {
                    return Reply::error(400, Some("invalidValue"), &detail);
                }
                if store.is_taken(kind, naming_attribute(kind), &changed, Some(id)) {
                    return Reply::error(409, Some("uniqueness"), "the name is taken");
                }
                store.of(kind)[at] = changed.clone();
                if kind == "Users" {
                    Reply::new(200, changed)
                } else {
                    Reply::empty(204)
                }
            }
            _ => Reply::error(405, None, "the method is not allowed here"),
        }
    }
}

impl Store {
    fn of(&mut self, kind: &str) -> &mut Vec<Value> {
        if kind == "Users" {
            &mut self.users
        } else {
            &mut self.groups
        }
    }

    fn is_taken(&mut self, kind: &str, name: &str, wanted: &Value, but: Option<&str>) -> bool {
        let folded = |resource: &Value| resource[name].as_str().map(str::to_lowercase);
        self.of(kind)
            .iter()
            .any(|resource| folded(resource) == folded(wanted) && resource["id"].as_str() != but)
    }
}

fn naming_attribute(kind: &str) -> &'static str {
    if kind == "Users" { "userName" } else { "displayName" }
}

fn list(found: Vec<Value>, call: &Call) -> Reply {
    let number = |name: &str, otherwise: usize| {
        call.parameter(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(otherwise)
    };
    let (start, count) = (number("startIndex", 1).max(1), number("count", 100));
    let total = found.len();
    let page: Vec<Value> = found.into_iter().skip(start - 1).take(count).collect();
    Reply::new(
        200,
        json!({"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": page.len(), "Resources": page}),
    )
}

fn projected(resource: &Value, call: &Call) -> Value {
    let mut resource = resource.clone();
    if call.parameter("excludedAttributes") == Some("members")
        && let Some(attributes) = resource.as_object_mut()
    {
        attributes.remove("members");
    }
    resource
}

/// `a eq "x" and b eq "y"`: all that Entra sends.
fn matches(filter: Option<&str>, resource: &Value) -> Result<bool, String> {
    let Some(filter) = filter else { return Ok(true) };
    for clause in filter.split(" and ") {
        let Some((attribute, literal)) = clause.split_once(" eq ") else {
            return Err(format!("`{clause}` is not understood"));
        };
        let wanted: String = serde_json::from_str(literal).map_err(|_| format!("`{literal}` is not text"))?;
        let hit = match attribute {
            "userName" | "displayName" => resource[attribute]
                .as_str()
                .is_some_and(|value| value.eq_ignore_ascii_case(&wanted)),
            "manager" => resource[ENTERPRISE]["manager"]["value"] == wanted,
            "members" => resource["members"]
                .as_array()
                .is_some_and(|members| members.iter().any(|member| member["value"] == wanted)),
            other => resource[other] == wanted,
        };
        if !hit {
            return Ok(false);
        }
    }
    Ok(true)
}

fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "filter": {"supported": true, "maxResults": 100},
        "bulk": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": false},
    })
}

fn group_schema() -> Value {
    json!({
        "id": "urn:ietf:params:scim:schemas:core:2.0:Group",
        "attributes": [{"name": "displayName", "type": "string", "uniqueness": "server"}],
    })
}
