//! A front end: the way of a request from the wire to its answer.
//!
//! Order: history, network gate, credential, limits, fault, API. Token endpoints skip credential and limits. The work runs in its own task: a client that hangs up
//! does not undo what it asked for, and a held call keeps its slot.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::LengthLimitError;

use super::connection::Connection;
use super::private_link::{LOGIN_PATH, login_page};
use super::site::{self, Site};
use crate::answer::{Answer, Kind};
use crate::api::Route;
use crate::errors;
use crate::faults::{Fault, FaultAnswer, When};
use crate::history::{Listener, Seq};
use crate::identity::Endpoint;
use crate::mock::{Mock, Slot};
use crate::state::Id;

/// Bodies beyond this are refused.
const MOST_BODY: usize = 16 * 1024 * 1024;

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// As the client wrote it, with a port if it did.
    pub(crate) host: Option<String>,
    pub(crate) site: Site,
    /// Where it came from; nobody knows for a foreign hand.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.headers.get(header::AUTHORIZATION)
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether a call is for the account's host.
    pub(crate) fn is_for_account(&self) -> bool {
        let by_path = || self.path.starts_with("/api/2.") && self.path.contains("/accounts/");
        self.site == Site::Account || self.site == Site::Any && by_path()
    }

    pub(crate) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// What becomes of a call.
enum Outcome {
    Answer(Answer),
    /// Announced in full, sent by half.
    Half(Answer),
    /// No answer: the connection is cut.
    Cut,
}

#[derive(Clone)]
struct FrontEnd {
    mock: Arc<Mock>,
    listener: Listener,
}

pub(crate) fn router(mock: Arc<Mock>, listener: Listener) -> Router {
    let front = FrontEnd { mock, listener };
    Router::new().fallback(serve).with_state(front)
}

async fn serve(
    State(front): State<FrontEnd>,
    Extension(connection): Extension<Connection>,
    request: Request<Body>,
) -> Response {
    let FrontEnd { mock, listener } = front;
    if !mock.still_arrives(listener).await {
        connection.cut();
        return Response::new(Body::empty());
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_BODY).await;
    let unread = body.as_ref().err().map(unread);
    let call = Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        host: site::host(&parts.headers, &parts.uri),
        site: Site::of(&parts.headers, &parts.uri),
        peer: connection.peer(),
        headers: parts.headers,
        body: body.unwrap_or_default(),
    };
    let seq = mock.received(listener, &call);
    let outcome = if let Some(outcome) = unread {
        outcome
    } else {
        let work = tokio::spawn(work(Arc::clone(&mock), listener, seq, call));
        let _guard = Abandoned {
            mock: Arc::clone(&mock),
            work: work.abort_handle(),
        };
        // A panic in the work is a bug; the client sees a server that broke down.
        work.await.unwrap_or(Outcome::Cut)
    };
    let scim_type = mock.scim_content_type();
    match outcome {
        Outcome::Answer(answer) => {
            mock.answered(seq, answer.status);
            respond(&answer, Body::from(answer.body.clone()), scim_type)
        }
        Outcome::Half(answer) => {
            mock.answered(seq, answer.status);
            let mut response = respond(&answer, connection.half_of(&answer.body), scim_type);
            let length = HeaderValue::from(answer.body.len());
            response.headers_mut().insert(header::CONTENT_LENGTH, length);
            response
        }
        Outcome::Cut => {
            mock.cut(seq);
            connection.cut();
            // Never sent: the connection refuses every byte from now on.
            Response::new(Body::empty())
        }
    }
}

/// What becomes of a call whose body cannot be read: only one that is too long has anybody left to answer.
fn unread(error: &axum::Error) -> Outcome {
    match error.source() {
        Some(cause) if cause.is::<LengthLimitError>() => Outcome::Answer(errors::body_too_large()),
        _ => Outcome::Cut,
    }
}

/// Ends the work of a client that hung up, where the switch says that the service notices.
struct Abandoned {
    mock: Arc<Mock>,
    work: tokio::task::AbortHandle,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if !self.work.is_finished() && self.mock.releases_abandoned() {
            self.work.abort();
        }
    }
}

fn respond(answer: &Answer, body: Body, scim_type: &'static str) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    response.headers_mut().extend(answer.headers.clone());
    if let Some(content_type) = answer.content_type(scim_type) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    response
}

