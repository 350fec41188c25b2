//! The sample directory and its day are what they are said to be.

use std::collections::BTreeSet;

use mock_entra::{
    directory::{Directory, Edit, Edits, UserType},
    scope::Scope,
};

use crate::support::crate_file;

fn contoso() -> Directory {
    Directory::load(crate_file("samples/contoso.json")).unwrap()
}

#[test]
fn sample_is_a_company_as_a_real_one() {
    let directory = contoso();
    let people: Vec<_> = directory.live_users().collect();
    assert!((55..=65).contains(&people.len()), "{}", people.len());
    assert_eq!(directory.groups().count(), 8);
    let has = |what: &str, test: &dyn Fn(&mock_entra::directory::User) -> bool| {
        assert!(people.iter().any(|user| test(user)), "nobody with {what}");
    };
    has("a guest account", &|user| user.user_type == UserType::Guest);
    has("a name outside ASCII", &|user| !user.display_name.is_ascii());
    has("an apostrophe", &|user| user.user_principal_name.contains('\''));
    has("a plus sign", &|user| {
        user.mail.as_ref().is_some_and(|mail| mail.contains('+'))
    });
    has("capitals", &|user| {
        user.user_principal_name.chars().any(char::is_uppercase)
    });
    has("sign-in blocked", &|user| !user.account_enabled);
    has("no mail", &|user| user.mail.is_none());
    has("three managers above", &|user| {
        let up =
            |user: &mock_entra::directory::User| directory.manager_of(user).and_then(|id| directory.user(id)).cloned();
        up(user).and_then(|one| up(&one)).and_then(|two| up(&two)).is_some()
    });
    assert!(
        directory.groups().any(|group| group.members.len() == 1),
        "no group of one"
    );
    let nested = |id| directory.group(id).is_some();
    assert!(
        directory.groups().any(|group| group.members.iter().any(nested)),
        "no nested group"
    );
    let scope = Scope::of(&directory);
    assert!(
        people.iter().any(|user| !scope.has_user(&user.id)),
        "everybody is in scope"
    );
}

#[test]
fn day_fits_the_sample_and_touches_every_kind_of_change() {
    let day = Edits::load(crate_file("samples/contoso-day.json")).unwrap();
    let mut directory = contoso();
    directory.apply(&day).unwrap();
    let kinds: BTreeSet<_> = day
        .edits
        .iter()
        .map(|edit| serde_json::to_value(edit).unwrap()["edit"].as_str().unwrap().to_owned())
        .collect();
    for kind in [
        "hire",
        "leave",
        "return",
        "update",
        "move",
        "set_manager",
        "hard_delete",
        "rename_group",
    ] {
        assert!(kinds.contains(kind), "{kind}");
    }
    let renames = |edit: &Edit| match edit {
        Edit::Update { set, .. } => set.contains_key("userPrincipalName"),
        _ => false,
    };
    assert!(day.edits.iter().any(renames));
}
