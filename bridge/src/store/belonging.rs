//! Which target the upstream ids of this store belong to. They mean nothing at another.

use super::{Snapshot, StoreError, Transaction};

/// The target as the store remembers it, and as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// `workspace`, `account` or `account-through-workspace`.
    pub level: String,
    /// The host that is asked, without a port.
    pub host: String,
    /// The account's id, where the host serves several accounts.
    pub account: Option<String>,
}

/// What differs between the store's target and the configured one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// It was used at this level.
    Level(String),
    /// It was used with this host.
    Host(String),
    /// It was used with this account.
    Account(String),
}

const LEVEL: &str = "target_level";
const HOST: &str = "target_host";
const ACCOUNT: &str = "target_account";

impl Snapshot<'_> {
    /// What keeps a target from being the one that this store belongs to; `None` = nothing, or it belongs to none yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn foreign_to(&self, target: &Belonging) -> Result<Option<Foreign>, StoreError> {
        let other = |key: &str, named: Option<&String>| -> Result<Option<String>, StoreError> {
            Ok(self.fact(key)?.filter(|known| Some(known) != named))
        };
        if let Some(level) = other(LEVEL, Some(&target.level))? {
            return Ok(Some(Foreign::Level(level)));
        }
        if let Some(host) = other(HOST, Some(&target.host))? {
            return Ok(Some(Foreign::Host(host)));
        }
        Ok(other(ACCOUNT, target.account.as_ref())?.map(Foreign::Account))
    }
}

impl Transaction<'_> {
    /// From now on the store belongs to this target, unless it belongs to another already: then that is told.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn belong_to(&self, target: &Belonging) -> Result<Option<Foreign>, StoreError> {
        if let Some(foreign) = self.foreign_to(target)? {
            return Ok(Some(foreign));
        }
        self.set_fact(LEVEL, &target.level)?;
        self.set_fact(HOST, &target.host)?;
        if let Some(account) = &target.account {
            self.set_fact(ACCOUNT, account)?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn a_store_belongs_to_the_first_target_that_it_was_used_with() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        let own = Belonging {
            level: "account".to_owned(),
            host: "accounts.azuredatabricks.net".to_owned(),
            account: Some("b4ae".to_owned()),
        };
        let belong = async |target: &Belonging| {
            let target = target.clone();
            let told = store.write::<_, StoreError, _>(move |tx| tx.belong_to(&target)).await;
            told.unwrap()
        };
        assert_eq!(belong(&own).await, None);
        assert_eq!(belong(&own).await, None);
        let level = Belonging {
            level: "workspace".to_owned(),
            ..own.clone()
        };
        assert_eq!(belong(&level).await, Some(Foreign::Level("account".to_owned())));
        let host = Belonging {
            host: "accounts.databricks.azure.us".to_owned(),
            ..own.clone()
        };
        assert_eq!(belong(&host).await, Some(Foreign::Host(own.host.clone())));
        let account = Belonging {
            account: Some("c5bf".to_owned()),
            ..own.clone()
        };
        assert_eq!(belong(&account).await, Some(Foreign::Account("b4ae".to_owned())));
        assert_eq!(belong(&own).await, None, "a refusal changes nothing");
    }
}
