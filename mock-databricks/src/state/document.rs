//! The workspace as a document: what a snapshot writes, and what a seed file may say.
//!
//! One format for both. A snapshot has an id for everything and the seed it was taken under; a file written by hand may
//! leave out ids and all that has a default, and name members by `userName`, `applicationId` or `displayName`.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Group, Id, Kind, Level, Principal, Profile, Standing, Workspace};

/// Users, service principals and groups of the account and its workspace.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    /// The seed of the mock the ids come from; a document without ids needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// Where the source of ids stands, so that none comes a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ids: Option<u64>,
    /// Switches that do not stand on their default.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub(crate) switches: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    users: Vec<PrincipalRow>,
    #[serde(default)]
    service_principals: Vec<PrincipalRow>,
    #[serde(default)]
    groups: Vec<GroupRow>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PrincipalRow {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(default, skip_serializing_if = "NameRow::is_empty")]
    name: NameRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(default)]
    account: StandingRow,
    /// Absent: in the workspace; null: in the account alone.
    #[serde(default = "in_workspace")]
    workspace: Option<StandingRow>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unused: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NameRow {
    #[serde(default)]
    given_name: Option<String>,
    #[serde(default)]
    family_name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StandingRow {
    #[serde(default = "yes")]
    active: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entitlements: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct GroupRow {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    home: Home,
    display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entitlements: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default)]
    members: Vec<String>,
    /// An account group that is assigned to the workspace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    assigned: bool,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Home {
    #[default]
    Workspace,
    Account,
}

impl Default for StandingRow {
    fn default() -> Self {
        Self::from(Standing::default())
    }
}

impl NameRow {
    fn is_empty(&self) -> bool {
        self.given_name.is_none() && self.family_name.is_none()
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::unnecessary_wraps, reason = "serde asks for the type of the field")]
fn in_workspace() -> Option<StandingRow> {
    Some(StandingRow::default())
}

/// Why a document cannot be held: where, and what is wrong there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {problem}")]
pub(crate) struct BadDocument {
    place: String,
    problem: String,
}

impl BadDocument {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl Document {
    /// Reads a document from JSON.
    ///
    /// # Errors
    ///
    /// [`BadDocument`] with the path of what does not fit.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, BadDocument> {
        // A list would be read as the fields in their order.
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Err(BadDocument::new("the document", "must be a JSON object"));
        }
        let mut json = serde_json::Deserializer::from_slice(text);
        let document = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let place = match error.path().to_string() {
                path if path == "." => "the document".to_owned(),
                path => format!("`{path}`"),
            };
            BadDocument::new(place, format!("cannot be read: {}", error.into_inner()))
        })?;
        json.end()
            .map_err(|error| BadDocument::new("the document", format!("has something behind its end: {error}")))?;
        Ok(document)
    }
}

impl Workspace {
    /// Everything held, as a document; `seed` is the one the ids come from.
    pub(crate) fn document(&self, seed: u64) -> Document {
        let rows = |kind| self.of_kind(kind).iter().map(PrincipalRow::from).collect();
        Document {
            seed: Some(seed),
            ids: Some(self.ids.state()),
            switches: serde_json::Map::new(),
            users: rows(Kind::User),
            service_principals: rows(Kind::ServicePrincipal),
            groups: self.groups.iter().map(|group| self.group_row(group)).collect(),
        }
    }

    fn group_row(&self, group: &Group) -> GroupRow {
        let members = self.memberships.members(group.id);
        GroupRow {
            id: Some(group.id.to_string()),
            home: match group.home {
                Level::Workspace => Home::Workspace,
                Level::Account => Home::Account,
            },
            display_name: group.display_name.clone(),
            external_id: group.external_id.clone(),
            entitlements: group.entitlements.clone(),
            roles: group.roles.clone(),
            members: members.map(|id| id.to_string()).collect(),
            assigned: self.is_assigned(group.id),
        }
    }

    /// A workspace that holds what a document says, beside the objects that are always there.
    ///
    /// # Errors
    ///
    /// [`BadDocument`] naming the row.
    pub(crate) fn from_document(document: Document, seed: u64) -> Result<Self, BadDocument> {
        if let Some(other) = document.seed.filter(|other| *other != seed) {
            let problem = format!("is {other}, and the ids here come from seed {seed}; start with --seed {other}");
            return Err(BadDocument::new("`seed`", problem));
        }
        let mut workspace = Self::new(seed);
        let mut loading = Loading {
            workspace: &mut workspace,
            taken: HashMap::new(),
        };
        for (index, row) in document.users.into_iter().enumerate() {
            loading.principal(row, Kind::User, &format!("users[{index}]"))?;
        }
        for (index, row) in document.service_principals.into_iter().enumerate() {
            loading.principal(row, Kind::ServicePrincipal, &format!("service_principals[{index}]"))?;
        }
        let mut members = Vec::new();
        for (index, row) in document.groups.into_iter().enumerate() {
            members.push(loading.group(row, &format!("groups[{index}]"))?);
        }
        for (index, (group, named)) in members.into_iter().enumerate() {
            loading.members(group, &named, &format!("groups[{index}]"))?;
        }
        if let Some(state) = document.ids {
            workspace.ids.resume(state);
        }
        Ok(workspace)
    }
}

