//! The parser, in winnow.
//!
//! It never goes back: one word ahead decides, so the place of an error is the place where reading
//! stopped. Depth and terms are counted on the way in, so a hostile filter costs no stack.

use std::ops::Range;

use winnow::Parser as _;
use winnow::error::ParserError;
use winnow::stream::{LocatingSlice, Location as _, Stateful, Stream as _};
use winnow::token::{any, one_of, take_while};

use super::ast::{Filter, Literal, Operator, Target};
use super::limits::Limits;
use crate::entra;
use crate::error::ScimError;
use crate::path::{self, AttributePath};

/// Why a filter was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid filter at position {}: {message}", span.start)]
pub struct FilterError {
    /// What was expected, or which limit was passed.
    pub message: String,
    /// Where, in bytes from the start of the filter.
    pub span: Range<usize>,
}

impl From<FilterError> for ScimError {
    /// 400 `invalidFilter` with the position and what was expected there.
    fn from(error: FilterError) -> Self {
        Self::invalid_filter(error.to_string())
    }
}

/// Parses a filter.
///
/// # Errors
///
/// When the text is no filter (RFC 7644 §3.4.2.2), or larger than the limits allow.
pub fn parse(text: &str, limits: &Limits) -> Result<Filter, FilterError> {
    if text.len() > limits.max_length {
        let message = format!("longer than {} bytes", limits.max_length);
        return Err(FilterError {
            message,
            span: limits.max_length..text.len(),
        });
    }
    let mut input = State::input(text, *limits);
    whole(&mut input).map_err(|failure| failure.at(text))
}

/// Where and why reading stopped.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    position: usize,
    message: String,
}

impl Failure {
    fn at(self, text: &str) -> FilterError {
        let start = self.position.min(text.len());
        let width = text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        FilterError {
            message: self.message,
            span: start..start + width,
        }
    }

    pub(crate) fn describe(&self) -> String {
        format!("{} at position {}", self.message, self.position)
    }

    /// The same place, with something else expected there.
    pub(crate) fn expecting(&self, what: &str) -> Self {
        Self {
            position: self.position,
            message: format!("expected {what}"),
        }
    }
}

impl ParserError<Input<'_>> for Failure {
    type Inner = Self;

    fn from_input(input: &Input<'_>) -> Self {
        expected(input, "something else")
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// The text being read and what has been counted so far.
pub(crate) type Input<'i> = Stateful<LocatingSlice<&'i str>, State>;

/// The counters behind [`Limits`].
#[derive(Debug, Clone)]
pub(crate) struct State {
    limits: Limits,
    terms: usize,
    depth: usize,
    in_element: bool,
}

impl State {
    pub(crate) fn input(text: &str, limits: Limits) -> Input<'_> {
        let state = Self {
            limits,
            terms: 0,
            depth: 0,
            in_element: false,
        };
        Stateful {
            input: LocatingSlice::new(text),
            state,
        }
    }
}

type Parsed<T> = Result<T, Failure>;

/// A failure here: `expected …`.
pub(crate) fn expected(input: &Input<'_>, what: &str) -> Failure {
    Failure {
        position: input.current_token_start(),
        message: format!("expected {what}"),
    }
}

fn whole(input: &mut Input<'_>) -> Parsed<Filter> {
    blanks(input)?;
    let filter = disjunction(input)?;
    blanks(input)?;
    if !at_end(input) {
        return Err(expected(input, "`and`, `or` or the end"));
    }
    Ok(filter)
}

fn disjunction(input: &mut Input<'_>) -> Parsed<Filter> {
    joined(input, "or", conjunction, Filter::Or)
}

fn conjunction(input: &mut Input<'_>) -> Parsed<Filter> {
    joined(input, "and", factor, Filter::And)
}

