//! One attribute's definition (RFC 7643 §7), built in constant expressions.
//!
//! The builders start from the defaults of RFC 7643 §2.2 (readWrite, returned by default, not
//! required, case does not count, not unique), so a table names only what differs.

/// The data type of an attribute (RFC 7643 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number that may have a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A point in time, as XML Schema writes it.
    DateTime,
    /// A URI.
    Reference,
    /// Bytes in base64.
    Binary,
    /// An object with sub-attributes.
    Complex,
}

impl Type {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Binary => "binary",
            Self::Complex => "complex",
        }
    }
}

/// Who may write an attribute, and when (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// Only the service provider.
    ReadOnly,
    /// The client, at any time.
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, and nobody may read it.
    WriteOnly,
}

impl Mutability {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is part of an answer (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returned {
    /// In every answer, whatever was asked for.
    Always,
    /// In no answer.
    Never,
    /// Unless it was excluded, or others were asked for.
    Default,
    /// Only when asked for.
    Request,
}

impl Returned {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Among which resources a value must be unique (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Uniqueness {
    /// Not at all.
    None,
    /// Within this endpoint.
    Server,
    /// Everywhere.
    Global,
}

impl Uniqueness {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Global => "global",
        }
    }
}

/// The definition of an attribute or sub-attribute (RFC 7643 §7).
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// The name, in the spelling of the schema.
    pub name: &'static str,
    /// The data type.
    pub kind: Type,
    /// Whether the value is an array.
    pub multi_valued: bool,
    /// What it is for, for people.
    pub description: &'static str,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether letter case counts when values are compared.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// Among which resources it is unique.
    pub uniqueness: Uniqueness,
    /// Suggested values, for example `work` and `home`. They bind nobody.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point at: resource types, `external` or `uri`.
    pub reference_types: &'static [&'static str],
    /// The parts of a complex attribute.
    pub sub_attributes: &'static [Attribute],
}

impl Attribute {
    const fn new(name: &'static str, kind: Type, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            description,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
        }
    }

    pub(super) const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::String, description)
    }

    pub(super) const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::Boolean, description)
    }

    pub(super) const fn integer(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::Integer, description)
    }

    pub(super) const fn date_time(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::DateTime, description)
    }

    /// Base64 text, where letter case counts.
    pub(super) const fn binary(name: &'static str, description: &'static str) -> Self {
        let mut this = Self::new(name, Type::Binary, description);
        this.case_exact = true;
        this
    }

    pub(super) const fn reference(
        name: &'static str,
        reference_types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        let mut this = Self::new(name, Type::Reference, description);
        this.reference_types = reference_types;
        this
    }

    pub(super) const fn complex(
        name: &'static str,
        sub_attributes: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        let mut this = Self::new(name, Type::Complex, description);
        this.sub_attributes = sub_attributes;
        this
    }

    pub(super) const fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    pub(super) const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    pub(super) const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    /// Accepted, never stored for reading, never answered: a password.
    pub(super) const fn secret(mut self) -> Self {
        self.mutability = Mutability::WriteOnly;
        self.returned = Returned::Never;
        self
    }

    pub(super) const fn always_returned(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    pub(super) const fn unique_on_server(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    pub(super) const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }

    /// The sub-attribute with this name, in any letter case.
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub_attributes, name)
    }

    /// Whether this is an object, or an array of objects.
    pub fn is_complex(&self) -> bool {
        self.kind == Type::Complex
    }

    /// Whether only the service provider writes it.
    pub fn is_read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }
}

/// A schema resource (RFC 7643 §7).
#[derive(Debug)]
pub struct Schema {
    /// The URN.
    pub id: &'static str,
    /// The short name.
    pub name: &'static str,
    /// What it describes, for people.
    pub description: &'static str,
    /// The attributes, in the RFC's order.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// The attribute with this name, in any letter case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }
}

pub(super) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
