//! What a person may call a user or group on the command line.

use crate::id::{ScimId, UpstreamId, fold};
use crate::store::{Kind, Snapshot, StoreError};

/// Names that are proposed where none fits.
const NEAR: usize = 5;
/// How alike they must be.
const ALIKE: f64 = 0.75;

/// A resource, live or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// User or Group.
    pub kind: Kind,
    /// The SCIM id.
    pub id: ScimId,
}

/// Those that are called so: by userName, displayName or SCIM id, by the id at the target, and where nothing live is,
/// the deleted ones.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn find(store: &Snapshot<'_>, target: &str, called: &str) -> Result<Vec<Found>, StoreError> {
    let live = store.live_named(called, &fold(called))?;
    if !live.is_empty() {
        let found = live.into_iter().map(|stored| Found {
            kind: stored.kind,
            id: stored.id,
        });
        return Ok(found.collect());
    }
    if let Some(upstream) = UpstreamId::parse(called) {
        let mut bound = Vec::new();
        for kind in [Kind::User, Kind::Group] {
            let binding = store.binding_of_upstream(target, kind, &upstream)?;
            bound.extend(binding.map(|binding| Found {
                kind,
                id: binding.resource_id,
            }));
        }
        if !bound.is_empty() {
            return Ok(bound);
        }
    }
    let mut former = Vec::new();
    for kind in [Kind::User, Kind::Group] {
        let ids = store.ever_named(kind, called)?.into_iter();
        former.extend(ids.map(|id| Found { kind, id }));
    }
    Ok(former)
}

/// Names of live resources that look like `called`, the most alike first.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn near(store: &Snapshot<'_>, endpoint: &str, called: &str) -> Result<Vec<String>, StoreError> {
    let called = fold(called);
    let mut names: Vec<(f64, String)> = Vec::new();
    for kind in [Kind::User, Kind::Group] {
        store.each(endpoint, kind, None, |stored| {
            let name = fold(&stored.name);
            let before_at = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
            // `ana` is meant for `ana@contoso.com`, whatever the domain.
            let alike =
                strsim::jaro_winkler(&called, &name).max(strsim::jaro_winkler(&before_at(&called), &before_at(&name)));
            let alike = if name.contains(&called) { alike.max(0.95) } else { alike };
            if alike >= ALIKE {
                names.push((alike, stored.name));
            }
            Ok(())
        })?;
    }
    names.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    Ok(names.into_iter().take(NEAR).map(|(_, name)| name).collect())
}
