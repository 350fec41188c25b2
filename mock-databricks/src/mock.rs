//! The mock itself: everything the listeners share.
//!
//! One lock guards it all. Every operation is short and none waits while holding it, so that a request is atomic.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::api::{self, Caller, Context, Door, Request, Route};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::control::BadInput;
use crate::control::edit::Edit;
use crate::credentials::{AzureRole, Credentials, Holder, Reach, Sender, Token};
use crate::errors::{self, ScimError};
use crate::faults::{Fault, Faults};
use crate::history::{History, Listener, Seq};
use crate::identity::Azure;
use crate::limits::{CONCURRENCY_CAP, Limits, Pace, RateModel, Sizes, VerbClass};
use crate::network::dns::names::{Names, View};
use crate::network::front_end::Call;
use crate::network::ip_access::IpAccess;
use crate::network::listen::Addresses;
use crate::network::private_link::PrivateLink;
use crate::state::{Id, Level, Principal, Workspace};
use crate::switches::{Switch, Switches};

/// What the listeners share.
#[derive(Debug)]
pub(crate) struct Mock {
    pub(crate) workspace_id: String,
    pub(crate) workspace_host: String,
    pub(crate) azure: Azure,
    pub(crate) secrets: Secrets,
    pub(crate) seed: u64,
    pub(crate) names: Names,
    pub(crate) addresses: Addresses,
    /// Cancelled when the mock stops: held calls end, late effects are dropped.
    pub(crate) stopping: CancellationToken,
    pub(crate) clock: Clock,
    time_factor: f64,
    shared: Mutex<Shared>,
    history: Mutex<History>,
    /// Notified when a request is over.
    pub(crate) recorded: Notify,
    in_flight: Arc<AtomicUsize>,
    account_in_flight: Arc<AtomicUsize>,
}

/// What a request may change.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) workspace: Workspace,
    pub(crate) switches: Switches,
    pub(crate) pace: Pace,
    pub(crate) faults: Faults,
    pub(crate) credentials: Credentials,
    pub(crate) private_link: PrivateLink,
    pub(crate) ip_access: IpAccess,
    /// What the main DNS listener answers from.
    pub(crate) dns_view: View,
    counters: Counters,
    pub(crate) request_ids: Chance,
    /// What goes wrong by chance.
    weather: Chance,
}

/// The credentials a run begins with; all but the first follow from the seed.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    /// Personal access token of the workspace admin.
    pub(crate) token: String,
    /// SCIM token of the account.
    pub(crate) account_token: String,
    /// OAuth secret of the service principal.
    pub(crate) oauth: String,
    /// Secret of the same application in Entra.
    pub(crate) entra: String,
}

/// How a mock is made.
pub(crate) struct Setup {
    pub(crate) workspace_id: String,
    pub(crate) workspace_host: String,
    pub(crate) account_id: Option<String>,
    /// Default: made from the seed.
    pub(crate) token: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
    pub(crate) time_factor: f64,
    pub(crate) names: Names,
    pub(crate) addresses: Addresses,
}

#[derive(Debug, Default)]
struct Counters {
    calls: [u64; VerbClass::ALL.len()],
    over_rate: u64,
    over_concurrency: u64,
    highest_concurrency: usize,
    highest_account_concurrency: usize,
}

