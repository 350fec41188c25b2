//! Tokens that are traded for something else: kept, and renewed before they end.
//!
//! One request for a token at a time, however many calls wait for it. A renewal ahead
//! of time runs beside the calls, which go on with the token they have. A failed one is
//! repeated after a pause; it is an error only once nothing usable is left.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use secrecy::SecretString;

use super::entra::Entra;
use super::grant::{Granted, TokenError};
use super::managed_identity::ManagedIdentity;
use super::oauth::OAuth;
use crate::clock::{Clock, Timestamp};

/// A token with less life left is not sent any more: Databricks refuses those of 30 s.
const LEAST_LIFE: Duration = Duration::from_mins(1);
/// The pause after a renewal that failed.
const PAUSE: Duration = Duration::from_secs(30);
/// Refused tokens are thrown away no more often than this: a 401 must not make a loop.
const BETWEEN_REFUSALS: Duration = Duration::from_mins(1);

/// Whoever gives tokens.
#[derive(Debug)]
pub(super) enum TokenSource {
    OAuth(OAuth),
    Entra(Entra),
    ManagedIdentity(ManagedIdentity),
}

impl From<OAuth> for TokenSource {
    fn from(source: OAuth) -> Self {
        Self::OAuth(source)
    }
}

impl From<Entra> for TokenSource {
    fn from(source: Entra) -> Self {
        Self::Entra(source)
    }
}

impl From<ManagedIdentity> for TokenSource {
    fn from(source: ManagedIdentity) -> Self {
        Self::ManagedIdentity(source)
    }
}

impl TokenSource {
    fn generation(&self) -> u64 {
        match self {
            Self::OAuth(source) => source.generation(),
            Self::Entra(source) => source.generation(),
            // The machine has one identity, and no secret that could change.
            Self::ManagedIdentity(_) => 1,
        }
    }

    async fn fetch(&self, now: Timestamp) -> Result<Granted, TokenError> {
        match self {
            Self::OAuth(source) => source.fetch(now).await,
            Self::Entra(source) => source.fetch(now).await,
            Self::ManagedIdentity(source) => source.fetch(now).await,
        }
    }
}

/// A token that is held.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: SecretString,
    /// Which one it is, among all that were got.
    pub(super) number: u64,
    generation: u64,
    got_at: Timestamp,
    expires_at: Timestamp,
}

/// What to do with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Send it.
    Young,
    /// Send it, and get another meanwhile.
    Ageing,
    /// Do not send it.
    Old,
}

impl Token {
    /// Renewed after four fifths of its life, and not sent in its last minute; one that lives less than two minutes
    /// is sent for half of its life.
    fn age(&self, now: Timestamp) -> Age {
        let life = self.expires_at.since(self.got_at);
        let usable = life.saturating_sub(LEAST_LIFE.min(life / 2));
        let lived = now.since(self.got_at);
        if lived >= usable {
            Age::Old
        } else if lived >= life * 4 / 5 {
            Age::Ageing
        } else {
            Age::Young
        }
    }
}

type Fetching = Shared<BoxFuture<'static, Result<Token, TokenError>>>;

/// The tokens of one source. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct TokenCache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: TokenSource,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Token>,
    fetching: Option<Fetching>,
    numbers: u64,
    /// When a renewal ahead of time may be tried again.
    not_before: Option<Timestamp>,
    refused_at: Option<Timestamp>,
}

impl TokenCache {
    pub(super) fn new(source: TokenSource, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            source,
            clock,
            state: Mutex::default(),
        }))
    }

    /// See [`super::Credential::generation`].
    pub(super) fn generation(&self) -> u64 {
        self.0.source.generation()
    }

    /// When the token that is held ends.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.0.lock().held.as_ref().map(|token| token.expires_at)
    }

    /// A token to send.
    ///
    /// # Errors
    ///
    /// [`TokenError`] when there is no usable one and none can be got.
    pub(super) async fn get(&self) -> Result<Token, TokenError> {
        let generation = self.generation();
        let fetching = {
            let now = self.0.clock.now();
            let mut state = self.0.lock();
            let held = state.held.clone().filter(|token| token.generation == generation);
            let age = held.as_ref().map_or(Age::Old, |token| token.age(now));
            match (held, age) {
                (Some(token), Age::Young) => return Ok(token),
                (Some(token), Age::Ageing) => {
                    if state.not_before.is_none_or(|at| at <= now) {
                        // Nobody waits for it: it ends by itself.
                        drop(self.join(&mut state));
                    }
                    return Ok(token);
                }
                (_, Age::Old | Age::Young | Age::Ageing) => self.join(&mut state),
            }
        };
        let token = fetching.await?;
        if token.generation == generation {
            return Ok(token);
        }
        // The secret changed while its forerunner was being traded.
        let again = self.join(&mut self.0.lock());
        again.await
    }

    /// The request for a token that is under way, or a new one; it goes on when nobody waits for it.
    fn join(&self, state: &mut State) -> Fetching {
        if let Some(fetching) = &state.fetching {
            return fetching.clone();
        }
        let inner = Arc::clone(&self.0);
        let task = tokio::spawn(async move {
            // A panic must not leave a request behind that never ends.
            let fetched = std::panic::AssertUnwindSafe(inner.fetch()).catch_unwind().await;
            let fetched =
                fetched.unwrap_or_else(|_| Err(TokenError::Unavailable("the request ended abnormally".to_owned())));
            inner.keep(fetched)
        });
        let ended = async move {
            let cut = |_| Err(TokenError::Unavailable("the request was cut off".to_owned()));
            task.await.unwrap_or_else(cut)
        };
        let fetching = ended.boxed().shared();
        state.fetching = Some(fetching.clone());
        fetching
    }

    /// Databricks answered 401 to the token of this number. True if it was held, and is dropped now.
    pub(super) fn refused(&self, number: u64) -> bool {
        let now = self.0.clock.now();
        let mut state = self.0.lock();
        match &state.held {
            // Somebody else has had it dropped and renewed.
            Some(held) if held.number != number => return true,
            None => return true,
            Some(_) => {}
        }
        if state.refused_at.is_some_and(|at| now.since(at) < BETWEEN_REFUSALS) {
            return false;
        }
        state.refused_at = Some(now);
        state.held = None;
        true
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<Token, TokenError> {
        let generation = self.source.generation();
        let granted = self.source.fetch(self.clock.now()).await?;
        // Counted from before the answer came would be shorter than it is; from after, longer by the answer's way.
        let got_at = self.clock.now();
        Ok(Token {
            value: granted.token,
            number: 0,
            generation,
            got_at,
            expires_at: got_at.plus(granted.lives),
        })
    }

    fn keep(&self, fetched: Result<Token, TokenError>) -> Result<Token, TokenError> {
        let now = self.clock.now();
        let mut state = self.lock();
        state.fetching = None;
        match fetched {
            Ok(mut token) => {
                state.numbers += 1;
                token.number = state.numbers;
                state.not_before = None;
                state.held = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                state.not_before = Some(now.plus(PAUSE));
                tracing::warn!(%error, "no new token for the target");
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests;
