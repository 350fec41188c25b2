//! QRY: finding users and groups.

mod cursor;
mod exact;
mod literals;
mod none;
mod operators;
mod order;
mod pages;
mod refusals;
mod search;
mod walks;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &pages::ANSWERS_A_LIST,
    &exact::FINDS_BY_USER_NAME,
    &none::ANSWERS_NO_MATCH_WITH_200,
    &none::NO_MATCH_HAS_NO_RESOURCES,
    &exact::USER_NAME_IGNORES_CASE,
    &exact::EXTERNAL_ID_MINDS_CASE,
    &literals::READS_NAMES_AND_OPERATORS_IN_ANY_CASE,
    &exact::FINDS_BY_WORK_EMAIL,
    &exact::FINDS_A_GROUP_BY_NAME,
    &operators::COMPARES_TEXT,
    &operators::KNOWS_WHAT_IS_PRESENT,
    &operators::COMPARES_TIMES,
    &operators::JOINS,
    &operators::COMPARES_BOOLEANS,
    &literals::READS_URNS,
    &literals::READS_QUOTES,
    &literals::READS_PLUS_AS_A_BLANK,
    &refusals::REFUSES_BROKEN_FILTERS,
    &refusals::UNKNOWN_ATTRIBUTES_MATCH_NOTHING,
    &refusals::TELLS_NO_SECRET,
    &pages::HOLDS_AS_MANY_AS_ASKED,
    &pages::COUNTS_FROM_ONE,
    &pages::READS_LESS_THAN_ONE_AS_ONE,
    &pages::COUNTS_ONLY,
    &pages::ENDS,
    &walks::USERS,
    &walks::GROUPS,
    &pages::TOTAL_IS_OF_MATCHES,
    &walks::NO_MORE_THAN_IT_SAYS,
    &order::SORTS,
    &order::SORTS_BEFORE_IT_PAGES,
    &search::SEARCHES_BY_POST,
    &search::SEARCHES_ALL_TYPES,
    &cursor::PAGES_BY_CURSOR,
    &exact::FINDS_WHAT_WAS_JUST_MADE,
];
