//! ENT: what Entra's client does, as a whole.
//!
//! ENT-14 (a 429 with `Retry-After` means "later") is not here: it takes an upstream that can
//! be told to refuse, and belongs to the checks of the bridge.

mod changes;
mod cycles;
mod dialects;
mod flag;
mod job;
mod load;
mod on_demand;
mod people;
mod wire;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &cycles::CONNECTION_TEST,
    &cycles::INITIAL_CYCLE,
    &cycles::SECOND_CYCLE,
    &changes::DELTA,
    &changes::OUT_OF_SCOPE_AND_BACK,
    &changes::HARD_DELETE,
    &on_demand::ON_DEMAND,
    &changes::DELETED_BEHIND_ITS_BACK,
    &changes::THERE_BEFORE,
    &dialects::SAME_EFFECT,
    &load::STEADY_LOAD,
    &load::MANY_AT_ONCE,
    &flag::COMPATIBILITY_FLAG,
    &load::ANSWER_TIMES,
];
