//! The filter grammar and the PATCH path grammar against those of another implementation, the
//! crate `scim_v2`: what it reads we read too, to the same meaning, and what we print it reads.
//! Where the two part, [`DIFFERENCES`] says who says what, why, and by which section.

use proptest::collection::vec;
use proptest::prelude::*;
use scim::filter::{self, Filter, Limits, Literal, Operator, Target};
use scim::path::{self, AttributePath, Path};
use scim_v2::filter as theirs;

use crate::properties::config;

/// An input on which the two disagree.
struct Difference {
    input: &'static str,
    /// Their reading in canonical form; `None` when they refuse.
    they: Option<&'static str>,
    /// Our reading in canonical form; `None` when we refuse.
    we: Option<&'static str>,
    /// Why ours is right, or at least meant.
    why: &'static str,
    /// Where the rule is written.
    section: &'static str,
    /// Where they read more than we do, or something else: whether a text has what this is about.
    excuses: fn(&str) -> bool,
}

/// Differences in filters.
const FILTERS: &[Difference] = &[
    Difference {
        input: "not(title pr)",
        they: None,
        we: Some("not (title pr)"),
        why: "the grammar itself writes no blank between not and the bracket; the examples do",
        section: "RFC 7644 §3.4.2.2, figure 1; erratum 7319 (reported)",
        excuses: never,
    },
    Difference {
        input: "(title pr)and(userName pr)",
        they: None,
        we: Some("title pr and userName pr"),
        why: "a bracket separates as well as a blank",
        section: "RFC 7644 §3.4.2.2",
        excuses: never,
    },
    Difference {
        input: r#"title eq"x""#,
        they: None,
        we: Some(r#"title eq "x""#),
        why: "so does a quote",
        section: "RFC 7644 §3.4.2.2",
        excuses: never,
    },
    Difference {
        input: r#"members[$ref eq "x"]"#,
        they: None,
        we: Some(r#"members[$ref eq "x"]"#),
        why: "the RFC's schemas have a sub-attribute $ref, which its ATTRNAME cannot write",
        section: "RFC 7643 §2.1, §2.4",
        excuses: never,
    },
    Difference {
        input: "_2nd pr and größe pr",
        they: None,
        we: Some("_2nd pr and größe pr"),
        why: "attributes no schema knows need not keep to ATTRNAME to be stored (rule A8), nor to be found",
        section: "RFC 7643 §2.1",
        excuses: never,
    },
    Difference {
        input: "active eq True",
        they: None,
        we: Some("active eq true"),
        why: "Entra's booleans come in any letter case",
        section: "docs/dialects.md, bare_word",
        excuses: never,
    },
    Difference {
        input: "externalId eq pexample",
        they: None,
        we: Some(r#"externalId eq "pexample""#),
        why: "an old sample of Entra's documentation has no quotes",
        section: "docs/dialects.md, bare_word",
        excuses: never,
    },
    Difference {
        input: "externalId eq 1e2",
        they: Some("externalId eq 100.0"),
        we: Some(r#"externalId eq "1e2""#),
        why: "a number that would not be written back the same stays text; it is compared as a number with numbers",
        section: "docs/dialects.md, bare_word",
        excuses: has_number_written_otherwise,
    },
    Difference {
        input: r#"emails[type eq "work"].value eq "a@b""#,
        they: None,
        we: Some(r#"emails[type eq "work"].value eq "a@b""#),
        why: "Entra matches by it; the grammar has it in paths only",
        section: "RFC 7644 §3.4.2.2, figure 1; §3.5.2, figure 7",
        excuses: never,
    },
    Difference {
        input: r#"emails.value[type eq "work"]"#,
        they: Some(r#"emails.value[type eq "work"]"#),
        we: None,
        why: "a sub-attribute has no sub-attributes to filter by, so the client means something else",
        section: "RFC 7643 §2.3.8",
        excuses: |text| {
            let mut before = text.split_inclusive('[').filter_map(|part| part.strip_suffix('['));
            before.any(|part| words(part).last().is_some_and(|word| word.contains('.')))
        },
    },
    Difference {
        input: "true eq 1 and null pr and not pr",
        they: None,
        we: Some("true eq 1 and null pr and not pr"),
        why: "a name is a name where a name is due",
        section: "RFC 7644 §3.4.2.2, figure 1",
        excuses: never,
    },
    Difference {
        input: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager pr",
        they: Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager pr"),
        we: Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr"),
        why: "before 2018 Entra joined the attribute with a dot; User is the type, no attribute",
        section: "docs/dialects.md, old_dotted_extension",
        excuses: |text| {
            words(text).any(|word| {
                ends_behind_a_version(word) && word.rsplit(':').next().is_some_and(|last| last.contains('.'))
            })
        },
    },
    Difference {
        input: "https://contoso.test/scim/User:badge pr",
        they: None,
        we: Some("https://contoso.test/scim/User:badge pr"),
        why: "a schema has a URI, which may have an authority",
        section: "RFC 7644 §3.4.2.2, figure 1",
        excuses: never,
    },
    Difference {
        input: "mailto:contoso:badge pr",
        they: Some("mailto:contoso:badge pr"),
        we: None,
        why: "other URIs without an authority name no schema, and are more often a slip, as in emails:type:work",
        section: "RFC 7643 §10.3",
        excuses: |text| words(text).any(|word| word.contains(':') && !word.starts_with("urn:")),
    },
];

/// Differences in PATCH paths, beside those of the filters in them.
const PATHS: &[Difference] = &[
    Difference {
        input: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        they: Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        we: Some("extension urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        why: "the URN of a schema names the extension, not an attribute User of a shorter URN",
        section: "RFC 7643 §3.3; RFC 7644 §3.5.2",
        excuses: ends_behind_a_version,
    },
    Difference {
        input: "emails[type pr] . value",
        they: Some("emails[type pr].value"),
        we: None,
        why: "a blank separates words, and this is one",
        section: "RFC 7644 §3.5.2, figure 7",
        excuses: |text| {
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            text.contains("].")
        },
    },
    Difference {
        input: "members.$ref",
        they: None,
        we: Some("members.$ref"),
        why: "as in filters",
        section: "RFC 7643 §2.4",
        excuses: never,
    },
];

fn never(_: &str) -> bool {
    false
}

/// The words of a text, each with the bracket that follows it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']'))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

fn has_number_written_otherwise(text: &str) -> bool {
    words(text).any(|word| {
        let word = word.trim_end_matches([')', ']']);
        serde_json::from_str::<serde_json::Number>(word).is_ok_and(|number| number.to_string() != word)
    })
}

fn ends_behind_a_version(text: &str) -> bool {
    let mut segments = text.trim().rsplit(':').skip(1);
    let is_version =
        |segment: &str| segment.contains('.') && segment.split('.').all(|part| part.parse::<u32>().is_ok());
    segments.next().is_some_and(is_version)
}

fn excused(differences: &[&[Difference]], text: &str) -> bool {
    differences
        .iter()
        .copied()
        .flatten()
        .any(|difference| (difference.excuses)(text))
}

/// Our reading, with chains of the same operator flat as theirs are.
fn ours_filter(text: &str) -> Option<Filter> {
    filter::parse(text, &Limits::default()).ok().map(flat)
}

fn theirs_filter(text: &str) -> Option<Filter> {
    text.parse().ok().map(|filter: theirs::Filter| from_filter(&filter))
}

fn ours_path(text: &str) -> Option<Path> {
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

fn theirs_path(text: &str) -> Option<Path> {
    Some(match text.parse().ok()? {
        theirs::PatchPath::Attr(attribute) => Path::Attribute(from_attribute(&attribute)),
        theirs::PatchPath::Value(value) => Path::Filtered {
            attribute: from_attribute(&value.attr),
            filter: Box::new(from_value_filter(&value.filter)),
            sub: value.sub_attr,
        },
    })
}

fn flat(filter: Filter) -> Filter {
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
fn shown(path: &Path) -> String {
    match path {
        Path::Extension(_) => format!("extension {path}"),
        Path::Attribute(_) | Path::Filtered { .. } => path.to_string(),
    }
}

#[test]
fn differences_in_filters_are_as_argued() {
    for Difference {
        input,
        they,
        we,
        why,
        section,
        excuses,
    } in FILTERS
    {
        assert_eq!(
            theirs_filter(input).map(|filter| filter.to_string()).as_deref(),
            *they,
            "{input}"
        );
        assert_eq!(
            ours_filter(input).map(|filter| filter.to_string()).as_deref(),
            *we,
            "{input}"
        );
        assert!(they != we && !why.is_empty() && !section.is_empty(), "{input}");
        assert_eq!(excuses(input), they.is_some(), "{input}");
    }
}

#[test]
fn differences_in_paths_are_as_argued() {
    for Difference {
        input,
        they,
        we,
        why,
        section,
        excuses,
    } in PATHS
    {
        assert_eq!(theirs_path(input).as_ref().map(shown).as_deref(), *they, "{input}");
        assert_eq!(ours_path(input).as_ref().map(shown).as_deref(), *we, "{input}");
        assert!(they != we && !why.is_empty() && !section.is_empty(), "{input}");
        assert_eq!(excuses(input), they.is_some(), "{input}");
    }
}

/// What the RFC's figures and Entra's requests are made of, and where a slip is likely.
#[test]
fn both_agree_on_a_corpus() {
    for text in [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "J""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"title pr or userType eq "Intern""#,
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType eq "Employee" and (emails.type eq "work")"#,
        r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
        r#"id eq "a" and manager eq "b""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m""#,
        "a pr or b pr and c pr or not (d pr and e pr)",
        "not (not (a pr))",
        "A EQ 1 AND B pR",
        r#"a eq "\"\\\u00e9\n""#,
        "a eq null and b ne false and c ge -12",
        "  a \t pr  ",
        r#"emails[not (type eq "work") and (value pr or primary eq true)]"#,
        "notes pr and order pr or android pr",
    ] {
        let read = theirs_filter(text);
        assert!(read.is_some(), "{text}");
        assert_eq!(ours_filter(text), read, "{text}");
    }
    for text in [
        "",
        " ",
        "a",
        "a eq",
        "a xx 1",
        "eq 1",
        "a pr b pr",
        "a pr and",
        "and a pr",
        "(a pr",
        "a pr)",
        "()",
        "a[]",
        "a[b pr",
        "a[b[c pr]]",
        "a.b.c pr",
        "a. pr",
        ".a pr",
        r#"a eq "x"#,
        r#"a eq "\x""#,
        "a pr or or b pr",
        "not a pr",
        "a[b pr] pr",
        "a eq [1]",
        "a eq {}",
        "urn: pr",
        "a:b pr",
    ] {
        assert_eq!((theirs_filter(text), ours_filter(text)), (None, None), "{text}");
    }
    for text in [
        "members",
        "name.familyName",
        r#"addresses[type eq "work"]"#,
        r#"addresses[type eq "work"].streetAddress"#,
        r#"members[value eq "a" or value eq "b"]"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName",
        r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value"#,
        "urn:contoso:people:badge",
    ] {
        let read = theirs_path(text);
        assert!(read.is_some(), "{text}");
        assert_eq!(ours_path(text), read, "{text}");
    }
    for text in [
        "",
        "a b",
        "a[",
        "a]",
        "a[b pr]c",
        "a[b pr].",
        "a[b pr].c.d",
        "a..b",
        "a.",
        "/a",
        "a pr",
    ] {
        assert_eq!((theirs_path(text), ours_path(text)), (None, None), "{text}");
    }
}

/// Pieces of filters and paths, in any order: now and then the sum means something.
fn any_soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "userName",
        "emails",
        "a",
        "b.c",
        "a.b.c",
        "not",
        "not ",
        "and",
        " and ",
        " AND ",
        " or ",
        "or",
        " eq ",
        " pr",
        " PR",
        "pr",
        " co",
        "eq",
        " ne ",
        " gt ",
        "(",
        ")",
        "(",
        ")",
        "[",
        "]",
        "[type eq \"work\"]",
        "].value",
        ".",
        ".value",
        "\"x\"",
        "\"\\\"\"",
        "\"\\x\"",
        "\"",
        "1",
        "-7",
        "01",
        "1e2",
        "1.50",
        "-",
        "true",
        "True",
        "false",
        "null",
        "nul",
        " ",
        "  ",
        "\t",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:core:2.0:User:title",
        "urn:a:b",
        "urn:a:1.0:b:c",
        ":",
        "$ref",
        "_x",
        "x-y",
        "é",
        "a eq 1",
        "b pr",
        "c.d eq \"e\"",
    ]);
    vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// Whether a filter is free of what they refuse by our leave: names beyond ATTRNAME or named as a
/// literal, URIs that are no URNs, and value filters before a sub-attribute.
fn is_plain(filter: &Filter) -> bool {
    match filter {
        Filter::And(terms) | Filter::Or(terms) => terms.iter().all(is_plain),
        Filter::Not(inner) => is_plain(inner),
        Filter::Present(target) | Filter::Compare { target, .. } => {
            target.filter.is_none() && is_plain_attribute(&target.attribute)
        }
        Filter::Element { attribute, filter } => is_plain_attribute(attribute) && is_plain(filter),
    }
}

fn is_plain_attribute(path: &AttributePath) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let is_literal =
        path.urn.is_none() && path.sub.is_none() && ["true", "false", "null", "not"].contains(&&*path.name);
    is_name(&path.name)
        && path.sub.as_deref().is_none_or(is_name)
        && !is_literal
        && path.urn.as_deref().is_none_or(|urn| {
            urn.starts_with("urn:")
                && urn
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
        })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_they_read_we_read_to_the_same_meaning(text in any_soup()) {
        if let Some(read) = theirs_filter(&text) {
            prop_assert!(ours_filter(&text) == Some(read) || excused(&[FILTERS], &text), "{}", text);
        }
        if let Some(read) = theirs_path(&text) {
            prop_assert!(ours_path(&text) == Some(read) || excused(&[FILTERS, PATHS], &text), "{}", text);
        }
    }

    #[test]
    fn what_we_read_of_noise_they_read_when_it_is_printed(text in any_soup()) {
        if let Some(filter) = ours_filter(&text).filter(is_plain) {
            prop_assert_eq!(theirs_filter(&filter.to_string()), Some(filter), "{}", text);
        }
    }

    #[test]
    fn what_we_print_they_read(filter in crate::properties::any_filter()) {
        let filter = flat(filter);
        if is_plain(&filter) {
            let text = filter.to_string();
            let read = theirs_filter(&text);
            prop_assert!(read.as_ref() == Some(&filter) || excused(&[FILTERS], &text), "{}: {:?}", text, read);
        }
    }

    #[test]
    fn path_that_we_print_they_read(path in crate::properties::any_path()) {
        let is_plain = match &path {
            Path::Extension(_) => false,
            Path::Attribute(attribute) => is_plain_attribute(attribute),
            Path::Filtered { attribute, filter, sub } => {
                let sub = sub.as_deref().is_none_or(|sub| is_plain_attribute(&AttributePath::new(sub)));
                sub && is_plain_attribute(attribute) && is_plain(filter)
            }
        };
        if is_plain {
            let text = path.to_string();
            prop_assert!(theirs_path(&text) == ours_path(&text) || excused(&[FILTERS, PATHS], &text), "{}", text);
        }
    }
}
