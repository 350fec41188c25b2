//! How long to wait after a failure. Pure.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Why something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Databricks is busy, or the outcome is unknown.
    Trouble,
    /// A definite refusal of a grant (rule B10: up to a day).
    RefusedGrant,
    /// A definite refusal of a revocation (rule B10: at most fifteen minutes).
    RefusedRevocation,
}

/// The longest wait before a revocation is tried again (rule B10).
pub const LONGEST_OF_REVOCATIONS: Duration = Duration::from_mins(15);

/// The wait after `attempts` failures in a row, the first counting one.
pub fn wait(after: After, attempts: u32) -> Duration {
    let (first, longest) = match after {
        After::Trouble => (Duration::from_secs(1), Duration::from_mins(1)),
        After::RefusedGrant => (Duration::from_secs(30), Duration::from_hours(24)),
        After::RefusedRevocation => (Duration::from_secs(10), LONGEST_OF_REVOCATIONS),
    };
    ExponentialBuilder::new()
        .with_factor(2.0)
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .build()
        .nth(attempts.saturating_sub(1).min(40) as usize)
        .unwrap_or(longest)
}

/// The longest wait there is: due times further ahead are clamped on load (rule D4).
pub const LONGEST: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound() {
        assert_eq!(wait(After::Trouble, 1), Duration::from_secs(1));
        assert_eq!(wait(After::Trouble, 3), Duration::from_secs(4));
        assert_eq!(wait(After::Trouble, 100), Duration::from_mins(1));
        assert_eq!(wait(After::RefusedRevocation, 100), Duration::from_mins(15));
        assert_eq!(wait(After::RefusedGrant, 100), LONGEST);
    }
}
