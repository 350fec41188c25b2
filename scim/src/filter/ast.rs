//! The parts of a filter.
//!
//! `and` and `or` hold all their terms side by side, so a long chain is flat and needs no stack.

use crate::path::AttributePath;

/// A filter (RFC 7644 §3.4.2.2, figure 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of these hold. Two or more terms.
    And(Vec<Filter>),
    /// At least one of these holds. Two or more terms.
    Or(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// A value compares as asked: `userName eq "ana"`.
    Compare {
        /// Whose value.
        target: Target,
        /// How to compare.
        operator: Operator,
        /// With what.
        value: Literal,
    },
    /// There is a value: `title pr`.
    Present(Target),
    /// One element meets all of a filter: `emails[type eq "work" and primary eq true]`.
    Element {
        /// The multi-valued attribute; its `sub` is `None`.
        attribute: AttributePath,
        /// What the element must meet. The names in it are sub-attributes.
        filter: Box<Filter>,
    },
}

/// Whose value is asked about: an attribute, with a value filter if one stands before the
/// sub-attribute (`emails[type eq "work"].value`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The attribute and sub-attribute.
    pub attribute: AttributePath,
    /// Which elements count.
    pub filter: Option<Box<Filter>>,
}

/// A comparison operator (RFC 7644 §3.4.2.2, table 3), `pr` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    /// The two letters on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// Reads an operator in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.as_str().eq_ignore_ascii_case(name))
    }
}

/// What a comparison compares with: a JSON value that is neither object nor array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`: no value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// Text, without its quotes.
    String(String),
}
