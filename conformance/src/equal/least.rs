//! The least writes that lead from one intent to the next (rule B6): the yardstick, counted
//! without any code of the bridge.
//!
//! One per user created or changed. Per group one for the create, with the first batch of
//! members inline, and one per further batch of removals and of additions. A rename of a
//! user is two, the new account and the end of the old one, and a removal and an addition
//! in each of the user's groups; a rename of a group is one.

use std::collections::BTreeSet;

use super::directory::{Intent, IntentGroup};

/// Members in one request.
const BATCH: usize = 100;

/// Writes from `before` to `after`.
pub fn least_writes(before: &Intent, after: &Intent) -> usize {
    users(before, after) + groups(before, after)
}

fn users(before: &Intent, after: &Intent) -> usize {
    let mut writes = 0;
    for (id, user) in &after.users {
        writes += match before.users.get(id) {
            None => 1,
            Some(old) if old.user_name != user.user_name => 2,
            Some(old) if old.held != user.held => 1,
            Some(_) => 0,
        };
    }
    // Whoever is not wanted any more is deactivated.
    writes + before.users.keys().filter(|id| !after.users.contains_key(*id)).count()
}

fn groups(before: &Intent, after: &Intent) -> usize {
    let mut writes = 0;
    for (id, group) in &after.groups {
        let now = accounts(&sent(group), after);
        match before.groups.get(id) {
            None => writes += 1 + now.len().saturating_sub(BATCH).div_ceil(BATCH),
            Some(old) => {
                let then = accounts(&sent(old), before);
                writes += usize::from(old.display_name != group.display_name);
                writes += now.difference(&then).count().div_ceil(BATCH);
                // Someone disabled who is still in the group in the directory stays in it.
                let left = then
                    .difference(&now)
                    .filter(|account| !is_still_member(account, &group.people));
                writes += left.count().div_ceil(BATCH);
            }
        }
    }
    for (id, old) in &before.groups {
        if !after.groups.contains_key(id) {
            writes += accounts(&sent(old), before).len().div_ceil(BATCH);
        }
    }
    writes
}

/// A person's account: directory id and name, as a renamed person has two.
type Account = (String, String);

fn sent(group: &IntentGroup) -> BTreeSet<String> {
    group.people.difference(&group.waiting).cloned().collect()
}

fn accounts(people: &BTreeSet<String>, intent: &Intent) -> BTreeSet<Account> {
    people
        .iter()
        .filter_map(|id| Some((id.clone(), intent.users.get(id)?.user_name.clone())))
        .collect()
}

fn is_still_member((id, _): &Account, people: &BTreeSet<String>) -> bool {
    people.contains(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::equal::directory::Directory;

    const START: &str = r#"{"users":[
        {"id":"a","userPrincipalName":"Ana@x.test","displayName":"Ana","mailNickname":"ana"},
        {"id":"b","userPrincipalName":"ben_f.test#EXT#@x.test","displayName":"Ben","mailNickname":"ben"},
        {"id":"c","userPrincipalName":"cem@x.test","displayName":"Cem","mailNickname":"cem","accountEnabled":false}],
      "groups":[{"id":"g","displayName":"Ops","members":["a","b","c"]}],"assignments":["g"]}"#;

    fn after(edits: &str) -> (Intent, Intent) {
        let mut directory = Directory::parse(START).unwrap();
        let before = directory.intent();
        directory.apply(&format!("{{\"edits\":[{edits}]}}")).unwrap();
        (before, directory.intent())
    }

    #[test]
    fn an_initial_load_is_one_a_user_and_one_a_group() {
        let (first, _) = after("");
        assert_eq!(least_writes(&Intent::default(), &first), 2 + 1);
        let names: Vec<&str> = first.users.values().map(|user| user.user_name.as_str()).collect();
        assert_eq!(names, ["ana@x.test", "ben@f.test"]);
    }

    #[test]
    fn each_change_has_its_price() {
        for (edit, price) in [
            (r#"{"edit":"update","user":"a","set":{"jobTitle":"x"}}"#, 0),
            (r#"{"edit":"update","user":"a","set":{"displayName":"Anna"}}"#, 1),
            (r#"{"edit":"disable","user":"a"}"#, 1),
            (r#"{"edit":"leave","user":"a"}"#, 2),
            (r#"{"edit":"rename_group","group":"g","displayName":"Ops 2"}"#, 1),
            (r#"{"edit":"remove_member","group":"g","user":"a"}"#, 2),
            (
                r#"{"edit":"update","user":"a","set":{"userPrincipalName":"anna@x.test"}}"#,
                2 + 1,
            ),
            (r#"{"edit":"delete_group","group":"g"}"#, 2 + 1),
        ] {
            let (before, now) = after(edit);
            assert_eq!(least_writes(&before, &now), price, "{edit}");
        }
    }
}
