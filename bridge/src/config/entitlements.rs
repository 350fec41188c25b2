//! `[entitlements]`: what groups of a workspace are given, by their names, once, when they become the bridge's.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::id::fold;

/// All that a workspace knows (the SCIM API's list of entitlements).
const KNOWN: [&str; 5] = [
    "workspace-access",
    "databricks-sql-access",
    CONSUME,
    "allow-cluster-create",
    "allow-instance-pool-create",
];
const CONSUME: &str = "workspace-consume";
/// What cannot be combined with consumer access.
const NOT_WITH_CONSUME: [&str; 2] = ["workspace-access", "databricks-sql-access"];

/// `[entitlements]`. The keys are names of groups, without letter case; `*` stands for any text. A group that the bridge creates
/// or takes over is given what all patterns say that its name matches, and lacks, once. A pattern that is added or removed later
/// changes no group that the bridge has already. Only for `target.level = "workspace"`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct EntitlementsSection(BTreeMap<String, Vec<String>>);

impl EntitlementsSection {
    /// Folded patterns and what they stand for.
    pub fn patterns(&self) -> Vec<(String, Vec<String>)> {
        let all = self.0.iter();
        all.map(|(pattern, values)| (fold(pattern), values.clone())).collect()
    }

    /// Whether there is nothing to give.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pattern that is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        for (pattern, values) in &self.0 {
            let wrong = |why: String| Err((pattern.clone(), why));
            if values.is_empty() {
                return wrong("must name at least one entitlement".to_owned());
            }
            if let Some(unknown) = values.iter().find(|value| !KNOWN.contains(&value.as_str())) {
                return wrong(format!(
                    "there is no entitlement \"{unknown}\"; there are {}",
                    KNOWN.join(", ")
                ));
            }
        }
        for (pattern, values) in &self.0 {
            if !values.iter().any(|value| value == CONSUME) {
                continue;
            }
            let excluded = |values: &[String]| {
                let all = values.iter().map(String::as_str);
                all.into_iter()
                    .find(|value| NOT_WITH_CONSUME.contains(value))
                    .map(str::to_owned)
            };
            let clash = self.0.iter().find_map(|(other, values)| {
                let both = overlap(&fold(pattern), &fold(other));
                both.then(|| excluded(values)).flatten().map(|value| (other, value))
            });
            if let Some((other, value)) = clash {
                let with = if other == pattern {
                    format!("\"{value}\"")
                } else {
                    format!("\"{value}\", which \"{other}\" gives to some of the same groups")
                };
                return Err((pattern.clone(), format!("\"{CONSUME}\" cannot be combined with {with}")));
            }
        }
        Ok(())
    }
}

/// Whether some name matches both patterns.
fn overlap(one: &str, other: &str) -> bool {
    match (one.chars().next(), other.chars().next()) {
        (None, None) => true,
        (Some('*'), _) if overlap(&one[1..], other) => true,
        (_, Some('*')) if overlap(one, &other[1..]) => true,
        (Some('*'), Some(c)) => overlap(one, &other[c.len_utf8()..]),
        (Some(c), Some('*')) => overlap(&one[c.len_utf8()..], other),
        (Some(a), Some(b)) => a == b && overlap(&one[a.len_utf8()..], &other[b.len_utf8()..]),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(section: &str) -> String {
        let section: EntitlementsSection = toml::from_str(section).unwrap();
        match section.check() {
            Ok(()) => String::new(),
            Err((pattern, why)) => format!("{pattern}: {why}"),
        }
    }

    #[test]
    fn entitlements_are_those_that_a_workspace_knows_and_may_combine() {
        assert_eq!(
            problem("\"data-*\" = [\"workspace-access\", \"databricks-sql-access\"]"),
            ""
        );
        let unknown = problem("x = [\"admin\"]");
        assert!(
            unknown.starts_with("x: there is no entitlement \"admin\"; there are workspace-access, "),
            "{unknown}"
        );
        assert_eq!(problem("x = []"), "x: must name at least one entitlement");
        assert_eq!(
            problem("x = [\"workspace-consume\", \"workspace-access\"]"),
            "x: \"workspace-consume\" cannot be combined with \"workspace-access\""
        );
        let two = problem("\"*-readers\" = [\"workspace-consume\"]\n\"Data-*\" = [\"databricks-sql-access\"]");
        assert!(
            two.contains("which \"Data-*\" gives to some of the same groups"),
            "{two}"
        );
        let apart = problem("\"*-readers\" = [\"workspace-consume\"]\nops = [\"workspace-access\"]");
        assert_eq!(apart, "");
    }

    #[test]
    fn patterns_overlap_where_one_name_matches_both() {
        for (one, other, expected) in [
            ("a*", "*b", true),
            ("a*c", "abc", true),
            ("a*", "b*", false),
            ("*", "", true),
            ("ä*", "äö", true),
            ("ab", "abc", false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }
}