/// The place of a call among those served at the same time.
#[derive(Debug)]
pub(crate) struct Slot {
    in_flight: Arc<AtomicUsize>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Mock {
    pub(crate) fn new(setup: Setup) -> Self {
        let seed = setup.seed;
        let mut workspace = Workspace::new(seed);
        if let Some(account_id) = setup.account_id {
            workspace.set_account_id(account_id);
        }
        let reserved = workspace.reserved();
        let mut credentials = Credentials::new(seed);
        let secrets = Secrets {
            token: setup.token.unwrap_or_else(|| Chance::new(seed, 2).token()),
            account_token: credentials.new_secret("dscim"),
            oauth: credentials.new_secret("dose"),
            entra: credentials.new_secret("entra~"),
        };
        credentials.issue(&secrets.token, Token::personal(reserved.admin));
        let scim = Token::lasting(reserved.account_admin, Reach::AccountScim);
        credentials.issue(&secrets.account_token, scim);
        let client_id = workspace.application_id();
        let clients = &mut credentials.clients;
        clients
            .add_oauth(client_id, &secrets.oauth)
            .expect("the first secret has room");
        let application = clients.register(client_id);
        application.add_secret(&secrets.entra);
        application.managed_identity = true;
        application.role = Some(AzureRole::Contributor);
        let azure = Azure {
            tenant_id: credentials.uuid().to_string(),
            resource_id: format!(
                "/subscriptions/{}/resourceGroups/mock/providers/Microsoft.Databricks/workspaces/mock-databricks",
                credentials.uuid()
            ),
            identity_header: credentials.new_secret(""),
        };
        Self {
            workspace_id: setup.workspace_id,
            workspace_host: setup.workspace_host,
            azure,
            secrets,
            seed,
            names: setup.names,
            addresses: setup.addresses,
            stopping: CancellationToken::new(),
            clock: Clock::start(),
            time_factor: setup.time_factor,
            shared: Mutex::new(Shared {
                workspace,
                switches: Switches::default(),
                pace: Pace::new(setup.limits),
                faults: Faults::new(seed),
                credentials,
                private_link: PrivateLink::default(),
                ip_access: IpAccess::default(),
                dns_view: View::Inside,
                counters: Counters::default(),
                request_ids: Chance::new(seed, 4),
                weather: Chance::new(seed, 7),
            }),
            history: Mutex::default(),
            recorded: Notify::new(),
            in_flight: Arc::default(),
            account_in_flight: Arc::default(),
        }
    }

    pub(crate) fn account_id(&self) -> String {
        self.lock().workspace.account_id().to_owned()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a request into the history.
    pub(crate) fn received(&self, listener: Listener, call: &Call) -> Seq {
        let (path, body) = (call.path_and_query(), call.body.clone());
        let mut history = self.history();
        history.enter(listener, &call.method, &path, body, self.clock.elapsed())
    }

    pub(crate) fn answered(&self, seq: Seq, status: StatusCode) {
        self.history().answered(seq, status.as_u16());
        self.recorded.notify_waiters();
    }

    pub(crate) fn cut(&self, seq: Seq) {
        self.history().cut(seq);
        self.recorded.notify_waiters();
    }

    /// The principal a request is made for.
    ///
    /// # Errors
    ///
    /// The refusals of the gateway.
    pub(crate) fn authenticate(&self, call: &Call, route: Option<&Route>) -> Result<Id, Answer> {
        let mut shared = self.lock();
        let shared = &mut *shared;
        let now = self.clock.elapsed();
        let (holder, reach) = match shared.credentials.sender(call.authorization(), now) {
            Sender::Nobody => return Err(errors::no_credential(shared.request_ids.uuid())),
            Sender::Refused | Sender::Expired(Reach::Personal | Reach::AccountScim) => {
                return Err(errors::invalid_token());
            }
            Sender::Expired(_) => {
                return Err(errors::expired_token(
                    shared.switches.status(Switch::ExpiredTokenStatus),
                ));
            }
            Sender::Expiring => {
                return Err(errors::expiring_token(
                    shared.switches.status(Switch::ExpiredTokenStatus),
                ));
            }
            Sender::Known(holder, reach) => (holder, reach),
        };
        let door = route.map(|route| &route.door);
        if !reach.opens(door, &shared.switches) {
            let status = shared.switches.status(Switch::WrongPlaceCredential);
            return Err(errors::wrong_place(status, shared.request_ids.uuid()));
        }
        let level = match door {
            Some(Door::Account { .. }) => Level::Account,
            None if call.is_for_account() => Level::Account,
            Some(Door::Workspace | Door::Proxy) | None => Level::Workspace,
        };
        let principal = match holder {
            Holder::Principal(id) => Some(id),
            Holder::Application(client_id) => {
                if level == Level::Workspace && self.is_let_in_by_azure(shared, call, &client_id) {
                    enter_as_admin(&mut shared.workspace, &client_id);
                }
                let mut named = shared.workspace.service_principals().named(&client_id);
                named.next().map(|found| found.id)
            }
        };
        let found = principal.and_then(|id| shared.workspace.principal(id));
        let found = found.filter(|found| {
            let there = level == Level::Account || shared.workspace.is_in_workspace(found);
            there && found.is_active(level)
        });
        match (found, level) {
            (Some(found), _) => Ok(found.id),
            (None, Level::Workspace) => Err(errors::not_in_workspace(&self.workspace_id)),
            (None, Level::Account) => Err(errors::not_in_account()),
        }
    }

    /// Whether a call proves a role on the Azure resource of the workspace: with a second token, and the resource's id
    /// [fixture]; the two roles that count are documented.
    fn is_let_in_by_azure(&self, shared: &Shared, call: &Call, client_id: &str) -> bool {
        let header = |name: &str| call.header(name);
        let Some(token) = header("x-databricks-azure-sp-management-token") else {
            return false;
        };
        let named = header("x-databricks-azure-workspace-resource-id").unwrap_or_default();
        let application = shared.credentials.clients.application(client_id);
        let token = shared.credentials.known(token, self.clock.elapsed());
        shared.switches.is(Switch::ManagementToken, "enters")
            && named.eq_ignore_ascii_case(&self.azure.resource_id)
            && application.is_some_and(|application| application.role.is_some())
            && token == Sender::Known(Holder::Application(client_id.to_owned()), Reach::Management)
    }

    /// The endpoint of the API a call is for, if there is one under the host it names.
    pub(crate) fn route(&self, call: &Call) -> Option<Route> {
        let route = Route::find(&call.method, &call.path, &self.lock().switches, &self.workspace_id)?;
        let served = match route.door {
            Door::Account { .. } => call.site.serves_account(),
            Door::Workspace | Door::Proxy => call.site.serves_workspace(),
        };
        served.then_some(route)
    }

    /// Takes a slot and a call of the rate.
    ///
    /// # Errors
    ///
    /// The answer to a call beyond a limit.
    pub(crate) fn admit(&self, class: VerbClass) -> Result<Slot, Answer> {
        let mut shared = self.lock();
        let shared = &mut *shared;
        let in_flight = match class.level() {
            Level::Workspace => &self.in_flight,
            Level::Account => &self.account_in_flight,
        };
        let at_once = in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let slot = Slot {
            in_flight: Arc::clone(in_flight),
        };
        let counters = &mut shared.counters;
        counters.calls[class as usize] += 1;
        let (highest, cap) = match class.level() {
            Level::Workspace => (&mut counters.highest_concurrency, CONCURRENCY_CAP),
            Level::Account => {
                let cap = shared.switches.number(Switch::AccountConcurrency);
                let cap = usize::try_from(cap).unwrap_or(usize::MAX);
                (&mut counters.highest_account_concurrency, cap)
            }
        };
        *highest = (*highest).max(at_once);
        if at_once > cap {
            counters.over_concurrency += 1;
            let who = match class.level() {
                Level::Workspace => format!("Workspace {}", self.workspace_id),
                Level::Account => format!("Account {}", shared.workspace.account_id()),
            };
            return Err(errors::too_many_at_once(&who, cap).into());
        }
        let model = if shared.switches.is(Switch::RateModel, "sliding-window") {
            RateModel::SlidingWindow
        } else {
            RateModel::TokenBucket
        };
        match shared.pace.take(class, model, self.clock.elapsed()) {
            Ok(()) => Ok(slot),
            Err(wait) => {
                shared.counters.over_rate += 1;
                Err(over_rate(&shared.switches, &mut shared.weather, wait))
            }
        }
    }

    /// The fault for a call, entered into the history.
    pub(crate) fn fault(&self, seq: Seq, call: &Call) -> Option<Fault> {
        let fault = self.lock().faults.take(&call.method, &call.path_and_query());
        if let Some(fault) = &fault {
            self.history().faulted(seq, fault.id);
        }
        fault
    }

    /// Does what a call asks for.
    pub(crate) fn execute(&self, call: &Call, caller: Id, route: Option<&Route>) -> Answer {
        let mut shared = self.lock();
        let sizes = Sizes::of(&shared.switches, shared.pace.limits());
        self.handle(&mut shared, call, Caller::Principal(caller), route, sizes, None)
    }

    /// Does what a foreign hand asks for: as an admin of everything, beyond all limits.
    ///
    /// # Errors
    ///
    /// [`BadInput`] for a chosen id that is taken.
    pub(crate) fn edit(&self, edit: &Edit) -> Result<Answer, BadInput> {
        let mut shared = self.lock();
        if let Some(id) = edit.id {
            let workspace = &shared.workspace;
            if workspace.principal(id).is_some() || workspace.groups().get(id).is_some() {
                return Err(BadInput::field("id", format!("is taken: {id}")));
            }
        }
        let call = &edit.call;
        let route = Route::find(&call.method, &call.path, &shared.switches, &self.workspace_id);
        let caller = Caller::ForeignHand;
        Ok(self.handle(&mut shared, call, caller, route.as_ref(), Sizes::LIFTED, edit.id))
    }

    fn handle(
        &self,
        shared: &mut Shared,
        call: &Call,
        caller: Caller,
        route: Option<&Route>,
        sizes: Sizes,
        forced_id: Option<Id>,
    ) -> Answer {
        let mut context = Context {
            workspace: &mut shared.workspace,
            switches: &shared.switches,
            sizes,
            forced_id,
            caller,
            now: self.clock.elapsed(),
            time_factor: self.time_factor,
        };
        let request = Request {
            method: &call.method,
            path: &call.path,
            query: call.query.as_deref(),
            body: &call.body,
        };
        api::handle(&mut context, &request, route)
    }

    /// How long every admitted call takes.
    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.lock().switches.number(Switch::LatencyMs))
    }

