//! Properties of paging and PATCH, on the API without a network.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::{collection, option, sample};
use serde_json::{Value, json};

use super::{Caller, Context, Request, Route, handle};
use crate::answer::Answer;
use crate::limits::Sizes;
use crate::state::seed::{Amounts, fill};
use crate::state::{Level, Workspace};
use crate::switches::Switches;

const API: &str = "/api/2.0/preview/scim/v2";

struct World {
    workspace: Workspace,
    switches: Switches,
}

impl World {
    fn new(users: usize, groups: usize) -> Self {
        let mut workspace = Workspace::new(1);
        let amounts = Amounts {
            users,
            groups,
            ..Amounts::default()
        };
        fill(&mut workspace, amounts, 2);
        let switches = Switches::default();
        Self { workspace, switches }
    }

    fn call(&mut self, method: &Method, path: &str, query: &str, body: &Value) -> (StatusCode, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self.answer(method, &format!("{API}{path}"), query, body.as_bytes());
        let body = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status, body)
    }

    /// The answer to any bytes on any path.
    fn answer(&mut self, method: &Method, path: &str, query: &str, body: &[u8]) -> Answer {
        let route = Route::find(method, path, &self.switches, "1");
        let request = Request {
            method,
            path,
            query: Some(query),
            body,
        };
        let mut context = Context {
            workspace: &mut self.workspace,
            switches: &self.switches,
            sizes: Sizes::LIFTED,
            forced_id: None,
            caller: Caller::ForeignHand,
            now: Duration::ZERO,
            time_factor: 1.0,
        };
        handle(&mut context, &request, route.as_ref())
    }

    fn get(&mut self, path: &str, query: &str) -> Value {
        let (status, body) = self.call(&Method::GET, path, query, &Value::Null);
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// The member ids of a group, as a read shows them.
    fn members(&mut self, path: &str) -> Vec<String> {
        let group = self.get(path, "attributes=members");
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|row| text(&row["value"])).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    let rows = page["Resources"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| text(&row["id"])).collect()
}

/// A walk as careful clients do it: on by what came, until a page is empty.
fn walk(world: &mut World, path: &str, query: &str, count: Option<u32>) -> (Vec<String>, Vec<Value>) {
    let (mut all, mut pages) = (Vec::new(), Vec::new());
    loop {
        let count = count.map_or_else(String::new, |count| format!("&count={count}"));
        let page = world.get(path, &format!("startIndex={}{count}&{query}", all.len() + 1));
        let found = ids(&page);
        let is_last = found.is_empty();
        all.extend(found);
        pages.push(page);
        if is_last {
            return (all, pages);
        }
    }
}

fn some_query() -> impl Strategy<Value = String> {
    let filter = sample::select(vec![
        "",
        "filter=displayName%20co%20%22a%22",
        "filter=userName%20sw%20%22ada%22",
        "filter=active%20eq%20true",
        "filter=userName%20eq%20%22nobody%22",
    ]);
    let sort = sample::select(vec![
        "",
        "sortBy=userName",
        "sortBy=name.givenName&sortOrder=descending",
        "sortBy=emails",
    ]);
    (filter, sort).prop_map(|(filter, sort)| format!("{filter}&{sort}"))
}

/// One operation on members: people are numbers, beyond those there are.
#[derive(Debug, Clone)]
enum Edit {
    Add(Vec<usize>),
    AddWithoutPath(Vec<usize>),
    Replace(Vec<usize>),
    Remove(usize),
    RemoveAll,
    /// Does not fit: the whole request must come to nothing.
    Broken,
}

const PEOPLE: usize = 6;

fn edit() -> impl Strategy<Value = Edit> {
    let some = || collection::vec(0..PEOPLE + 2, 0..4);
    prop_oneof![
        4 => some().prop_map(Edit::Add),
        2 => some().prop_map(Edit::AddWithoutPath),
        1 => some().prop_map(Edit::Replace),
        4 => (0..PEOPLE + 2).prop_map(Edit::Remove),
        1 => Just(Edit::RemoveAll),
        1 => Just(Edit::Broken),
    ]
}

impl Edit {
    fn operation(&self, people: &[String]) -> Value {
        let name = |number: &usize| people.get(*number).map_or("999", String::as_str);
        let list =
            |numbers: &[usize]| -> Value { numbers.iter().map(|number| json!({"value": name(number)})).collect() };
        match self {
            Self::Add(numbers) => json!({"op": "add", "path": "members", "value": list(numbers)}),
            Self::AddWithoutPath(numbers) => json!({"op": "add", "value": {"members": list(numbers)}}),
            Self::Replace(numbers) => json!({"op": "replace", "path": "members", "value": list(numbers)}),
            Self::Remove(number) => json!({"op": "remove", "path": format!("members[value eq \"{}\"]", name(number))}),
            Self::RemoveAll => json!({"op": "remove", "path": "members"}),
            Self::Broken => json!({"op": "add", "path": "members", "value": ["bare"]}),
        }
    }

    /// The same on a set of numbers.
    fn apply(&self, members: &mut BTreeSet<usize>) {
        let known = |numbers: &[usize]| {
            numbers
                .iter()
                .copied()
                .filter(|number| *number < PEOPLE)
                .collect::<Vec<_>>()
        };
        match self {
            Self::Add(numbers) | Self::AddWithoutPath(numbers) => members.extend(known(numbers)),
            Self::Replace(numbers) => *members = known(numbers).into_iter().collect(),
            Self::Remove(number) => {
                members.remove(number);
            }
            Self::RemoveAll => members.clear(),
            Self::Broken => {}
        }
    }
}