async fn work(mock: Arc<Mock>, listener: Listener, seq: Seq, call: Call) -> Outcome {
    if call.path == LOGIN_PATH {
        return Outcome::Answer(login_page());
    }
    if listener == Listener::Azure && !site::names_azure(call.host.as_deref(), call.site) {
        return Outcome::Answer(errors::not_an_azure_host());
    }
    let endpoint = Endpoint::find(&call).filter(|found| listener != Listener::Azure || found.is_of_azure());
    if let Some(refusal) = mock.network_refusal(listener, &call, endpoint.as_ref()) {
        return Outcome::Answer(refusal);
    }
    let (task, slot) = match endpoint {
        Some(endpoint) => (Task::Identity(endpoint), None),
        None if listener == Listener::Azure => return Outcome::Answer(errors::no_azure_endpoint()),
        None => {
            let route = mock.route(&call);
            let owner = match mock.authenticate(&call, route.as_ref()) {
                Ok(owner) => owner,
                Err(refusal) => return Outcome::Answer(refusal),
            };
            let slot = match route.as_ref().map(|route| mock.admit(route.class)) {
                Some(Err(refusal)) => return Outcome::Answer(mock.stamped(refusal)),
                Some(Ok(slot)) => Some(slot),
                None => None,
            };
            (Task::Api { owner, route }, slot)
        }
    };
    let fault = mock.fault(seq, &call);
    let admitted = Admitted { mock, call, task, slot };
    admitted.wait(admitted.mock.latency()).await;
    match fault {
        None => Outcome::Answer(admitted.execute()),
        Some(fault) => admitted.go_wrong(fault).await,
    }
}

/// What an admitted call is for.
enum Task {
    Api { owner: Id, route: Option<Route> },
    Identity(Endpoint),
}

/// A call the gateway let through.
struct Admitted {
    mock: Arc<Mock>,
    call: Call,
    task: Task,
    /// Held until the call is over.
    slot: Option<Slot>,
}

impl Admitted {
    fn execute(&self) -> Answer {
        match &self.task {
            Task::Api { owner, route } => {
                let answer = self.mock.execute(&self.call, *owner, route.as_ref());
                self.mock.stamped(answer)
            }
            Task::Identity(endpoint) => endpoint.answer(&self.mock, &self.call),
        }
    }

    /// Waits, or until the mock stops.
    async fn wait(&self, time: Duration) {
        self.wait_until(self.mock.clock.elapsed() + time).await;
    }

    /// Waits until the clock shows this time, or until the mock stops.
    async fn wait_until(&self, due: Duration) {
        tokio::select! {
            () = self.mock.clock.sleep_until(due) => {}
            () = self.mock.stopping.cancelled() => {}
        }
    }

    /// What a foreign hand does meanwhile; what becomes of it is not the client's business.
    fn edit(&self, fault: &Fault, when: When) {
        if fault.when == when {
            for edit in &fault.edits {
                // An id that is taken by now is as good as an edit that came too late.
                let _ = self.mock.edit(edit);
            }
        }
    }

    async fn go_wrong(self, fault: Fault) -> Outcome {
        self.edit(&fault, When::Before);
        let outcome = match &fault.answer {
            FaultAnswer::True => Outcome::Answer(self.execute()),
            FaultAnswer::Latency(time) => {
                let answer = self.execute();
                self.wait(*time).await;
                Outcome::Answer(answer)
            }
            FaultAnswer::Truncate => match self.execute() {
                answer if answer.body.is_empty() => Outcome::Cut,
                answer => Outcome::Half(answer),
            },
            FaultAnswer::LateEffect(delay) => {
                self.edit(&fault, When::After);
                self.take_effect_later(*delay);
                return Outcome::Cut;
            }
            FaultAnswer::Hang(time) => {
                self.wait(*time).await;
                Outcome::Cut
            }
            FaultAnswer::PrivateLink => Outcome::Answer(self.mock.refusal()),
            FaultAnswer::Fixed { .. } | FaultAnswer::Html | FaultAnswer::Reset => {
                if fault.when == When::After {
                    self.execute();
                }
                instead(&fault.answer)
            }
        };
        self.edit(&fault, When::After);
        outcome
    }

    /// The effect comes when nobody expects it any more; the slot is free meanwhile.
    fn take_effect_later(mut self, delay: Duration) {
        drop(self.slot.take());
        // Worked out here: a step of the clock may come before the task first runs.
        let due = self.mock.clock.elapsed() + self.mock.scaled(delay);
        tokio::spawn(async move {
            self.wait_until(due).await;
            if !self.mock.stopping.is_cancelled() {
                self.execute();
            }
        });
    }
}

/// What a client gets that has nothing to do with its call.
fn instead(answer: &FaultAnswer) -> Outcome {
    match answer {
        FaultAnswer::Fixed {
            status,
            headers,
            kind,
            body,
        } => Outcome::Answer(Answer {
            status: *status,
            headers: headers.clone(),
            kind: *kind,
            body: body.clone(),
        }),
        FaultAnswer::Html => Outcome::Answer(Answer {
            kind: Kind::Html,
            ..login_page()
        }),
        _ => Outcome::Cut,
    }
}

impl Mock {
    /// Marks an answer as one of the workspace: the header carries its number [fixture].
    pub(crate) fn stamped(&self, answer: Answer) -> Answer {
        let name = HeaderName::from_static("x-databricks-org-id");
        match HeaderValue::from_str(&self.workspace_id) {
            Ok(id) => answer.with(name, id),
            Err(_) => answer,
        }
    }
}
