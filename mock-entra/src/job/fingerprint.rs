//! A short mark of what the source says about an object, to find changes made while no job ran.

use serde_json::json;

use crate::{
    directory::{Directory, Group, ObjectId, User},
    scope::Scope,
};

pub(crate) fn all<'a>(directory: &'a Directory, scope: &'a Scope) -> impl Iterator<Item = (ObjectId, u64)> + 'a {
    let users = directory
        .users()
        .map(|user| (user.id.clone(), of_user(directory, scope, user)));
    let groups = directory
        .groups()
        .map(|group| (group.id.clone(), of_group(scope, group)));
    users.chain(groups)
}

fn of_user(directory: &Directory, scope: &Scope, user: &User) -> u64 {
    let manager = directory.manager_of(user);
    let state = (directory.is_soft_deleted(&user.id), scope.has_user(&user.id), manager);
    fnv1a(json!([user, state]).to_string().as_bytes())
}

fn of_group(scope: &Scope, group: &Group) -> u64 {
    fnv1a(json!([group, scope.has_group(&group.id)]).to_string().as_bytes())
}

/// FNV-1a, 64 bits: stable across versions, which the standard library's hasher is not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
