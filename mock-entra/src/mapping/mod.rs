//! Attribute mappings: what of the source is written where at the target.
//!
//! The tables in [`Mappings::default`] are the ones of the SCIM application template
//! (reference §14; documented). The one surprise: `active` comes from an expression
//! that yields *strings*, which is why the legacy dialect writes `"True"` and `"False"`.

mod defaults;
mod guest;
mod source;
mod target;

pub use self::{
    source::{Source, SourceUser},
    target::{ENTERPRISE_USER, Target},
};

use crate::directory::Group;

/// One row of a mapping table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeMapping {
    /// Where the value comes from.
    pub source: Source,
    /// Where it is written.
    pub target: Target,
    /// Precedence as a matching attribute, 1 first; `None`: not used for matching.
    pub matching: Option<u8>,
}

/// The tables of an application, users and groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mappings {
    /// Rows in the portal's order, which is the order on the wire.
    pub users: Vec<AttributeMapping>,
    /// Rows in the portal's order.
    pub groups: Vec<AttributeMapping>,
}

impl Default for Mappings {
    fn default() -> Self {
        Self {
            users: defaults::users(),
            groups: defaults::groups(),
        }
    }
}

/// A value on its way to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Text.
    Text(String),
    /// A boolean of the target, mapped from `"True"` or `"False"`.
    Flag(bool),
}

/// What the source wants an attribute of the target to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// Which attribute.
    pub target: Target,
    /// Its value; never null, since a null source is left out (reference §8.5).
    pub value: Wanted,
    /// Precedence as a matching attribute.
    pub matching: Option<u8>,
}

impl Mappings {
    /// Everything the source wants for a user, references left out.
    pub fn user(&self, user: SourceUser<'_>) -> Vec<Desired> {
        let evaluate = |mapping: &AttributeMapping| {
            let text = mapping.source.evaluate(user)?;
            if text.is_empty() && !mapping.source.sends_empty() {
                return None;
            }
            Some(desired(mapping, text))
        };
        self.users.iter().filter_map(evaluate).collect()
    }

    /// Everything the source wants for a group, members left out.
    pub fn group(&self, group: &Group) -> Vec<Desired> {
        let evaluate = |mapping: &AttributeMapping| {
            let text = match mapping.source {
                Source::Direct("displayName") => group.display_name.clone(),
                Source::Direct("objectId") => group.id.as_str().to_owned(),
                _ => return None,
            };
            Some(desired(mapping, text))
        };
        self.groups.iter().filter_map(evaluate).collect()
    }

    /// The user attribute the connection test asks for: the first matching one.
    pub fn first_user_match(&self) -> Option<&Target> {
        first_match(&self.users)
    }

    /// The group attribute the connection test asks for; `None` if groups are not mapped.
    pub fn first_group_match(&self) -> Option<&Target> {
        first_match(&self.groups)
    }
}

fn first_match(mappings: &[AttributeMapping]) -> Option<&Target> {
    let matching = mappings.iter().filter(|mapping| mapping.matching.is_some());
    matching
        .min_by_key(|mapping| mapping.matching)
        .map(|mapping| &mapping.target)
}

fn desired(mapping: &AttributeMapping, text: String) -> Desired {
    let value = match (&mapping.target, text.as_str()) {
        (Target::Simple("active"), "True") => Wanted::Flag(true),
        (Target::Simple("active"), "False") => Wanted::Flag(false),
        _ => Wanted::Text(text),
    };
    Desired {
        target: mapping.target.clone(),
        value,
        matching: mapping.matching,
    }
}

/// The matching attributes of an object in the order they are tried.
pub(crate) fn matching_order(desired: &[Desired]) -> Vec<&Desired> {
    let mut order: Vec<_> = desired.iter().filter(|desired| desired.matching.is_some()).collect();
    order.sort_by_key(|desired| desired.matching);
    order
}
