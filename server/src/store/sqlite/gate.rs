//! A gate that readers pass and that the writing thread closes for a moment.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts who reads; closed, it lets nobody in.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    reading: usize,
    closed: bool,
}

/// A read that passed the gate; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Passed<'a>(&'a Gate);

/// A gate that is closed; it opens when this is dropped.
#[derive(Debug)]
pub(super) struct Closed<'a>(&'a Gate);

impl Gate {
    /// Lets a read in, once the gate is open. Blocks until then.
    pub(super) fn pass(&self) -> Passed<'_> {
        let state = self.changed.wait_while(self.state(), |state| state.closed);
        state.unwrap_or_else(PoisonError::into_inner).reading += 1;
        Passed(self)
    }

    /// Closes the gate and waits until nobody reads, or for so long.
    pub(super) fn close(&self, most: Duration) -> Closed<'_> {
        let mut state = self.state();
        state.closed = true;
        let _left = self
            .changed
            .wait_timeout_while(state, most, |state| state.reading > 0);
        Closed(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        self.0.state().reading -= 1;
        self.0.changed.notify_all();
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.state().closed = false;
        self.0.changed.notify_all();
    }
}
