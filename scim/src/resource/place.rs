//! Where in a resource an attribute lives: at the root, or in the object of an extension (RFC 7643
//! §3.3).

use serde_json::{Map, Value};

use super::{Resource, get, get_mut, remove, set};
use crate::path::AttributePath;
use crate::schema::{Attribute, ResourceType};

/// The place of an attribute (not of a sub-attribute) in resources of one type.
#[derive(Debug, Clone)]
pub struct Place<'p> {
    extension: Option<&'p str>,
    name: &'p str,
    definition: Option<&'static Attribute>,
}

impl<'p> Place<'p> {
    /// Finds the place a path leads to; its sub-attribute plays no part.
    pub fn of(resource_type: &ResourceType, path: &'p AttributePath) -> Self {
        Self::named(resource_type, path.urn.as_deref(), &path.name)
    }

    /// The place of an attribute given by URN and name.
    pub fn named(resource_type: &ResourceType, urn: Option<&'p str>, name: &'p str) -> Self {
        if let Some((extension, definition)) = resource_type.attribute(urn, name) {
            return Self {
                extension: extension.map(|schema| schema.id),
                name: definition.name,
                definition: Some(definition),
            };
        }
        let extension = urn
            .filter(|urn| !resource_type.is_core(urn))
            .map(|urn| resource_type.extension(urn).map_or(urn, |schema| schema.id));
        Self {
            extension,
            name,
            definition: None,
        }
    }

    /// The definition, if a schema knows the attribute.
    pub fn definition(&self) -> Option<&'static Attribute> {
        self.definition
    }

    /// The URN of the extension, `None` for the root.
    pub fn extension(&self) -> Option<&'p str> {
        self.extension
    }

    /// The name, in the schema's spelling where there is one.
    pub fn name(&self) -> &'p str {
        self.name
    }

    /// The value there.
    pub fn get<'a>(&self, resource: &'a Resource) -> Option<&'a Value> {
        match self.extension {
            None => get(resource, self.name),
            Some(urn) => get(get(resource, urn)?.as_object()?, self.name),
        }
    }

    /// The value there, to be changed.
    pub fn get_mut<'a>(&self, resource: &'a mut Resource) -> Option<&'a mut Value> {
        match self.extension {
            None => get_mut(resource, self.name),
            Some(urn) => get_mut(get_mut(resource, urn)?.as_object_mut()?, self.name),
        }
    }

    /// Puts a value there; an extension's object is made if need be.
    pub fn set(&self, resource: &mut Resource, value: Value) {
        let Some(urn) = self.extension else {
            return set(resource, self.name, value);
        };
        if let Some(Value::Object(extension)) = get_mut(resource, urn) {
            set(extension, self.name, value);
        } else {
            let extension = Map::from_iter([(self.name.to_owned(), value)]);
            set(resource, urn, Value::Object(extension));
        }
    }

    /// Takes the value out, and the extension's object with it when nothing else is in it.
    pub fn remove(&self, resource: &mut Resource) -> Option<Value> {
        let Some(urn) = self.extension else {
            return remove(resource, self.name);
        };
        let extension = get_mut(resource, urn)?.as_object_mut()?;
        let value = remove(extension, self.name);
        if extension.is_empty() {
            remove(resource, urn);
        }
        value
    }
}
