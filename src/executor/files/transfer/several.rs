//! Does the same for many things, several at a time.

use crate::{Result, backend::BoxFuture};
use futures_util::{StreamExt, stream::FuturesUnordered};

/// Begins with one after the other, with at most so many under way, and gives what they gave, in
/// the order in which they ended. The first failure ends it: what is under way is dropped.
// With the combinators of streams, the future of a whole transfer would not be `Send`, since the
// compiler forgets the lifetimes that their closures are bound to (rust-lang/rust#102211).
pub(super) async fn several<'a, T, R>(
    items: Vec<T>,
    at_once: usize,
    mut begin: impl FnMut(T) -> BoxFuture<'a, Result<R>>,
) -> Result<Vec<R>> {
    let mut results = Vec::with_capacity(items.len());
    let mut waiting = items.into_iter();
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < at_once.max(1)
            && let Some(item) = waiting.next()
        {
            under_way.push(begin(item));
        }
        match under_way.next().await {
            Some(result) => results.push(result?),
            None => return Ok(results),
        }
    }
}
