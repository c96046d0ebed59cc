//! A passphrase, asked for once, when what it guards is needed.

use std::sync::{Arc, Mutex, PoisonError};

use age::secrecy::SecretString;

use super::ask::Ask;

/// How often a passphrase may be mistyped.
const ATTEMPTS: usize = 3;

/// What is behind a passphrase. Every thread waits for the one answer.
pub(super) struct Lock<T>(Mutex<State<T>>);

enum State<T> {
    Closed,
    Open(Arc<T>),
    Refused(LockFault),
}

/// Why it stays closed.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub(crate) enum LockFault {
    #[error("needs its passphrase, and none was given at the terminal")]
    NoPassphrase,
    #[error("has another passphrase")]
    WrongPassphrase,
    #[error("{0}")]
    Broken(&'static str),
}

impl<T> Lock<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State::Closed))
    }

    /// What is inside, if it was opened already.
    pub(super) fn opened(&self) -> Option<Arc<T>> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Open(inside) => Some(Arc::clone(inside)),
            State::Closed | State::Refused(_) => None,
        }
    }

    /// Whether asking is still worth while.
    pub(super) fn is_closed(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*state, State::Closed)
    }

    /// What is inside; asks for the passphrase the first time, and never again, whatever comes of
    /// it.
    pub(super) fn open(
        &self,
        ask: &dyn Ask,
        prompt: &str,
        turn: impl Fn(SecretString) -> Result<T, LockFault>,
    ) -> Result<Arc<T>, LockFault> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(inside) => return Ok(Arc::clone(inside)),
            State::Refused(fault) => return Err(*fault),
            State::Closed => {}
        }
        let mut outcome = Err(LockFault::NoPassphrase);
        for attempt in 1..=ATTEMPTS {
            let Some(passphrase) = ask.passphrase(prompt) else {
                break;
            };
            outcome = turn(passphrase);
            if !matches!(outcome, Err(LockFault::WrongPassphrase)) {
                break;
            }
            if attempt < ATTEMPTS {
                ask.tell("that is not the passphrase");
            }
        }
        match outcome {
            Ok(inside) => {
                let inside = Arc::new(inside);
                *state = State::Open(Arc::clone(&inside));
                Ok(inside)
            }
            Err(fault) => {
                *state = State::Refused(fault);
                Err(fault)
            }
        }
    }
}
