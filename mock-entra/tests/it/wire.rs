//! Bodies of requests for each kind of change, in both dialects.

use mock_entra::{
    directory::Directory,
    mapping::{Desired, ENTERPRISE_USER, Mappings, SourceUser, Target, Wanted},
    wire::{
        Dialect, create,
        diff::{Change, Compare, Kind, diff},
        patch::{self, ManagerForm},
    },
};
use serde_json::{Value, json};

fn full() -> Directory {
    let text = r#"{"users":[{"id":"11111111-0000-4000-8000-000000000001",
        "userPrincipalName":"pat.example@contoso.test","mailNickname":"pexample","displayName":"Pat Example",
        "givenName":"Pat","surname":"Example","mail":"pat.example@contoso.test","jobTitle":"Engineer",
        "department":"Research","employeeId":"100","telephoneNumber":"555-0100","mobile":"555-0101",
        "facsimileTelephoneNumber":"555-0102","physicalDeliveryOfficeName":"Building 1",
        "streetAddress":"1 Sample Way","city":"Town","state":"ST","postalCode":"00001","country":"US",
        "preferredLanguage":"en-US"},
       {"id":"11111111-0000-4000-8000-000000000002","userPrincipalName":"bare@contoso.test",
        "mailNickname":"bare","displayName":"Bare"}],
      "groups":[{"id":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"Ops Team"}],"assignments":[]}"#;
    Directory::from_json(text, "full").unwrap()
}

fn wanted(at: usize) -> Vec<Desired> {
    let directory = full();
    let user = directory.live_users().nth(at).unwrap();
    Mappings::default().user(SourceUser {
        user,
        is_soft_deleted: false,
    })
}

/// The recorded body that creates a user with the whole default mapping.
fn recorded() -> Value {
    let path = crate::support::crate_file("sequences/user-create-full.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["steps"][1]["request"]["body"].clone()
}

#[test]
fn full_user_is_created_with_the_recorded_body() {
    assert_eq!(create::user(&wanted(0)), recorded());
}

#[test]
fn bodies_of_creation() {
    let directory = full();
    let group = Mappings::default().group(directory.groups().next().unwrap());
    insta::assert_json_snapshot!("create_full", create::user(&wanted(0)));
    insta::assert_json_snapshot!("create_bare", create::user(&wanted(1)));
    insta::assert_json_snapshot!("create_group", create::group(&group));
}

fn text(target: Target, kind: Kind, value: &str) -> Change {
    Change {
        target,
        kind,
        value: Wanted::Text(value.to_owned()),
    }
}

fn changes() -> Vec<(&'static str, Vec<Change>)> {
    use Kind::{Add, Replace};
    let department = Target::Extension(ENTERPRISE_USER, "department");
    vec![
        ("one replaced", vec![text(Target::Simple("displayName"), Replace, "X")]),
        ("one added", vec![text(Target::Simple("title"), Add, "T")]),
        (
            "mail replaced",
            vec![text(Target::Filtered("emails", "work", "value"), Replace, "a@b")],
        ),
        (
            "fax added",
            vec![text(Target::Filtered("phoneNumbers", "fax", "value"), Add, "1")],
        ),
        (
            "several",
            vec![
                text(Target::Simple("userName"), Replace, "new@contoso.test"),
                text(Target::Simple("displayName"), Replace, "Pvl"),
                text(Target::Simple("title"), Add, "T"),
                text(Target::Filtered("emails", "work", "value"), Replace, "new@contoso.test"),
                text(Target::Nested("name", "givenName"), Replace, "Gtfd"),
                text(Target::Simple("externalId"), Replace, "new"),
                text(department, Replace, "R&D"),
            ],
        ),
        (
            "restored and renamed",
            vec![
                Change {
                    target: Target::Simple("active"),
                    kind: Replace,
                    value: Wanted::Flag(true),
                },
                text(Target::Simple("displayName"), Replace, "X"),
            ],
        ),
    ]
}

#[test]
fn bodies_of_change_in_both_dialects() {
    for (name, dialect) in [("legacy", Dialect::Legacy), ("compliant", Dialect::Compliant)] {
        let mut bodies = serde_json::Map::new();
        for (change, changes) in changes() {
            bodies.insert(change.to_owned(), patch::attributes(dialect, &changes));
        }
        bodies.insert("disabled".to_owned(), patch::active(dialect, false));
        bodies.insert("restored".to_owned(), patch::active(dialect, true));
        let url = "https://host/scim/Users/m1";
        for (what, kind) in [("manager set", Kind::Add), ("manager changed", Kind::Replace)] {
            let body = patch::set_manager(dialect, kind, "m1", url, ManagerForm::Id);
            bodies.insert(what.to_owned(), body);
        }
        let reference = patch::set_manager(dialect, Kind::Add, "m1", url, ManagerForm::Reference);
        bodies.insert("manager set by reference".to_owned(), reference);
        bodies.insert("manager cleared".to_owned(), patch::clear_manager(dialect));
        let members = ["u1", "u2"];
        bodies.insert("members added".to_owned(), patch::add_members(dialect, &members, true));
        bodies.insert(
            "members added plain".to_owned(),
            patch::add_members(dialect, &members, false),
        );
        bodies.insert("members removed".to_owned(), patch::remove_members(dialect, &members));
        insta::assert_json_snapshot!(format!("patch_{name}"), bodies);
    }
}

#[test]
fn resource_as_created_differs_in_nothing() {
    let mut resource = recorded();
    resource["id"] = json!("1");
    assert_eq!(diff(&wanted(0), &resource, Compare::Exact), []);
}

#[test]
fn recorded_updates_are_what_the_differences_give() {
    for (file, step, dialect) in [
        ("user-update-single-legacy", 1, Dialect::Legacy),
        ("user-update-single-compliant", 0, Dialect::Compliant),
    ] {
        let path = crate::support::crate_file(&format!("sequences/{file}.json"));
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let recorded = &file["steps"][step]["request"]["body"];
        let change = [text(Target::Simple("displayName"), Kind::Replace, "Pat E. Example")];
        assert_eq!(patch::attributes(dialect, &change), *recorded);
    }
}
