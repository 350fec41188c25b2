//! What a check is: a stable id, the rule it rests on, and one act.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use serde::Serialize;

use crate::source::Source;
use crate::target::Target;
use crate::verdict::Stop;

/// How the act of a check ends: it passes, or it stops for a reason.
pub type Outcome = Result<(), Stop>;

/// The running act of a check.
pub type Running<'t> = Pin<Box<dyn Future<Output = Outcome> + Send + 't>>;

/// One row of the catalogue.
pub struct Check {
    /// Its stable name: section prefix and number, `"GRP-09"`.
    pub id: &'static str,
    /// What holds when it passes, as one sentence without a full stop.
    pub title: &'static str,
    /// How strongly the rule binds.
    pub level: Level,
    /// Where the rule is written; never empty.
    pub sources: &'static [Source],
    /// The part of the catalogue it stands in; its prefix begins the id.
    pub section: Section,
    /// Capabilities without which it is skipped, not failed.
    pub needs: &'static [Needs],
    /// Profiles it belongs to beyond those that its level gives it.
    pub also_in: &'static [Profile],
    /// What to change in a server that fails it.
    pub hint: &'static str,
    /// The act.
    pub run: for<'t> fn(&'t Target) -> Running<'t>,
}

impl Check {
    /// Whether a run in `profile` makes this check.
    pub fn is_in(&self, profile: Profile) -> bool {
        self.level.profiles().contains(&profile) || self.also_in.contains(&profile)
    }

    /// Whether it looks back on every answer of the run, so that a run makes it last.
    pub fn looks_back(&self) -> bool {
        self.section == Section::Errors || self.id == "AUT-07"
    }

    /// The profiles that make this check.
    pub fn profiles(&self) -> impl Iterator<Item = Profile> {
        Profile::ALL.into_iter().filter(|profile| self.is_in(*profile))
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({})", self.id)
    }
}

/// How strongly a rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The RFCs say MUST.
    Must,
    /// The RFCs say SHOULD.
    Should,
    /// The RFCs leave it open, and provisioning from Entra breaks without it.
    Entra,
    /// What a bridge owes; needs an upstream whose faults can be armed.
    Bridge,
}

impl Level {
    /// All of them, in the order of the help text.
    pub const ALL: [Self; 4] = [Self::Must, Self::Should, Self::Entra, Self::Bridge];

    /// The profiles whose runs make the checks of this level.
    pub const fn profiles(self) -> &'static [Profile] {
        match self {
            Self::Must => &[Profile::Entra, Profile::Rfc, Profile::Strict],
            Self::Should => &[Profile::Rfc, Profile::Strict],
            Self::Entra | Self::Bridge => &[Profile::Entra, Profile::Strict],
        }
    }

    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Entra => "entra",
            Self::Bridge => "bridge",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("no level `{text}`; there are must, should, entra and bridge"))
    }
}

/// The question a run answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Does Entra's provisioning work against it? MUST and Entra rules.
    Entra,
    /// Does it keep RFC 7643 and RFC 7644? MUST and SHOULD rules.
    Rfc,
    /// Everything; where two answers are allowed, only the better one passes.
    Strict,
}

impl Profile {
    /// All of them, in the order of the help text.
    pub const ALL: [Self; 3] = [Self::Entra, Self::Rfc, Self::Strict];

    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Rfc => "rfc",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("no profile `{text}`; there are entra, rfc and strict"))
    }
}

/// A capability that has to be there before a check counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needs {
    /// `patch.supported` is announced.
    Patch,
    /// `filter.supported` is announced.
    Filter,
    /// `sort.supported` is announced.
    Sort,
    /// `etag.supported` is announced.
    Etag,
    /// `bulk.supported` is announced.
    Bulk,
    /// `pagination.cursor` is announced (RFC 9865 §4).
    Cursor,
    /// The resource type `Group` is announced.
    Groups,
    /// The upstream's faults can be armed, which holds only for this project's own stack.
    Faults,
}

impl Needs {
    /// A word or two for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Filter => "filter",
            Self::Sort => "sort",
            Self::Etag => "etag",
            Self::Bulk => "bulk",
            Self::Cursor => "cursor paging",
            Self::Groups => "groups",
            Self::Faults => "an upstream whose faults can be armed",
        }
    }
}

/// A part of the catalogue. Its prefix begins the ids of its checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// `AUT`: authentication and transport.
    Authentication,
    /// `DIS`: discovery.
    Discovery,
    /// `CRE`: create.
    Create,
    /// `REA`: read one.
    Read,
    /// `QRY`: list, filter, page, sort.
    Query,
    /// `PRJ`: `attributes` and `excludedAttributes`.
    Projection,
    /// `PUT`: replace.
    Replace,
    /// `PAT`: patch a user.
    Patch,
    /// `GRP`: groups.
    Groups,
    /// `DEL`: delete.
    Delete,
    /// `ERR`: errors.
    Errors,
    /// `ETG`: versions.
    Versions,
    /// `BLK`: bulk and Me.
    Bulk,
    /// `ENT`: what Entra's client does, as a whole.
    Entra,
    /// `BRG`: a bridge in front of another SCIM service.
    Bridge,
}

impl Section {
    /// The letters before the number in an id.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Authentication => "AUT",
            Self::Discovery => "DIS",
            Self::Create => "CRE",
            Self::Read => "REA",
            Self::Query => "QRY",
            Self::Projection => "PRJ",
            Self::Replace => "PUT",
            Self::Patch => "PAT",
            Self::Groups => "GRP",
            Self::Delete => "DEL",
            Self::Errors => "ERR",
            Self::Versions => "ETG",
            Self::Bulk => "BLK",
            Self::Entra => "ENT",
            Self::Bridge => "BRG",
        }
    }

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Authentication => "authentication and transport",
            Self::Discovery => "discovery",
            Self::Create => "create",
            Self::Read => "read one",
            Self::Query => "list, filter, page, sort",
            Self::Projection => "attributes and excludedAttributes",
            Self::Replace => "replace",
            Self::Patch => "patch a user",
            Self::Groups => "groups",
            Self::Delete => "delete",
            Self::Errors => "errors",
            Self::Versions => "versions",
            Self::Bulk => "bulk and Me",
            Self::Entra => "what Entra's client does",
            Self::Bridge => "a bridge and its upstream",
        }
    }
}
