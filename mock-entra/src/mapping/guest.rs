//! The login name of an invited user.

use std::borrow::Cow;

/// A guest's `userPrincipalName` as mappings read it.
///
/// Entra stores `x_fabrikam.test#EXT#@contoso.onmicrosoft.test` for the invited
/// `x@fabrikam.test`. The reference says that `#EXT#…` is dropped in mappings; that the last `_`
/// before it turns back into `@` is inferred.
pub(crate) fn without_ext(name: &str) -> Cow<'_, str> {
    let Some((local, _)) = name.split_once("#EXT#") else {
        return Cow::Borrowed(name);
    };
    match local.rsplit_once('_') {
        Some((user, domain)) => Cow::Owned(format!("{user}@{domain}")),
        None => Cow::Owned(local.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_is_known_by_the_address_that_was_invited() {
        let name = "dee_dee_fabrikam.test#EXT#@contoso.onmicrosoft.test";
        assert_eq!(without_ext(name), "dee_dee@fabrikam.test");
    }

    #[test]
    fn member_keeps_the_name_as_it_is() {
        assert_eq!(without_ext("Anna_B@contoso.test"), "Anna_B@contoso.test");
    }
}
