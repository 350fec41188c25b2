//! The bearer token: kept out of everything that is printed.

use std::fmt;

/// What stands where the token was.
const STRUCK_OUT: &str = "[token]";

/// A bearer token without the word Bearer. Printing it prints no part of it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Takes the token; blanks and line ends around it are no part of it.
    ///
    /// # Errors
    ///
    /// Text that says so when nothing is left.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            Err("the token is empty")
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }

    pub(super) fn strike_out(&self, text: &str) -> String {
        text.replace(&self.0, STRUCK_OUT)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::new(" s3cret\n").unwrap();
        assert_eq!(format!("{token:?}"), "Token([redacted])");
        assert_eq!(token.strike_out("you sent s3cret!"), "you sent [token]!");
        assert!(Token::new(" \n").is_err());
    }
}
