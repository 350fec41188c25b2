//! Names that a person must decide about (rules C5 to C7), from the edits alone.
//!
//! Somebody else under the name of one who is gone waits for a person; whether there was an account to wait for
//! depends on how far the bridge had come. So these names may differ, each listed with its reason, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use conformance::equal::Allowances;

use super::wanted::Wanted;

/// Who ever had a name: the client's own id of each resource.
type Bearers = BTreeMap<String, BTreeSet<(usize, String)>>;

/// What may differ because a name was used by two.
pub fn allowances(versions: &[&Wanted]) -> Allowances {
    let (mut users, mut groups) = (Bearers::new(), Bearers::new());
    for wanted in versions {
        for (person, user) in &wanted.users {
            let bearer = (*person, user.external.clone());
            users.entry(user.name.to_lowercase()).or_default().insert(bearer);
        }
        for (team, group) in &wanted.groups {
            let bearer = (*team, group.external.clone());
            groups.entry(group.name.clone()).or_default().insert(bearer);
        }
    }
    let mut allowed = Allowances {
        users: contested(&users),
        groups: contested(&groups),
        ..Allowances::default()
    };
    // Whoever is deleted waits for nobody: only a name that is wanted, or was before a rename, may differ.
    if let Some(now) = versions.last() {
        let lives = |bearers: &Bearers, name: &String, ids: &dyn Fn(&usize) -> bool| {
            bearers.get(name).is_some_and(|who| who.iter().any(|(id, _)| ids(id)))
        };
        allowed
            .users
            .retain(|name, _| lives(&users, name, &|person| now.users.contains_key(person)));
        allowed
            .groups
            .retain(|name, _| lives(&groups, name, &|team| now.groups.contains_key(team)));
    }
    allowed
}

/// The names of everybody who ever had a name that somebody else had too.
fn contested(bearers: &Bearers) -> BTreeMap<String, String> {
    let is_shared = |who: &&BTreeSet<(usize, String)>| {
        let externals: BTreeSet<&String> = who.iter().map(|(_, external)| external).collect();
        externals.len() > 1
    };
    let mut concerned: BTreeSet<&String> = bearers
        .values()
        .filter(is_shared)
        .flatten()
        .map(|(_, external)| external)
        .collect();
    // Whoever waits for one of them waits too.
    loop {
        let more: BTreeSet<&String> = bearers
            .values()
            .filter(|who| who.iter().any(|(_, external)| concerned.contains(external)))
            .flatten()
            .map(|(_, external)| external)
            .collect();
        if more.len() == concerned.len() {
            break;
        }
        concerned.extend(more);
    }
    let names = bearers
        .iter()
        .filter(|(_, who)| who.iter().any(|(_, external)| concerned.contains(external)));
    names
        .map(|(name, _)| (name.clone(), "held: the name belonged to another".to_owned()))
        .collect()
}
