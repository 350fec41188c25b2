//! The tenant URL of the portal and the flag it may carry.

use url::Url;

use super::Dialect;

/// A tenant URL taken apart: what requests are joined to, and which dialect it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUrl {
    base: String,
    flag: Option<Dialect>,
}

/// The tenant URL cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantUrlError {
    /// It is no absolute http or https URL.
    #[error("tenant url `{0}` is not an http or https url; write it as https://host/scim")]
    NotAUrl(String),
    /// Its query or fragment holds something that is no compatibility flag.
    #[error("tenant url `{url}` carries `{part}`; only a compatibility flag such as ?aadOptscim062020 may follow")]
    StrangePart {
        /// As given.
        url: String,
        /// The part that is not understood.
        part: String,
    },
}

impl TenantUrl {
    /// Reads a tenant URL as an administrator types it.
    ///
    /// The flag `aadOptscim062020` (or the older `AzureAdScimPatch062020`) asks for the compliant
    /// dialect, `AzureAdScimPatch2017` for the legacy one. A flag is never sent on.
    ///
    /// # Errors
    ///
    /// [`TenantUrlError`] for anything that is no http or https URL, or carries something else.
    pub fn parse(text: &str) -> Result<Self, TenantUrlError> {
        let not_a_url = || TenantUrlError::NotAUrl(text.to_owned());
        let mut url = Url::parse(text.trim()).map_err(|_| not_a_url())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(not_a_url());
        }
        let strange = |part: &str| TenantUrlError::StrangePart {
            url: text.to_owned(),
            part: part.to_owned(),
        };
        if let Some(fragment) = url.fragment() {
            return Err(strange(&format!("#{fragment}")));
        }
        let mut flag = None;
        for part in url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|part| !part.is_empty())
        {
            flag = match part.trim_end_matches('=') {
                "aadOptscim062020" | "AzureAdScimPatch062020" => Some(Dialect::Compliant),
                "AzureAdScimPatch2017" => Some(Dialect::Legacy),
                _ => return Err(strange(part)),
            };
        }
        url.set_query(None);
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, flag })
    }

    /// The dialect the flag asks for; `None` without a flag, which means legacy.
    pub fn flag(&self) -> Option<Dialect> {
        self.flag
    }

    /// The URL without flag and final slash, for example `https://host/scim`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether requests go over TLS.
    pub fn is_https(&self) -> bool {
        self.base.starts_with("https:")
    }

    /// Joins a path such as `/Users?filter=…`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_selects_the_compliant_dialect_and_is_not_sent_on() {
        for text in [
            "https://host/scim?aadOptscim062020",
            "https://host/scim/?aadOptscim062020",
        ] {
            let url = TenantUrl::parse(text).unwrap();
            assert_eq!(url.flag(), Some(Dialect::Compliant));
            assert_eq!(url.join("/Users"), "https://host/scim/Users");
        }
    }

    #[test]
    fn url_without_a_flag_asks_for_no_dialect() {
        let url = TenantUrl::parse("http://127.0.0.1:8585/scim/").unwrap();
        assert_eq!((url.flag(), url.base()), (None, "http://127.0.0.1:8585/scim"));
    }

    #[test]
    fn other_query_and_other_schemes_are_refused_by_name() {
        let error = TenantUrl::parse("https://host/scim?x=1").unwrap_err().to_string();
        assert!(error.contains("carries `x=1`"), "{error}");
        let error = TenantUrl::parse("ldap://host").unwrap_err().to_string();
        assert!(error.contains("`ldap://host` is not an http"), "{error}");
    }
}
