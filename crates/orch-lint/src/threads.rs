//! Work on many things at once, on threads that are started once and stay.
//!
//! **Invariant:** who waits here may be given other work meanwhile. So nothing is waited for while a lock is
//! held, or while a value is worked out that others wait for: that work could need just this.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use rayon_core::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::syntax::STACK;

/// More threads than this wait for each other.
const MOST: usize = 8;

/// Works on a thread with a stack that is deep enough for any file.
///
/// # Errors
///
/// When the system gives no thread: why.
///
/// # Panics
///
/// When `work` does.
pub(crate) fn deep<T: Send>(
    work: impl FnOnce() -> T + Send,
) -> Result<T, &'static ThreadPoolBuildError> {
    Ok(pool().as_ref()?.install(work))
}

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
    let pool = pool()
        .as_ref()
        .ok()
        .filter(|_| of.len() >= alone && cores() > 1);
    let Some(pool) = pool else {
        return of.iter().map(work).collect();
    };
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
    let aside = Mutex::new(Vec::new());
    let mut done = pool.in_place_scope(|scope| {
        for _ in 1..cores() {
            scope.spawn(|_| {
                let done = some();
                locked(&aside).extend(done);
            });
        }
        some()
    });
    done.append(&mut locked(&aside));
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// Two things side by side; one after the other where there is one core.
///
/// # Panics
///
/// When either does, after both have ended.
pub(crate) fn both<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    match pool() {
        Ok(pool) => pool.install(|| rayon_core::join(one, other)),
        Err(_) => (one(), other()),
    }
}

fn pool() -> &'static Result<ThreadPool, ThreadPoolBuildError> {
    static POOL: OnceLock<Result<ThreadPool, ThreadPoolBuildError>> = OnceLock::new();
    let start = |threads| {
        let threads = ThreadPoolBuilder::new().num_threads(threads);
        threads.stack_size(STACK).build()
    };
    POOL.get_or_init(|| start(cores()).or_else(|_| start(1)))
}

/// How many threads run at once. The system reads several files for it, so it is asked once.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST)))
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is in it is whole whenever its lock is free.
    of.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Work that is divided divides its parts, on the same few threads.
    #[test]
    fn parts_are_divided_again() {
        let tens: Vec<u32> = (0..100).collect();
        let sum = |ten: &u32| {
            let ones: Vec<u32> = (0..10).map(|one| ten * 10 + one).collect();
            map(&ones, 1, |of| u64::from(*of)).into_iter().sum::<u64>()
        };
        let sums = deep(|| map(&tens, 1, sum)).unwrap();
        assert_eq!(sums.into_iter().sum::<u64>(), 999 * 500);
    }

    #[test]
    fn a_panic_reaches_who_asked() {
        let numbers: Vec<u32> = (0..100).collect();
        let broken = || map(&numbers, 1, |of| assert_ne!(*of, 50));
        assert!(std::panic::catch_unwind(broken).is_err());
        assert_eq!(map(&numbers, 1, |of| *of), numbers);
    }
}
