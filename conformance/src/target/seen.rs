//! What the run has seen so far that a check may look back on: error answers, and a token given away.

use super::{Target, locked};
use crate::exchange::Exchange;

/// How many of each are kept: load must not fill the memory.
const KEPT: usize = 1000;

/// Exchanges to look back on, with clipped bodies.
#[derive(Debug, Default)]
pub(super) struct Seen {
    errors: Vec<Exchange>,
    leaks: Vec<Exchange>,
}

impl Seen {
    pub(super) fn saw(&mut self, exchange: &Exchange) {
        let keep = |kept: &mut Vec<Exchange>| {
            if kept.len() < KEPT {
                kept.push(Exchange {
                    request: exchange.request.clipped(),
                    answer: exchange.answer.clipped(),
                    ..exchange.clone()
                });
            }
        };
        if exchange.status() >= 400 {
            keep(&mut self.errors);
        }
        if exchange.token_leaked {
            keep(&mut self.leaks);
        }
    }
}

impl Target {
    /// The answers with a status of 400 or more, of all checks so far.
    pub fn errors_seen(&self) -> Vec<Exchange> {
        locked(&self.shared.seen).errors.clone()
    }

    /// The answers in which the token stood, of all checks so far.
    pub fn leaks_seen(&self) -> Vec<Exchange> {
        locked(&self.shared.seen).leaks.clone()
    }
}
