//! What the server holds, and how a resource looks from outside.

use serde_json::{Value, json};

use super::message::Reply;

/// Users and groups, in the order they were made.
#[derive(Default)]
pub struct Store {
    users: Vec<Value>,
    groups: Vec<Value>,
    next_id: u64,
    /// One tick a change: versions and times come from it, so that runs repeat themselves.
    ticks: u64,
}

/// Why a request is refused.
pub struct Refusal(pub u16, pub Option<&'static str>, pub String);

impl From<Refusal> for Reply {
    fn from(Refusal(status, scim_type, detail): Refusal) -> Self {
        Self::error(status, scim_type, &detail)
    }
}

impl Store {
    pub fn all(&self, kind: &str) -> &[Value] {
        if kind == "Users" { &self.users } else { &self.groups }
    }

    pub fn of(&mut self, kind: &str) -> &mut Vec<Value> {
        if kind == "Users" {
            &mut self.users
        } else {
            &mut self.groups
        }
    }

    pub fn next_id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    pub fn position(&self, kind: &str, id: &str) -> Option<usize> {
        // Ids are numbers that grow.
        let number = |id: &str| id.parse::<u64>().ok();
        let id = number(id).filter(|number| number.to_string() == id)?;
        self.all(kind)
            .binary_search_by_key(&Some(id), |resource| resource["id"].as_str().and_then(number))
            .ok()
    }

    pub fn holds(&self, id: &str) -> bool {
        ["Users", "Groups"].iter().any(|kind| self.position(kind, id).is_some())
    }

    /// Whether another resource has this name, in any letter case.
    pub fn is_taken(&self, kind: &str, wanted: &Value, but: Option<&str>) -> bool {
        let name = naming_attribute(kind);
        let wanted = wanted[name].as_str().unwrap_or_default().to_lowercase();
        self.all(kind)
            .iter()
            .filter(|resource| resource["id"].as_str() != but)
            .filter_map(|resource| resource[name].as_str())
            .any(|taken| taken.len() == wanted.len() && taken.to_lowercase() == wanted)
    }

    /// Marks a resource as changed now.
    pub fn touch(&mut self, resource: &mut Value) {
        self.ticks += 1;
        let (minutes, seconds) = (self.ticks / 60, self.ticks % 60);
        let now = format!(
            "2026-01-{:02}T{:02}:{:02}:{seconds:02}Z",
            1 + minutes / 1440,
            minutes / 60 % 24,
            minutes % 60
        );
        let meta = &mut resource["meta"];
        if meta["created"].is_null() {
            meta["created"] = json!(now);
        }
        meta["lastModified"] = json!(now);
        meta["version"] = json!(format!("W/\"{}\"", self.ticks));
    }

    /// Takes a resource away, and every reference to it.
    pub fn remove(&mut self, kind: &str, at: usize) {
        let gone = self.of(kind).remove(at);
        for group in &mut self.groups {
            if let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) {
                members.retain(|member| member["value"] != gone["id"]);
            }
        }
    }

    /// A resource with what is derived: the groups of a user, the references of members.
    pub fn seen(&self, base: &str, kind: &str, resource: &Value) -> Value {
        let mut resource = resource.clone();
        let id = resource["id"].clone();
        if kind == "Users" {
            let groups: Vec<Value> = self
                .groups
                .iter()
                .filter(|group| members(group).any(|member| member["value"] == id))
                .map(|group| json!({"value": group["id"], "display": group["displayName"], "type": "direct", "$ref": format!("{base}/Groups/{}", group["id"].as_str().unwrap())}))
                .collect();
            if !groups.is_empty() {
                resource["groups"] = json!(groups);
            }
        }
        for member in resource
            .get_mut("members")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let id = member["value"].as_str().unwrap_or_default().to_owned();
            let kind = if self.position("Users", &id).is_some() {
                "User"
            } else {
                "Group"
            };
            member["type"] = json!(kind);
            member["$ref"] = json!(format!("{base}/{kind}s/{id}"));
        }
        resource
    }
}

pub fn members(group: &Value) -> impl Iterator<Item = &Value> {
    group["members"].as_array().into_iter().flatten()
}

pub fn naming_attribute(kind: &str) -> &'static str {
    if kind == "Users" { "userName" } else { "displayName" }
}