proptest! {
    #[test]
    fn pages_join_to_the_whole_and_end_with_one_without_resources(
        query in some_query(), count in option::of(1_u32..40), cap in 1_u64..60, users in 0_usize..70,
    ) {
        let mut world = World::new(users, 0);
        world.switches.set("page_cap", json!(100_000)).unwrap();
        let whole = world.get("/Users", &query);
        world.switches.set("page_cap", json!(cap)).unwrap();
        let (all, pages) = walk(&mut world, "/Users", &query, count);
        prop_assert_eq!(&all, &ids(&whole));
        let distinct: BTreeSet<&String> = all.iter().collect();
        prop_assert_eq!(distinct.len(), all.len());
        for page in &pages {
            let shown = ids(page).len();
            prop_assert_eq!(&page["totalResults"], &json!(all.len()));
            prop_assert_eq!(&page["itemsPerPage"], &json!(shown));
            prop_assert!(shown as u64 <= cap && shown <= count.unwrap_or(u32::MAX) as usize);
        }
        prop_assert_eq!(pages.last().unwrap().get("Resources"), None);
    }

    #[test]
    fn any_page_is_a_window_of_the_whole(start in -3_i64..90, count in -2_i64..90, users in 0_usize..60) {
        let mut world = World::new(users, 0);
        let whole = ids(&world.get("/Users", ""));
        let page = world.get("/Users", &format!("startIndex={start}&count={count}"));
        let first = usize::try_from(start.max(1)).unwrap() - 1;
        let expected: Vec<String> = whole.into_iter().skip(first).take(usize::try_from(count.max(0)).unwrap()).collect();
        prop_assert_eq!(ids(&page), expected);
    }

    #[test]
    fn members_follow_a_simple_model_and_a_broken_request_changes_nothing(
        requests in collection::vec(collection::vec(edit(), 1..5), 1..8),
    ) {
        let mut world = World::new(PEOPLE, 0);
        let people: Vec<String> = ids(&world.get("/Users", "")).split_off(1);
        let (_, group) = world.call(&Method::POST, "/Groups", "", &json!({"displayName": "g"}));
        let path = format!("/Groups/{}", text(&group["id"]));
        let mut model = BTreeSet::new();
        for edits in requests {
            let before = world.members(&path);
            let operations: Vec<Value> = edits.iter().map(|edit| edit.operation(&people)).collect();
            let (status, body) = world.call(&Method::PATCH, &path, "", &json!({"Operations": operations}));
            if edits.iter().any(|edit| matches!(edit, Edit::Broken)) {
                prop_assert_eq!(status, StatusCode::BAD_REQUEST, "{}", body);
                prop_assert_eq!(world.members(&path), before);
                continue;
            }
            prop_assert_eq!(status, StatusCode::OK, "{}", body);
            for edit in &edits {
                edit.apply(&mut model);
            }
            let expected: BTreeSet<&String> = model.iter().map(|number| &people[*number]).collect();
            let found = world.members(&path);
            prop_assert_eq!(found.iter().collect::<BTreeSet<_>>(), expected);
            prop_assert_eq!(found.len(), model.len());
            // Both ends of every edge agree.
            for (number, person) in people.iter().enumerate() {
                let user = world.get(&format!("/Users/{person}"), "attributes=groups");
                let groups = user["groups"].as_array().cloned().unwrap_or_default();
                let is_in = groups.iter().any(|row| row["display"] == "g");
                prop_assert_eq!(is_in, model.contains(&number));
            }
        }
    }

    #[test]
    fn a_replacement_twice_is_a_replacement_once(
        names in collection::vec("[a-zA-Z ]{1,12}", 2..3), active in any::<bool>(), entitled in any::<bool>(),
    ) {
        let mut world = World::new(1, 0);
        let id = ids(&world.get("/Users", ""))[1].clone();
        let path = format!("/Users/{id}");
        let name = text(&world.get(&path, "")["userName"]);
        let entitlements = if entitled { json!([{"value": "workspace-access"}]) } else { json!([]) };
        let body = json!({
            "userName": name, "displayName": names[0], "name": {"givenName": names[1]}, "active": active,
            "entitlements": entitlements,
        });
        let (_, once) = world.call(&Method::PUT, &path, "", &body);
        let (_, twice) = world.call(&Method::PUT, &path, "", &body);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(world.get(&path, ""), once);
    }

    #[test]
    fn any_bytes_as_body_or_query_get_an_answer_and_never_a_panic(
        body in any::<Vec<u8>>(), query in any::<String>(), one in any::<bool>(),
        method in sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]),
        resource in sample::select(vec!["Users", "Groups", "ServicePrincipals", "Me"]),
    ) {
        let mut world = World::new(2, 1);
        let id = match resource {
            "Groups" => world.workspace.groups().iter().last().unwrap().id,
            _ => world.workspace.users().iter().last().unwrap().id,
        };
        let path = if one { format!("{API}/{resource}/{id}") } else { format!("{API}/{resource}") };
        let answer = world.answer(&method, &path, &query, &body);
        prop_assert!(!answer.status.is_server_error(), "{}", answer.status);
    }
}

#[test]
fn the_account_pages_as_the_workspace_does() {
    let mut world = World::new(5, 0);
    let account = world.workspace.account_id().to_owned();
    let path = format!("/api/2.0/accounts/{account}/scim/v2/Users");
    let route = Route::find(&Method::GET, &path, &world.switches, "1").expect("served");
    assert_eq!(route.level, Level::Account);
    let answer = world.answer(&Method::GET, &path, "startIndex=6&count=5", b"");
    let page: Value = serde_json::from_slice(&answer.body).unwrap();
    // Two admins and five people.
    assert_eq!((&page["totalResults"], ids(&page).len()), (&json!(7), 2));
}
