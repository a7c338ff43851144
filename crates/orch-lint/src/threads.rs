//! Work on many things at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::syntax::STACK;

/// More threads than this wait for each other.
const MOST: usize = 8;

/// What `work` makes of each, in the order given. Fewer than `alone` are done by this thread.
///
/// # Panics
///
/// When `work` does, after all threads have ended.
pub(crate) fn map<T: Sync, R: Send>(
    of: &[T],
    alone: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = cores();
    if of.len() < alone || threads == 1 {
        return of.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = of.get(at) else {
                return done;
            };
            done.push((at, work(one)));
        }
    };
    let mut done = thread::scope(|scope| {
        let spawn = |_| {
            let thread = thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, some)
        };
        // Where no thread can be had, this one does it all.
        let helpers: Vec<_> = (1..threads.min(MOST))
            .filter_map(|at| spawn(at).ok())
            .collect();
        let mut done = some();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// Two things side by side, the first on a thread of its own; one after the other where there is one core.
///
/// # Panics
///
/// When either does, after both have ended.
pub(crate) fn both<A: Send, B>(aside: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    if cores() == 1 {
        return (aside(), here());
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        // Where no thread can be had, this one does both.
        let Ok(thread) = thread.spawn_scoped(scope, &aside) else {
            return (aside(), here());
        };
        let here = here();
        match thread.join() {
            Ok(aside) => (aside, here),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// How many threads run at once. The system reads several files for it, so it is asked once.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_input() {
        let numbers: Vec<u32> = (0..10_000).collect();
        let doubled: Vec<u32> = numbers.iter().map(|of| of * 2).collect();
        assert_eq!(map(&numbers, 1, |of| of * 2), doubled);
        assert_eq!(map(&numbers, usize::MAX, |of| of * 2), doubled);
    }

    #[test]
    fn each_of_two_gives_what_it_made() {
        assert_eq!(both(|| 1, || "here"), (1, "here"));
    }
}
