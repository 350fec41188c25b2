//! The base URL of an endpoint, and how a request's URL is joined to it.

use std::fmt;

use url::Url;

/// A tenant URL: scheme, host, path and perhaps a query that goes with every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    before_query: String,
    query: Option<String>,
}

impl Base {
    /// Reads a tenant URL. A slash at its end makes no difference; a query, as Entra's
    /// `?aadOptscim062020`, is kept and sent with every request.
    ///
    /// # Errors
    ///
    /// Text that says what is wrong with it, when it is no absolute http or https URL.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|wrong| format!("`{text}` is not a URL: {wrong}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!("`{text}` is not an http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL holds a user name or password; the token goes into --token-file".to_owned());
        }
        if url.fragment().is_some() {
            return Err(format!("`{text}` has a fragment (#…), which no request carries"));
        }
        let mut before_query = url.clone();
        before_query.set_query(None);
        Ok(Self {
            before_query: before_query.as_str().trim_end_matches('/').to_owned(),
            query: url.query().filter(|query| !query.is_empty()).map(str::to_owned),
        })
    }

    /// The base a client may know as well: without the version segment at its end, or with `/v2`
    /// if it has none (RFC 7644 §3.13).
    pub fn other_version(&self) -> Option<Self> {
        let (before, last) = self.before_query.rsplit_once('/')?;
        let is_version = last
            .strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()));
        let before_query = if is_version {
            before.to_owned()
        } else {
            format!("{}/v2", self.before_query)
        };
        Some(Self {
            before_query,
            query: self.query.clone(),
        })
    }

    /// Whether this URL leads to the same server: only there the token may go.
    pub fn is_same_server(&self, url: &str) -> bool {
        let origin = |url: &str| Url::parse(url).map(|url| url.origin());
        origin(url).is_ok_and(|other| origin(&self.before_query).is_ok_and(|own| own == other))
    }

    /// The URL of `path` (with a slash before it) and these encoded query parts.
    pub fn join(&self, path: &str, query: &[String]) -> String {
        let parts: Vec<&str> = self
            .query
            .iter()
            .map(String::as_str)
            .chain(query.iter().map(String::as_str))
            .collect();
        if parts.is_empty() {
            format!("{}{path}", self.before_query)
        } else {
            format!("{}{path}?{}", self.before_query, parts.join("&"))
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.join("", &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_makes_no_difference_and_a_flag_is_kept() {
        let base = Base::parse("https://h:8585/scim/?aadOptscim062020").unwrap();
        assert_eq!(base.join("/Users", &[]), "https://h:8585/scim/Users?aadOptscim062020");
        assert_eq!(
            base.join("/Users", &["count=1".to_owned()]),
            "https://h:8585/scim/Users?aadOptscim062020&count=1"
        );
        assert_eq!(base.to_string(), "https://h:8585/scim?aadOptscim062020");
    }

    #[test]
    fn a_version_segment_is_taken_off_or_put_on() {
        let other = |url: &str| Base::parse(url).unwrap().other_version().unwrap().to_string();
        assert_eq!(other("https://h/scim/v2"), "https://h/scim");
        assert_eq!(other("https://h/scim"), "https://h/scim/v2");
    }

    #[test]
    fn the_token_goes_to_its_own_server_only() {
        let base = Base::parse("https://h:8585/scim").unwrap();
        assert!(base.is_same_server("https://h:8585/elsewhere"));
        for other in ["https://h/scim", "http://h:8585/scim", "https://x:8585/scim", "/scim"] {
            assert!(!base.is_same_server(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_tenant_url_is_refused_with_a_reason() {
        for wrong in ["localhost:8585/scim", "scim", "https://u:p@h/scim", "https://h/#x"] {
            assert!(Base::parse(wrong).is_err(), "{wrong}");
        }
    }
}