/// One or more parts with a word between them, kept side by side.
fn joined(
    input: &mut Input<'_>,
    word: &str,
    part: fn(&mut Input<'_>) -> Parsed<Filter>,
    join: fn(Vec<Filter>) -> Filter,
) -> Parsed<Filter> {
    let first = part(input)?;
    let mut parts = vec![first];
    while joining_word(input, word)? {
        parts.push(part(input)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
}

/// Takes the word and the blanks around it, if it comes next.
fn joining_word(input: &mut Input<'_>, word: &str) -> Parsed<bool> {
    let start = input.checkpoint();
    blanks(input)?;
    let found: &str = take_while(0.., path::is_name_char).parse_next(input)?;
    if !found.eq_ignore_ascii_case(word) {
        input.reset(&start);
        return Ok(false);
    }
    blanks(input)?;
    Ok(true)
}

/// A bracketed filter, a negation, or a term.
fn factor(input: &mut Input<'_>) -> Parsed<Filter> {
    if next_is(input, '(') {
        return nested(input, '(', ')');
    }
    let start = input.checkpoint();
    let word = name_token(input)?;
    if word.eq_ignore_ascii_case("not") {
        blanks(input)?;
        if next_is(input, '(') {
            return nested(input, '(', ')').map(|inner| Filter::Not(Box::new(inner)));
        }
    }
    input.reset(&start);
    term(input)
}

/// A filter in brackets, one level deeper.
fn nested(input: &mut Input<'_>, open: char, close: char) -> Parsed<Filter> {
    if input.state.depth >= input.state.limits.max_depth {
        let limit = input.state.limits.max_depth;
        let position = input.current_token_start();
        return Err(Failure {
            position,
            message: format!("more than {limit} nested brackets"),
        });
    }
    one_of(open).parse_next(input)?;
    input.state.depth += 1;
    blanks(input)?;
    let filter = disjunction(input)?;
    blanks(input)?;
    if !next_is(input, close) {
        return Err(expected(input, &format!("`and`, `or` or `{close}`")));
    }
    any.parse_next(input)?;
    input.state.depth -= 1;
    Ok(filter)
}

/// `[…]` after an attribute: the names inside are sub-attributes.
pub(crate) fn filter_in_brackets(input: &mut Input<'_>) -> Parsed<Filter> {
    if input.state.in_element {
        return Err(expected(input, "no value filter inside a value filter"));
    }
    input.state.in_element = true;
    let filter = nested(input, '[', ']')?;
    input.state.in_element = false;
    Ok(filter)
}

/// A comparison, a `pr`, or an attribute with a value filter.
fn term(input: &mut Input<'_>) -> Parsed<Filter> {
    count_term(input)?;
    let mut attribute = attribute_name(input)?;
    let mut filter = None;
    blanks(input)?;
    if next_is(input, '[') {
        if attribute.sub.is_some() {
            return Err(expected(input, "no value filter after a sub-attribute"));
        }
        let inner = Box::new(filter_in_brackets(input)?);
        if !next_is(input, '.') {
            return Ok(Filter::Element {
                attribute,
                filter: inner,
            });
        }
        attribute.sub = Some(dot_and_sub(input)?);
        filter = Some(inner);
    }
    blanks(input)?;
    let start = input.checkpoint();
    let word: &str = take_while(0.., path::is_name_char).parse_next(input)?;
    let target = Target { attribute, filter };
    if word.eq_ignore_ascii_case("pr") {
        return Ok(Filter::Present(target));
    }
    let Some(operator) = Operator::from_name(word) else {
        input.reset(&start);
        return Err(expected(input, "an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)"));
    };
    blanks(input)?;
    let value = literal(input)?;
    Ok(Filter::Compare {
        target,
        operator,
        value,
    })
}

fn count_term(input: &mut Input<'_>) -> Parsed<()> {
    input.state.terms += 1;
    if input.state.terms > input.state.limits.max_terms {
        let limit = input.state.limits.max_terms;
        let position = input.current_token_start();
        return Err(Failure {
            position,
            message: format!("more than {limit} comparisons"),
        });
    }
    Ok(())
}

fn attribute_name(input: &mut Input<'_>) -> Parsed<AttributePath> {
    let start = input.checkpoint();
    let word = name_token(input)?;
    let named = path::split(word).and_then(|name| name.into_attribute().ok_or("an attribute name"));
    named.map_err(|what| {
        input.reset(&start);
        expected(input, what)
    })
}

/// The dot after `]` and the word after it.
pub(crate) fn dot_and_sub(input: &mut Input<'_>) -> Parsed<String> {
    any.parse_next(input)?;
    sub_attribute_name(input)
}

/// The word after `].`.
fn sub_attribute_name(input: &mut Input<'_>) -> Parsed<String> {
    let word: &str = take_while(0.., path::is_name_char).parse_next(input)?;
    if word.is_empty() {
        return Err(expected(input, "a sub-attribute name after the dot"));
    }
    Ok(word.to_owned())
}

/// A name with URN and sub-attribute, uncut.
pub(crate) fn name_token<'i>(input: &mut Input<'i>) -> Parsed<&'i str> {
    let word: &str = take_while(0.., |c: char| {
        path::is_name_char(c) || matches!(c, '.' | ':' | '%' | '/' | '+' | '~')
    })
    .parse_next(input)?;
    if word.is_empty() {
        return Err(expected(input, "an attribute name"));
    }
    Ok(word)
}

fn literal(input: &mut Input<'_>) -> Parsed<Literal> {
    if next_is(input, '"') {
        return quoted(input).map(Literal::String);
    }
    let start = input.checkpoint();
    let word: &str = take_while(0.., |c: char| {
        !c.is_whitespace() && !matches!(c, '(' | ')' | '[' | ']' | '"')
    })
    .parse_next(input)?;
    if word.is_empty() {
        return Err(expected(input, "a value"));
    }
    // An object is no value to compare with, and text in other quotes is no bare word either.
    if word.starts_with(['{', '\'', '`', '“']) {
        input.reset(&start);
        return Err(expected(input, "a value, text in double quotes"));
    }
    Ok(entra::bare_word(word))
}

/// A JSON string, escapes included.
fn quoted(input: &mut Input<'_>) -> Parsed<String> {
    let start = input.checkpoint();
    let rest: &str = input.input.as_ref();
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find_map(|(at, c)| match c {
        _ if escaped => {
            escaped = false;
            None
        }
        '\\' => {
            escaped = true;
            None
        }
        '"' => Some(at + 1),
        _ => None,
    });
    let Some(end) = end else {
        return Err(expected(input, "the closing quote of this string"));
    };
    let text = input.next_slice(end);
    serde_json::from_str(text).map_err(|_| {
        input.reset(&start);
        expected(input, "a JSON string, with valid escapes")
    })
}

pub(crate) fn blanks(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

pub(crate) fn next_is(input: &Input<'_>, wanted: char) -> bool {
    input.peek_token() == Some(wanted)
}

pub(crate) fn at_end(input: &Input<'_>) -> bool {
    input.peek_token().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Filter {
        parse(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn printed(text: &str) -> String {
        read(text).to_string()
    }

    fn refused(text: &str) -> String {
        parse(text, &Limits::default()).expect_err(text).to_string()
    }

    /// The examples of RFC 7644 §3.4.2.2, figure 2.
    #[test]
    fn examples_of_the_rfc_parse_and_print_as_they_are() {
        for text in [
            r#"userName eq "bjensen""#,
            r#"name.familyName co "O'Malley""#,
            r#"userName sw "J""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
            "title pr",
            r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
            r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
            r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
            r#"meta.lastModified le "2011-05-13T04:42:34Z""#,
            r#"title pr and userType eq "Employee""#,
            r#"title pr or userType eq "Intern""#,
            r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
            r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
            r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
            r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
            r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
        ] {
            assert_eq!(printed(text), text);
        }
        // The one example with brackets that are not needed.
        assert_eq!(
            printed(r#"userType eq "Employee" and (emails.type eq "work")"#),
            r#"userType eq "Employee" and emails.type eq "work""#
        );
    }

    #[test]
    fn what_other_parsers_wrongly_refuse_is_taken() {
        assert_eq!(printed("not(title pr)"), "not (title pr)");
        assert_eq!(printed("(a pr)and(b pr)"), "a pr and b pr");
        assert_eq!(
            printed(r#"members[$ref eq "x"].$ref pr"#),
            r#"members[$ref eq "x"].$ref pr"#
        );
        assert_eq!(printed("active eq True"), "active eq true");
        assert_eq!(
            printed("ACTIVE EQ nULL OR not ( a Pr )"),
            "ACTIVE eq null or not (a pr)"
        );
        assert_eq!(printed("emails [ type pr ]"), "emails[type pr]");
        assert_eq!(printed("  a\teq  1  "), "a eq 1");
        assert_eq!(printed("notes pr and nothing eq 1"), "notes pr and nothing eq 1");
    }

    #[test]
    fn value_path_may_end_in_a_sub_attribute() {
        let text = r#"emails[type eq "work" and primary eq true].value eq "x""#;
        assert_eq!(printed(text), text);
        let text = "urn:ietf:params:scim:schemas:core:2.0:User:emails[type pr].value pr";
        assert_eq!(printed(text), text);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let Filter::Or(terms) = read("a pr or b pr and c pr") else {
            panic!("not an or")
        };
        assert_eq!(terms[1].to_string(), "b pr and c pr");
        assert_eq!(printed("(a pr or b pr) and c pr"), "(a pr or b pr) and c pr");
        assert_eq!(printed("a pr and (b pr and c pr)"), "a pr and (b pr and c pr)");
    }

    #[test]
    fn strings_have_the_escapes_of_json() {
        let text = r#"userName eq "a\"b\\c\u00e9\/""#;
        let Filter::Compare { value, .. } = read(text) else {
            panic!("not a comparison")
        };
        assert_eq!(value, Literal::String("a\"b\\cé/".into()));
        let text = r#"userName eq "(a] and ü""#;
        assert_eq!(printed(text), text);
    }

    #[test]
    fn refusal_names_the_place_and_what_was_expected() {
        for (text, message) in [
            ("", "invalid filter at position 0: expected an attribute name"),
            (
                "userName",
                "invalid filter at position 8: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)",
            ),
            (
                r#"userName is "x""#,
                "invalid filter at position 9: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)",
            ),
            ("userName eq", "invalid filter at position 11: expected a value"),
            (
                r#"userName eq "x"#,
                "invalid filter at position 12: expected the closing quote of this string",
            ),
            (
                r#"userName eq "\x""#,
                "invalid filter at position 12: expected a JSON string, with valid escapes",
            ),
            (
                "userName eq 'x'",
                "invalid filter at position 12: expected a value, text in double quotes",
            ),
            (
                "userName eq {}",
                "invalid filter at position 12: expected a value, text in double quotes",
            ),
            ("(a pr", "invalid filter at position 5: expected `and`, `or` or `)`"),
            ("a pr)", "invalid filter at position 4: expected `and`, `or` or the end"),
            (
                "a pr b pr",
                "invalid filter at position 5: expected `and`, `or` or the end",
            ),
            ("a pr and", "invalid filter at position 8: expected an attribute name"),
            (
                "emails[type pr",
                "invalid filter at position 14: expected `and`, `or` or `]`",
            ),
            (
                "emails[a[b pr]]",
                "invalid filter at position 8: expected no value filter inside a value filter",
            ),
            (
                "emails.value[type pr]",
                "invalid filter at position 12: expected no value filter after a sub-attribute",
            ),
            (
                "emails[type pr]. pr",
                "invalid filter at position 16: expected a sub-attribute name after the dot",
            ),
            (
                "a.b.c pr",
                "invalid filter at position 0: expected one sub-attribute, not a sub-attribute of it",
            ),
        ] {
            assert_eq!(refused(text), message, "{text}");
        }
    }

    #[test]
    fn refusal_becomes_a_scim_error() {
        let error = ScimError::from(parse("ü eq", &Limits::default()).unwrap_err());
        assert_eq!(
            (error.status, error.scim_type),
            (400, Some(crate::error::ScimType::InvalidFilter))
        );
        assert_eq!(error.detail, "invalid filter at position 5: expected a value");
        assert_eq!(parse("a ü", &Limits::default()).unwrap_err().span, 2..4);
    }

    #[test]
    fn limits_hold_while_parsing() {
        let limits = Limits {
            max_length: 20,
            max_terms: 2,
            max_depth: 2,
        };
        let message = |text: &str| parse(text, &limits).unwrap_err().message;
        assert_eq!(message(&"a".repeat(21)), "longer than 20 bytes");
        assert_eq!(message("a pr or b pr or c pr"), "more than 2 comparisons");
        assert_eq!(message("(((a pr)))"), "more than 2 nested brackets");
        assert!(parse("not(a[b pr])", &limits).is_ok());
    }

    #[test]
    fn hostile_nesting_does_not_overflow_the_stack() {
        let limits = Limits {
            max_length: usize::MAX,
            ..Limits::default()
        };
        for text in ["(".repeat(1_000_000), "not(".repeat(500_000), "a[".repeat(500_000)] {
            assert!(parse(&text, &limits).is_err());
        }
        let long = vec!["a pr"; 1000].join(" and ");
        assert!(parse(&long, &limits).is_ok());
    }
}
