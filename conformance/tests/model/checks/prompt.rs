//! While Databricks works, a revocation is not kept waiting: no more writes overtake it than were already under way (rule B6).

use conformance::stack::control::Received;

use crate::drive::Drive;

/// Calls under way at once that Databricks admits a workspace.
const UNDER_WAY: usize = 4;

/// Deactivations that were overtaken, in a world where nothing goes wrong by itself.
pub fn problems(drive: &Drive, received: &[Received]) -> Vec<String> {
    if !drive.world.calm {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for pair in drive.timeline.windows(2) {
        let [before, after] = pair else { continue };
        let left = before.wanted.users.iter().filter(|(person, user)| {
            user.active
                && after
                    .wanted
                    .users
                    .get(*person)
                    .is_none_or(|now| !now.active && now.name == user.name)
        });
        for (_, user) in left {
            let name = user.name.to_lowercase();
            let account = drive
                .states
                .iter()
                .find_map(|state| state.user(&name))
                .map(|user| user.id.clone());
            let Some(id) = account else { continue };
            let path = format!("/Users/{id}");
            let off = |one: &&Received| {
                one.resource() == path && one.method == "PATCH" && one.body.to_string().contains(r#""false""#)
            };
            let Some(done) = received.iter().filter(|one| one.seq > after.sent).find(off) else {
                continue;
            };
            let others = received
                .iter()
                .filter(|one| (after.acknowledged..done.seq).contains(&(one.seq - 1)));
            let overtook = others.filter(|one| one.is_write() && one.seq != done.seq).count();
            if overtook > UNDER_WAY {
                problems.push(format!(
                    "request {}: {overtook} writes came before the deactivation of {name} (rule B6)",
                    done.seq
                ));
            }
        }
    }
    problems
}
