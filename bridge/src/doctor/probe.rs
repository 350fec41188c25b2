//! The write probe: one group is made, read and removed, after somebody agreed to it.

use std::time::Duration;

use uuid::Uuid;

use super::report::Step;
use super::target::remedy;
use crate::databricks::{Client, DatabricksError, wire};
use crate::id::UpstreamId;
use crate::store::Kind;

pub(super) const WRITES: &str = "writes";
/// A removal is tried so often: what was just made may not be seen everywhere yet.
const REMOVALS: usize = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Makes, reads and removes one group. Whatever happens, what is left behind is named.
pub async fn write_probe(client: &Client) -> Step {
    let random = Uuid::new_v4().simple().to_string();
    let name = format!("scim-bridge-probe-{}", &random[..12]);
    let id = match make(client, &name).await {
        Ok(id) => id,
        Err(step) => return step,
    };
    let read = client.group(&id).await;
    if let Err(error) = remove(client, &id).await {
        let found = format!("the group {name} with the id {id} was made and could not be removed: {error}");
        return Step::fail(
            WRITES,
            found,
            format!("delete the group {name} ({id}) by hand; {}", remedy(&error)),
        );
    }
    let done = format!("made, read and removed the group {name} ({id})");
    match read {
        Ok(found) if found.value.display_name == name => Step::ok(WRITES, done),
        Ok(_) | Err(DatabricksError::NotFound { .. }) => Step::warn(
            WRITES,
            format!("made and removed the group {name} ({id}), which could not be seen in between"),
            "nothing to do: Databricks shows some changes up to a minute later",
        ),
        Err(error) => Step::fail(
            WRITES,
            format!("made and removed the group {name} ({id}), and could not read it: {error}"),
            remedy(&error),
        ),
    }
}

async fn make(client: &Client, name: &str) -> Result<UpstreamId, Step> {
    let error = match client.create(Kind::Group, &wire::new_group(name, &[])).await {
        Ok(made) => match made.value {
            Some(id) => return Ok(id),
            None => None,
        },
        Err(error @ DatabricksError::OutcomeUnknown(_)) => Some(error),
        Err(error) => {
            let found = format!("no group could be made: {error}");
            return Err(Step::fail(WRITES, found, remedy(&error)));
        }
    };
    // It may be there: whoever has its name is it.
    let found = client.groups_named(name).await;
    let id = found.ok().and_then(|found| {
        let same = found
            .value
            .resources
            .into_iter()
            .find(|group| group.display_name == name)?;
        UpstreamId::parse(&same.id)
    });
    id.ok_or_else(|| {
        let why = error.map_or_else(|| "no id was told".to_owned(), |error| error.to_string());
        let found = format!("whether the group {name} was made is not known: {why}");
        let remedy = format!("look for the group {name} in a few minutes, and delete it by hand if it is there");
        Step::fail(WRITES, found, remedy)
    })
}

async fn remove(client: &Client, id: &UpstreamId) -> Result<(), DatabricksError> {
    let mut tries = 1;
    loop {
        match client.delete(Kind::Group, id).await {
            Ok(_) => return Ok(()),
            Err(error) if tries >= REMOVALS => return Err(error),
            Err(
                DatabricksError::NotFound { .. }
                | DatabricksError::Busy { .. }
                | DatabricksError::RateLimited { .. }
                | DatabricksError::OutcomeUnknown(_)
                | DatabricksError::Unreachable { .. },
            ) => {}
            Err(error) => return Err(error),
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}
