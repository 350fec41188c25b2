//! Both readings of a text, in our words, so that they can be compared.

use scim::filter::{self, Filter, Limits, Literal, Operator, Target};
use scim::path::{self, AttributePath, Path};
use scim_v2::filter as theirs;

/// Our reading, with chains of the same operator flat as theirs are.
pub(super) fn ours_filter(text: &str) -> Option<Filter> {
    filter::parse(text, &Limits::default()).ok().map(flat)
}

pub(super) fn theirs_filter(text: &str) -> Option<Filter> {
    text.parse().ok().map(|filter: theirs::Filter| from_filter(&filter))
}

pub(super) fn ours_path(text: &str) -> Option<Path> {
    let path = path::parse(text).ok()?;
    Some(match path {
        Path::Filtered { attribute, filter, sub } => Path::Filtered {
            attribute,
            filter: Box::new(flat(*filter)),
            sub,
        },
        other => other,
    })
}

pub(super) fn theirs_path(text: &str) -> Option<Path> {
    Some(match text.parse().ok()? {
        theirs::PatchPath::Attr(attribute) => Path::Attribute(from_attribute(&attribute)),
        theirs::PatchPath::Value(value) => Path::Filtered {
            attribute: from_attribute(&value.attr),
            filter: Box::new(from_value_filter(&value.filter)),
            sub: value.sub_attr,
        },
    })
}

pub(super) fn flat(filter: Filter) -> Filter {
    match filter {
        Filter::And(terms) => Filter::And(flat_terms(terms, |term| match term {
            Filter::And(inner) => Ok(inner),
            other => Err(other),
        })),
        Filter::Or(terms) => Filter::Or(flat_terms(terms, |term| match term {
            Filter::Or(inner) => Ok(inner),
            other => Err(other),
        })),
        Filter::Not(inner) => Filter::Not(Box::new(flat(*inner))),
        Filter::Element { attribute, filter } => Filter::Element {
            attribute,
            filter: Box::new(flat(*filter)),
        },
        leaf @ (Filter::Compare { .. } | Filter::Present(_)) => leaf,
    }
}

fn flat_terms(terms: Vec<Filter>, same: fn(Filter) -> Result<Vec<Filter>, Filter>) -> Vec<Filter> {
    let parts = terms.into_iter().map(flat);
    parts
        .flat_map(|part| same(part).unwrap_or_else(|other| vec![other]))
        .collect()
}

fn from_filter(filter: &theirs::Filter) -> Filter {
    match filter {
        theirs::Filter::Attr(term) => from_term(term),
        theirs::Filter::ValuePath(path) => Filter::Element {
            attribute: from_attribute(&path.attr),
            filter: Box::new(from_value_filter(&path.filter)),
        },
        theirs::Filter::Not(inner) => Filter::Not(Box::new(from_filter(inner))),
        theirs::Filter::And(terms) => Filter::And(terms.iter().map(from_filter).collect()),
        theirs::Filter::Or(terms) => Filter::Or(terms.iter().map(from_filter).collect()),
    }
}

fn from_value_filter(filter: &theirs::ValFilter) -> Filter {
    match filter {
        theirs::ValFilter::Attr(term) => from_term(term),
        theirs::ValFilter::Not(inner) => Filter::Not(Box::new(from_value_filter(inner))),
        theirs::ValFilter::And(terms) => Filter::And(terms.iter().map(from_value_filter).collect()),
        theirs::ValFilter::Or(terms) => Filter::Or(terms.iter().map(from_value_filter).collect()),
    }
}

fn from_term(term: &theirs::AttrExp) -> Filter {
    let target = |path| Target {
        attribute: from_attribute(path),
        filter: None,
    };
    match term {
        theirs::AttrExp::Present(path) => Filter::Present(target(path)),
        theirs::AttrExp::Comparison(path, operator, value) => Filter::Compare {
            target: target(path),
            operator: Operator::from_name(&operator.to_string()).unwrap(),
            value: match value {
                theirs::CompValue::False => Literal::Bool(false),
                theirs::CompValue::True => Literal::Bool(true),
                theirs::CompValue::Null => Literal::Null,
                theirs::CompValue::Number(number) => Literal::Number(number.clone()),
                theirs::CompValue::Str(text) => Literal::String(text.clone()),
            },
        },
    }
}

fn from_attribute(path: &theirs::AttrPath) -> AttributePath {
    AttributePath {
        urn: path.uri.clone(),
        name: path.name.clone(),
        sub: path.sub_attr.clone(),
    }
}

/// Paths are shown with their kind, for the URN of an extension looks like an attribute of another.
pub(super) fn shown(path: &Path) -> String {
    match path {
        Path::Extension(_) => format!("extension {path}"),
        Path::Attribute(_) | Path::Filtered { .. } => path.to_string(),
    }
}
