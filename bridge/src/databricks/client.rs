//! Asking Databricks: one method a kind of call, one request each, no retries.
//!
//! Whether and when to ask again is the reconciler's decision; it knows what the call
//! was for. Redirects are never followed: the Private Link refusal is one.

use std::sync::Arc;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::credentials::Credential;
use super::error::{DatabricksError, Unknown};
use super::level::{Level, Place};
use super::network::Network;
use super::transport::{Exchange, Transport};
use super::wire::{self, Permission, WireAny, WireAssignments, WireGroup, WireList, WireRobot, WireScope, WireUser};
use crate::clock::Timestamp;
use crate::id::UpstreamId;
use crate::store::Kind;

/// Resources a page; Databricks may give fewer.
const PAGE: usize = 100;

/// How to reach a workspace.
#[derive(Debug)]
pub struct ClientOptions {
    /// `https://adb-….azuredatabricks.net`, with a port if it is not 443.
    pub workspace_url: Url,
    /// The credential.
    pub credential: Credential,
    /// How to reach it.
    pub network: Network,
}

/// A success: the status, for the log, and what was answered.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// HTTP status.
    pub status: u16,
    /// The answer.
    pub value: T,
}

/// What one call tells of the workspace, its clock and the credential.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Who the bridge is there.
    pub me: WireUser,
    /// The `Date` of the answer, to the second.
    pub date: Option<Timestamp>,
    /// The workspace's number.
    pub workspace_id: Option<String>,
}

