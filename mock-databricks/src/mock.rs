//! The mock itself: everything the listeners share.
//!
//! One lock guards it all. Every operation is short and none waits while holding it, so that a request is atomic.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::api::{self, Caller, Context, Request, Route};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::credentials::{Credentials, Sender};
use crate::errors::{self, ScimError};
use crate::faults::{Fault, Faults};
use crate::history::{History, Listener, Seq};
use crate::limits::{CONCURRENCY_CAP, Limits, Pace, RateModel, VerbClass};
use crate::network::front_end::Call;
use crate::network::private_link::PrivateLink;
use crate::state::{Id, Level, Workspace};
use crate::switches::{Switch, Switches};

/// What the listeners share.
#[derive(Debug)]
pub(crate) struct Mock {
    pub(crate) workspace_id: String,
    pub(crate) seed: u64,
    /// Cancelled when the mock stops: held calls end, late effects are dropped.
    pub(crate) stopping: CancellationToken,
    clock: Clock,
    time_factor: f64,
    shared: Mutex<Shared>,
    history: Mutex<History>,
    in_flight: Arc<AtomicUsize>,
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
    counters: Counters,
    request_ids: Chance,
}

#[derive(Debug, Default)]
struct Counters {
    calls: [u64; VerbClass::ALL.len()],
    over_rate: u64,
    over_concurrency: u64,
    highest_concurrency: usize,
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
    pub(crate) fn new(workspace_id: String, token: &str, limits: Limits, seed: u64, time_factor: f64) -> Self {
        let workspace = Workspace::new(seed);
        let admin = workspace.reserved().admin;
        Self {
            workspace_id,
            seed,
            stopping: CancellationToken::new(),
            clock: Clock::start(),
            time_factor,
            shared: Mutex::new(Shared {
                workspace,
                switches: Switches::default(),
                pace: Pace::new(limits),
                faults: Faults::default(),
                credentials: Credentials::new(token, admin),
                private_link: PrivateLink::default(),
                counters: Counters::default(),
                request_ids: Chance::new(seed, 4),
            }),
            history: Mutex::default(),
            in_flight: Arc::default(),
        }
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
    }

    /// What a client gets that the network does not let in, if so.
    pub(crate) fn network_refusal(&self, listener: Listener) -> Option<Answer> {
        let closed = listener == Listener::Public && !self.lock().private_link.public_access;
        closed.then(|| self.refusal())
    }

    /// The Private Link refusal in its present form.
    pub(crate) fn refusal(&self) -> Answer {
        let shared = self.lock();
        let redirect = shared.switches.status(Switch::RedirectStatus);
        shared.private_link.refuse(&self.workspace_id, redirect)
    }

    /// The user a request is made for.
    ///
    /// # Errors
    ///
    /// The refusals of the gateway.
    pub(crate) fn authenticate(&self, authorization: Option<&HeaderValue>) -> Result<Id, Answer> {
        let mut shared = self.lock();
        match shared.credentials.sender(authorization) {
            Sender::Nobody => Err(errors::no_credential(shared.request_ids.uuid())),
            Sender::Refused => Err(errors::invalid_token()),
            Sender::Owner(owner) => match shared.workspace.principal(owner) {
                Some(found) if shared.workspace.is_in_workspace(found) && found.is_active(Level::Workspace) => {
                    Ok(owner)
                }
                _ => Err(errors::not_in_workspace(&self.workspace_id)),
            },
        }
    }

    pub(crate) fn route(&self, call: &Call) -> Option<Route> {
        Route::find(&call.method, &call.path, &self.lock().switches, &self.workspace_id)
    }

    /// Takes a slot and a call of the rate.
    ///
    /// # Errors
    ///
    /// The answer to a call beyond a limit.
    pub(crate) fn admit(&self, class: VerbClass) -> Result<Slot, Answer> {
        let mut shared = self.lock();
        let at_once = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let slot = Slot {
            in_flight: Arc::clone(&self.in_flight),
        };
        let counters = &mut shared.counters;
        counters.calls[class as usize] += 1;
        counters.highest_concurrency = counters.highest_concurrency.max(at_once);
        if at_once > CONCURRENCY_CAP {
            counters.over_concurrency += 1;
            return Err(errors::too_many_at_once(&self.workspace_id, CONCURRENCY_CAP).into());
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
                Err(over_rate(&shared.switches, wait))
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
        let size_limits = shared.pace.limits().sizes();
        self.handle(&mut shared, call, Caller::Principal(caller), route, size_limits)
    }

    /// Does what a foreign hand asks for: as the workspace admin, beyond all limits.
    pub(crate) fn edit(&self, call: &Call) -> Answer {
        let mut shared = self.lock();
        let route = Route::find(&call.method, &call.path, &shared.switches, &self.workspace_id);
        let caller = Caller::ForeignHand;
        self.handle(&mut shared, call, caller, route.as_ref(), false)
    }

    fn handle(
        &self,
        shared: &mut Shared,
        call: &Call,
        caller: Caller,
        route: Option<&Route>,
        size_limits: bool,
    ) -> Answer {
        let mut context = Context {
            workspace: &mut shared.workspace,
            switches: &shared.switches,
            size_limits,
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
        let calls: serde_json::Map<String, Value> = VerbClass::ALL
            .into_iter()
            .map(|class| (class.name().to_owned(), counters.calls[class as usize].into()))
            .collect();
        json!({
            "calls": calls,
            "throttled": counters.over_rate + counters.over_concurrency,
            "over_rate": counters.over_rate,
            "over_concurrency": counters.over_concurrency,
            "highest_concurrency": counters.highest_concurrency,
            "in_flight": self.in_flight.load(Ordering::SeqCst),
        })
    }
}

/// The answer to a call over the rate, in the form the switch says.
fn over_rate(switches: &Switches, wait: Duration) -> Answer {
    if switches.is(Switch::ThrottleAnswer, "500") {
        let detail = "REQUEST_LIMIT_EXCEEDED: RPC token bucket limit has been exceeded.";
        return ScimError::limit_in_disguise(detail.to_owned()).into();
    }
    if switches.is(Switch::ThrottleAnswer, "429") {
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