/// A workspace that is being filled from a document.
struct Loading<'a> {
    workspace: &'a mut Workspace,
    /// Which row has an id.
    taken: HashMap<Id, String>,
}

impl Loading<'_> {
    fn principal(&mut self, row: PrincipalRow, kind: Kind, place: &str) -> Result<(), BadDocument> {
        let (name, other, attribute) = match kind {
            Kind::User => (row.user_name, row.application_id, "userName"),
            Kind::ServicePrincipal => (row.application_id, row.user_name, "applicationId"),
        };
        if other.is_some() {
            return Err(BadDocument::new(
                format!("`{place}`"),
                format!("may have {attribute} only"),
            ));
        }
        let name = name
            .filter(|name| !name.is_empty())
            .ok_or_else(|| BadDocument::new(format!("`{place}.{attribute}`"), "is missing"))?;
        let known = self.workspace.of_kind(kind).named(&name).next().map(|found| found.id);
        let id = self.claim(row.id.as_deref(), known, place, attribute)?;
        let mut principal = Principal::new(
            id,
            kind,
            match kind {
                Kind::User => name.to_lowercase(),
                Kind::ServicePrincipal => name,
            },
        );
        principal.profile = Profile {
            display_name: row.display_name,
            given_name: row.name.given_name,
            family_name: row.name.family_name,
            external_id: row.external_id,
        };
        principal.account = row.account.into();
        principal.workspace = row.workspace.map(Standing::from);
        principal.unused = row.unused;
        if known.is_some() && principal.workspace.is_none() {
            self.workspace.leave_workspace(id);
        }
        self.workspace.put_principal(principal);
        Ok(())
    }

    fn group(&mut self, row: GroupRow, place: &str) -> Result<(Id, Vec<String>), BadDocument> {
        let home = match row.home {
            Home::Workspace => Level::Workspace,
            Home::Account => Level::Account,
        };
        if row.display_name.is_empty() {
            return Err(BadDocument::new(format!("`{place}.displayName`"), "is empty"));
        }
        if row.assigned && home == Level::Workspace {
            let problem = "cannot be true for a workspace-local group";
            return Err(BadDocument::new(format!("`{place}.assigned`"), problem));
        }
        let known = self.group_named(&row.display_name, home);
        let id = self.claim(row.id.as_deref(), known, place, "displayName")?;
        self.workspace.put_group(Group {
            external_id: row.external_id,
            entitlements: row.entitlements,
            roles: row.roles,
            ..Group::new(id, home, &row.display_name)
        });
        self.workspace.assign_group(id, row.assigned);
        Ok((id, row.members))
    }

    fn group_named(&self, name: &str, home: Level) -> Option<Id> {
        let mut same = self.workspace.groups().named(name);
        same.find(|group| group.home == home).map(|group| group.id)
    }

    /// The id of a row: its own, that of an object that is always there, or a new one.
    fn claim(
        &mut self,
        written: Option<&str>,
        known: Option<Id>,
        place: &str,
        attribute: &str,
    ) -> Result<Id, BadDocument> {
        let id = match written {
            None => known.unwrap_or_else(|| self.workspace.next_id()),
            Some(text) => Id::parse(text)
                .filter(|id| *id != Id::none())
                .ok_or_else(|| BadDocument::new(format!("`{place}.id`"), "must be a string of digits"))?,
        };
        if let Some(holder) = self.taken.get(&id) {
            let field = if written.is_some() { "id" } else { attribute };
            return Err(BadDocument::new(
                format!("`{place}.{field}`"),
                format!("is taken by `{holder}`"),
            ));
        }
        let workspace = &*self.workspace;
        let is_there = workspace.principal(id).is_some() || workspace.groups().get(id).is_some();
        let (field, holder) = match known {
            Some(known) if known != id => (attribute, known),
            None if is_there => ("id", id),
            _ => {
                self.workspace.claim_id(id);
                self.taken.insert(id, place.to_owned());
                return Ok(id);
            }
        };
        let holder = self.taken.get(&holder).cloned();
        let holder = holder.unwrap_or_else(|| "an object that is always there".to_owned());
        Err(BadDocument::new(
            format!("`{place}.{field}`"),
            format!("is taken by `{holder}`"),
        ))
    }

    fn members(&mut self, group: Id, named: &[String], place: &str) -> Result<(), BadDocument> {
        let home = self
            .workspace
            .groups()
            .get(group)
            .map_or(Level::Workspace, |group| group.home);
        let mut ids = Vec::with_capacity(named.len());
        for (index, name) in named.iter().enumerate() {
            let found = self.find(name, home);
            ids.push(found.ok_or_else(|| {
                let problem = format!("names nobody this group can hold: `{name}`");
                BadDocument::new(format!("`{place}.members[{index}]`"), problem)
            })?);
        }
        let mut edits = self.workspace.edit_members(group, home);
        // Listed or not, everybody in the workspace stays in `users`.
        edits.clear();
        for id in ids {
            edits.add(id);
        }
        Ok(())
    }

    fn find(&mut self, name: &str, home: Level) -> Option<Id> {
        let workspace = &*self.workspace;
        let principal = [Kind::User, Kind::ServicePrincipal]
            .into_iter()
            .find_map(|kind| workspace.of_kind(kind).named(name).next())
            .map(|found| found.id);
        let id = Id::parse(name).or(principal).or_else(|| self.group_named(name, home))?;
        let edits = self.workspace.edit_members(id, home);
        edits.is_known(id).then_some(id)
    }
}

