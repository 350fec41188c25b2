//! Taking a sub-attribute out of an element, and what is left then.

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
    let lost_its_value =
        sub.eq_ignore_ascii_case("value") && definition.is_none_or(|found| found.sub("value").is_some());
    !lost_its_value && !is_shell(definition, element)
}

/// An element of which only the labels are left: `{"type": "work", "primary": true}` is no
/// address. Where no schema knows the attribute, only an empty object is.
fn is_shell(definition: Option<&Attribute>, element: &Map<String, Value>) -> bool {
    let is_list = definition.is_some_and(|found| found.multi_valued);
    element
        .keys()
        .all(|name| is_list && (name.eq_ignore_ascii_case("type") || name.eq_ignore_ascii_case("primary")))
}
