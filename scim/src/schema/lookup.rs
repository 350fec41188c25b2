//! From a name in a request to its definition.
//!
//! Names and URNs match in any ASCII case (RFC 7643 §2.1). Without a URN the core schema and the
//! common attributes come first, then the extensions.

use super::attribute::{Attribute, Schema, find};
use super::common::common_attributes;
use super::resource_type::ResourceType;

/// A definition that a name led to.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// The extension the attribute belongs to; `None` for core and common attributes.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, when one was named.
    pub sub: Option<&'static Attribute>,
}

impl Found {
    /// The innermost definition: the sub-attribute if there is one, else the attribute.
    pub fn innermost(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

impl ResourceType {
    /// Finds an attribute by optional URN and name, or a sub-attribute of it.
    ///
    /// Gives `None` for a name no schema of this resource type knows, and for a sub-attribute that
    /// its attribute does not have.
    pub fn find(&self, urn: Option<&str>, name: &str, sub: Option<&str>) -> Option<Found> {
        let (extension, attribute) = self.attribute(urn, name)?;
        let sub = match sub {
            Some(sub) => Some(attribute.sub(sub)?),
            None => None,
        };
        Some(Found {
            extension,
            attribute,
            sub,
        })
    }

    /// Finds an attribute and the extension it belongs to.
    pub fn attribute(&self, urn: Option<&str>, name: &str) -> Option<(Option<&'static Schema>, &'static Attribute)> {
        match urn {
            // The core URN says no more than no URN: a resource cannot hold both `manager`s.
            Some(urn) if !self.is_core(urn) => {
                let schema = self.extension(urn)?;
                schema.attribute(name).map(|found| (Some(schema), found))
            }
            _ => self
                .core_attribute(name)
                .map(|found| (None, found))
                .or_else(|| crate::entra::enterprise_attribute_without_urn(self, name)),
        }
    }

    /// The core or common attribute with this name.
    pub fn core_attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| find(common_attributes(), name))
    }

    /// The known extension with this URN.
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        let urn = crate::entra::enterprise_urn_with_typo(urn);
        self.extensions
            .iter()
            .copied()
            .find(|schema| schema.id.eq_ignore_ascii_case(&urn))
    }

    /// Whether this is the URN of the core schema.
    pub fn is_core(&self, urn: &str) -> bool {
        self.schema.id.eq_ignore_ascii_case(urn)
    }
}
