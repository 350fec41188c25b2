//! Comparing one value with one literal (RFC 7644 §3.4.2.2, table 3).

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::ast::{Literal, Operator};
use crate::entra;
use crate::schema::{Attribute, Type};
use crate::text;

/// Whether a single value, neither array nor absent, compares as asked.
///
/// Dates compare as instants, and with nothing that is no date. Without a definition, text compares
/// without case and two dates as instants.
pub(super) fn holds(definition: Option<&Attribute>, value: &Value, operator: Operator, literal: &Literal) -> bool {
    match operator {
        Operator::Eq => order(definition, value, literal) == Some(Ordering::Equal),
        Operator::Ne => order(definition, value, literal) != Some(Ordering::Equal),
        Operator::Gt => order(definition, value, literal) == Some(Ordering::Greater),
        Operator::Lt => order(definition, value, literal) == Some(Ordering::Less),
        Operator::Ge => order(definition, value, literal).is_some_and(Ordering::is_ge),
        Operator::Le => order(definition, value, literal).is_some_and(Ordering::is_le),
        Operator::Co => text_holds(definition, value, literal, |text, part| text.contains(part)),
        Operator::Sw => text_holds(definition, value, literal, |text, part| text.starts_with(part)),
        Operator::Ew => text_holds(definition, value, literal, |text, part| text.ends_with(part)),
    }
}

/// How a value stands to a literal; `None` when the two cannot be compared.
fn order(definition: Option<&Attribute>, value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::String(text), Literal::String(other)) if is_date(definition) => instants(text, other),
        (Value::String(text), Literal::String(other)) => match (definition, instants(text, other)) {
            (None, Some(order)) => Some(order),
            _ => Some(text_order(definition, text, other)),
        },
        (Value::String(_), Literal::Number(_)) if is_date(definition) => None,
        (Value::String(text), Literal::Number(number)) => Some(text_order(definition, text, &number.to_string())),
        (Value::String(text), Literal::Bool(other)) => entra::boolean_from_string(text).map(|value| value.cmp(other)),
        (Value::Bool(value), Literal::Bool(other)) => Some(value.cmp(other)),
        (Value::Bool(value), Literal::String(other)) => {
            entra::boolean_from_string(other).map(|other| value.cmp(&other))
        }
        (Value::Number(value), Literal::Number(other)) => numbers(value, other),
        (Value::Number(value), Literal::String(other)) => serde_json::from_str(other)
            .ok()
            .and_then(|other| numbers(value, &other)),
        _ => None,
    }
}

fn numbers(a: &serde_json::Number, b: &serde_json::Number) -> Option<Ordering> {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn text_order(definition: Option<&Attribute>, a: &str, b: &str) -> Ordering {
    if is_case_exact(definition) {
        a.cmp(b)
    } else {
        text::compare_folded(a, b)
    }
}

fn is_case_exact(definition: Option<&Attribute>) -> bool {
    definition.is_some_and(|definition| definition.case_exact)
}

fn is_date(definition: Option<&Attribute>) -> bool {
    definition.is_some_and(|definition| definition.kind == Type::DateTime)
}

/// The order in time, when both are dates.
fn instants(a: &str, b: &str) -> Option<Ordering> {
    Some(instant(a)?.cmp(&instant(b)?))
}

/// A date as XML Schema writes it; without an offset it is taken as UTC.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    // A year, a month and a day at least: a bare number is no date.
    if text.len() < 10 || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })
}

fn text_holds(definition: Option<&Attribute>, value: &Value, literal: &Literal, test: fn(&str, &str) -> bool) -> bool {
    let Value::String(held) = value else { return false };
    let part = match literal {
        Literal::String(part) => part.clone(),
        Literal::Number(number) => number.to_string(),
        Literal::Bool(value) => value.to_string(),
        Literal::Null => return false,
    };
    if is_case_exact(definition) {
        test(held, &part)
    } else {
        test(&text::fold(held), &text::fold(&part))
    }
}
