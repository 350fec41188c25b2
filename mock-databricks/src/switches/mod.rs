//! Every behaviour nobody knows for certain is a switch with a default and its evidence.
//!
//! Where sources disagree, the default is the behaviour that hurts a careless client most.

mod table;

use serde_json::{Value, json};

pub(crate) use table::Switch;
use table::{Domain, SPECS, Spec};

/// The present value of every switch.
#[derive(Debug, Clone)]
pub(crate) struct Switches {
    values: Vec<Value>,
}

/// Why a switch was not set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwitchError {
    #[error("unknown switch `{0}`; GET /switches lists them")]
    Unknown(String),
    #[error("field `value` of switch `{name}` must be {expected}, not {got}")]
    Value {
        name: &'static str,
        expected: String,
        got: Value,
    },
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            values: SPECS.iter().map(Spec::default_value).collect(),
        }
    }
}

impl Switches {
    /// Whether a switch of words stands on `word`, or one of yes and no on `"true"`/`"false"`.
    pub(crate) fn is(&self, switch: Switch, word: &str) -> bool {
        let spec = switch.spec();
        debug_assert!(spec.accepts_word(word), "{} has no {word}", spec.name);
        self.values[switch as usize] == *word
    }

    /// Whether a switch of yes and no stands on yes.
    pub(crate) fn on(&self, switch: Switch) -> bool {
        self.values[switch as usize] == true
    }

    /// The value of a numeric switch.
    pub(crate) fn number(&self, switch: Switch) -> u64 {
        self.values[switch as usize].as_u64().unwrap_or(0)
    }

    /// The value of a numeric switch that is an HTTP status.
    pub(crate) fn status(&self, switch: Switch) -> http::StatusCode {
        u16::try_from(self.number(switch))
            .ok()
            .and_then(|code| http::StatusCode::from_u16(code).ok())
            .expect("the domain of a status switch holds statuses only")
    }

    /// Sets one switch by name; gives its new row of [`Switches::list`].
    pub(crate) fn set(&mut self, name: &str, value: Value) -> Result<Value, SwitchError> {
        let (index, spec) = SPECS
            .iter()
            .enumerate()
            .find(|(_, spec)| spec.name == name)
            .ok_or_else(|| SwitchError::Unknown(name.to_owned()))?;
        if !spec.domain.accepts(&value) {
            return Err(SwitchError::Value {
                name: spec.name,
                expected: spec.domain.describe(),
                got: value,
            });
        }
        self.values[index] = value;
        Ok(self.row(spec, index))
    }

    /// Name and value of the switches that do not stand on their default.
    pub(crate) fn changed(&self) -> serde_json::Map<String, Value> {
        let all = SPECS.iter().zip(&self.values);
        let changed = all.filter(|(spec, value)| spec.default_value() != **value);
        changed
            .map(|(spec, value)| (spec.name.to_owned(), value.clone()))
            .collect()
    }

    /// All switches with value, default, choices and evidence.
    pub(crate) fn list(&self) -> Value {
        let rows = SPECS.iter().enumerate().map(|(index, spec)| self.row(spec, index));
        Value::Array(rows.collect())
    }

    fn row(&self, spec: &Spec, index: usize) -> Value {
        json!({
            "name": spec.name,
            "value": self.values[index],
            "default": spec.default_value(),
            "choices": spec.domain.describe(),
            "evidence": spec.evidence,
            "about": spec.about,
        })
    }
}

impl Domain {
    fn accepts(&self, value: &Value) -> bool {
        match self {
            Self::Words(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::YesNo(_) => value.is_boolean(),
            Self::Numbers(numbers) => value.as_u64().is_some_and(|n| numbers.contains(&n)),
            Self::Range(range, _) => value.as_u64().is_some_and(|n| range.contains(&n)),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Words(words) => words
                .iter()
                .map(|word| format!("\"{word}\""))
                .collect::<Vec<_>>()
                .join(" or "),
            Self::YesNo(_) => "true or false".to_owned(),
            Self::Numbers(numbers) => numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" or "),
            Self::Range(range, _) => {
                format!("a whole number from {} to {}", range.start(), range.end())
            }
        }
    }
}

impl Spec {
    /// The first word or number is the default.
    fn default_value(&self) -> Value {
        match &self.domain {
            Domain::Words(words) => words[0].into(),
            Domain::YesNo(default) => (*default).into(),
            Domain::Numbers(numbers) => numbers[0].into(),
            Domain::Range(_, default) => (*default).into(),
        }
    }

    fn accepts_word(&self, word: &str) -> bool {
        matches!(&self.domain, Domain::Words(words) if words.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{SPECS, Switch, Switches};

    #[test]
    fn every_default_is_a_choice_and_every_switch_says_its_evidence() {
        for spec in SPECS {
            assert!(spec.domain.accepts(&spec.default_value()), "{}", spec.name);
            assert!(!spec.evidence.is_empty() && !spec.about.is_empty());
        }
    }

    #[test]
    fn a_value_outside_the_choices_is_refused_with_the_choices() {
        let mut switches = Switches::default();
        let error = switches
            .set("remove_members_with_value", json!("explode"))
            .expect_err("no such choice");
        assert_eq!(
            error.to_string(),
            "field `value` of switch `remove_members_with_value` must be \"wipe\" or \"reject\" or \
             \"named\", not \"explode\""
        );
        assert!(switches.is(Switch::RemoveMembersWithValue, "wipe"));
        assert!(switches.set("page_cap", json!(0)).is_err());
        assert!(switches.set("colour", json!(1)).is_err());
        switches.set("page_cap", json!(10_000)).unwrap();
        assert_eq!(switches.number(Switch::PageCap), 10_000);
    }
}
