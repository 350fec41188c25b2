//! Where a rule is written, so that a finding can send its reader there.

use std::fmt;

/// The place a check rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A section of an RFC, as in RFC 7644 §3.5.2.
    Rfc {
        /// The number of the RFC: `7644`.
        number: u16,
        /// The section without its sign: `"3.5.2.2"`.
        section: &'static str,
    },
    /// What Entra's provisioning client sends or needs, where the RFCs leave it open.
    Entra,
    /// What a bridge in front of another SCIM service owes both sides.
    Bridge,
}

impl Source {
    /// A page that holds the rule, where there is one that stays in its place.
    pub fn url(self) -> Option<String> {
        match self {
            Self::Rfc { number, section } => {
                Some(format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"))
            }
            Self::Entra => Some(
                "https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups"
                    .to_owned(),
            ),
            Self::Bridge => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rfc { number, section } => write!(f, "RFC {number} §{section}"),
            Self::Entra => f.write_str("Entra's provisioning client"),
            Self::Bridge => f.write_str("duty of a bridge"),
        }
    }
}

/// RFC 7643, the core schema.
pub(crate) const fn rfc7643(section: &'static str) -> Source {
    Source::Rfc { number: 7643, section }
}

/// RFC 7644, the protocol.
pub(crate) const fn rfc7644(section: &'static str) -> Source {
    Source::Rfc { number: 7644, section }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_of_an_rfc_has_a_page() {
        assert_eq!(rfc7644("3.5.2.2").to_string(), "RFC 7644 §3.5.2.2");
        assert_eq!(
            rfc7644("3.5.2.2").url().as_deref(),
            Some("https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2.2")
        );
    }
}
