//! CRE: creating a user.

mod answers;
mod bodies;
mod names;
mod read_only;
mod spelling;
mod values;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &answers::ANSWERS_CREATED,
    &answers::HOLDS_ID_AND_META,
    &answers::LOCATION_IS_META_LOCATION,
    &answers::LOCATION_CAN_BE_READ,
    &answers::SENDS_BACK_WHAT_WAS_SENT,
    &answers::SCHEMAS_NAME_WHAT_IS_THERE,
    &answers::KEEPS_THE_EXTENSION,
    &names::REFUSES_A_TAKEN_NAME,
    &names::REFUSES_IT_IN_OTHER_CASE,
    &names::REFUSES_NO_NAME,
    &bodies::REFUSES_WHAT_IS_NOT_JSON,
    &bodies::REFUSES_NO_SCHEMAS,
    &read_only::MAKES_ITS_OWN_ID,
    &read_only::IGNORES_READ_ONLY,
    &bodies::TAKES_UNKNOWN_ATTRIBUTES,
    &values::READS_ACTIVE_AS_BOOLEAN,
    &values::READS_PRIMARY_AS_BOOLEAN,
    &values::ONE_PRIMARY,
    &read_only::HIDES_THE_PASSWORD,
    &values::ACTIVE_BY_DEFAULT,
    &bodies::TAKES_BOTH_MEDIA_TYPES,
    &bodies::REFUSES_OTHER_MEDIA_TYPES,
    &spelling::KEEPS_LETTERS,
    &values::NULL_IS_NOT_THERE,
    &spelling::READS_NAMES_IN_ANY_CASE,
    &names::FREES_A_DELETED_NAME,
    &bodies::REFUSES_A_LARGE_BODY,
];
