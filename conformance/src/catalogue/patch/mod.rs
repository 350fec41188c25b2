//! PAT: patching a user.

mod active;
mod answers;
mod complex;
mod manager;
mod refusals;
mod several;
mod simple;
mod spelling;
mod valued;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &simple::REPLACES_BY_PATH,
    &spelling::READS_OP_IN_ANY_CASE,
    &simple::ADDS,
    &simple::REMOVES,
    &complex::REPLACES_WITHOUT_A_PATH,
    &complex::ADDS_WITHOUT_A_PATH,
    &spelling::READS_LONG_KEYS,
    &complex::LEAVES_THE_FAMILY_NAME,
    &valued::REPLACES_THE_WORK_EMAIL,
    &valued::MAKES_A_WORK_EMAIL,
    &valued::REFUSES_NO_TARGET_OR_MAKES_IT,
    &valued::READS_TRUE_AS_TEXT_IN_A_FILTER,
    &active::READS_ACTIVE_AS_TEXT,
    &active::READS_ACTIVE_AS_BOOLEAN,
    &active::READS_ACTIVE_WITHOUT_A_PATH,
    &complex::REACHES_THE_EXTENSION,
    &manager::IN_THREE_FORMS,
    &manager::REMOVED_IN_TWO_WAYS,
    &several::DOES_SEVERAL_ATTRIBUTES,
    &several::DOES_OPERATIONS_IN_ORDER,
    &several::ALL_OR_NOTHING,
    &simple::RENAMES,
    &refusals::A_TAKEN_NAME,
    &refusals::READ_ONLY,
    &answers::TWO_WAYS,
    &refusals::AN_UNKNOWN_ID,
    &refusals::WHAT_IS_NO_PATCH,
    &refusals::A_BROKEN_PATH,
    &valued::ADDS_ONCE,
    &valued::ONE_PRIMARY,
    &complex::REPLACES_AS_A_WHOLE,
    &answers::MOVES_THE_TIME,
    &spelling::READS_KEYS_IN_ANY_CASE,
];
