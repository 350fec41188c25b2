//! The memberships of one group, after all users and groups exist (reference §9).
//!
//! Additions before removals, in batches; the order of the two is not known.

use super::{context::Context, failure::Fault, managers::holds, options::MemberCheck};
use crate::{
    directory::ObjectId,
    wire::{patch, query},
};

/// A member: source id and target id.
pub(crate) type Member = (ObjectId, String);

#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: ObjectId,
    /// The group's target id.
    pub(crate) target: String,
    pub(crate) add: Vec<Member>,
    pub(crate) remove: Vec<Member>,
    /// The group was created in this cycle, so it is known to be empty.
    pub(crate) fresh: bool,
}

/// What became of it. Whatever is in `present` or `removed` is done, also after a fault.
pub(crate) struct Done {
    pub(crate) work: Work,
    /// Members that the group has now.
    pub(crate) present: Vec<Member>,
    /// How many of them were added here.
    pub(crate) added: u64,
    pub(crate) removed: Vec<ObjectId>,
    pub(crate) fault: Option<Fault>,
}

pub(crate) async fn run(context: &Context<'_>, work: Work) -> Done {
    let mut done = Done {
        present: Vec::new(),
        added: 0,
        removed: Vec::new(),
        fault: None,
        work,
    };
    done.fault = export(context, &mut done).await.err();
    done
}

async fn export(context: &Context<'_>, done: &mut Done) -> Result<(), Fault> {
    let path = query::group(&done.work.target);
    let batch = context.options.members_per_patch.max(1);
    let check = !done.work.fresh && context.options.member_check == MemberCheck::BeforeAdding;
    let mut missing = Vec::new();
    for member in &done.work.add {
        if check && holds(context, &query::member_check(&done.work.target, &member.1)).await? {
            done.present.push(member.clone());
        } else {
            missing.push(member.clone());
        }
    }
    for members in missing.chunks(batch) {
        let ids: Vec<_> = members.iter().map(|(_, target)| target.as_str()).collect();
        let body = patch::add_members(context.dialect, &ids, context.options.ref_null);
        context.patch(&path, &body).await?;
        done.added += ids.len() as u64;
        done.present.extend_from_slice(members);
    }
    for members in done.work.remove.chunks(batch) {
        let ids: Vec<_> = members.iter().map(|(_, target)| target.as_str()).collect();
        context
            .patch(&path, &patch::remove_members(context.dialect, &ids))
            .await?;
        done.removed.extend(members.iter().map(|(source, _)| source.clone()));
    }
    Ok(())
}
