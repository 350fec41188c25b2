//! `scim-bridge explain`, beside the process that holds the store.

use bridge::store::Kind;
use serde_json::Value;

use crate::plan::{Office, run, stdout};

async fn office() -> Office {
    let office = Office::new();
    let ana = office.user("ana").await;
    office.group("Staff", &[&ana]).await;
    office.scanned(&[(Kind::User, "1", "admin@contoso.test", true)]).await;
    office
}

#[tokio::test]
async fn a_user_is_explained_on_one_screen() {
    let office = office().await;
    let output = run(&office.config(), &["explain", "ANA@contoso.test"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = stdout(&output);
    for line in [
        "User       ana@contoso.test\n",
        "id         scim-ana (externalId ana)\n",
        "desired    active; 1 group\n",
        "group      Staff: waits for Staff, which is still to be made at the target\n",
        "waits      dry-run: nothing is written to the target; scim-bridge go-live ends it\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // The second line of one label leaves it out.
    assert!(said.contains("\n           queued as a grant, since "), "{said}");
}

#[tokio::test]
async fn a_membership_is_explained_for_programs() {
    let office = office().await;
    let output = run(&office.config(), &["explain", "scim-ana", "staff", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    insta::assert_json_snapshot!(told, @r#"
    {
      "member": "ana@contoso.test",
      "group": "Staff",
      "desired": true,
      "applied": false,
      "inherited": false,
      "state": "waits for Staff, which is still to be made at the target"
    }
    "#);
}

#[tokio::test]
async fn an_unknown_name_exits_1_with_names_near_it() {
    let office = office().await;
    for (arguments, part) in [
        (&["explain", "anna@contoso.test"][..], "near it: ana@contoso.test"),
        (&["explain", "ana@contoso.test", "stuff"], "near it: Staff"),
        (&["explain", "zzz"], "scim-bridge log --name"),
    ] {
        let output = run(&office.config(), arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(part) && said.lines().count() == 1, "{said}");
    }
}
