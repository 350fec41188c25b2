//! The filter grammar and the PATCH path grammar against those of another implementation, the
//! crate `scim_v2`: what it reads we read too, to the same meaning, and what we print it reads.
//! Where the two part, [`differences`] says who says what, why, and by which section.

mod differences;
mod reading;

use differences::{Difference, FILTERS, PATHS, excused};
use proptest::collection::vec;
use proptest::prelude::*;
use reading::{flat, ours_filter, ours_path, shown, theirs_filter, theirs_path};
use scim::filter::Filter;
use scim::path::{AttributePath, Path};

use crate::strategies::{any_filter, any_path, config};

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
    fn what_we_print_they_read(filter in any_filter()) {
        let filter = flat(filter);
        if is_plain(&filter) {
            let text = filter.to_string();
            let read = theirs_filter(&text);
            prop_assert!(read.as_ref() == Some(&filter) || excused(&[FILTERS], &text), "{}: {:?}", text, read);
        }
    }

    #[test]
    fn path_that_we_print_they_read(path in any_path()) {
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