/// Asks one workspace or account. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    place: Place,
    /// The address that is asked: the workspace's, or the account's.
    root: String,
    base: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.inner.base)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the workspace of `options`.
    ///
    /// # Errors
    ///
    /// A sentence naming the configuration key that is wrong.
    pub fn new(options: ClientOptions) -> Result<Self, String> {
        Self::at(options, Place::Workspace)
    }

    /// A client for the identities at `place`.
    ///
    /// # Errors
    ///
    /// A sentence naming the configuration key that is wrong.
    pub fn at(options: ClientOptions, place: Place) -> Result<Self, String> {
        let host = options.workspace_url.host_str().unwrap_or_default();
        let http = match &place {
            Place::Workspace | Place::AccountThroughWorkspace => options.network.workspace_client(host)?,
            // The account's host is public in every mode of Private Link (rule E5).
            Place::Account { .. } => options.network.account_client(host)?,
        };
        let root = place.url(&options.workspace_url).as_str().trim_end_matches('/');
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport {
                    http,
                    credential: options.credential,
                },
                base: format!("{root}{}", place.base()),
                root: root.to_owned(),
                place,
            }),
        })
    }

    /// At which level it asks.
    pub fn level(&self) -> Level {
        self.inner.place.level()
    }

    /// Another number is another credential than before, and perhaps another identity (rule C8).
    pub fn credential(&self) -> u64 {
        self.inner.transport.credential.generation()
    }

    /// When the token that is held ends, if it says so.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.inner.transport.credential.expires_at()
    }

    /// The kind of the credential: `token`, `oauth`, `entra`, `managed-identity`.
    pub fn credential_kind(&self) -> &'static str {
        self.inner.transport.credential.kind()
    }

    /// Who the bridge is at Databricks: the cheapest call there is.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn me(&self) -> Result<Answered<WireUser>, DatabricksError> {
        let exchange = self.ask_who().await?;
        self.read_who(exchange.status, exchange.value)
    }

    async fn ask_who(&self) -> Result<Exchange, DatabricksError> {
        let url = format!("{}{}", self.inner.root, self.inner.place.me());
        self.inner.transport.exchange(Method::GET, &url, None).await
    }

    /// `/Me` is a user. The account lists the service principal instead: shown as the user that `/Me` would make of it.
    fn read_who(&self, status: u16, value: Option<Value>) -> Result<Answered<WireUser>, DatabricksError> {
        let Place::Account { application, .. } = &self.inner.place else {
            return read_as(status, value);
        };
        let found: Answered<WireList<WireRobot>> = read_as(status, value)?;
        let own = |robot: &WireRobot| robot.application_id.eq_ignore_ascii_case(application);
        let Some(robot) = found.value.resources.into_iter().find(own) else {
            let detail = format!("unknown principal: the account has no service principal {application}");
            return Err(DatabricksError::NotAdmitted { status, detail });
        };
        let value = WireUser {
            id: robot.id,
            user_name: robot.application_id,
            display_name: robot.display_name,
            roles: robot.roles,
            ..WireUser::default()
        };
        Ok(Answered { status, value })
    }

    /// Who the bridge is at Databricks, and what the answer says besides.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn inspect(&self) -> Result<Inspection, DatabricksError> {
        let exchange = self.ask_who().await?;
        Ok(Inspection {
            me: self.read_who(exchange.status, exchange.value)?.value,
            date: exchange.date.as_deref().and_then(Timestamp::from_http_date),
            workspace_id: exchange.workspace_id,
        })
    }

    /// How many of a list (`Users`, `Groups`, `ServicePrincipals`) there are, as Databricks counts.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn count(&self, list: &str) -> Result<u64, DatabricksError> {
        let path = format!("/{list}?attributes=id&startIndex=1&count=1");
        let page: Answered<WireList<WireAny>> = self.read(&path).await?;
        Ok(page.value.total_results)
    }

    /// The scope of each of the first groups.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn scopes(&self) -> Result<Vec<WireScope>, DatabricksError> {
        let path = format!("/Groups?excludedAttributes=members&startIndex=1&count={PAGE}");
        let page: Answered<WireList<WireScope>> = self.read(&path).await?;
        Ok(page.value.resources)
    }

    /// Whether identities of the account can be read through the workspace.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn account_through_workspace(&self) -> Result<(), DatabricksError> {
        let url = format!(
            "{}{}/Groups?attributes=id&startIndex=1&count=1",
            self.inner.root,
            Place::AccountThroughWorkspace.base()
        );
        self.inner.transport.exchange(Method::GET, &url, None).await.map(drop)
    }

    /// Who of the account is in a workspace: this client's, or at the account the one of this number.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn assignments(&self, workspace: Option<u64>) -> Result<Answered<WireAssignments>, DatabricksError> {
        let url = format!("{}{}", self.inner.root, self.inner.place.assignments(workspace));
        let exchange = self.inner.transport.exchange(Method::GET, &url, None).await?;
        read_as(exchange.status, exchange.value)
    }

    /// Assigns a principal to a workspace, or ends that; the workspace as in [`Self::assignments`].
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn assign(
        &self,
        workspace: Option<u64>,
        id: &UpstreamId,
        permission: Option<Permission>,
    ) -> Result<Answered<()>, DatabricksError> {
        let (root, place) = (&self.inner.root, &self.inner.place);
        let url = format!("{root}{}/principals/{id}", place.assignments(workspace));
        let body = wire::assignment(permission);
        let exchange = self.inner.transport.exchange(Method::PUT, &url, Some(&body)).await?;
        Ok(Answered {
            status: exchange.status,
            value: (),
        })
    }

    /// One page of all users; `start` counts from one. The list ends with a page without resources.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn users(&self, start: usize) -> Result<Answered<WireList<WireUser>>, DatabricksError> {
        // Who is an admin of the account stands in its roles.
        let roles = if self.level().is_account() { ",roles" } else { "" };
        self.read(&format!(
            "/Users?attributes=userName,displayName,active,externalId,name{roles}&startIndex={start}&count={PAGE}"
        ))
        .await
    }

    /// One page of all groups, without members.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn groups(&self, start: usize) -> Result<Answered<WireList<WireGroup>>, DatabricksError> {
        self.read(&format!(
            "/Groups?attributes=displayName,externalId,meta&startIndex={start}&count={PAGE}"
        ))
        .await
    }

    /// The users of this name: none or one.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn users_named(&self, user_name: &str) -> Result<Answered<WireList<WireUser>>, DatabricksError> {
        let filter = encode(&format!("userName eq \"{}\"", quote(&user_name.to_lowercase())));
        self.read(&format!("/Users?filter={filter}")).await
    }

    /// The groups of this name, as far as Databricks compares.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn groups_named(&self, display_name: &str) -> Result<Answered<WireList<WireGroup>>, DatabricksError> {
        let filter = encode(&format!("displayName eq \"{}\"", quote(display_name)));
        self.read(&format!("/Groups?filter={filter}")).await
    }

    /// One user.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn user(&self, id: &UpstreamId) -> Result<Answered<WireUser>, DatabricksError> {
        self.read(&format!("/Users/{id}")).await
    }

    /// One group with its members.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn group(&self, id: &UpstreamId) -> Result<Answered<WireGroup>, DatabricksError> {
        self.read(&format!("/Groups/{id}")).await
    }

    /// Creates a user or group. The id is missing when Databricks answered success without saying it.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn create(&self, kind: Kind, body: &Value) -> Result<Answered<Option<UpstreamId>>, DatabricksError> {
        let answered = self.call(Method::POST, collection(kind), Some(body)).await?;
        let id = answered
            .value
            .as_ref()
            .and_then(|made| made.get("id"))
            .and_then(Value::as_str)
            .and_then(UpstreamId::parse);
        Ok(Answered {
            status: answered.status,
            value: id,
        })
    }

    /// Patches a user or group; `operations` are of [`wire`].
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn patch(
        &self,
        kind: Kind,
        id: &UpstreamId,
        operations: &[Value],
    ) -> Result<Answered<()>, DatabricksError> {
        let path = format!("{}/{id}", collection(kind));
        let answered = self.call(Method::PATCH, &path, Some(&wire::patch(operations))).await?;
        Ok(Answered {
            status: answered.status,
            value: (),
        })
    }

    /// Deletes a user or group.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`].
    pub async fn delete(&self, kind: Kind, id: &UpstreamId) -> Result<Answered<()>, DatabricksError> {
        let answered = self
            .call(Method::DELETE, &format!("{}/{id}", collection(kind)), None)
            .await?;
        Ok(Answered {
            status: answered.status,
            value: (),
        })
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Answered<T>, DatabricksError> {
        let answered = self.call(Method::GET, path, None).await?;
        read_as(answered.status, answered.value)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answered<Option<Value>>, DatabricksError> {
        let url = format!("{}{path}", self.inner.base);
        let exchange = self.inner.transport.exchange(method, &url, body).await?;
        Ok(Answered {
            status: exchange.status,
            value: exchange.value,
        })
    }
}

fn read_as<T: DeserializeOwned>(status: u16, value: Option<Value>) -> Result<Answered<T>, DatabricksError> {
    let value = serde_json::from_value(value.unwrap_or(Value::Null))
        .map_err(|_| DatabricksError::OutcomeUnknown(Unknown::Garbled(status)))?;
    Ok(Answered { status, value })
}

const fn collection(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "/Users",
        Kind::Group => "/Groups",
    }
}

/// A value inside the double quotes of a filter.
pub(super) fn quote(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Percent-encodes for a query; blanks become `%20`, as Databricks refuses `+`.
pub(super) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
