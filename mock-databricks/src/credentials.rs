//! Personal access tokens: who a request comes from.

use std::collections::HashMap;

use crate::state::Id;

/// Tokens that exist or existed.
#[derive(Debug)]
pub(crate) struct Credentials {
    tokens: HashMap<String, Token>,
}

#[derive(Debug)]
struct Token {
    owner: Id,
    valid: bool,
}

/// What the header of a request says about its sender.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// No header, or no bearer token.
    Nobody,
    /// A bearer token that does not work (any more, or yet).
    Refused,
    /// A token of this user.
    Owner(Id),
}

impl Credentials {
    /// One token, of the workspace admin.
    pub(crate) fn new(token: &str, owner: Id) -> Self {
        let valid = true;
        Self {
            tokens: HashMap::from([(token.to_owned(), Token { owner, valid })]),
        }
    }

    /// Makes a token work or stop working; a new one belongs to `owner`.
    pub(crate) fn set(&mut self, token: &str, valid: bool, owner: Id) {
        let entry = self.tokens.entry(token.to_owned());
        entry.or_insert(Token { owner, valid }).valid = valid;
    }

    /// Gives a token to another user.
    pub(crate) fn give(&mut self, token: &str, owner: Id) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.owner = owner;
        }
    }

    /// Reads an `Authorization` header.
    pub(crate) fn sender(&self, header: Option<&http::HeaderValue>) -> Sender {
        let Some(token) = header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
        else {
            return Sender::Nobody;
        };
        match self.tokens.get(token) {
            Some(token) if token.valid => Sender::Owner(token.owner),
            _ => Sender::Refused,
        }
    }
}
