//! Schemas and resource types as JSON (RFC 7643 §6, §7).
//!
//! Entra's schema discovery wants camelCase names and no `null`; `meta.location` needs the
//! server's URL and is added there.

use serde_json::{Map, Value, json};

use super::attribute::{Attribute, Schema, Type};
use super::resource_type::ResourceType;

impl Schema {
    /// The resource `/Schemas/{urn}` answers, without `meta.location`.
    pub fn to_json(&self) -> Value {
        json!({
            "schemas": [super::SCHEMA],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(attribute_json).collect::<Vec<_>>(),
            "meta": {"resourceType": "Schema"},
        })
    }
}

impl ResourceType {
    /// The resource `/ResourceTypes/{name}` answers, without `meta.location`.
    ///
    /// No extension is required: a resource may do without each of them.
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("schemas".into(), json!([super::RESOURCE_TYPE]));
        body.insert("id".into(), json!(self.name));
        body.insert("name".into(), json!(self.name));
        body.insert("endpoint".into(), json!(self.endpoint));
        body.insert("description".into(), json!(self.description));
        body.insert("schema".into(), json!(self.schema.id));
        let extensions: Vec<Value> = self
            .extensions
            .iter()
            .map(|schema| json!({"schema": schema.id, "required": false}))
            .collect();
        if !extensions.is_empty() {
            body.insert("schemaExtensions".into(), Value::Array(extensions));
        }
        body.insert("meta".into(), json!({"resourceType": "ResourceType"}));
        Value::Object(body)
    }
}

fn attribute_json(attribute: &Attribute) -> Value {
    let mut body = Map::new();
    body.insert("name".into(), json!(attribute.name));
    body.insert("type".into(), json!(attribute.kind.as_str()));
    body.insert("multiValued".into(), json!(attribute.multi_valued));
    body.insert("description".into(), json!(attribute.description));
    body.insert("required".into(), json!(attribute.required));
    if !attribute.canonical_values.is_empty() {
        body.insert("canonicalValues".into(), json!(attribute.canonical_values));
    }
    body.insert("caseExact".into(), json!(attribute.case_exact));
    body.insert("mutability".into(), json!(attribute.mutability.as_str()));
    body.insert("returned".into(), json!(attribute.returned.as_str()));
    body.insert("uniqueness".into(), json!(attribute.uniqueness.as_str()));
    if attribute.kind == Type::Reference {
        body.insert("referenceTypes".into(), json!(attribute.reference_types));
    }
    if attribute.kind == Type::Complex {
        let parts: Vec<Value> = attribute.sub_attributes.iter().map(attribute_json).collect();
        body.insert("subAttributes".into(), Value::Array(parts));
    }
    Value::Object(body)
}
