//! Entra's habits, one function each.
//!
//! Everything here departs from the letter of the RFCs on purpose, because Microsoft Entra's
//! provisioning client, its documentation or its acceptance suites send it. Each function names
//! its habit, says where it was seen, and is tested here; the rest of the crate calls it by name.
//! `docs/dialects.md` sets each beside what the RFC says, and a test keeps the two lists equal.

mod clearing;
mod extensions;
mod filters;
mod keys;
mod members;
mod patches;
mod roles;
mod values;

pub use clearing::{
    element_without_its_value, is_cleared, is_cleared_scalar, only_labels_left, value_carries_its_element,
};
pub use extensions::{
    enterprise_attribute_without_urn, enterprise_urn_with_typo, is_adscim_group_uri, old_dotted_extension,
    unlisted_extensions,
};
pub use filters::{bare_word, complex_means_value};
pub use keys::key_as_path;
pub use members::{NamedMember, member_from_string, members_of_value};
pub use patches::{
    element_from_filter, in_any_case, operation_name, patch_schemas_suffice, remove_listed, same_ignoring_case,
    stringified_role_at,
};
pub use roles::stringified_role;
pub use values::{
    boolean_from_string, element_as_object, number_from_string, reference_from_string, unwrapped_single_value,
};
