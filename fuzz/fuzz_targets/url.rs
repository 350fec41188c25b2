//! However a client spells the tenant URL, the route is one spelling of it: it begins with one slash,
//! has no empty segment, and is the same with and without the version segment.
#![no_main]

use bridge::server::Rewrite;
use http::Uri;
use libfuzzer_sys::fuzz_target;
use scim::query::Parameters;

fuzz_target!(|text: &str| {
    let rewrite = Rewrite::new("/scim");
    if let Ok(uri) = text.parse::<Uri>() {
        check(&rewrite.apply(&uri));
    }
    let spelled = |base: &str| {
        format!("{base}/{text}")
            .parse::<Uri>()
            .ok()
            .map(|uri| rewrite.apply(&uri))
    };
    if let (Some(short), Some(long)) = (spelled("/scim"), spelled("/scim/V2")) {
        check(&short);
        check(&long);
    }
    // With and without the version segment, unless the text brings one itself.
    let first = text.split(['/', '?', '#']).find(|segment| !segment.is_empty());
    let brings_version = text.contains('?') || first.is_some_and(|first| first.eq_ignore_ascii_case("v2"));
    if !brings_version && let (Some(with), Some(without)) = (spelled("/scim/v2"), spelled("/scim")) {
        assert_eq!(with, without);
    }
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let _ = Parameters::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)));
});

fn check(uri: &Uri) {
    let path = uri.path();
    assert!(path.starts_with('/') && !path.contains("//"), "{path}");
}
