//! Which modules are being evaluated on this thread, so that a cycle is an error and not the end of
//! the stack.

use super::Place;
use crate::{Error, Result};
use std::cell::RefCell;

thread_local! {
    /// Outermost first.
    static LOADING: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
}

/// The modules that this thread is evaluating: a worker thread of `parallel` goes on with its
/// parent's, since a module may use `parallel` while it is evaluated.
#[derive(Clone, Default)]
pub(crate) struct ImportChain(Vec<Place>);

impl ImportChain {
    /// This thread's.
    pub(crate) fn current() -> Self {
        Self(LOADING.with_borrow(Clone::clone))
    }

    /// Makes it this thread's.
    pub(crate) fn adopt(&self) {
        LOADING.set(self.0.clone());
    }
}

/// Takes the module off the chain again when it is dropped.
pub(super) struct Loading(());

impl Drop for Loading {
    fn drop(&mut self) {
        LOADING.with_borrow_mut(Vec::pop);
    }
}

/// Notes that a module is being evaluated.
///
/// # Errors
///
/// Where it already is: it imports itself, directly or by way of others.
pub(super) fn enter(place: &Place) -> Result<Loading> {
    LOADING.with_borrow_mut(|loading| {
        if let Some(start) = loading.iter().position(|other| other == place) {
            let names = loading[start..].iter().chain([place]).map(ToString::to_string);
            let cycle = names.collect::<Vec<_>>().join(" -> ");
            return Err(Error::invalid(format!("import cycle: {cycle}"))
                .with_hint("move what both need into a third module"));
        }
        loading.push(place.clone());
        Ok(Loading(()))
    })
}