impl From<&Principal> for PrincipalRow {
    fn from(principal: &Principal) -> Self {
        let (user_name, application_id) = match principal.kind {
            Kind::User => (Some(principal.name.clone()), None),
            Kind::ServicePrincipal => (None, Some(principal.name.clone())),
        };
        let profile = principal.profile.clone();
        Self {
            id: Some(principal.id.to_string()),
            user_name,
            application_id,
            display_name: profile.display_name,
            name: NameRow {
                given_name: profile.given_name,
                family_name: profile.family_name,
            },
            external_id: profile.external_id,
            account: principal.account.clone().into(),
            workspace: principal.workspace.clone().map(StandingRow::from),
            unused: principal.unused,
        }
    }
}

impl From<Standing> for StandingRow {
    fn from(standing: Standing) -> Self {
        Self {
            active: standing.active,
            entitlements: standing.entitlements,
            roles: standing.roles,
        }
    }
}

impl From<StandingRow> for Standing {
    fn from(row: StandingRow) -> Self {
        Self {
            active: row.active,
            entitlements: row.entitlements,
            roles: row.roles,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::seed::{Amounts, fill};
    use super::{Document, Workspace};

    fn load(document: &Value) -> Result<Workspace, String> {
        let document = Document::parse(document.to_string().as_bytes()).map_err(|error| error.to_string())?;
        Workspace::from_document(document, 7).map_err(|error| error.to_string())
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was_and_no_id_twice() {
        let mut workspace = Workspace::new(7);
        let amounts = Amounts {
            users: 60,
            groups: 8,
            service_principals: 2,
            account_groups: 3,
            unused_users: 4,
        };
        fill(&mut workspace, amounts, 1);
        let written = serde_json::to_value(workspace.document(7)).unwrap();
        let mut back = load(&written).unwrap();
        assert_eq!(serde_json::to_value(back.document(7)).unwrap(), written);
        assert_eq!(back.next_id(), workspace.next_id());
    }

    #[test]
    fn a_file_written_by_hand_may_leave_out_nearly_everything() {
        let workspace = load(&json!({
            "users": [{"userName": "Ana@example.com"}, {"userName": "out@example.com", "workspace": null}],
            "service_principals": [{"applicationId": "robot"}],
            "groups": [
                {"displayName": "team", "members": ["ANA@example.com", "robot", "inner"]},
                {"displayName": "inner"},
                {"displayName": "team", "home": "account", "members": ["out@example.com"], "assigned": true},
            ],
        }))
        .unwrap();
        let shown = serde_json::to_value(workspace.document(7)).unwrap();
        let team = &shown["groups"][3];
        assert_eq!(
            (&team["displayName"], team["members"].as_array().unwrap().len()),
            (&json!("team"), 3)
        );
        let out = workspace.users().named("out@example.com").next().unwrap();
        assert!(out.workspace.is_none() && workspace.is_in_workspace(out));
    }

    #[test]
    fn a_broken_document_names_the_row() {
        for (document, complaint) in [
            (json!([]), "the document must be a JSON object"),
            (
                json!({"users": [{"userNmae": "a"}]}),
                "`users[0].userNmae` cannot be read: unknown field",
            ),
            (json!({"users": [{}]}), "`users[0].userName` is missing"),
            (
                json!({"users": [{"userName": "a", "workspace": {"active": "no"}}]}),
                "`users[0].workspace.active` cannot be read: invalid type: string \"no\", expected a boolean",
            ),
            (
                json!({"users": [{"userName": "a"}, {"userName": "A"}]}),
                "`users[1].userName` is taken by `users[0]`",
            ),
            (
                json!({"users": [{"userName": "a", "id": "7"}], "groups": [{"displayName": "g", "id": "7"}]}),
                "`groups[0].id` is taken by `users[0]`",
            ),
            (
                json!({"users": [{"userName": "a", "id": "x"}]}),
                "`users[0].id` must be a string of digits",
            ),
            (
                json!({"groups": [{"displayName": "g", "members": ["nobody"]}]}),
                "`groups[0].members[0]` names nobody this group can hold: `nobody`",
            ),
            (
                json!({"groups": [{"displayName": "g", "assigned": true}]}),
                "`groups[0].assigned` cannot be true for a workspace-local group",
            ),
            (
                json!({"seed": 8}),
                "`seed` is 8, and the ids here come from seed 7; start with --seed 8",
            ),
        ] {
            let error = load(&document).unwrap_err();
            assert!(error.starts_with(complaint), "{document}: {error}");
        }
    }
}
