//! Who a request comes from: tokens, and what they were got with.
//!
//! The surprise is how many kinds there are, and that each opens some doors and not others: a personal access token never opens
//! the account, the account console's SCIM token opens one version of one path.

mod clients;
mod token;

use std::collections::HashMap;
use std::time::Duration;

use http::HeaderValue;

pub(crate) use clients::{AzureRole, Clients, MOST_SECRETS, NoIdentity};
pub(crate) use token::{Holder, Reach, Source, SourceKind, Token};

use crate::chance::Chance;
use crate::state::Id;

/// Tokens that exist or existed, and the clients that can get more.
#[derive(Debug)]
pub(crate) struct Credentials {
    tokens: HashMap<String, Token>,
    pub(crate) clients: Clients,
    chance: Chance,
    /// With this many tokens, those whose time is long over are forgotten.
    crowd: usize,
}

/// Entra tokens are refused this long before their end [fixture; text: issue].
const MARGIN: Duration = Duration::from_secs(30);
/// A token whose time is over for longer is as good as one that never was.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// Fewer tokens than this are not worth forgetting any.
const LEAST_CROWD: usize = 1_024;

/// What the header of a request says about its sender.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// No header, or no bearer token.
    Nobody,
    /// A bearer token that does not exist or was withdrawn.
    Refused,
    /// A token whose time is over.
    Expired(Reach),
    /// A token of Entra whose time is over so soon that it is refused already.
    Expiring,
    /// A token of somebody.
    Known(Holder, Reach),
}

impl Credentials {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            tokens: HashMap::new(),
            clients: Clients::default(),
            chance: Chance::new(seed, 6),
            crowd: LEAST_CROWD,
        }
    }

    /// A secret of 32 hexadecimal digits behind a prefix.
    pub(crate) fn new_secret(&mut self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:016x}", self.chance.next(), self.chance.next())
    }

    /// Random bytes: what stands where a signature would.
    pub(crate) fn noise(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.chance.next().to_be_bytes());
        }
        bytes
    }

    /// A random UUID.
    pub(crate) fn uuid(&mut self) -> uuid::Uuid {
        self.chance.uuid()
    }

    /// Stores a token.
    pub(crate) fn issue(&mut self, text: &str, token: Token) {
        self.tokens.insert(text.to_owned(), token);
    }

    /// Stores a token that somebody asked for; forgets old ones if they have become many.
    pub(crate) fn hand_out(&mut self, text: &str, token: Token, now: Duration) {
        if self.tokens.len() >= self.crowd {
            self.tokens
                .retain(|_, token| token.expires.is_none_or(|at| at + FORGOTTEN_AFTER > now));
            self.crowd = (2 * self.tokens.len()).max(LEAST_CROWD);
        }
        self.issue(text, token);
    }

    /// Makes a token work or stop working; a new one is a personal access token of `owner`.
    pub(crate) fn set(&mut self, text: &str, valid: bool, owner: Id) {
        let entry = self.tokens.entry(text.to_owned());
        entry.or_insert_with(|| Token::personal(owner)).valid = valid;
    }

    /// Gives a token to another user.
    pub(crate) fn give(&mut self, text: &str, owner: Id) {
        if let Some(token) = self.tokens.get_mut(text) {
            token.holder = Holder::Principal(owner);
        }
    }

    /// When a token stops to work, if ever.
    pub(crate) fn expire(&mut self, text: &str, at: Option<Duration>) {
        if let Some(token) = self.tokens.get_mut(text) {
            token.expires = at;
        }
    }

    /// A new personal access token for the owner of an old one, which goes on until `old_until`; `None` if it is unknown.
    pub(crate) fn rotate(&mut self, old: &str, old_until: Duration) -> Option<String> {
        let token = self
            .tokens
            .get_mut(old)
            .filter(|token| token.reach == Reach::Personal)?;
        let Holder::Principal(owner) = token.holder else {
            return None;
        };
        token.expires = Some(old_until);
        let text = self.new_secret("dapi");
        self.issue(&text, Token::personal(owner));
        Some(text)
    }

    /// Ends every token that was got with this.
    pub(crate) fn end_tokens_of(&mut self, source: &Source) {
        for token in self.tokens.values_mut() {
            if token.source.as_ref() == Some(source) {
                token.valid = false;
            }
        }
    }

    /// All tokens, the oldest kind of look at them: never whole.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&str, &Token)> {
        self.tokens.iter().map(|(text, token)| (text.as_str(), token))
    }

    /// Reads an `Authorization` header at a time since the start.
    pub(crate) fn sender(&self, header: Option<&HeaderValue>, now: Duration) -> Sender {
        let Some(text) = header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
        else {
            return Sender::Nobody;
        };
        self.known(text, now)
    }

    /// What a token says about its sender.
    pub(crate) fn known(&self, text: &str, now: Duration) -> Sender {
        let Some(token) = self.tokens.get(text).filter(|token| token.valid) else {
            return Sender::Refused;
        };
        match token.expires.map(|at| at.saturating_sub(now)) {
            Some(Duration::ZERO) => Sender::Expired(token.reach),
            Some(left) if token.reach == Reach::Entra && left <= MARGIN => Sender::Expiring,
            _ => Sender::Known(token.holder.clone(), token.reach),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Credentials, FORGOTTEN_AFTER, Holder, LEAST_CROWD, Reach, Sender, Source, SourceKind, Token};

    fn token(reach: Reach, expires: u64) -> Token {
        Token {
            holder: Holder::Application("app".to_owned()),
            reach,
            valid: true,
            expires: Some(Duration::from_secs(expires)),
            source: Some(Source::new(SourceKind::Oauth, "app", "secret")),
        }
    }

    #[test]
    fn entra_tokens_are_refused_half_a_minute_early_and_others_at_their_end() {
        let mut credentials = Credentials::new(1);
        credentials.issue("entra", token(Reach::Entra, 100));
        credentials.issue("oauth", token(Reach::WorkspaceOauth, 100));
        let at = |text, seconds| credentials.known(text, Duration::from_secs(seconds));
        assert!(matches!(at("entra", 69), Sender::Known(..)));
        assert_eq!(at("entra", 70), Sender::Expiring);
        assert_eq!(at("entra", 100), Sender::Expired(Reach::Entra));
        assert!(matches!(at("oauth", 99), Sender::Known(..)));
        assert_eq!(at("oauth", 100), Sender::Expired(Reach::WorkspaceOauth));
    }

    #[test]
    fn a_crowd_of_old_tokens_is_forgotten_and_lasting_ones_are_kept() {
        let mut credentials = Credentials::new(1);
        credentials.issue(
            "lasting",
            Token {
                expires: None,
                ..token(Reach::Personal, 0)
            },
        );
        for number in 1..LEAST_CROWD {
            credentials.issue(&number.to_string(), token(Reach::WorkspaceOauth, 1));
        }
        credentials.issue("of today", token(Reach::WorkspaceOauth, 3));
        let later = FORGOTTEN_AFTER + Duration::from_secs(2);
        credentials.hand_out("new", token(Reach::WorkspaceOauth, 1_000_000), later);
        assert_eq!(credentials.tokens().count(), 3);
        assert_eq!(
            credentials.known("of today", later),
            Sender::Expired(Reach::WorkspaceOauth)
        );
        assert!(matches!(credentials.known("lasting", later), Sender::Known(..)));
    }
}
