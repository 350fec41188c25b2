//! What must hold once everything has come to rest.

use super::*;

impl World {
    /// What the directory wants, as far as nothing is held for a person.
    pub(super) fn check(&self) {
        let held: Vec<String> = self
            .store
            .read(|snapshot| {
                snapshot.log(&crate::store::LogQuery {
                    limit: 1000,
                    ..Default::default()
                })
            })
            .unwrap()
            .into_iter()
            .filter(|entry| entry.outcome.starts_with("held"))
            .map(|entry| entry.resource_id)
            .collect();
        let mut wanted_active = BTreeSet::new();
        let mut upstream_of = BTreeMap::new();
        self.store
            .read::<_, StoreError, _>(|snapshot| {
                snapshot.each("scim", Kind::User, None, |user| {
                    let bound = snapshot.bindings(TARGET, &user.id)?;
                    let current = bound.iter().find(|binding| binding.role == crate::store::Role::Current);
                    let upstream = current.and_then(|binding| binding.upstream_id.clone());
                    if held.contains(&user.id.to_string()) {
                        return Ok(());
                    }
                    let id = upstream.unwrap_or_else(|| panic!("{} has no account: {bound:?}", user.name));
                    let model = &self.model.users[id.as_str()];
                    assert_eq!(model.active, user.active, "{}", user.name);
                    if user.active {
                        assert_eq!(model.name, fold(&user.name));
                        wanted_active.insert(id.as_str().to_owned());
                    }
                    let shown = user.document.get("displayName").and_then(Value::as_str);
                    assert_eq!(model.display.as_deref(), shown);
                    upstream_of.insert(user.id.to_string(), id.as_str().to_owned());
                    Ok(())
                })?;
                snapshot.each("scim", Kind::Group, None, |group| {
                    if held.contains(&group.id.to_string()) {
                        return Ok(());
                    }
                    let bound = snapshot.bindings(TARGET, &group.id)?;
                    let id = bound
                        .iter()
                        .find_map(|binding| binding.upstream_id.clone())
                        .unwrap_or_else(|| panic!("{} has no group: {bound:?}", group.name));
                    let model = &self.model.groups[id.as_str()];
                    assert_eq!(model.name, group.name);
                    let wanted: BTreeSet<String> = snapshot
                        .members(group.pk)?
                        .iter()
                        .filter_map(|member| upstream_of.get(member.id.as_str()).cloned())
                        .collect();
                    // Whoever is held keeps what he had.
                    let known: BTreeSet<&String> = upstream_of.values().collect();
                    let has: BTreeSet<String> = model
                        .members
                        .iter()
                        .filter(|id| held.is_empty() || known.contains(id))
                        .cloned()
                        .collect();
                    assert_eq!(has, wanted, "members of {}", group.name);
                    Ok(())
                })
            })
            .unwrap();
        // Nobody is active whom nobody wants, apart from those who were there before and accounts that a hold keeps.
        if held.is_empty() {
            let live: BTreeSet<&String> = upstream_of.values().collect();
            for (id, user) in &self.model.users {
                let foreign = user.name == "admin@example.test" || user.name == "foreign@example.test";
                assert!(foreign || user.active == wanted_active.contains(id), "{user:?}");
                // An account that nobody has any more gives nothing to whoever has it next (rule C6).
                assert!(live.contains(id) || user.entitlements.is_empty(), "{user:?}");
            }
        }
        self.check_foreign();
    }

    pub(super) fn check_foreign(&self) {
        let seeded = Model::seeded();
        for (id, user) in &seeded.users {
            assert_eq!(self.model.users.get(id), Some(user), "a foreign user was touched");
        }
        for (id, group) in &seeded.groups {
            assert_eq!(self.model.groups.get(id), Some(group), "a foreign group was touched");
        }
        let mut seen = BTreeMap::new();
        for (id, user) in &self.model.users {
            assert_eq!(seen.insert(user.name.clone(), id), None, "two accounts of one name");
        }
    }
}
