//! What must hold for any input.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use scim::filter::{self, Filter, Limits};
use scim::page::Page;
use scim::patch::{self, MembersChange};
use scim::path::{self, AttributePath};
use scim::projection::Projection;
use scim::resource::{self, Resource, read_body};
use scim::schema::{CORE_GROUP, CORE_USER, group, user};
use scim::sort::Sort;
use serde_json::{Value, json};

use crate::strategies::{
    any_attribute, any_filter, any_json, any_members_operation, any_operation, any_path, any_repeatable_replace,
    any_user, config, limits,
};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn printed_filter_parses_back_to_itself(filter in any_filter()) {
        prop_assert_eq!(filter::parse(&filter.to_string(), &limits()), Ok(filter));
    }

    #[test]
    fn printed_path_parses_back_to_itself(path in any_path()) {
        prop_assert_eq!(path::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn parsing_any_text_never_panics(text in "\\PC{0,40}", noisy in "[a-z.:\\[\\]() \"\\\\$0-9é-]{0,40}") {
        for text in [&text, &noisy] {
            if let Ok(filter) = filter::parse(text, &Limits::default()) {
                prop_assert_eq!(filter::parse(&filter.to_string(), &Limits::default()), Ok(filter));
            }
            if let Ok(path) = path::parse(text) {
                prop_assert_eq!(path::parse(&path.to_string()), Ok(path));
            }
            let _ = Page::from_query(Some(text), Some(text), 10, 100);
            let _ = Projection::from_query(Some(text), Some(text));
        }
    }

    #[test]
    fn parsing_any_bytes_never_panics(bytes in vec(any::<u8>(), 0..60), text in any::<String>()) {
        for text in [&*String::from_utf8_lossy(&bytes), &*text] {
            let _ = (filter::parse(text, &limits()), path::parse(text));
            let _ = Projection::from_query(Some(text), Some(text)).apply(user(), &Resource::new());
            let _ = (Page::from_query(Some(text), Some(text), 10, 100), Sort::from_query(Some(text), Some(text)));
            let _ = patch::read(user(), &json!({"Operations": [{"op": "add", "path": text, "value": {text: text}}]}));
            let _ = read_body(user(), &json!({"schemas": [CORE_USER], "userName": "a", text: {text: text}}));
        }
    }

    #[test]
    fn span_of_an_error_lies_within_the_text(text in "[a-z.:\\[\\]() \"\\\\$0-9é-]{0,40}") {
        if let Err(error) = filter::parse(&text, &limits()) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
            prop_assert_eq!(error.span.is_empty(), error.span.start == text.len());
        }
    }

    #[test]
    fn cutting_a_filter_short_never_panics(filter in any_filter(), cut in any::<prop::sample::Index>()) {
        let text = filter.to_string();
        let end = (0..=text.len()).filter(|end| text.is_char_boundary(*end)).nth(cut.index(text.chars().count() + 1));
        let _ = filter::parse(&text[..end.unwrap_or(0)], &limits());
    }

    #[test]
    fn asking_any_filter_never_panics(filter in any_filter(), resource in any_user(), element in any_json()) {
        let matches = filter.matches(user(), &resource);
        prop_assert_eq!(Filter::Not(Box::new(filter.clone())).matches(user(), &resource), !matches);
        filter.matches_element(user().core_attribute("emails"), &element);
        let _ = (filter.check(user()), filter.conjunction());
    }

    #[test]
    fn reading_any_body_never_panics(body in any_json()) {
        for resource_type in [user(), group()] {
            let _ = read_body(resource_type, &body);
            if let Ok(changes) = patch::read(resource_type, &body) {
                let _ = patch::apply(resource_type, &mut Resource::new(), &changes);
            }
        }
    }

    #[test]
    fn body_that_was_read_is_read_as_it_is(resource in any_user()) {
        prop_assert_eq!(read_body(user(), &Value::Object(resource.clone())), Ok(resource));
    }

    #[test]
    fn applying_is_all_or_nothing(resource in any_user(), operations in vec(any_operation(), 1..4)) {
        if let Ok(changes) = patch::read(user(), &json!({"Operations": operations})) {
            let mut patched = resource.clone();
            if patch::apply(user(), &mut patched, &changes) == Ok(true) {
                prop_assert!(!resource::same(&patched, &resource));
            } else {
                prop_assert_eq!(patched, resource);
            }
        }
    }

    #[test]
    fn one_request_does_what_its_operations_do_one_by_one(
        resource in any_user(),
        operations in vec(any_operation(), 1..4),
    ) {
        if let Ok(changes) = patch::read(user(), &json!({"Operations": operations})) {
            let (mut at_once, mut in_turn) = (resource.clone(), resource);
            let whole = patch::apply(user(), &mut at_once, &changes);
            let parts: Result<Vec<bool>, _> =
                changes.iter().map(|change| patch::apply(user(), &mut in_turn, std::slice::from_ref(change))).collect();
            prop_assert_eq!(whole.is_ok(), parts.is_ok());
            if whole.is_ok() {
                // An extension that came and went may have been listed meanwhile.
                at_once.remove("schemas");
                in_turn.remove("schemas");
                prop_assert!(resource::same(&at_once, &in_turn), "{:?} {:?}", at_once, in_turn);
            }
        }
    }

    #[test]
    fn patched_user_reads_as_itself(resource in any_user(), operations in vec(any_operation(), 1..4)) {
        if let Ok(changes) = patch::read(user(), &json!({"Operations": operations})) {
            let mut patched = resource;
            if patch::apply(user(), &mut patched, &changes).is_ok() {
                prop_assert_eq!(read_body(user(), &Value::Object(patched.clone())), Ok(patched));
            }
        }
    }

    #[test]
    fn patched_user_is_still_a_user(resource in any_user(), operations in vec(any_operation(), 1..4)) {
        if let Ok(changes) = patch::read(user(), &json!({"Operations": operations})) {
            let mut patched = resource;
            if patch::apply(user(), &mut patched, &changes).is_ok() {
                let read = read_body(user(), &Value::Object(patched.clone()));
                prop_assert!(read.is_ok(), "{:?} of {:?}", read, patched);
            }
        }
    }

    #[test]
    fn two_readings_of_members_agree(
        start in prop::sample::subsequence(vec!["a", "b", "c", "d"], 0..4),
        operations in vec(any_members_operation(), 1..5),
    ) {
        let members: Vec<_> = start.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [CORE_GROUP], "displayName": "g", "members": members});
        let mut resource = read_body(group(), &body).unwrap();
        let changes = patch::read(group(), &json!({"Operations": operations})).unwrap();
        let mut ids: BTreeSet<String> = start.into_iter().map(Into::into).collect();
        for change in &changes {
            match change.members().unwrap().unwrap() {
                MembersChange::Add(new) => ids.extend(new.into_iter().map(|member| member.id)),
                MembersChange::Remove(gone) => ids.retain(|id| !gone.contains(id)),
                MembersChange::RemoveAll => ids.clear(),
                MembersChange::Replace(new) => ids = new.into_iter().map(|member| member.id).collect(),
                MembersChange::RemoveWhere(filter) => {
                    let members = group().core_attribute("members");
                    ids.retain(|id| !filter.matches_element(members, &json!({"value": id})));
                }
            }
        }
        patch::apply(group(), &mut resource, &changes).unwrap();
        let held = resource.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let held: BTreeSet<String> = held.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
        prop_assert_eq!(held, ids);
    }

    #[test]
    fn pages_join_to_the_whole(total in 0_usize..60, count in 1_usize..20, max in 1_usize..20) {
        let all: Vec<usize> = (0..total).collect();
        let (mut seen, mut start) = (Vec::new(), 1);
        loop {
            let page = Page::from_query(Some(&start.to_string()), Some(&count.to_string()), 10, max).unwrap();
            let shown: Vec<usize> = all.iter().copied().skip(page.offset()).take(page.count).collect();
            if shown.is_empty() {
                break;
            }
            start += shown.len();
            seen.extend(shown);
        }
        prop_assert_eq!(seen, all);
    }

    #[test]
    fn sorting_is_an_order(
        by in any_attribute(),
        descending in any::<bool>(),
        resources in vec(any_user(), 3),
    ) {
        let order = if descending { "descending" } else { "ascending" };
        let sort = Sort::from_query(Some(&by.to_string()), Some(order)).unwrap().unwrap();
        let compare = |a: usize, b: usize| sort.compare(user(), &resources[a], &resources[b]);
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
        }
        if compare(0, 1) != Ordering::Greater && compare(1, 2) != Ordering::Greater {
            prop_assert!(compare(0, 2) != Ordering::Greater);
        }
    }

    #[test]
    fn reading_members_never_panics(operations in vec(any_operation(), 1..4)) {
        if let Ok(changes) = patch::read(group(), &json!({"Operations": operations})) {
            for change in &changes {
                let _ = change.members();
            }
        }
    }

    #[test]
    fn replacing_twice_is_replacing_once(resource in any_user(), operation in any_repeatable_replace()) {
        if let Ok(changes) = patch::read(user(), &json!({"Operations": [operation]})) {
            let mut patched = resource;
            if patch::apply(user(), &mut patched, &changes).is_ok() {
                let once = patched.clone();
                prop_assert_eq!(patch::apply(user(), &mut patched, &changes), Ok(false), "{:?}", once);
            }
        }
    }

    #[test]
    fn projection_only_leaves_out(resource in any_user(), only in vec(any_attribute(), 0..3), without in vec(any_attribute(), 0..3)) {
        let list = |names: &[AttributePath]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        for projection in [
            Projection::from_query(Some(&list(&only)), None),
            Projection::from_query(None, Some(&list(&without))),
        ] {
            let shown = projection.apply(user(), &resource);
            prop_assert_eq!(shown.get("schemas"), resource.get("schemas"));
            prop_assert!(shown.keys().all(|name| resource.contains_key(name)));
            prop_assert_eq!(projection.apply(user(), &shown), shown.clone());
        }
    }
}