    /// An interval of the mock, shortened by the time factor.
    pub(crate) fn scaled(&self, interval: Duration) -> Duration {
        interval.div_f64(self.time_factor)
    }

    pub(crate) fn releases_abandoned(&self) -> bool {
        let switches = &self.lock().switches;
        switches.is(Switch::AbandonedRequests, "release")
    }

    pub(crate) fn scim_content_type(&self) -> &'static str {
        const SCIM: &str = "application/scim+json; charset=utf-8";
        let others = ["application/json; charset=utf-8", "application/json"];
        let switches = &self.lock().switches;
        let chosen = others
            .into_iter()
            .find(|kind| switches.is(Switch::ScimContentType, kind));
        chosen.unwrap_or(SCIM)
    }

    /// Calls per verb class, throttled answers, highest concurrency.
    pub(crate) fn counters(&self) -> Value {
        let shared = self.lock();
        let counters = &shared.counters;
        let calls = |level| -> serde_json::Map<String, Value> {
            VerbClass::at(level)
                .map(|class| (class.name().to_owned(), counters.calls[class as usize].into()))
                .collect()
        };
        json!({
            "calls": calls(Level::Workspace),
            "throttled": counters.over_rate + counters.over_concurrency,
            "over_rate": counters.over_rate,
            "over_concurrency": counters.over_concurrency,
            "highest_concurrency": counters.highest_concurrency,
            "in_flight": self.in_flight.load(Ordering::SeqCst),
            "account": {
                "calls": calls(Level::Account),
                "highest_concurrency": counters.highest_account_concurrency,
                "in_flight": self.account_in_flight.load(Ordering::SeqCst),
            },
        })
    }
}

