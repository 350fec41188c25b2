//! What was received, and waiting for what is to come.

use std::time::Duration;

use axum::extract::{RawQuery, State};

use super::calls::Shared;
use super::{BadInput, Reply};
use crate::history::Wanted;
use crate::mock::Mock;

/// A minute: a test that waits longer has lost its way.
const LONGEST_WAIT_MS: u64 = 60_000;

/// `GET /history?since=SEQ`: requests received after number SEQ. `method`, `path` (a part of it) and `status` choose among them;
/// `wait_ms` waits until `count` of them (default 1) are over, answered or cut, and answers with what there is when the time
/// is up.
pub(super) async fn history(State(mock): Shared, RawQuery(query): RawQuery) -> Result<Reply, BadInput> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default())?;
    if let Some(time) = asked.wait {
        let waited = wait(&mock, &asked.wanted, asked.count);
        tokio::select! {
            () = waited => {}
            () = tokio::time::sleep(time) => {}
            () = mock.stopping.cancelled() => {}
        }
    }
    Ok(Reply::ok(mock.history().matching(&asked.wanted)))
}

async fn wait(mock: &Mock, wanted: &Wanted, count: usize) {
    loop {
        // Made before the look, so that nothing in between is missed.
        let recorded = mock.recorded.notified();
        tokio::pin!(recorded);
        recorded.as_mut().enable();
        if mock.history().over(wanted) >= count {
            return;
        }
        recorded.await;
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    wanted: Wanted,
    wait: Option<Duration>,
    count: usize,
}

impl Asked {
    fn parse(query: &str) -> Result<Self, BadInput> {
        let mut asked = Self {
            wanted: Wanted::default(),
            wait: None,
            count: 1,
        };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "since" => asked.wanted.since = number(&name, &value)?,
                "method" => asked.wanted.method = Some(value.into_owned()),
                "path" => asked.wanted.path = Some(value.into_owned()),
                "status" => {
                    let status = number(&name, &value)?;
                    asked.wanted.status = Some(u16::try_from(status).unwrap_or(u16::MAX));
                }
                "count" => asked.count = usize::try_from(number(&name, &value)?).unwrap_or(usize::MAX),
                "wait_ms" => {
                    let time = number(&name, &value)?;
                    if time > LONGEST_WAIT_MS {
                        let problem = format!("must be a whole number from 0 to {LONGEST_WAIT_MS}, not {time}");
                        return Err(BadInput::field(&name, problem));
                    }
                    asked.wait = Some(Duration::from_millis(time));
                }
                _ => return Err(BadInput::field(&name, "is unknown")),
            }
        }
        Ok(asked)
    }
}

fn number(name: &str, text: &str) -> Result<u64, BadInput> {
    text.parse()
        .map_err(|_| BadInput::field(name, format!("must be a whole number, not `{text}`")))
}
