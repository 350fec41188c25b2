//! A request taken apart, and an answer before it is written: what faults change.

use std::time::Duration;

use serde_json::{Value, json};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub method: String,
    /// Below the base, decoded segment by segment only when it is routed: `/Users/1`.
    pub path: String,
    /// Whether the base had a version segment.
    pub is_below_v2: bool,
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
    /// The size of the body in bytes.
    pub size: usize,
}

impl Call {
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.starts_with(path)
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the filter holds this text.
    pub fn filters_by(&self, text: &str) -> bool {
        self.parameter("filter").is_some_and(|filter| filter.contains(text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(key, _)| key != name);
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Changes a parameter that is there.
    pub fn change(&mut self, name: &str, change: impl Fn(&str) -> String) {
        for (_, value) in self.query.iter_mut().filter(|(key, _)| key == name) {
            *value = change(value);
        }
    }

    /// Leaves a parameter out.
    pub fn forget(&mut self, name: &str) {
        self.query.retain(|(key, _)| key != name);
    }

    /// The userName or displayName in the body; empty if there is none.
    pub fn sent_name(&self) -> &str {
        let body = self.body.as_ref();
        ["userName", "displayName"]
            .iter()
            .find_map(|name| body?.get(name)?.as_str())
            .unwrap_or_default()
    }

    /// The operations of a PATCH, to be changed.
    pub fn operations(&mut self) -> Option<&mut Vec<Value>> {
        self.body.as_mut()?.get_mut("Operations")?.as_array_mut()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub delay: Duration,
}

impl Reply {
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::empty(status)
        }
    }

    pub fn error(status: u16, scim_type: Option<&str>, detail: &str) -> Self {
        let mut body = json!({"schemas": [ERROR], "status": status.to_string(), "detail": detail});
        if let Some(scim_type) = scim_type {
            body["scimType"] = json!(scim_type);
        }
        Self::new(status, body)
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            delay: Duration::ZERO,
        }
    }

    /// With this header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.unset(name);
        self.headers.push((name, value.into()));
    }

    pub fn unset(&mut self, name: &str) {
        self.headers.retain(|(there, _)| *there != name);
    }

    /// The body, to be changed; null if there is none.
    pub fn body(&mut self) -> &mut Value {
        self.body.get_or_insert(Value::Null)
    }

    /// Each resource of the answer: its own body, or the elements of a list.
    pub fn each_resource(&mut self, mut change: impl FnMut(&mut Value)) {
        let Some(body) = self.body.as_mut() else { return };
        match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(resources) => resources.iter_mut().for_each(change),
            None if self.status < 300 => change(body),
            None => {}
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
        body["itemsPerPage"] = json!(count);
    }

    pub fn total(&self) -> Option<u64> {
        self.body.as_ref()?.get("totalResults")?.as_u64()
    }
}
