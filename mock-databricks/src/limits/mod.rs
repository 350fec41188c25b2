//! The limits of a workspace and its account: calls by verb class, calls at once, sizes.
//!
//! Numbers: a third-party copy of the Azure limits page and one fixture [documented, order of magnitude]; the cap of four comes
//! from a recorded error [issue GO 721]. Whether reads by id and lists of a workspace share one bucket is unknown: they do
//! [inferred].

mod pace;
mod sizes;
mod verb_class;

use std::fmt;
use std::str::FromStr;

pub(crate) use pace::{Pace, RateModel};
pub(crate) use sizes::Sizes;
pub(crate) use verb_class::VerbClass;

/// Calls at the same time per workspace [issue GO 721]; it stays under every setting.
pub(crate) const CONCURRENCY_CAP: usize = 4;

/// Which rate limits hold: `published`, `off`, or N times faster (`x60`).
///
/// `off` also lifts the size limits; the cap of four calls at once stays under all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limits {
    /// No rate and no size limits.
    Off,
    /// The published rates, this many times faster; 1 is the published rate itself.
    Published {
        /// A positive number: 60 turns a minute into a second.
        factor: f64,
    },
}

impl Limits {
    /// The rates as published.
    pub const PUBLISHED: Self = Self::Published { factor: 1.0 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::PUBLISHED
    }
}

/// A text that names no limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limits are `published`, `off`, or `x` and a positive number, as in `x60`; got `{0}`")]
pub struct ParseLimitsError(String);

impl FromStr for Limits {
    type Err = ParseLimitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseLimitsError(text.to_owned());
        match text {
            "published" => Ok(Self::PUBLISHED),
            "off" => Ok(Self::Off),
            _ => {
                let factor: f64 = text.strip_prefix('x').ok_or_else(error)?.parse().map_err(|_| error())?;
                if is_factor(factor) {
                    Ok(Self::Published { factor })
                } else {
                    Err(error())
                }
            }
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::Published { .. } if *self == Self::PUBLISHED => formatter.write_str("published"),
            Self::Published { factor } => write!(formatter, "x{factor}"),
        }
    }
}

/// Whether `factor` can speed something up or slow it down.
pub(crate) fn is_factor(factor: f64) -> bool {
    (0.000_001..=1_000_000.0).contains(&factor)
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn limits_print_and_parse_back() {
        for text in ["published", "off", "x60", "x0.5"] {
            assert_eq!(text.parse::<Limits>().unwrap().to_string(), text);
        }
        for text in ["", "x", "x0", "x-1", "xNaN", "xinf", "60", "on"] {
            let error = text.parse::<Limits>().unwrap_err();
            assert!(error.to_string().ends_with(&format!("got `{text}`")));
        }
    }
}
