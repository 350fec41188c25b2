//! Which checks a run makes.

use crate::catalogue;
use crate::check::{Check, Level, Profile};

/// A choice of checks. Everything narrows, except that a whole id in `only` is made in
/// every profile, and that `levels` take the place of the profile's own.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The question of the run.
    pub profile: Profile,
    /// Beginnings of ids; empty means all.
    pub only: Vec<String>,
    /// Beginnings of ids that are left out.
    pub skip: Vec<String>,
    /// Levels; empty means those of the profile.
    pub levels: Vec<Level>,
}

impl Selection {
    /// All checks of a profile.
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            only: Vec::new(),
            skip: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// The checks chosen, in the catalogue's order; never empty.
    ///
    /// # Errors
    ///
    /// Text that names the prefix no check has, or says that nothing is left.
    pub fn checks(&self) -> Result<Vec<&'static Check>, String> {
        let all = catalogue::all();
        for (flag, prefixes) in [("--only", &self.only), ("--skip", &self.skip)] {
            if let Some(unknown) = prefixes
                .iter()
                .find(|prefix| !all.iter().any(|check| begins(check.id, prefix)))
            {
                return Err(format!(
                    "{flag} {unknown}: no check has an id that begins so; see `list`"
                ));
            }
        }
        let chosen: Vec<_> = all.iter().copied().filter(|check| self.takes(check)).collect();
        if chosen.is_empty() {
            Err("no check is left; see `list` for what the profile, --only, --skip and --level leave".to_owned())
        } else {
            Ok(chosen)
        }
    }

    fn takes(&self, check: &Check) -> bool {
        let named = self.only.iter().any(|only| check.id.eq_ignore_ascii_case(only));
        let in_question = if self.levels.is_empty() {
            named || check.is_in(self.profile)
        } else {
            self.levels.contains(&check.level)
        };
        in_question
            && (self.only.is_empty() || self.only.iter().any(|only| begins(check.id, only)))
            && !self.skip.iter().any(|skip| begins(check.id, skip))
    }
}

fn begins(id: &str, prefix: &str) -> bool {
    !prefix.is_empty()
        && id
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(selection: &Selection) -> Vec<&'static str> {
        selection.checks().unwrap().iter().map(|check| check.id).collect()
    }

    #[test]
    fn prefixes_choose_in_any_letter_case() {
        let mut selection = Selection::of(Profile::Strict);
        selection.only = vec!["del-".to_owned()];
        selection.skip = vec!["DEL-03".to_owned(), "del-05".to_owned()];
        assert_eq!(ids(&selection), ["DEL-01", "DEL-02", "DEL-04", "DEL-06", "DEL-07"]);
    }

    #[test]
    fn the_rfc_profile_asks_nothing_that_only_entra_wants() {
        assert!(!ids(&Selection::of(Profile::Rfc)).contains(&"PAT-13"));
        assert!(ids(&Selection::of(Profile::Entra)).contains(&"PAT-13"));
    }

    #[test]
    fn a_whole_id_is_made_in_every_profile() {
        let mut selection = Selection::of(Profile::Rfc);
        selection.only = vec!["PAT-13".to_owned()];
        assert_eq!(ids(&selection), ["PAT-13"]);
    }

    #[test]
    fn an_unknown_prefix_is_named() {
        let mut selection = Selection::of(Profile::Entra);
        selection.only = vec!["ZZZ".to_owned()];
        assert!(selection.checks().unwrap_err().contains("--only ZZZ"));
    }
}
