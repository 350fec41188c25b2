//! Whether the whole store is held after a restore (rule D3).

use super::{Snapshot, StoreError, Transaction};

impl Snapshot<'_> {
    /// Why nothing is written upstream, if so.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn held(&self) -> Result<Option<String>, StoreError> {
        Ok(self.fact("held")?.filter(|why| !why.is_empty()))
    }

    /// Newest revision when the store was restored, if it was: what the client has not written since gives nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn restored_at_revision(&self) -> Result<Option<i64>, StoreError> {
        let fact = self.fact("restored_at_revision")?;
        fact.map(|text| {
            text.parse()
                .map_err(|_| StoreError::corrupt("restored_at_revision", text))
        })
        .transpose()
    }
}

impl Transaction<'_> {
    /// Holds the store, or lets it go.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn set_held(&self, why: Option<&str>) -> Result<(), StoreError> {
        self.set_fact("held", why.unwrap_or_default())
    }
}
