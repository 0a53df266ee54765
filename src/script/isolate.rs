//! Copies of values and closures that share nothing with the original.
//!
//! Variables that a closure captured are cells behind a lock that gives up after a moment ("data
//! race detected"), so closures that run at the same time must not share them. Handles (hosts,
//! processes) copy as handles.

use super::modules::copy_of_bound;
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Makes copies that share nothing with the originals, and among themselves what the originals
/// share: a variable that two closures captured stays one variable.
#[derive(Clone, Default)]
pub(crate) struct Copier {
    /// Each cell that was met, by where it is, with its copy. A closure can be among its own
    /// variables, so without this a copy might have no end.
    cells: Arc<Mutex<HashMap<usize, Dynamic>>>,
}

impl Copier {
    /// A copy of a closure, with copies of what it captured.
    pub(crate) fn copy_function(&self, function: &FnPtr, context: &NativeCallContext) -> FnPtr {
        copy_of_bound(function, self, context).unwrap_or_else(|| {
            let mut copy = function.clone();
            copy.iter_curry_mut().for_each(|value| *value = self.copy(value, context));
            copy
        })
    }

    /// A copy of a value.
    pub(crate) fn copy(&self, value: &Dynamic, context: &NativeCallContext) -> Dynamic {
        if value.is_shared() {
            return self.copy_cell(value, context);
        }
        if let Some(items) = value.read_lock::<Array>() {
            return items.iter().map(|item| self.copy(item, context)).collect::<Array>().into();
        }
        if let Some(entries) = value.read_lock::<Map>() {
            let copies = entries.iter().map(|(key, item)| (key.clone(), self.copy(item, context)));
            return copies.collect::<Map>().into();
        }
        if let Some(function) = value.read_lock::<FnPtr>() {
            return Dynamic::from(self.copy_function(&function, context));
        }
        value.clone()
    }

    fn copy_cell(&self, cell: &Dynamic, context: &NativeCallContext) -> Dynamic {
        // Held by a method that is running on it: then the engine tells of the race where it is used.
        let Some(content) = cell.read_lock::<Dynamic>() else { return cell.clone() };
        let address = std::ptr::from_ref(&*content).addr();
        if let Some(copy) = self.known(address) {
            return copy;
        }
        let mut copy = Dynamic::UNIT.into_shared();
        self.remember(address, copy.clone());
        let content = self.copy(&content, context);
        *copy.write_lock::<Dynamic>().expect("nobody else has seen it") = content;
        copy
    }

    fn known(&self, address: usize) -> Option<Dynamic> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned()
    }

    fn remember(&self, address: usize, copy: Dynamic) {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).insert(address, copy);
    }
}
