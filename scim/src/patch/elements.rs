//! Taking a sub-attribute out of an element, and what is left then (RFC 7644 §3.5.2.2).

use serde_json::{Map, Value};

use crate::entra;
use crate::resource::{get, remove};
use crate::schema::Attribute;

/// Takes a sub-attribute out of an object, if it is the value named. `false` when the element has
/// nothing left to say and should go as a whole.
pub(super) fn remove_part(
    definition: Option<&Attribute>,
    element: &mut Map<String, Value>,
    sub: &str,
    named: Option<&Value>,
) -> bool {
    let Some(stored) = get(element, sub) else { return true };
    if named.is_some_and(|named| !entra::same_ignoring_case(stored, named)) {
        return true;
    }
    remove(element, sub);
    !entra::value_carries_its_element(definition, sub) && !entra::only_labels_left(definition, element)
}
