//! What happens in a world, one thing after another.

use std::fmt;

use super::weather::Weather;

/// A person's number, in the order in which they come. Somebody who comes back after a deletion is a new one.
pub type Person = usize;
/// A team's number, likewise.
pub type Team = usize;

/// A write of Entra's.
#[derive(Debug, Clone)]
pub enum Edit {
    /// A user is created.
    Hire {
        person: Person,
        name: String,
        external: String,
        display: String,
        active: bool,
    },
    /// A `displayName` changes.
    Show { person: Person, display: String },
    /// A `userName` changes.
    Rename { person: Person, name: String },
    /// `active` becomes false.
    Disable { person: Person },
    /// `active` becomes true.
    Restore { person: Person },
    /// A user is deleted.
    Purge { person: Person },
    /// A group is created.
    Found {
        team: Team,
        name: String,
        external: String,
        members: Vec<Person>,
    },
    /// A group's `displayName` changes.
    Call { team: Team, name: String },
    /// Members are added.
    Join { team: Team, people: Vec<Person> },
    /// Members are removed.
    Part { team: Team, people: Vec<Person> },
    /// A group is deleted.
    Close { team: Team },
}

/// The bridge is killed, as power kills it, and started again.
#[derive(Debug, Clone)]
pub struct Kill {
    /// Once Databricks has got so many more requests …
    pub requests: u64,
    /// … or after so many milliseconds.
    pub within_ms: u64,
    /// Starts that are killed too, each after so many milliseconds.
    pub starts_ms: Vec<u64>,
}

/// Somebody changes Databricks by hand; nothing happens where there is nothing to change.
#[derive(Debug, Clone)]
pub enum Foreign {
    Joins { team: Team, person: Person },
    Leaves { team: Team, person: Person },
    Deactivates { person: Person },
    Activates { person: Person },
}

/// Anything that happens.
#[derive(Debug, Clone)]
pub enum Act {
    /// Entra writes; with the form of its PATCH, and perhaps the bridge is killed meanwhile.
    Edit {
        edit: Edit,
        legacy: bool,
        kill: Option<Kill>,
    },
    /// Databricks, or the way to it, changes.
    Weather(Weather),
    /// A foreign hand.
    Foreign(Foreign),
    /// Nothing more is sent before Databricks has followed, and then both sides are compared.
    Settle,
}

impl fmt::Display for Edit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hire {
                person,
                name,
                external,
                display,
                active,
            } => {
                let inactive = if *active { "" } else { ", inactive" };
                write!(
                    out,
                    "POST user {person} {name:?} (externalId {external}, displayName {display:?}{inactive})"
                )
            }
            Self::Show { person, display } => write!(out, "PATCH user {person}: displayName {display:?}"),
            Self::Rename { person, name } => write!(out, "PATCH user {person}: userName {name:?}"),
            Self::Disable { person } => write!(out, "PATCH user {person}: active false"),
            Self::Restore { person } => write!(out, "PATCH user {person}: active true"),
            Self::Purge { person } => write!(out, "DELETE user {person}"),
            Self::Found {
                team,
                name,
                external,
                members,
            } => {
                write!(
                    out,
                    "POST group {team} {name:?} (externalId {external}, members {members:?})"
                )
            }
            Self::Call { team, name } => write!(out, "PATCH group {team}: displayName {name:?}"),
            Self::Join { team, people } => write!(out, "PATCH group {team}: add members {people:?}"),
            Self::Part { team, people } => write!(out, "PATCH group {team}: remove members {people:?}"),
            Self::Close { team } => write!(out, "DELETE group {team}"),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edit { edit, legacy, kill } => {
                write!(out, "{edit}{}", if *legacy { " [legacy]" } else { "" })?;
                match kill {
                    Some(Kill {
                        requests,
                        within_ms,
                        starts_ms,
                    }) => write!(
                        out,
                        " [killed after {requests} requests or {within_ms}ms, and {starts_ms:?}ms into its start]"
                    ),
                    None => Ok(()),
                }
            }
            Self::Weather(weather) => write!(out, "{weather}"),
            Self::Foreign(foreign) => write!(out, "foreign hand: {foreign:?}"),
            Self::Settle => write!(out, "settle"),
        }
    }
}
