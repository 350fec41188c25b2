//! How much of what a target can hold is used. Pure.

use crate::store::{Kind, PerKind};

/// Users and service principals that a workspace or an account holds at most.
const MOST_USERS: u32 = 10_000;
/// Groups likewise.
const MOST_GROUPS: u32 = 5_000;
/// From this share on it is worth a warning.
const NEARLY: f64 = 0.9;

/// The share that is used, by kind.
pub fn used(resources: PerKind) -> [(Kind, f64); 2] {
    let share = |number: u64, most: u32| f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / f64::from(most);
    [
        (Kind::User, share(resources.users, MOST_USERS)),
        (Kind::Group, share(resources.groups, MOST_GROUPS)),
    ]
}

/// The kinds of which nearly as many are wanted as a target can hold.
pub fn nearly_full(resources: PerKind) -> impl Iterator<Item = (Kind, f64)> {
    used(resources).into_iter().filter(|(_, used)| *used >= NEARLY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_are_worth_a_warning() {
        let warned = |users, groups| {
            let kinds = nearly_full(PerKind { users, groups });
            kinds.map(|(kind, _)| kind).collect::<Vec<_>>()
        };
        assert_eq!(warned(8_999, 4_499), []);
        assert_eq!(warned(9_000, 10), [Kind::User]);
        assert_eq!(warned(0, 6_000), [Kind::Group]);
    }
}
