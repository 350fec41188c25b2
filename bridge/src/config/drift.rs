//! `[drift]`: what happens where somebody else changed the target (rule B4).

use serde::{Deserialize, Deserializer};

use super::target::{Interval, parse_duration};

/// What is done about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftMode {
    /// It is not looked for.
    Off,
    /// It is reported.
    Report,
    /// It is reported and undone, as far as that narrows access.
    Repair,
}

/// What is done about drift whose repair would give access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Widening {
    /// It is reported.
    Report,
    /// It is undone too: re-activated, added again, created again.
    Repair,
}

/// `[drift]`. `drift = "repair"` is short for its `mode`.
#[derive(Debug, Clone)]
pub struct DriftSection {
    /// `off`, `report` or `repair`: repairing takes away what nobody wanted. Default `report`. `SCIM_BRIDGE_DRIFT_MODE`
    pub mode: DriftMode,
    /// `report` or `repair`: whether repairing also gives back what somebody took. Default `report`. `SCIM_BRIDGE_DRIFT_WIDEN`
    pub widen: Widening,
    /// How often the whole target is looked at. Default `6h`. `SCIM_BRIDGE_DRIFT_EVERY`
    pub every: Interval,
}

impl Default for DriftSection {
    fn default() -> Self {
        Self {
            mode: DriftMode::Report,
            widen: Widening::Report,
            every: parse_duration("6h").expect("a constant interval is well formed"),
        }
    }
}

impl<'de> Deserialize<'de> for DriftSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            mode: Option<DriftMode>,
            widen: Option<Widening>,
            every: Option<Interval>,
        }
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = DriftSection;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"off\", \"report\", \"repair\" or a section [drift]")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<DriftSection, E> {
                let mode = DriftMode::deserialize(serde::de::value::StrDeserializer::new(text))?;
                Ok(DriftSection {
                    mode,
                    ..DriftSection::default()
                })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<DriftSection, A::Error> {
                let keys = Keys::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let default = DriftSection::default();
                Ok(DriftSection {
                    mode: keys.mode.unwrap_or(default.mode),
                    widen: keys.widen.unwrap_or(default.widen),
                    every: keys.every.unwrap_or(default.every),
                })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl DriftSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.every.0.is_zero() {
            return Err(("every", "must be longer than 0s".to_owned()));
        }
        Ok(())
    }
}
