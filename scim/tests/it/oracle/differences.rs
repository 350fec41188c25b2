//! Where the two grammars part, and why: the data of the comparison.

/// An input on which the two disagree.
pub(super) struct Difference {
    pub(super) input: &'static str,
    /// Their reading in canonical form; `None` when they refuse.
    pub(super) they: Option<&'static str>,
    /// Our reading in canonical form; `None` when we refuse.
    pub(super) we: Option<&'static str>,
    /// Why ours is right, or at least meant.
    pub(super) why: &'static str,
    /// Where the rule is written.
    pub(super) section: &'static str,
    /// Where they read more than we do, or something else: whether a text has what this is about.
    pub(super) excuses: fn(&str) -> bool,
}

/// Differences in filters.
pub(super) const FILTERS: &[Difference] = &[
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
pub(super) const PATHS: &[Difference] = &[
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

/// Whether a difference accounts for what the two say of a text.
pub(super) fn excused(differences: &[&[Difference]], text: &str) -> bool {
    differences
        .iter()
        .copied()
        .flatten()
        .any(|difference| (difference.excuses)(text))
}
