//! How long calls take at a pace. Each rate class has its own budget, so the slowest class counts.

use std::time::Duration;

use serde::Serialize;

use crate::databricks::pace::{Pace, Verb};

/// How long some calls take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// So many seconds; zero where nothing limits them.
    pub seconds: u64,
    /// The rate class that takes longest: `write`, `group-patch` or `read`.
    pub class: &'static str,
    /// Its calls.
    pub calls: u64,
    /// How many of them a minute admits; `None` = no limit.
    pub per_minute: Option<u64>,
}

/// How long so many calls of each class take ([`Verb::ALL`] gives the order) at the present rate; `None` if there
/// are none.
pub fn forecast(pace: &Pace, calls: [u64; 3]) -> Option<Forecast> {
    let of = |(verb, calls): (Verb, u64)| (pace.forecast(verb, calls), verb, calls);
    let (takes, verb, calls) = Verb::ALL
        .into_iter()
        .zip(calls)
        .filter(|(_, calls)| *calls > 0)
        .map(of)
        .max_by_key(|(takes, _, calls)| (*takes, *calls))?;
    let one = pace.forecast(verb, 1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "calls a minute are a small positive number"
    )]
    let per_minute = (!one.is_zero()).then(|| (60.0 / one.as_secs_f64()).round() as u64);
    Some(Forecast {
        seconds: takes.as_secs(),
        class: verb.as_str(),
        calls,
        per_minute,
    })
}

impl std::fmt::Display for Forecast {
    /// As in `≈ 29 minutes (1,000 writes at 34 a minute)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.class {
            "group-patch" => "changes of groups",
            "read" => "reads",
            _ => "writes",
        };
        let (calls, takes) = (thousands(self.calls), length(Duration::from_secs(self.seconds)));
        match self.per_minute {
            Some(rate) => write!(f, "≈ {takes} ({calls} {what} at {} a minute)", thousands(rate)),
            None => write!(f, "as fast as Databricks answers ({calls} {what}, no pace is set)"),
        }
    }
}

/// A number with a comma between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time as people say it, in one unit: `12 minutes`.
pub fn length(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => ((seconds + 30) / 60, "minute"),
        7_200..=172_799 => ((seconds + 1_800) / 3_600, "hour"),
        _ => ((seconds + 43_200) / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::databricks::pace::Speed;

    fn said(speed: Speed, calls: [u64; 3]) -> String {
        let pace = Pace::new(speed, Timestamp::default());
        forecast(&pace, calls).map_or_else(String::new, |forecast| forecast.to_string())
    }

    #[test]
    fn the_slowest_class_counts() {
        assert_eq!(
            said(Speed::Published, [1000, 0, 0]),
            "≈ 29 minutes (1,000 writes at 34 a minute)"
        );
        assert_eq!(
            said(Speed::Published, [1000, 400, 2000]),
            "≈ 41 minutes (400 changes of groups at 10 a minute)"
        );
        assert_eq!(said(Speed::Published, [0, 0, 0]), "");
        assert_eq!(
            said(Speed::Off, [3, 0, 0]),
            "as fast as Databricks answers (3 writes, no pace is set)"
        );
    }

    #[test]
    fn numbers_and_lengths_are_said_as_people_say_them() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
        let lengths = [1, 90, 150, 7_200, 200_000].map(|seconds| length(Duration::from_secs(seconds)));
        assert_eq!(lengths, ["1 second", "90 seconds", "3 minutes", "2 hours", "2 days"]);
    }
}