/// The first call of an application with a role on the Azure resource puts it into the workspace as admin [inferred from the
/// rule that such a role lets in].
fn enter_as_admin(workspace: &mut Workspace, client_id: &str) {
    let known = workspace.service_principals().named(client_id).next().cloned();
    // Whoever is in the workspace stays what it is there, and nobody enters whom the account has deactivated.
    if known
        .as_ref()
        .is_some_and(|found| workspace.is_in_workspace(found) || !found.is_active(Level::Account))
    {
        return;
    }
    let principal = known.unwrap_or_else(|| Principal::service_principal(workspace.next_id(), client_id));
    let id = principal.id;
    workspace.put_principal(principal.in_workspace());
    workspace.make_admin(id, true);
}

/// The answer to a call over the rate, in the form the switch says.
fn over_rate(switches: &Switches, weather: &mut Chance, wait: Duration) -> Answer {
    let forms = ["429-retry-after", "429", "500"];
    let form = if switches.is(Switch::ThrottleAnswer, "mixed") {
        forms[weather.index(forms.len())]
    } else {
        forms
            .into_iter()
            .find(|form| switches.is(Switch::ThrottleAnswer, form))
            .unwrap_or(forms[0])
    };
    if form == "500" {
        let detail = "REQUEST_LIMIT_EXCEEDED: RPC token bucket limit has been exceeded.";
        return ScimError::limit_in_disguise(detail.to_owned()).into();
    }
    if form == "429" {
        let status = StatusCode::TOO_MANY_REQUESTS;
        return errors::gateway(status, "RESOURCE_EXHAUSTED", "REQUEST_LIMIT_EXCEEDED");
    }
    // Whole seconds, never zero.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    errors::gateway(
        StatusCode::TOO_MANY_REQUESTS,
        "REQUEST_LIMIT_EXCEEDED",
        "Too many requests. Please wait a moment and try again.",
    )
    .with(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
}
