//! Users and groups for checks to work on.
//!
//! Everything here only prepares: when it does not work the check is blocked by the check
//! named in the code, not failed.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{Kind, PatchOp, Request, Target, path_of};
use crate::exchange::Exchange;
use crate::json::{self, ENTERPRISE, GROUP, USER};
use crate::verdict::{Step, Stop};

/// Creates that run at the same time where many are wanted.
pub(crate) const AT_ONCE: usize = 8;

/// A resource that a check made.
#[derive(Debug, Clone)]
pub struct Made {
    /// User or group.
    pub kind: Kind,
    /// The server's id.
    pub id: String,
    /// The `userName` or `displayName` it was made with.
    pub name: String,
    /// The body that was sent.
    pub draft: Value,
}

impl Made {
    /// The path of the resource.
    pub fn path(&self) -> String {
        path_of(self.kind, &self.id)
    }
}

impl Target {
    /// The body of a user with a fresh name, shaped as Entra's default mapping makes it.
    pub fn user_draft(&self) -> Value {
        let name = self.name();
        json!({
            "schemas": [USER, ENTERPRISE],
            "externalId": name,
            "userName": format!("{name}@example.com"),
            "active": true,
            "displayName": format!("Ana {name}"),
            "title": "Engineer",
            "name": {"givenName": "Ana", "familyName": "Example", "formatted": "Ana Example"},
            "emails": [{"primary": true, "type": "work", "value": format!("{name}@example.com")}],
            ENTERPRISE: {"department": "Research"},
        })
    }

    /// The body of a group with a fresh name and these members.
    pub fn group_draft(&self, members: &[&Made]) -> Value {
        let name = self.name();
        let mut draft = json!({"schemas": [GROUP], "externalId": self.unknown_id(), "displayName": name});
        if !members.is_empty() {
            draft["members"] = members.iter().map(|member| json!({"value": member.id})).collect();
        }
        draft
    }

    /// Makes a user from [`Target::user_draft`].
    ///
    /// # Errors
    ///
    /// Blocked by CRE-01 when that does not work.
    pub async fn new_user(&self) -> Result<Made, Stop> {
        self.new_user_from(self.user_draft()).await
    }

    /// Makes a user from this body.
    ///
    /// # Errors
    ///
    /// Blocked by CRE-01 when that does not work.
    pub async fn new_user_from(&self, draft: Value) -> Result<Made, Stop> {
        self.make(Kind::User, draft).await.blocked_by("CRE-01")
    }

    /// Makes this many users, a few at the same time.
    ///
    /// # Errors
    ///
    /// Blocked by CRE-01 when that does not work.
    pub async fn new_users(&self, count: usize) -> Result<Vec<Made>, Stop> {
        stream::iter((0..count).map(|_| self.new_user()))
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Makes a group with these members.
    ///
    /// # Errors
    ///
    /// Blocked by GRP-01 when that does not work.
    pub async fn new_group(&self, members: &[&Made]) -> Result<Made, Stop> {
        self.new_group_from(self.group_draft(members)).await
    }

    /// Makes a group from this body.
    ///
    /// # Errors
    ///
    /// Blocked by GRP-01 when that does not work.
    pub async fn new_group_from(&self, draft: Value) -> Result<Made, Stop> {
        self.make(Kind::Group, draft).await.blocked_by("GRP-01")
    }

    async fn make(&self, kind: Kind, draft: Value) -> Result<Made, Stop> {
        let exchange = self.create(kind, draft.clone()).await?;
        exchange.expect_status(&[200, 201])?;
        let id = exchange.resource()?.id().to_owned();
        let name = json::text(&draft, &[kind.naming_attribute()])
            .unwrap_or_default()
            .to_owned();
        Ok(Made { kind, id, name, draft })
    }

    /// Sends a create.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes.
    pub async fn create(&self, kind: Kind, draft: Value) -> Result<Exchange, Stop> {
        self.send(Request::post(kind.path(), draft)).await
    }

    /// Reads a resource that should be there: 200 and a body with an id.
    ///
    /// # Errors
    ///
    /// Blocked by REA-01 (users) or GRP-02 (groups) when it is not.
    pub async fn read(&self, made: &Made) -> Result<Exchange, Stop> {
        let by = match made.kind {
            Kind::User => "REA-01",
            Kind::Group => "GRP-02",
        };
        let read = async {
            let exchange = self.send(Request::get(made.path())).await?;
            exchange.expect_status(&[200])?.resource()?;
            Ok(exchange)
        };
        read.await.blocked_by(by)
    }

    /// Sends a PATCH with these operations.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes.
    pub async fn patch(&self, made: &Made, operations: &[PatchOp]) -> Result<Exchange, Stop> {
        self.send(Request::patch(made.path(), PatchOp::message(operations)))
            .await
    }

    /// Sends a PUT of this body.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes.
    pub async fn put(&self, made: &Made, body: Value) -> Result<Exchange, Stop> {
        self.send(Request::put(made.path(), body)).await
    }

    /// Sends a PATCH that goes well, and reads what it has done.
    ///
    /// # Errors
    ///
    /// Fails when the PATCH is refused; blocked when the read does not work.
    pub async fn patched(&self, made: &Made, operations: &[PatchOp]) -> Result<Exchange, Stop> {
        self.patch(made, operations).await?.expect_patched()?;
        self.read(made).await
    }

    /// Sends a DELETE.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes.
    pub async fn delete(&self, made: &Made) -> Result<Exchange, Stop> {
        self.send(Request::delete(made.path())).await
    }

    /// Sends a query with a filter.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes.
    pub async fn find(&self, kind: Kind, filter: &str) -> Result<Exchange, Stop> {
        self.send(Request::query(kind).filter(filter)).await
    }
}
