//! One mutation before a server that passes: of a request on its way in, or of an answer on its way out.

use super::{Call, Reply};

type InRequest = Box<dyn Fn(&mut Call) + Send + Sync>;
type InAnswer = Box<dyn Fn(&Call, &mut Reply) + Send + Sync>;

/// A mutation. The server behind it stays right.
pub struct Fault {
    pub request: InRequest,
    pub answer: InAnswer,
}

impl Fault {
    pub fn none() -> Self {
        Self {
            request: Box::new(|_| {}),
            answer: Box::new(|_, _| {}),
        }
    }

    pub fn in_request(change: impl Fn(&mut Call) + Send + Sync + 'static) -> Self {
        Self {
            request: Box::new(change),
            ..Self::none()
        }
    }

    pub fn in_answer(change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(change),
            ..Self::none()
        }
    }
}
