//! Every check, a file per section.
//!
//! The ids are stable: a report of last year compares with one of today. A check that is
//! not in [`all`] does not exist; a test holds the list against a written one.

mod authentication;
mod bulk;
mod create;
mod delete;
mod discovery;
mod entra;
mod errors;
mod groups;
mod patch;
mod projection;
mod query;
mod read;
mod replace;
mod transport;
mod versions;

use std::sync::LazyLock;

use crate::check::Check;

static ALL: LazyLock<Vec<&'static Check>> = LazyLock::new(|| {
    [
        authentication::CHECKS,
        discovery::CHECKS,
        create::CHECKS,
        read::CHECKS,
        query::CHECKS,
        projection::CHECKS,
        replace::CHECKS,
        patch::CHECKS,
        groups::CHECKS,
        delete::CHECKS,
        errors::CHECKS,
        versions::CHECKS,
        bulk::CHECKS,
        entra::CHECKS,
    ]
    .concat()
});

/// Every check, in the order of the catalogue.
pub fn all() -> &'static [&'static Check] {
    &ALL
}

/// The check of this id, in any letter case.
pub fn find(id: &str) -> Option<&'static Check> {
    all().iter().copied().find(|check| check.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_says_what_it_rests_on_and_what_to_do() {
        for check in all() {
            assert!(check.id.starts_with(check.section.prefix()), "{}: section", check.id);
            assert!(!check.sources.is_empty(), "{}: source", check.id);
            assert!(
                !check.hint.is_empty() && !check.hint.ends_with('.'),
                "{}: hint",
                check.id
            );
            assert!(
                !check.title.is_empty() && !check.title.ends_with('.'),
                "{}: title",
                check.id
            );
        }
    }

    #[test]
    fn no_id_is_there_twice_and_they_stand_in_order() {
        let ids: Vec<&str> = all().iter().map(|check| check.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        let mut order: Vec<_> = all().iter().map(|check| (check.section, check.id)).collect();
        order.sort_unstable();
        assert_eq!(order.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), ids);
    }
}
