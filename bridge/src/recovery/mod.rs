//! Coming back after the store was lost (rules C1, D3): the id map, a file beside the store that only grows, tells
//! which SCIM id had which upstream object, and how new the store was. A store that is older than its map is held.

mod id_map;
mod keeper;
mod line;

pub use id_map::{pairs, path_beside};
pub use keeper::{MapError, MapKeeper, Standing, begin};
