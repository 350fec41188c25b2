//! Ages by the clock, and one request at a time, against a token endpoint that counts.

use secrecy::ExposeSecret;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::secret::Secret;
use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0).plus(Duration::from_secs(seconds))
}

fn living(seconds: u64) -> Token {
    Token {
        value: SecretString::from("t"),
        number: 1,
        generation: 1,
        got_at: at(0),
        expires_at: at(seconds),
    }
}

#[test]
fn a_token_is_renewed_after_four_fifths_and_not_sent_in_its_last_minute() {
    let hour = living(3600);
    assert_eq!(hour.age(at(2879)), Age::Young);
    assert_eq!(hour.age(at(2880)), Age::Ageing);
    assert_eq!(hour.age(at(3539)), Age::Ageing);
    assert_eq!(hour.age(at(3540)), Age::Old);
}

#[test]
fn a_short_token_is_sent_for_half_of_its_life() {
    assert_eq!(living(200).age(at(139)), Age::Young);
    assert_eq!(living(200).age(at(140)), Age::Old);
    assert_eq!(living(20).age(at(9)), Age::Young);
    assert_eq!(living(20).age(at(10)), Age::Old);
    assert_eq!(living(0).age(at(0)), Age::Old);
}

struct Scene {
    server: MockServer,
    tokens: TokenCache,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = MockServer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "s3cret").unwrap();
        let http = super::super::Network::default().direct_client().unwrap();
        let url = server.uri().parse().unwrap();
        let source = OAuth::new(http, url, "client".to_owned(), Secret::file(&path).unwrap());
        Self {
            tokens: TokenCache::new(source.into(), Clock::system()),
            server,
            _folder: folder,
        }
    }

    async fn answers(&self, answer: ResponseTemplate) {
        self.server.reset().await;
        Mock::given(any()).respond_with(answer).mount(&self.server).await;
    }

    async fn grants(&self, token: &str) {
        let body = json!({ "access_token": token, "expires_in": 3600 });
        self.answers(ResponseTemplate::new(200).set_body_json(body)).await;
    }

    async fn asked(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    async fn text(&self) -> Result<String, TokenError> {
        Ok(self.tokens.get().await?.value.expose_secret().to_owned())
    }

    /// Makes the token that is held so much older.
    fn age_by(&self, seconds: u64) {
        let mut state = self.tokens.0.lock();
        let held = state.held.as_mut().unwrap();
        let back = i64::try_from(seconds * 1_000_000).unwrap();
        held.got_at = Timestamp::from_micros(held.got_at.as_micros() - back);
        held.expires_at = Timestamp::from_micros(held.expires_at.as_micros() - back);
    }

    /// The end of the renewal that is under way.
    async fn renewal(&self) -> Option<Result<Token, TokenError>> {
        let fetching = self.tokens.0.lock().fetching.clone();
        match fetching {
            Some(fetching) => Some(fetching.await),
            None => None,
        }
    }
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let scene = Scene::start().await;
    scene.grants("one").await;
    let calls = futures_util::future::join_all((0..20).map(|_| scene.text())).await;
    assert!(calls.into_iter().all(|token| token.unwrap() == "one"));
    assert_eq!(scene.asked().await, 1);
    assert_eq!(scene.text().await.unwrap(), "one");
    assert_eq!(scene.asked().await, 1);
}

#[tokio::test]
async fn many_calls_at_once_share_one_failure() {
    let scene = Scene::start().await;
    scene.answers(ResponseTemplate::new(503)).await;
    let calls = futures_util::future::join_all((0..20).map(|_| scene.text())).await;
    assert!(calls.iter().all(Result::is_err));
    assert_eq!(scene.asked().await, 1);
}

#[tokio::test]
async fn an_ageing_token_is_renewed_beside_the_calls_that_it_serves() {
    let scene = Scene::start().await;
    scene.grants("one").await;
    scene.text().await.unwrap();
    scene.grants("two").await;
    scene.age_by(3000);
    assert_eq!(scene.text().await.unwrap(), "one", "nobody waits for the renewal");
    assert_eq!(scene.renewal().await.unwrap().unwrap().value.expose_secret(), "two");
    assert_eq!(scene.text().await.unwrap(), "two");
    assert_eq!(scene.asked().await, 1);
}

#[tokio::test]
async fn a_renewal_that_fails_harms_nobody_and_is_not_repeated_at_once() {
    let scene = Scene::start().await;
    scene.grants("one").await;
    scene.text().await.unwrap();
    scene.answers(ResponseTemplate::new(503)).await;
    scene.age_by(3000);
    assert_eq!(scene.text().await.unwrap(), "one");
    scene.renewal().await.unwrap().unwrap_err();
    assert_eq!(scene.text().await.unwrap(), "one");
    assert!(scene.renewal().await.is_none());
    assert_eq!(scene.asked().await, 1);
    scene.age_by(550);
    assert!(
        matches!(scene.text().await, Err(TokenError::Unavailable(_))),
        "in its last minute it is not sent"
    );
    scene.grants("two").await;
    assert_eq!(scene.text().await.unwrap(), "two");
}

#[tokio::test]
async fn a_refused_token_is_dropped_once_and_its_successor_is_not() {
    let scene = Scene::start().await;
    scene.grants("one").await;
    let one = scene.tokens.get().await.unwrap();
    scene.grants("two").await;
    assert!(scene.tokens.refused(one.number));
    assert!(scene.tokens.refused(one.number), "another call that was sent with it");
    let two = scene.tokens.get().await.unwrap();
    assert_eq!(two.value.expose_secret(), "two");
    assert!(scene.tokens.refused(one.number), "a late answer to the old one");
    assert!(!scene.tokens.refused(two.number), "no loop");
    assert_eq!(scene.text().await.unwrap(), "two");
    assert_eq!(scene.asked().await, 1);
}
