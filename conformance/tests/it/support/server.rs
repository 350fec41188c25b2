//! The server: who may ask, in what form, and where a request goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::http::{self, Incoming};
use super::store::{Refusal, Store};
use super::{Call, Fault, Reply, bulk, discovery, listing, resources};

/// The only token the server takes.
pub const TOKEN: &str = "correct-horse-battery";

/// The largest body in bytes.
const LARGEST_BODY: usize = 50_000;

/// A running server; dropping it ends it.
pub struct Server {
    url: String,
    task: AbortHandle,
}

impl Server {
    /// Starts one with this fault, or one without a fault.
    pub async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/scim", listener.local_addr().unwrap());
        let scim = Scim {
            base: url.clone(),
            store: Mutex::default(),
            requests: AtomicU64::new(0),
            fault,
        };
        let task = tokio::spawn(http::serve(listener, Arc::new(move |request| scim.respond(request))));
        Self {
            url,
            task: task.abort_handle(),
        }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Scim {
    base: String,
    store: Mutex<Store>,
    requests: AtomicU64,
    fault: Fault,
}

impl Scim {
    fn respond(&self, request: Incoming) -> Reply {
        let mut call = call(request);
        (self.fault.request)(&mut call);
        let mut reply = self.admitted(&call);
        reply.unset("x-resource");
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let media_type = match call.header("accept") {
            Some("application/json") => "application/json",
            _ => "application/scim+json",
        };
        (self.fault.answer)(&call, &mut reply);
        // A fault may have put another answer in the place of this one.
        let lacks = |reply: &Reply, wanted| reply.headers.iter().all(|(name, _)| *name != wanted);
        if lacks(&reply, "x-request-id") {
            reply.set("x-request-id", format!("request-{number}"));
        }
        if reply.body.is_some() && lacks(&reply, "content-type") {
            reply.set("content-type", media_type);
        }
        reply
    }

    /// The answer to a caller who has the token and sends what can be read.
    fn admitted(&self, call: &Call) -> Reply {
        let known = call
            .header("authorization")
            .and_then(|header| header.split_once(' '))
            .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == TOKEN);
        if !known {
            return Reply::error(401, None, "the token is not known").with("www-authenticate", "Bearer");
        }
        let kind = call.header("content-type").unwrap_or("application/json");
        if call.size > 0 && !kind.starts_with("application/scim+json") && !kind.starts_with("application/json") {
            return Reply::error(415, None, "the body is not JSON by its type");
        }
        if call.size > LARGEST_BODY {
            return Reply::error(413, None, "the body is too large");
        }
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if call.method == "POST" && call.path.eq_ignore_ascii_case("/Bulk") {
            bulk::bulk(call, |call| self.routed(&mut store, call))
        } else {
            return self.routed(&mut store, call);
        };
        answer.unwrap_or_else(Reply::from)
    }

    fn routed(&self, store: &mut Store, call: &Call) -> Reply {
        let decoded: Vec<String> = call
            .path
            .trim_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let base = &self.base;
        let answer = match (call.method.as_str(), segments.as_slice()) {
            ("POST", [kind @ ("Users" | "Groups")]) => resources::create(store, base, kind, call),
            ("GET", [kind @ ("Users" | "Groups")]) => listing::list(store, base, &[kind], call),
            ("POST", [kind @ ("Users" | "Groups"), ".search"]) => {
                listing::list(store, base, &[kind], &listing::of_search(call))
            }
            ("POST", [".search"]) => listing::list(store, base, &["Users", "Groups"], &listing::of_search(call)),
            (_, ["Users" | "Groups"]) => Err(Refusal(405, None, "the method is not allowed here".to_owned())),
            (_, [kind @ ("Users" | "Groups"), id]) => resources::one(store, base, kind, id, call)
                .map(|reply| reply.with("x-resource", format!("{base}/{kind}/{id}"))),
            (_, ["Me"]) => Err(Refusal(501, None, "the caller is no user".to_owned())),
            (_, segments) => discovery::answer(segments, call),
        };
        let mut reply = answer.unwrap_or_else(Reply::from);
        if let Some((_, location)) = reply.headers.iter().find(|(name, _)| *name == "location") {
            let location = location.clone();
            reply.set("x-resource", location);
        }
        if reply.status == 405 {
            reply.set("allow", "GET");
        }
        reply
    }
}

fn call(request: Incoming) -> Call {
    let url = url::Url::parse(&format!("http://x{}", request.target)).unwrap();
    let path = url.path().trim_start_matches("/scim");
    let mut call = Call {
        method: request.method,
        path: path.strip_prefix("/v2").unwrap_or(path).to_owned(),
        is_below_v2: path.starts_with("/v2"),
        query: url.query_pairs().into_owned().collect(),
        headers: request.headers,
        size: request.body.len(),
        body: serde_json::from_slice(&request.body).ok(),
    };
    // `?flag/Users&filter=…`: the path joined behind the query.
    if let Some(at) = call.query.iter().position(|(key, _)| key.contains("/Users")) {
        let (key, _) = call.query.remove(at);
        key[key.find('/').unwrap()..].clone_into(&mut call.path);
    }
    if call.body.is_none() && call.size > 0 {
        call.body = Some(json!("not JSON"));
    }
    call
}
